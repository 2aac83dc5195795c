//! Blocks and headers of a ledger chain, one after another.

use kusari_chain::accept::Pushed;
use kusari_chain::ledger::{ChainSpec, PublicKey};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{BestPoint, Block, Chain, TreeLimits};
use kusari_node::wire::{Dialect, Message};
use serde::Deserialize;
use serde_json::{Value, json};

use super::playable;
use crate::blocks::{deliver, refused};
use crate::suites::{InputError, form};

/// Most blocks or headers of one input.
const MAX_ARRIVALS: usize = 64;

#[derive(Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "it is {\"spec\",\"clock\",\"arrive\"} or {\"spec\",\"headers\"}"
)]
enum Question {
    /// What does a node that has nothing but the genesis block make of these, one after another?
    Blocks {
        spec: ChainSpec,
        /// The node's clock, in Unix seconds.
        clock: u64,
        /// What `BLOCK` lines carry.
        arrive: Vec<Value>,
        /// Whose accounts are told in the end.
        #[serde(default)]
        keys: Vec<PublicKey>,
    },
    /// Which of these headers follow on the genesis block and on each other?
    Headers { spec: ChainSpec, headers: Vec<Value> },
}

pub(crate) fn answer(input: &Value) -> Result<Value, InputError> {
    match form(input)? {
        Question::Blocks { spec, clock, arrive, keys } => blocks(spec, clock, arrive, &keys),
        Question::Headers { spec, headers } => follow(spec, headers),
    }
}

fn open(spec: ChainSpec, arrivals: usize) -> Result<(Chain, Dialect), InputError> {
    if arrivals > MAX_ARRIVALS {
        return Err(InputError(format!("at most {MAX_ARRIVALS} arrive")));
    }
    let spec = playable(spec)?;
    let dialect = Dialect::Ledger(spec.chain_id());
    let store = Box::new(MemoryBlocks::default());
    let chain = Chain::open_ledger(store, TreeLimits::default(), spec);
    Ok((chain.map_err(InputError::new)?, dialect))
}

fn blocks(
    spec: ChainSpec,
    clock: u64,
    arrive: Vec<Value>,
    keys: &[PublicKey],
) -> Result<Value, InputError> {
    let (mut chain, dialect) = open(spec, arrive.len())?;
    let mut after = Vec::new();
    for block in arrive {
        let result = match dialect.receive(format!("BLOCK:{block}").as_bytes()) {
            Ok(Message::Block(block)) => deliver(&mut chain, block, clock)?,
            Ok(_) => return Err(InputError::new("what arrives is no BLOCK line")),
            Err(refusal) => refused(refusal.code()),
        };
        let BestPoint { height, hash, work } = chain.tip();
        after.push(json!({"result": result, "tip": hash, "height": height, "work": work}));
    }
    let accounts = keys.iter().map(|key| chain.account(key).map_err(InputError::new));
    let accounts = accounts.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({"after": after, "accounts": accounts}))
}

fn follow(spec: ChainSpec, headers: Vec<Value>) -> Result<Value, InputError> {
    let (mut chain, dialect) = open(spec.clone(), headers.len())?;
    let base = chain.header_chain(&Block::genesis().hash);
    let mut follows = base
        .map_err(InputError::new)?
        .ok_or_else(|| InputError::new("no headers follow on this chain"))?;
    let mut results = Vec::new();
    for header in headers {
        let read = match dialect.receive(format!("HEADERS:[{header}]").as_bytes()) {
            Ok(Message::Headers(read)) => read,
            Ok(_) => return Err(InputError::new("a header is no HEADERS line")),
            Err(refusal) => {
                results.push(refused(refusal.code()));
                continue;
            }
        };
        // A list of one; its clock is past them all.
        let pushed = read
            .iter()
            .try_for_each(|header| follows.push(header, &spec, u64::MAX).map(drop::<Pushed>));
        results.push(match pushed {
            Ok(()) => String::from("follows"),
            Err(violation) => refused(violation.code()),
        });
    }
    let BestPoint { height, hash, work } = follows.tip();
    Ok(json!({"results": results, "tip": hash, "height": height, "work": work}))
}
