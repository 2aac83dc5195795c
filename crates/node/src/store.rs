//! What the node asks of a store beyond blocks, and the batch it has committed.
//!
//! Owns the shape of an outbox entry and of a [`StoreBatch`]. Knows nothing of files or formats.

use alloc::string::String;
use alloc::vec::Vec;

use kusari_chain::ledger::{
    BodyEntry, Equivocation, Payload, PublicKey, SignedTransaction, Txid, WitnessStatement,
};
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
    /// The entry's text is dropped for good, since its payload was erased.
    EraseText {
        /// The entry.
        id: EntryId,
    },
    /// The entry is settled, or no longer.
    SetSettled {
        /// The entry.
        id: EntryId,
        /// Whether it is settled from now on.
        settled: bool,
    },
}

/// A transaction of somebody else that waits to be mined. Those of this node's own people are
/// entries of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRecord {
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its payload, if it has one.
    pub payload: Option<Payload>,
    /// When it came, in Unix seconds.
    pub since: u64,
}

/// One step of a change to the pool of transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "most are insertions, and a batch is soon written")]
pub enum PoolWrite {
    /// A transaction waits from now on.
    Insert {
        /// Its id.
        txid: Txid,
        /// What is kept of it.
        record: PoolRecord,
    },
    /// It waits no longer; nothing happens where it did not.
    Remove {
        /// Its id.
        txid: Txid,
    },
}

/// One step of a change to the predecessors: transactions of others with the sender of one of our own
/// and an earlier sequence, which is kept until ours is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PredecessorWrite {
    /// It is kept under its sender and sequence, in the place of another one; with its payload, if it
    /// has one.
    Insert(BodyEntry),
    /// It is kept no longer; nothing happens where it was not.
    Remove {
        /// Its sender.
        sender: PublicKey,
        /// Its sequence.
        sequence: u64,
    },
}

/// A transaction of a stored block whose payload is dropped for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The block, of any branch.
    pub block: BlockHash,
    /// The transaction's place in its body, from 0.
    pub place: u32,
}

/// One step of a change to what is kept of witnesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementWrite {
    /// A statement is kept, under its key and sequence.
    Insert(WitnessStatement),
    /// It is kept no longer; nothing happens where it was not.
    Remove {
        /// Whose it is.
        key: PublicKey,
        /// Which of them.
        sequence: u64,
    },
    /// Evidence is kept, under its key.
    InsertEquivocation(Equivocation),
    /// It is kept no longer.
    RemoveEquivocation {
        /// Whose it is.
        key: PublicKey,
    },
}

/// What a store keeps of witnesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witnessed {
    /// A statement.
    Statement(WitnessStatement),
    /// Evidence against a key; one for each at most.
    Equivocation(Equivocation),
}

/// What is written in one atomic, durable commit.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StoreBatch {
    /// Changes to the blocks, in order.
    pub blocks: Vec<BlockWrite>,
    /// Changes to the outbox, in order, after those to the blocks.
    pub outbox: Vec<OutboxWrite>,
    /// Changes to the pool of transactions, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pool: Vec<PoolWrite>,
    /// Changes to the predecessors of our own transactions, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predecessors: Vec<PredecessorWrite>,
    /// Payloads that are dropped, after the changes to the blocks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<Erasure>,
    /// Changes to what is kept of witnesses, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<StatementWrite>,
}

impl StoreBatch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
            && self.outbox.is_empty()
            && self.pool.is_empty()
            && self.predecessors.is_empty()
            && self.erased.is_empty()
            && self.statements.is_empty()
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

    /// The height of the block of the best chain that holds the transaction, if one does.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn mined_at(&self, txid: &Txid) -> Result<Option<u32>, StoreError>;

    /// Visits every transaction of the stored pool, in order of ids.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> Result<(), StoreError>;

    /// Visits the predecessors that are kept, by sender and sequence.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn visit_predecessors(&self, visit: &mut dyn FnMut(BodyEntry)) -> Result<(), StoreError>;

    /// Visits all that is kept of witnesses, in any order.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn visit_witnessed(&self, visit: &mut dyn FnMut(Witnessed)) -> Result<(), StoreError>;
}
