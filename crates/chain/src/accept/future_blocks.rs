//! Blocks that are ahead of the clock, kept until their time comes.
//!
//! Owns the waiting. A clock may be wrong, so such a block is never remembered as refused; the pool is
//! small and forgets those first that are furthest ahead. Losing one costs a download.

use crate::checked::CheckedBlock;
use crate::prelude::*;

/// Blocks kept at once.
pub(crate) const MAX_FUTURE_BLOCKS: usize = 64;
/// Bytes that they may count for together.
pub(crate) const MAX_FUTURE_BLOCK_BYTES: u64 = 8 << 20;

/// Each block with the Unix time from which on it may be accepted, the soonest first.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct FutureBlocks(Vec<(u64, CheckedBlock)>);

impl FutureBlocks {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn bytes(&self) -> u64 {
        self.0.iter().map(|(_, block)| u64::from(block.line_bytes())).sum()
    }

    pub(crate) fn insert(&mut self, block: CheckedBlock, due: u64) {
        let hash = block.block().hash;
        if let Some((_, held)) = self.0.iter_mut().find(|(_, held)| held.block().hash == hash) {
            held.fill_from(&block);
            return;
        }
        let place = self.0.partition_point(|(other, _)| *other <= due);
        self.0.insert(place, (due, block));
        while self.0.len() > MAX_FUTURE_BLOCKS || self.bytes() > MAX_FUTURE_BLOCK_BYTES {
            self.0.pop();
        }
    }

    /// When the first of them may be accepted, in Unix seconds.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.0.first().map(|(due, _)| *due)
    }

    /// Takes those whose time has come, the soonest first.
    pub(crate) fn take_due(&mut self, now: u64) -> Vec<CheckedBlock> {
        let due = self.0.partition_point(|(due, _)| *due <= now);
        self.0.drain(..due).map(|(_, block)| block).collect()
    }
}
