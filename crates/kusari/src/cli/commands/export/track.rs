//! Whether an answer to `GET_CHAIN` is one chain.

use std::collections::VecDeque;

use kusari_chain::{BestPoint, Block, BlockHash};

/// Hashes that are kept: how deep the best chain may change while it is sent. The node goes on from
/// the fork point then, and whoever reads along has to know that block.
const KEPT_HASHES: usize = 10_000;

/// Follows a chain block by block.
pub(super) struct Track {
    height: u32,
    /// Hashes of the last blocks, the one at `height` last.
    recent: VecDeque<BlockHash>,
}

impl Track {
    pub(super) fn new() -> Self {
        let BestPoint { height, hash, .. } = BestPoint::genesis();
        Self { height, recent: VecDeque::from([hash]) }
    }

    /// Height of the last block.
    pub(super) fn height(&self) -> u32 {
        self.height
    }

    /// Takes the next block, if it builds on the last one or on one of those before it.
    pub(super) fn follows(&mut self, block: &Block) -> bool {
        let Some(parent) = block.index.checked_sub(1).filter(|parent| *parent <= self.height)
        else {
            return false;
        };
        let left = usize::try_from(self.height - parent).unwrap_or(usize::MAX);
        let kept = self.recent.len().saturating_sub(left);
        if kept.checked_sub(1).and_then(|last| self.recent.get(last)) != Some(&block.prev_hash) {
            return false;
        }
        // Behind a fork point other blocks come, not the same ones again.
        if self.recent.get(kept) == Some(&block.hash) {
            return false;
        }
        self.recent.truncate(kept);
        self.recent.push_back(block.hash);
        if self.recent.len() > KEPT_HASHES {
            self.recent.pop_front();
        }
        self.height = block.index;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(index: u32, name: u8, parent: u8) -> Block {
        let mut block = Block::genesis();
        block.prev_hash = if parent == 0 { block.hash } else { BlockHash([parent; 32]) };
        block.hash = BlockHash([name; 32]);
        block.index = index;
        block
    }

    #[test]
    fn a_chain_goes_on_from_its_end_or_from_a_fork_and_from_nowhere_else() {
        let mut track = Track::new();
        assert!(!track.follows(&block(1, 9, 8)), "it builds on another genesis block");
        assert!(!track.follows(&block(0, 9, 0)));
        for index in 1..=3 {
            assert!(track.follows(&block(index.into(), index, index - 1)));
        }
        assert!(!track.follows(&block(5, 5, 3)), "there is a gap");
        assert!(!track.follows(&block(4, 4, 2)), "the index is wrong");
        assert!(!track.follows(&block(3, 3, 2)), "it was there already");
        // Another branch from block 1 on.
        assert!(track.follows(&block(2, 12, 1)));
        assert!(!track.follows(&block(4, 4, 3)), "block 3 is left behind");
        assert!(track.follows(&block(3, 13, 12)));
        assert_eq!(track.height(), 3);
    }

    #[test]
    fn what_is_kept_is_bounded_and_a_fork_beyond_it_is_refused() {
        let hash = |height: u32| {
            let mut hash = BlockHash::ZERO;
            hash.0[..4].copy_from_slice(&height.to_be_bytes());
            hash
        };
        let mut track = Track::new();
        let mut last = Block::genesis();
        for height in 1..=KEPT_HASHES as u32 {
            last.index = height;
            last.prev_hash = if height == 1 { BestPoint::genesis().hash } else { hash(height - 1) };
            last.hash = hash(height);
            assert!(track.follows(&last));
        }
        assert_eq!(track.recent.len(), KEPT_HASHES);
        assert!(!track.follows(&block(1, 9, 0)));
        last.index = 2;
        last.prev_hash = hash(1);
        assert!(track.follows(&last));
    }
}
