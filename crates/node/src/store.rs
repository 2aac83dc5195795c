//! What the node asks of a store beyond blocks, and the batch it has committed.
//!
//! Owns the shape of an outbox entry and of a [`StoreBatch`]. Knows nothing of files or formats.

use alloc::string::String;
use alloc::vec::Vec;

use kusari_chain::{BlockHash, BlockWrite, StoreError};
use serde::{Deserialize, Serialize};

/// Number of an outbox entry; counts up from 1 and is never used again.
pub type EntryId = u64;

/// A line that a person entrusted to this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Its number.
    pub id: EntryId,
    /// The line.
    pub text: String,
    /// Every block that this node ever mined for it, oldest first.
    pub blocks: Vec<BlockHash>,
    /// Whether one of those blocks is so deep that the node no longer keeps the entry in memory.
    /// A reorganisation takes this back.
    pub settled: bool,
}

/// One step of a change to the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxWrite {
    /// A new entry.
    Insert {
        /// Its number, one above the last.
        id: EntryId,
        /// The line.
        text: String,
    },
    /// This node mined a block for the entry; the block is inserted by the same batch.
    Mined {
        /// The entry.
        id: EntryId,
        /// The block.
        hash: BlockHash,
    },
    /// The entry is settled, or no longer.
    SetSettled {
        /// The entry.
        id: EntryId,
        /// Whether it is settled from now on.
        settled: bool,
    },
}

/// What is written in one atomic, durable commit.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StoreBatch {
    /// Changes to the blocks, in order.
    pub blocks: Vec<BlockWrite>,
    /// Changes to the outbox, in order, after those to the blocks.
    pub outbox: Vec<OutboxWrite>,
}

impl StoreBatch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.outbox.is_empty()
    }
}

/// Reads of the stored outbox. Like [`kusari_chain::BlockStore`], a read sees every batch that was
/// committed before it.
pub trait OutboxStore {
    /// Visits every entry that is not settled, in order of number.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> Result<(), StoreError>;

    /// The entry that this node mined the block for.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn entry_of_block(&self, hash: &BlockHash) -> Result<Option<OutboxEntry>, StoreError>;

    /// The number that the next entry gets.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn next_entry_id(&self) -> Result<EntryId, StoreError>;
}
