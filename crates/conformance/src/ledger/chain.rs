//! Blocks and headers of a ledger chain, one after another.

use std::collections::VecDeque;

use kusari_chain::accept::Pushed;
use kusari_chain::ledger::{ChainSpec, PublicKey};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{BestPoint, Block, Chain, CheckedBlock, TreeLimits};
use kusari_node::wire::{Dialect, Message};
use serde::Deserialize;
use serde_json::{Value, json};

use super::playable;
use crate::blocks::{accept_at, refused};
use crate::suites::{InputError, form};

/// Most blocks or headers of one input.
const MAX_ARRIVALS: usize = 64;

#[derive(Deserialize)]
#[serde(untagged, expecting = "it is {\"spec\",\"clock\",\"arrive\"} or {\"spec\",\"headers\"}")]
enum Question {
    Blocks(Blocks),
    Headers(Headers),
}

/// What does a node that has nothing but the genesis block make of these, one after another?
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Blocks {
    spec: ChainSpec,
    /// The node's clock, in Unix seconds.
    clock: u64,
    /// What `BLOCK` lines carry.
    arrive: Vec<Value>,
    /// Whose accounts are told in the end.
    #[serde(default)]
    keys: Vec<PublicKey>,
}

/// Which of these headers follow on the genesis block and on each other?
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Headers {
    spec: ChainSpec,
    headers: Vec<Value>,
}

pub(crate) fn answer(input: &Value) -> Result<Value, InputError> {
    match form(input)? {
        Question::Blocks(question) => blocks(question),
        Question::Headers(question) => headers(question),
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
    Ok((chain.map_err(|error| InputError(error.to_string()))?, dialect))
}

fn blocks(question: Blocks) -> Result<Value, InputError> {
    let Blocks { spec, clock, arrive, keys } = question;
    let (mut chain, dialect) = open(spec, arrive.len())?;
    let mut after = Vec::new();
    for block in arrive {
        let result = match dialect.receive(format!("BLOCK:{block}").as_bytes()) {
            Ok(Message::Block(block)) => deliver(&mut chain, block, clock)?,
            Ok(_) => return Err(InputError(String::from("what arrives is no BLOCK line"))),
            Err(refusal) => refused(refusal.code()),
        };
        let BestPoint { height, hash, work } = chain.tip();
        after.push(json!({"result": result, "tip": hash, "height": height, "work": work}));
    }
    let accounts =
        keys.iter().map(|key| chain.account(key).map_err(|error| InputError(error.to_string())));
    let accounts = accounts.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({"after": after, "accounts": accounts}))
}

/// Gives a block to the chain, and then those that waited for it. Says what became of the first.
fn deliver(chain: &mut Chain, block: CheckedBlock, clock: u64) -> Result<String, InputError> {
    let mut queue = VecDeque::from([block]);
    let mut first = None;
    while let Some(block) = queue.pop_front() {
        let hash = block.block().hash;
        let result = accept_at(chain, block, clock)?;
        if result == "added" {
            queue.extend(chain.take_orphans_of(&hash));
        }
        first.get_or_insert(result);
    }
    Ok(first.unwrap_or_default())
}

fn headers(question: Headers) -> Result<Value, InputError> {
    let Headers { spec, headers } = question;
    let (mut chain, dialect) = open(spec.clone(), headers.len())?;
    let base = chain.header_chain(&Block::genesis().hash);
    let mut follows = base
        .map_err(|error| InputError(error.to_string()))?
        .ok_or_else(|| InputError(String::from("no headers follow on this chain")))?;
    let mut results = Vec::new();
    for header in headers {
        let read = match dialect.receive(format!("HEADERS:[{header}]").as_bytes()) {
            Ok(Message::Headers(read)) => read,
            Ok(_) => return Err(InputError(String::from("a header is no HEADERS line"))),
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
