//! Blocks that the kit makes: proven ones, and others whose fault is exactly one.

use std::thread::JoinHandle;

use kusari_chain::{Block, Target};
use kusari_miner::Search;

/// Nonces tried at once.
const STEP: u64 = 1 << 20;

/// A block on `parent` with proof of work.
pub(super) fn mine(parent: &Block, data: &str) -> Block {
    prove(template(parent, data))
}

/// The same without proof of work.
pub(super) fn template(parent: &Block, data: &str) -> Block {
    let (index, timestamp) = (parent.index.saturating_add(1), parent.timestamp.saturating_add(1));
    Block::template(index, timestamp, data.to_owned(), parent.hash)
}

/// Blocks on `parent`, one after another.
pub(super) fn mine_many(parent: &Block, data: &str, count: usize) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::with_capacity(count);
    for _ in 0..count {
        let block = mine(blocks.last().unwrap_or(parent), data);
        blocks.push(block);
    }
    blocks
}

/// The block with the first nonce from its own on that meets the target, and its hash.
pub(super) fn prove(mut block: Block) -> Block {
    let mut search = Search::new(&block, Target::CLASSIC);
    loop {
        if let Some(nonce) = search.try_nonces(block.nonce, STEP) {
            block.nonce = nonce;
            block.hash = search.hash(nonce);
            return block;
        }
        block.nonce = block.nonce.wrapping_add(STEP);
    }
}

/// A block whose hash is right and proves no work.
pub(super) fn without_work(parent: &Block, data: &str) -> Block {
    let mut block = template(parent, data);
    loop {
        block.hash = block.compute_hash();
        if !Target::CLASSIC.is_met_by(&block.hash) {
            return block;
        }
        block.nonce += 1;
    }
}

/// Begins to mine blocks whose parents are unknown.
pub(super) fn orphans(count: u32) -> JoinHandle<Vec<Block>> {
    std::thread::spawn(move || {
        let orphan = |number: u32| {
            let mut nowhere = Block::genesis();
            nowhere.index = number;
            nowhere.hash.0[28..].copy_from_slice(&number.to_be_bytes());
            mine(&nowhere, "orphan")
        };
        (0..count).map(orphan).collect()
    })
}

/// The block's line, with its newline.
pub(super) fn line(block: &Block) -> String {
    format!("BLOCK:{}\n", block.to_canonical_json())
}

pub(super) fn lines<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    blocks.into_iter().map(line).collect()
}

/// A block of which the line has exactly `bytes` bytes, with its newline. Its text takes six bytes
/// a character there and one in what is hashed, so that mining it is quick.
pub(super) fn mine_with_line_of(parent: &Block, bytes: usize) -> Block {
    mine_filled(parent, bytes, |missing| "\u{1}".repeat(missing / 6) + &"x".repeat(missing % 6))
}

/// The same with a text that is not escaped.
pub(super) fn mine_with_plain_line_of(parent: &Block, bytes: usize) -> Block {
    mine_filled(parent, bytes, |missing| "x".repeat(missing))
}

fn mine_filled(parent: &Block, bytes: usize, text_of: impl FnOnce(usize) -> String) -> Block {
    let mut block = template(parent, "");
    // Eight digits, and the nonce that is found some thousands above it has as many.
    block.nonce = 10_000_000;
    block.data = text_of(bytes.saturating_sub(line(&block).len()));
    prove(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::CheckedBlock;

    #[test]
    fn a_line_has_the_length_that_was_asked_for() {
        for bytes in [4_000, 4_095, 4_096, 4_097] {
            for mine in [mine_with_line_of, mine_with_plain_line_of] {
                let block = mine(&Block::genesis(), bytes);
                assert_eq!(line(&block).len(), bytes);
                assert_eq!(CheckedBlock::check(block).is_ok(), bytes <= 4_096);
            }
        }
    }

    #[test]
    fn a_block_without_work_has_the_right_hash() {
        let block = without_work(&Block::genesis(), "lazy");
        assert_eq!(block.hash, block.compute_hash());
        assert!(CheckedBlock::check(block).is_err());
    }
}
