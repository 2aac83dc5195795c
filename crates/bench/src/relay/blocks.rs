//! Blocks that are mined before they are needed.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use kusari_chain::{Block, BlockHash, Target};
use kusari_miner::Search;

/// Nonces that a thread tries before it looks whether another one has found one.
const STEP: u64 = 2_048;

/// Mines a chain, block by block.
pub struct Miner {
    tip: Block,
    threads: NonZeroUsize,
}

impl Miner {
    /// Goes on from `tip`, with so many threads.
    #[must_use]
    pub fn new(tip: Block, threads: NonZeroUsize) -> Self {
        Self { tip, threads }
    }

    /// The next block, with a text of so many bytes.
    pub fn next(&mut self, text_bytes: usize) -> Block {
        let index = self.tip.index.saturating_add(1);
        let mut data = format!("block {index} ");
        data.truncate(text_bytes);
        data.extend(std::iter::repeat_n('.', text_bytes - data.len()));
        let timestamp = self.tip.timestamp.saturating_add(1);
        let mut block = Block::template(index, timestamp, data, self.tip.hash);
        (block.nonce, block.hash) = prove(&block, Target::CLASSIC, self.threads);
        self.tip = block.clone();
        block
    }
}

/// A nonce with which the block's hash meets the target, and that hash, found by so many threads.
pub(crate) fn prove(block: &Block, target: Target, threads: NonZeroUsize) -> (u64, BlockHash) {
    let (next, found) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    std::thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| {
                let mut search = Search::new(block, target);
                while found.load(Ordering::Relaxed) == u64::MAX {
                    let first = next.fetch_add(STEP, Ordering::Relaxed);
                    if let Some(nonce) = search.try_nonces(first, STEP) {
                        found.fetch_min(nonce, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let nonce = found.into_inner();
    (nonce, Search::new(block, target).hash(nonce))
}

/// The block's line, with its newline.
#[must_use]
pub fn line(block: &Block) -> String {
    format!("BLOCK:{}\n", block.to_canonical_json())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::CheckedBlock;

    #[test]
    fn mined_blocks_follow_one_another_and_have_texts_of_the_length_asked_for() {
        let threads = NonZeroUsize::new(2).unwrap();
        let mut miner = Miner::new(Block::genesis(), threads);
        let mut parent = Block::genesis().hash;
        for bytes in [1, 40, 200] {
            let block = miner.next(bytes);
            assert_eq!((block.data.len(), block.prev_hash), (bytes, parent));
            parent = block.hash;
            assert!(CheckedBlock::check(block).is_ok());
        }
    }
}
