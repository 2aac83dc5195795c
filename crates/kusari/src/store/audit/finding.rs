//! What an audit may find: where, and what is wrong there.
//!
//! Owns one variant of [`AuditFault`] for each thing that is checked, and how a finding is said.

use core::fmt;

use kusari_chain::ledger::{PublicKey, Txid};
use kusari_chain::{BlockHash, RuleViolation, Work};
use kusari_node::store::EntryId;

use crate::store::fault::Fault;

/// One thing that is wrong with a store. In words, a sentence with the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it is.
    pub place: Place,
    /// What is wrong there.
    pub fault: AuditFault,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is bad: {}; restore the data directory from a backup, or move it away and start \
             anew from the blocks of other nodes",
            self.place, self.fault
        )
    }
}

/// A place in a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    #[default]
    File,
    /// A table as a whole.
    Table(&'static str),
    /// A fact about the whole store, by its name.
    Fact(&'static str),
    /// The best chain's block at this height.
    Best(u32),
    /// A block beside the best chain.
    Side {
        /// Its order, which names it.
        order: u64,
        /// Its height, once its record is read.
        height: Option<u32>,
    },
    /// The record of the outbox with this number.
    Entry(EntryId),
}

impl Place {
    /// Height of the block that this place is, if it is one.
    #[must_use]
    pub fn height(&self) -> Option<u32> {
        match self {
            Self::Best(height) => Some(*height),
            Self::Side { height, .. } => *height,
            Self::File | Self::Table(_) | Self::Fact(_) | Self::Entry(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Table(name) => write!(f, "table `{name}`"),
            Self::Fact(name) => write!(f, "the fact `{name}`"),
            Self::Best(height) => write!(f, "block {height}"),
            Self::Side { order, height: None } => write!(f, "side block number {order}"),
            Self::Side { order, height: Some(height) } => {
                write!(f, "side block number {order}, at height {height},")
            }
            Self::Entry(id) => write!(f, "record {id}"),
        }
    }
}

/// What is wrong. The words follow those of a [`Place`] and "is bad:".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// Pages have changed since the database wrote them.
    #[error("it is not as the database wrote it ({0})")]
    Pages(String),
    /// Another program's table is in the file.
    #[error("there is a table `{name}`, which no version of this program makes")]
    StrayTable {
        /// Its name, escaped.
        name: String,
    },
    /// A fact that this version does not know.
    #[error("there is a fact `{key}`, which no version of this program writes")]
    StrayFact {
        /// Its name, escaped.
        key: String,
    },
    /// Something cannot be read.
    #[error("it cannot be read ({0})")]
    Unreadable(String),
    /// The best chain has a hole.
    #[error("there is none, but the best chain goes on at height {next}")]
    MissingHeight {
        /// The next height that there is.
        next: u32,
    },
    /// A block's record is gone.
    #[error("its record, number {order}, is missing")]
    MissingRecord {
        /// The order under which it should be.
        order: u64,
    },
    /// The block breaks a rule of the chain.
    #[error("{0}")]
    Rule(#[from] RuleViolation),
    /// The block does not build on the one below it.
    #[error("its parent is {named}, but the block below it is {parent}")]
    WrongLink {
        /// Parent that the block names.
        named: BlockHash,
        /// Block that is there.
        parent: BlockHash,
    },
    /// The accumulated work is not the parent's and its own.
    #[error("its accumulated work is {computed}, but {stored} is stored")]
    WrongWork {
        /// As it is stored.
        stored: Work,
        /// As it should be.
        computed: Work,
    },
    /// The accumulated bytes are not the parent's and its own.
    #[error("the chain up to it takes {computed} bytes, but {stored} is stored")]
    WrongBytes {
        /// As it is stored.
        stored: u64,
        /// As it should be.
        computed: u64,
    },
    /// The block was stored before its parent.
    #[error("it has the number {order}, but its parent has {parent}, which should be lower")]
    WrongOrder {
        /// Its order.
        order: u64,
        /// Its parent's.
        parent: u64,
    },
    /// The order was not given out yet.
    #[error("it has the number {order}, but the next one is {next}")]
    OrderNotDue {
        /// Its order.
        order: u64,
        /// The order that the next block gets.
        next: u64,
    },
    /// The index of hashes lacks the block.
    #[error("the index of hashes lacks it")]
    NotIndexed,
    /// The index of hashes has something that is no block's.
    #[error("it has an entry ({suffix}, {order}) that belongs to no block")]
    StrayHash {
        /// Hash suffix of the entry.
        suffix: u64,
        /// Order of the entry.
        order: u64,
    },
    /// The runs of the index of hashes do not follow one another.
    #[error("a run of it begins with number {first} or ends wrongly, where {due} is due")]
    WrongRun {
        /// Order that the run begins with.
        first: u64,
        /// Order after the run before.
        due: u64,
    },
    /// A part of the index of hashes belongs to no run.
    #[error("a part of it belongs to no run")]
    StrayPart,
    /// A block is noted as evicted that was not, or that nothing leads to any more.
    #[error("it speaks of number {order}, which was not evicted or which nothing leads to")]
    StrayEviction {
        /// Order of the block.
        order: u64,
    },
    /// The block is there twice.
    #[error("it is stored twice, under the numbers {order} and {other}")]
    StoredTwice {
        /// Its order.
        order: u64,
        /// Another order with the same block.
        other: u64,
    },
    /// A side block is in the best chain as well.
    #[error("it is in the best chain as well")]
    BestAndSide,
    /// The parent of a side block is not stored.
    #[error("its parent {parent} is missing")]
    UnknownParent {
        /// Hash of the parent.
        parent: BlockHash,
    },
    /// The best chain is not the best one.
    #[error("its branch is better than the best chain")]
    BetterBranch,
    /// A record of a block that is in no chain.
    #[error("record {order} is in no chain")]
    StrayRecord {
        /// Its order.
        order: u64,
    },
    /// An outbox record is gone.
    #[error("it is missing")]
    MissingEntry,
    /// The number of an outbox record was not given out yet.
    #[error("the next record's number is {next}")]
    EntryNotDue {
        /// The number that the next record gets.
        next: EntryId,
    },
    /// The list of records that are not settled is wrong about this one.
    #[error("it is {}settled, but the list of open records says otherwise",
        if *.settled { "" } else { "not " })]
    WrongOpen {
        /// Whether the record says that it is settled.
        settled: bool,
    },
    /// A list of the outbox has something of a record that is not there.
    #[error("it speaks of record {id}, which does not")]
    StrayEntry {
        /// Number of the record.
        id: EntryId,
    },
    /// The index of blocks that were mined here is wrong about one.
    #[error("the index of blocks lacks {hash}, which was mined for it")]
    BlockNotIndexed {
        /// Hash of the block.
        hash: BlockHash,
    },
    /// The record names a block twice.
    #[error("it names block {hash} twice")]
    NamedTwice {
        /// Hash of the block.
        hash: BlockHash,
    },
    /// A block that was mined for the record says something else.
    #[error("block {hash}, which was mined for it, holds another text")]
    OtherText {
        /// Hash of the block.
        hash: BlockHash,
    },
    /// A record is in the best chain more than once.
    #[error("block {hash} says it in the best chain once more")]
    StandsTwice {
        /// Hash of the second block.
        hash: BlockHash,
    },
    /// A block of a ledger lacks its body, or one of the classic chain has one.
    #[error("it is stored as a block of another kind of chain")]
    OtherKind,
    /// The chain's time up to a block does not follow from its ancestors.
    #[error("the time stored with it does not follow from its parent's")]
    WrongTime,
    /// The stored part of the history does not follow from the blocks.
    #[error("the part of the history stored with it does not follow from the blocks before it")]
    WrongHistory,
    /// The index of transactions lacks one.
    #[error("the index of transactions lacks the one at place {place}")]
    TransactionNotIndexed {
        /// Its place in the body.
        place: u32,
    },
    /// The index of transactions has something that no block has.
    #[error("it has {found} entries, but the blocks have {due} transactions")]
    StrayTransactions {
        /// Entries that there are.
        found: u64,
        /// Transactions in all blocks.
        due: u64,
    },
    /// An account does not follow from the blocks.
    #[error("the account {key} does not follow from the blocks of the best chain")]
    WrongAccount {
        /// Its key.
        key: PublicKey,
    },
    /// A transaction of the pool is not the one under its id.
    #[error("the transaction under {txid} is another one, or breaks a rule by itself")]
    WrongPooled {
        /// The id.
        txid: Txid,
    },
    /// A settled record is not deep in the best chain.
    #[error("it is settled, but no block of it is deep enough in the best chain")]
    NotSettled,
}

impl AuditFault {
    /// The keys of a table do not rise, as only a damaged page has it.
    pub(super) fn unordered() -> Self {
        Self::Unreadable(String::from("its keys are out of order"))
    }

    /// Short name of the kind of fault, for programs. Never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pages(_) => "bad-pages",
            Self::StrayTable { .. } => "stray-table",
            Self::StrayFact { .. } => "stray-fact",
            Self::Unreadable(_) => "unreadable",
            Self::MissingHeight { .. } => "missing-height",
            Self::MissingRecord { .. } => "missing-record",
            Self::Rule(violation) => violation.code(),
            Self::WrongLink { .. } => "bad-link",
            Self::WrongWork { .. } => "bad-work",
            Self::WrongBytes { .. } => "bad-bytes",
            Self::WrongOrder { .. } => "bad-order",
            Self::OrderNotDue { .. } => "order-not-due",
            Self::NotIndexed => "not-indexed",
            Self::StrayHash { .. } => "stray-hash",
            Self::WrongRun { .. } => "bad-run",
            Self::StrayPart => "stray-part",
            Self::StrayEviction { .. } => "stray-eviction",
            Self::StoredTwice { .. } => "stored-twice",
            Self::BestAndSide => "best-and-side",
            Self::UnknownParent { .. } => "unknown-parent",
            Self::BetterBranch => "better-branch",
            Self::StrayRecord { .. } => "stray-record",
            Self::MissingEntry => "missing-entry",
            Self::EntryNotDue { .. } => "entry-not-due",
            Self::WrongOpen { .. } => "bad-open",
            Self::StrayEntry { .. } => "stray-entry",
            Self::BlockNotIndexed { .. } => "block-not-indexed",
            Self::NamedTwice { .. } => "named-twice",
            Self::OtherText { .. } => "other-text",
            Self::StandsTwice { .. } => "stands-twice",
            Self::NotSettled => "not-settled",
            Self::OtherKind => "other-kind",
            Self::WrongTime => "bad-time",
            Self::WrongHistory => "bad-history",
            Self::TransactionNotIndexed { .. } => "transaction-not-indexed",
            Self::StrayTransactions { .. } => "stray-transactions",
            Self::WrongAccount { .. } => "bad-account",
            Self::WrongPooled { .. } => "bad-pooled",
        }
    }
}

/// The remedy is the finding's to say, so only the cause is taken over.
impl From<Fault> for AuditFault {
    fn from(fault: Fault) -> Self {
        Self::Unreadable(match fault {
            Fault::Unreadable { reason, .. } => reason,
            Fault::Database(error) => error.to_string(),
            Fault::BrokenOff => String::from("reading it broke off"),
            other @ (Fault::Unfitting(_) | Fault::Earlier(_)) => other.to_string(),
        })
    }
}

macro_rules! from_database {
    ($($error:ty),*) => {
        $(impl From<$error> for AuditFault {
            fn from(error: $error) -> Self {
                Fault::from(error).into()
            }
        })*
    };
}

from_database!(redb::StorageError, redb::TableError, redb::TransactionError);
