//! What a store knows of a block without reading what stands in it.

use super::StoredBlock;
use crate::hash::BlockHash;
use crate::merkle::NodeHash;
use crate::pow::{ChainTime, Work};
use crate::prelude::*;

/// A stored block's place in the tree, without its content: all that walks of the tree need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHeader {
    /// As [`StoredBlock::order`].
    pub order: u64,
    /// As [`StoredBlock::work`].
    pub work: Work,
    /// As [`StoredBlock::total_bytes`].
    pub total_bytes: u64,
    /// As [`StoredBlock::counted_bytes`].
    pub counted_bytes: u64,
    /// Height of the block.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// Hash of its parent.
    pub prev_hash: BlockHash,
    /// In Unix seconds.
    pub timestamp: u64,
    /// On a ledger: the chain's time up to the block.
    pub time: ChainTime,
    /// On a ledger: as [`super::StoredLedger::subtrees`].
    pub subtrees: Vec<NodeHash>,
}

impl From<&StoredBlock> for StoredHeader {
    fn from(stored: &StoredBlock) -> Self {
        let StoredBlock { order, work, total_bytes, block, ledger } = stored;
        let ledger = ledger.as_ref();
        Self {
            order: *order,
            work: *work,
            total_bytes: *total_bytes,
            counted_bytes: stored.counted_bytes(),
            height: block.index,
            hash: block.hash,
            prev_hash: block.prev_hash,
            timestamp: block.timestamp,
            time: ledger.map_or_else(ChainTime::default, |ledger| ledger.time),
            subtrees: ledger.map_or_else(Vec::new, |ledger| ledger.subtrees.clone()),
        }
    }
}
