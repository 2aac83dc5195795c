//! What a change of the tree is to its caller.

use super::BestPoint;
use crate::ledger::Account;
use crate::prelude::*;
use crate::store::BlockWrite;

/// What one added block changed. The caller has it committed and then calls [`crate::Chain::committed`].
#[derive(Clone, Debug)]
pub struct ChainChange {
    /// Counts changes from 1; commits are reported by it.
    pub version: u64,
    /// The block that was added, and its place.
    pub block: BestPoint,
    /// The last block that the best chain before and after have in common.
    pub fork: BestPoint,
    /// Blocks that left the best chain, from the old tip down.
    pub reverted: Vec<BestPoint>,
    /// Blocks that joined the best chain, parents first; empty for a side block.
    pub connected: Vec<BestPoint>,
    /// Whether the block has more work than the best chain and stays beside it all the same: following
    /// its branch would revert more than [`crate::TreeLimits::max_reorg_depth`].
    pub is_held: bool,
    /// What a store must write, in order and atomically.
    pub writes: Vec<BlockWrite>,
}

impl ChainChange {
    /// The accounts that it changed, as they are now.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.writes.iter().filter_map(|write| match write {
            BlockWrite::SetAccount(account) => Some(account),
            _ => None,
        })
    }

    pub(crate) fn new(version: u64, block: BestPoint, tip: BestPoint) -> Self {
        let (reverted, connected, writes) = (Vec::new(), Vec::new(), Vec::new());
        Self { version, block, fork: tip, reverted, connected, is_held: false, writes }
    }
}
