//! What the node asks of a store beyond blocks, and the batch it has committed.
//!
//! Owns the shape of an outbox entry and of a [`StoreBatch`]. Knows nothing of files or formats.

mod memory;
mod memory_store;
mod weight;

use core::ops::Range;

use borsh::{BorshDeserialize, BorshSerialize};
use kusari_chain::ledger::{
    BodyEntry, Equivocation, Payload, PublicKey, SignedTransaction, Txid, WitnessStatement,
};
use kusari_chain::{BlockHash, BlockWrite, StoreResult};

pub use self::memory::MemoryOutbox;
pub use self::memory_store::MemoryStore;
use crate::drafts::Draft;
use crate::prelude::*;

/// Number of an outbox entry; counts up from 1 and is never used again.
pub type EntryId = u64;

/// What a person submitted to this node: a line of the classic chain, a draft that the node signs,
/// or a transaction that was signed elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Its number.
    pub id: EntryId,
    /// The line of text. On a ledger the line that carries the transaction, as it was signed last;
    /// empty before, and where it was erased.
    pub text: String,
    /// What the node was asked to sign; `None` for anything else, and where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// Every block that this node ever mined for it, oldest first. On a ledger the ids of the
    /// transactions it was signed as: one, and more where it was signed again.
    pub blocks: Vec<BlockHash>,
    /// Where it stands.
    pub state: EntryState,
}

impl OutboxEntry {
    /// Bytes that it counts for while it waits: those of what the person submitted.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.draft.as_ref().map_or(self.text.len() as u64, Draft::weight)
    }

    /// Whether a node takes it into memory as it starts, whatever waits before it: it is not settled, and
    /// a block was mined for it or it was signed. What was signed has a sequence that nothing else may
    /// get.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            EntryState::Waiting => !self.blocks.is_empty(),
            state => !state.is_settled(),
        }
    }

    /// Whether its text was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.text.is_empty() && self.draft.is_none()
    }

    /// Ids of the transactions it was signed as, oldest first. On a ledger alone.
    pub fn txids(&self) -> impl DoubleEndedIterator<Item = Txid> + '_ {
        self.blocks.iter().map(|hash| Txid(hash.0))
    }
}

/// Where an outbox entry stands, by the best chain.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// It is to be mined.
    Waiting,
    /// It stands in the best chain.
    Mined {
        /// So deep that the node no longer keeps it in memory. A reorganisation takes this back.
        settled: bool,
    },
    /// Another transaction has its sequence, so it can't be mined while that one stands.
    Displaced {
        /// The other one.
        by: Txid,
        /// As above, of the other one.
        settled: bool,
    },
}

impl EntryState {
    /// Whether the node no longer keeps the entry in memory.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Mined { settled: true } | Self::Displaced { settled: true, .. })
    }
}

/// One step of a change to the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxWrite {
    /// A new entry, which waits.
    Insert {
        /// Its number, one above the last.
        id: EntryId,
        /// The line; empty for a draft and for a transaction.
        text: String,
        /// What the node is asked to sign.
        #[serde(skip_serializing_if = "Option::is_none")]
        draft: Option<Draft>,
    },
    /// This node mined a block for the entry; the block is inserted by the same batch.
    Mined {
        /// The entry.
        id: EntryId,
        /// The block.
        hash: BlockHash,
    },
    /// The entry is a signed transaction from now on.
    Signed {
        /// The entry.
        id: EntryId,
        /// The line that carries the transaction.
        text: String,
        /// Its id.
        txid: Txid,
    },
    /// The entry's text is dropped for good, since its payload was erased.
    EraseText {
        /// The entry.
        id: EntryId,
    },
    /// The entry stands elsewhere.
    SetState {
        /// The entry.
        id: EntryId,
        /// Where.
        state: EntryState,
    },
}

impl OutboxWrite {
    /// The entry that it changes or adds.
    #[must_use]
    pub fn id(&self) -> EntryId {
        match self {
            Self::Insert { id, .. }
            | Self::Mined { id, .. }
            | Self::Signed { id, .. }
            | Self::EraseText { id }
            | Self::SetState { id, .. } => *id,
        }
    }

    /// Carries the step out on the entry, which an insertion makes. The one meaning of a step, for
    /// every store.
    pub fn apply(&self, entry: Option<OutboxEntry>) -> Option<OutboxEntry> {
        if let Self::Insert { id, text, draft } = self {
            let (text, draft) = (text.clone(), draft.clone());
            let state = EntryState::Waiting;
            return Some(OutboxEntry { id: *id, text, draft, blocks: Vec::new(), state });
        }
        let mut entry = entry?;
        match self {
            Self::Insert { .. } => {}
            Self::Mined { hash, .. } => entry.blocks.push(*hash),
            Self::Signed { text, txid, .. } => {
                entry.text.clone_from(text);
                entry.blocks.push(BlockHash(txid.0));
            }
            Self::EraseText { .. } => {
                entry.text.clear();
                entry.draft = None;
            }
            Self::SetState { state, .. } => entry.state = *state,
        }
        Some(entry)
    }
}

/// What a store knows of its outbox as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxFacts {
    /// The number that the next entry gets.
    pub next_id: EntryId,
    /// Entries that wait.
    pub waiting: u64,
    /// What they count for together, by [`OutboxEntry::weight`].
    pub bytes: u64,
    /// Entries that are displaced.
    pub displaced: u64,
    /// Whether a peer of this chain ever introduced itself to this node.
    pub met_peer: bool,
}

impl Default for OutboxFacts {
    fn default() -> Self {
        Self { next_id: 1, waiting: 0, bytes: 0, displaced: 0, met_peer: false }
    }
}

/// A transaction of somebody else that waits to be mined. Those of this node's own people are
/// entries of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
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
    /// A peer of this chain introduced itself for the first time.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub met_peer: bool,
}

/// Reads of the stored outbox. Like [`kusari_chain::BlockStore`], a read sees every batch that was
/// committed before it.
pub trait OutboxStore {
    /// Visits every entry that [`OutboxEntry::is_open`], in order of number.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> StoreResult;

    /// Visits at most `limit` entries that wait, in order of number, with numbers from the first of
    /// `range` on and below its end.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn visit_waiting_entries(
        &self,
        range: Range<EntryId>,
        limit: usize,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> StoreResult;

    /// The entry that this node mined the block for, or that was signed as the transaction with
    /// these bytes as its id.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn entry_of_block(&self, hash: &BlockHash) -> StoreResult<Option<OutboxEntry>>;

    /// The entries that this transaction displaced, in order of number.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn displaced_by(&self, txid: &Txid) -> StoreResult<Vec<OutboxEntry>>;

    /// What there is as a whole.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn outbox_facts(&self) -> StoreResult<OutboxFacts>;

    /// The transaction of the best chain that has this sender and sequence.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn transaction_at(&self, sender: &PublicKey, sequence: u64) -> StoreResult<Option<Txid>>;

    /// The height of the block of the best chain that holds the transaction, if one does.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn mined_at(&self, txid: &Txid) -> StoreResult<Option<u32>>;

    /// Visits every transaction of the stored pool, in order of ids.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> StoreResult;

    /// Visits the predecessors that are kept, by sender and sequence.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn visit_predecessors(&self, visit: &mut dyn FnMut(BodyEntry)) -> StoreResult;

    /// Visits all that is kept of witnesses, in any order.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the medium or its content fails.
    fn visit_witnessed(&self, visit: &mut dyn FnMut(Witnessed)) -> StoreResult;
}

/// An empty one in memory.
impl Default for alloc::boxed::Box<dyn OutboxStore> {
    fn default() -> Self {
        alloc::boxed::Box::new(MemoryStore::default())
    }
}
