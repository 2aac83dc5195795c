//! Blocks by themselves: what is hashed, what comes of it, and which content is kept for a hash.
//!
//! Answers the suites `genesis`, `hash` and `printed-sample`.

use std::collections::VecDeque;

use kusari_chain::store::MemoryBlocks;
use kusari_chain::{
    AcceptError, Accepted, Block, BlockHash, Chain, CheckedBlock, Target, Transaction, TreeLimits,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::suites::{InputError, form};
use kusari_chain::hex;

/// Most nonces that are tried for one input: many times what the classic target asks for.
const MAX_NONCES: u64 = 1 << 21;

/// Most blocks that one input may offer.
const MAX_OFFERS: usize = 64;

#[derive(Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "it is {\"block\"}, {\"block\",\"zeroed_bytes\"}, {\"mine\"}, {\"hash\"} or {\"offers\"}"
)]
enum Question {
    /// What is hashed, and what comes of it?
    Block {
        block: Fields,
        /// So many bytes at the beginning of the preimage are zero, whatever the fields say.
        #[serde(default)]
        zeroed_bytes: usize,
    },
    /// Which is the first nonce, from the block's own upwards, that meets the target?
    Mine { mine: Fields },
    /// Does this hash meet the target?
    Hash { hash: BlockHash },
    /// What does a node that has nothing but the genesis block make of these, one after another?
    Offers { offers: Vec<Fields> },
}

/// A block whose hash may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    index: u32,
    timestamp: u64,
    nonce: u64,
    data: String,
    prev_hash: BlockHash,
    hash: Option<BlockHash>,
    transactions: Vec<Transaction>,
}

impl Fields {
    /// The block, with the hash that the fields name, or else the right one.
    fn into_block(self) -> Block {
        let Self { index, timestamp, nonce, data, prev_hash, hash, transactions } = self;
        let block = Block::template(index, timestamp, data, prev_hash);
        let block = Block { transactions, ..block }.with_nonce(nonce);
        Block { hash: hash.unwrap_or(block.hash), ..block }
    }
}

pub(super) fn answer(input: &Value) -> Result<Value, InputError> {
    match form(input)? {
        Question::Block { block, zeroed_bytes } => hashed(block.into_block(), zeroed_bytes),
        Question::Mine { mine } => mined(mine.into_block()),
        Question::Hash { hash } => Ok(json!({"meets_target": Target::CLASSIC.is_met_by(&hash)})),
        Question::Offers { offers } => offered(offers),
    }
}

fn hashed(claimed: Block, zeroed_bytes: usize) -> Result<Value, InputError> {
    let mut preimage = claimed.preimage();
    let Some(zeroed) = preimage.get_mut(..zeroed_bytes) else {
        return Err(InputError(format!(
            "the preimage has {} bytes only",
            claimed.preimage().len()
        )));
    };
    zeroed.fill(0);
    let hash = BlockHash(Sha256::digest(&preimage).into());
    let mut answer = json!({
        "preimage": hex::encode(&preimage),
        "hash": hash,
        "meets_target": Target::CLASSIC.is_met_by(&hash),
    });
    // With other bytes in front of it, this is no block of the chain.
    if zeroed_bytes == 0 {
        let block = Block { hash: claimed.compute_hash(), ..claimed.clone() };
        answer["line"] = json!(line(&block));
        answer["line_bytes"] = json!(block.canonical_line_bytes());
        answer["verdict"] = json!(verdict(claimed));
    }
    Ok(answer)
}

/// The canonical line, without its newline.
fn line(block: &Block) -> String {
    format!("BLOCK:{}", block.to_canonical_json())
}

fn verdict(block: Block) -> &'static str {
    match CheckedBlock::check(block) {
        Ok(_) => "valid",
        Err(violation) => violation.code(),
    }
}

fn mined(mut block: Block) -> Result<Value, InputError> {
    for nonce in block.nonce..block.nonce.saturating_add(MAX_NONCES) {
        block.nonce = nonce;
        let hash = block.compute_hash();
        if Target::CLASSIC.is_met_by(&hash) {
            return Ok(json!({"nonce": nonce, "hash": hash}));
        }
    }
    Err(InputError(format!("no nonce within {MAX_NONCES} tries meets the target")))
}

fn offered(offers: Vec<Fields>) -> Result<Value, InputError> {
    if offers.len() > MAX_OFFERS {
        return Err(InputError(format!("at most {MAX_OFFERS} blocks are offered")));
    }
    let mut chain = new_chain()?;
    let (mut results, mut kept) = (Vec::new(), Vec::new());
    for block in offers.into_iter().map(Fields::into_block) {
        let hash = block.hash;
        results.push(match CheckedBlock::check(block) {
            Ok(checked) => accept(&mut chain, checked, 0)?,
            Err(violation) => refused(violation.code()),
        });
        let stored = chain.block(&hash).map_err(InputError::new)?;
        kept.push(stored.map(|stored| line(&stored.block)));
    }
    Ok(json!({"results": results, "kept": kept, "tip": chain.tip().hash}))
}

/// A chain that has nothing but the genesis block, and keeps all it is given in memory.
pub(super) fn new_chain() -> Result<Chain, InputError> {
    Chain::open(Box::new(MemoryBlocks::default()), TreeLimits::default()).map_err(InputError::new)
}

/// Gives a block to the chain, and then those that waited for it. Says what became of the first.
pub(super) fn deliver(
    chain: &mut Chain,
    block: CheckedBlock,
    clock: u64,
) -> Result<String, InputError> {
    let mut queue = VecDeque::from([block]);
    let mut first = None;
    while let Some(block) = queue.pop_front() {
        let hash = block.block().hash;
        let result = accept(chain, block, clock)?;
        if result == "added" {
            queue.extend(chain.take_orphans_of(&hash));
        }
        first.get_or_insert(result);
    }
    Ok(first.unwrap_or_default())
}

/// Gives a block to a chain, and says in a word what became of it.
fn accept(chain: &mut Chain, block: CheckedBlock, clock: u64) -> Result<String, InputError> {
    match chain.accept(block, clock) {
        Ok(Accepted::Known(_) | Accepted::Filled { .. }) => Ok(String::from("known")),
        Ok(Accepted::Orphan { .. }) => Ok(String::from("orphan")),
        Ok(Accepted::Added(_)) => Ok(String::from("added")),
        Ok(Accepted::Ahead { .. }) => Ok(String::from("held")),
        Ok(Accepted::Bare) => Ok(String::from("hint")),
        Ok(Accepted::BranchRefused { violation, .. }) => Ok(refused(violation.code())),
        Err(AcceptError::Rule(violation)) => Ok(refused(violation.code())),
        Err(AcceptError::Store(error)) => Err(InputError::new(error)),
    }
}

/// How a refusal is written in an expectation.
pub(super) fn refused(code: &str) -> String {
    format!("refused: {code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(nonce: u64) -> Value {
        let mut block = json!(Block { nonce, ..Block::genesis() });
        block.as_object_mut().unwrap().remove("hash");
        block
    }

    #[test]
    fn an_input_cannot_ask_for_work_without_end() {
        let offers = |count: usize| answer(&json!({"offers": vec![block(2_945); count]}));
        assert!(offers(MAX_OFFERS).is_ok());
        assert!(offers(MAX_OFFERS + 1).is_err());
        // Behind the greatest nonce there is none that could be tried.
        assert!(answer(&json!({"mine": block(u64::MAX)})).is_err());
        assert_eq!(answer(&json!({"mine": block(0)})).unwrap()["nonce"], 2_945);
    }

    #[test]
    fn bytes_that_are_not_in_the_preimage_cannot_be_zeroed() {
        let length = Block::genesis().preimage().len();
        let zeroed = |bytes| answer(&json!({"block": block(2_945), "zeroed_bytes": bytes}));
        assert!(zeroed(length).is_ok());
        assert!(zeroed(length + 1).is_err());
    }
}
