//! Real proof of work, found once per process.
//!
//! Owns a cache of what the search found: a run that is repeated, or that shares its
//! beginning with another, does not pay twice. How long mining takes is virtual and decided
//! elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use kusari_chain::{Block, Target};
use kusari_miner::Search;

/// Nonces by preimage. Only looked up, never walked, so its order shows nowhere.
static FOUND: OnceLock<Mutex<HashMap<Vec<u8>, u64>>> = OnceLock::new();

/// The first nonce from the block's own upwards that meets the target.
pub(crate) fn search(block: &Block, target: Target) -> u64 {
    let found = FOUND.get_or_init(Mutex::default);
    let key = block.preimage();
    if let Some(&nonce) = found.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return nonce;
    }
    // The whole range of nonces always holds one that is good enough.
    let mut search = Search::new(block, target);
    let nonce = search.try_nonces(block.nonce, u64::MAX).unwrap_or(block.nonce);
    found.lock().unwrap_or_else(PoisonError::into_inner).insert(key, nonce);
    nonce
}

/// Mines a block with this text on `parent`.
pub(crate) fn mine(parent: &Block, timestamp: u64, first_nonce: u64, data: String) -> Block {
    let index = parent.index.saturating_add(1);
    let mut block = Block::template(index, timestamp, data, parent.hash);
    block.nonce = first_nonce;
    let nonce = search(&block, Target::CLASSIC);
    block.with_nonce(nonce)
}

/// Blocks of [`long_chain`].
pub(crate) const LONG_CHAIN: usize = 300;

/// A chain long enough to be fetched in several answers, mined once per process.
pub(crate) fn long_chain() -> &'static [Block] {
    static CHAIN: OnceLock<Vec<Block>> = OnceLock::new();
    CHAIN.get_or_init(|| {
        let mut chain = vec![Block::genesis()];
        for number in 1..=LONG_CHAIN {
            let text = format!("long chain {number}{}", " and on".repeat(number % 40));
            let parent = &chain[number - 1];
            chain.push(mine(parent, 1_700_000_000 + number as u64, 0, text));
        }
        chain.split_off(1)
    })
}

/// Blocks that follow `parent`, one another and a name.
pub(crate) fn branch(parent: &Block, length: usize, name: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::with_capacity(length);
    for number in 1..=length {
        let parent = blocks.last().unwrap_or(parent);
        blocks.push(mine(parent, parent.timestamp + 1, 0, format!("{name} {number}")));
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_keeps_every_rule() {
        for length in [0, 3, 11, 12, 60, 200] {
            let block = mine(&Block::genesis(), 5, 7, "x".repeat(length));
            assert!(kusari_chain::CheckedBlock::check(block).is_ok(), "{length}");
        }
    }
}
