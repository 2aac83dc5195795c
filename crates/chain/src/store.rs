//! What the chain asks of a store, and what it tells a store to write.
//!
//! Owns the seam to storage: [`BlockStore`] is read synchronously, and every change of the chain is
//! described by a list of [`BlockWrite`]s that a store applies in order and atomically. Knows
//! nothing of files or formats.

mod memory;

use alloc::string::String;
use alloc::sync::Arc;

pub use memory::MemoryBlocks;

use serde::{Deserialize, Serialize};

use crate::block::Block;
use crate::hash::BlockHash;
use crate::pow::Work;

/// A block with its place in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBlock {
    /// Counts up by one with every block that is ever inserted, from 0. A key that only rises is
    /// what a B-tree on disk writes fastest.
    pub order: u64,
    /// Accumulated work from the first block after genesis up to this one.
    pub work: Work,
    /// Bytes of the canonical lines from the first block after genesis up to this one.
    pub total_bytes: u64,
    /// The block itself.
    pub block: Block,
}

/// A store failed. The node cannot go on from here: it says so and stops.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the block store failed: {0}")]
pub struct StoreError(pub String);

/// Reads of the blocks that are stored. Implemented by the database and by [`MemoryBlocks`].
///
/// A read sees every batch that was committed before it and nothing of any other.
pub trait BlockStore {
    /// The last block of the best chain; `None` while only the genesis block exists.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails; the same holds for every read here.
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError>;

    /// The block of the best chain at `height`.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError>;

    /// A block of any branch.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError>;

    /// Visits every block that is not in the best chain, parents before children.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError>;

    /// The `order` that the next inserted block gets.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn next_order(&self) -> Result<u64, StoreError>;
}

/// One step of a change to the stored blocks.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockWrite {
    /// A new block that extends the best chain.
    InsertBest(Arc<StoredBlock>),
    /// A new block beside the best chain.
    InsertSide(Arc<StoredBlock>),
    /// The stored side block becomes the best chain's block at its height.
    Connect {
        /// Its height.
        height: u32,
        /// Its order.
        order: u64,
    },
    /// The best chain's block at this height becomes a side block.
    Disconnect {
        /// Its height.
        height: u32,
        /// Its order.
        order: u64,
    },
    /// The side block is forgotten, to keep side branches within their bound.
    Evict {
        /// Its hash.
        hash: BlockHash,
        /// Its order.
        order: u64,
    },
}
