//! What may be wrong with a store.
//!
//! Owns one variant of [`AuditFault`] for each thing that is checked, and its words. Where it is wrong
//! is up to [`super::place`].

use kusari_chain::ledger::{Account, Txid};
use kusari_chain::pow::ChainTime;
use kusari_chain::{BlockHash, RuleViolation, Work};
use kusari_node::store::EntryId;

/// What is wrong. The words follow those of a [`Place`] and "is bad:".
#[derive(
    Clone, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames,
)]
#[non_exhaustive]
#[strum(serialize_all = "kebab-case")]
pub enum AuditFault {
    /// Pages have changed since the database wrote them.
    #[error("it is not as the database wrote it ({0})")]
    #[strum(serialize = "bad-pages")]
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
    /// The event log is not as it was written.
    #[error("it does not fit its index and its counts ({0})")]
    #[strum(serialize = "wrong-trail")]
    WrongEventLog(String),
    /// A row has changed since it was written.
    #[error("it is not as it was written (its checksum does not fit)")]
    Altered,
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
    BadLink {
        /// Parent that the block names.
        named: BlockHash,
        /// Block that is there.
        parent: BlockHash,
    },
    /// The accumulated work is not the parent's and its own.
    #[error("its accumulated work is {computed}, but {stored} is stored")]
    BadWork {
        /// As it is stored.
        stored: Work,
        /// As it should be.
        computed: Work,
    },
    /// The accumulated bytes are not the parent's and its own.
    #[error("the chain up to it takes {computed} bytes, but {stored} is stored")]
    BadBytes {
        /// As it is stored.
        stored: u64,
        /// As it should be.
        computed: u64,
    },
    /// The block was stored before its parent.
    #[error("it has the number {order}, but its parent has {parent}, which should be lower")]
    BadOrder {
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
    /// The index of contents lacks the block.
    #[error("the index of contents lacks something that it records")]
    ContentNotIndexed,
    /// The index of addresses lacks the block.
    #[error("the index of addresses lacks somebody whom it concerns")]
    AddressNotIndexed,
    /// The index of contents or of addresses has something that no block has.
    #[error("it has an entry ({suffix}, {order}) that the block does not have")]
    StrayLookup {
        /// Suffix of the entry.
        suffix: u64,
        /// Order of the entry.
        order: u64,
    },
    /// The tiles of the history are not those of the best chain.
    #[error("it is not the history of the best chain")]
    BadHistory,
    /// The runs of the index of hashes do not follow one another.
    #[error("a run of it begins with number {first} or ends wrongly, where {due} is due")]
    BadRun {
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
    #[error("its branch is better than the best chain, and neither held nor long")]
    BetterBranch,
    /// A held branch begins with nothing.
    #[error("there is no such block beside the best chain")]
    HeldWithoutBlock,
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
    BadOpen {
        /// Whether the record says that it is settled.
        settled: bool,
    },
    /// The bytes of what waits in the outbox are counted wrongly.
    #[error("it says that {says} bytes wait in the outbox, but {counted} do")]
    WrongOutboxBytes {
        /// What it says.
        says: u64,
        /// What waits.
        counted: u64,
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
    /// A settled record is not deep in the best chain.
    #[error("it is settled, but no block of it is deep enough in the best chain")]
    NotSettled,
    /// What a ledger adds to its blocks is in the wrong kind of store, or not in the right one.
    #[error("its record has {}body, which it {}have on this chain",
        if *.has_body { "a " } else { "no " }, if *.has_body { "cannot " } else { "must " })]
    BadBody {
        /// Whether there is one.
        has_body: bool,
    },
    /// The record says a wrong size of the body.
    #[error("it counts for {computed} bytes, but {stored} is stored")]
    BadSize {
        /// As it is stored.
        stored: u64,
        /// As it should be.
        computed: u64,
    },
    /// There is a body without a block.
    #[error("it has a body for number {order}, which is no block")]
    StrayBody {
        /// Its order.
        order: u64,
    },
    /// The chain's time up to the block does not follow.
    #[error(
        "the chain's time up to it is {}/{}, but {}/{} is stored (seconds active/latest timestamp)",
        .computed.active_s, .computed.latest, .stored.active_s, .stored.latest
    )]
    BadTime {
        /// As it is stored.
        stored: ChainTime,
        /// As it should be.
        computed: ChainTime,
    },
    /// The stored part of the history's tree is another one.
    #[error(
        "the part of the history's tree that is stored with it does not follow from the hashes"
    )]
    BadSubtrees,
    /// The account does not follow from the blocks.
    #[error("the blocks make it {}, but {} is stored", said(*.computed), said(*.stored))]
    BadAccount {
        /// As it is stored, if it is.
        stored: Option<Account>,
        /// As it should be, if it should be there.
        computed: Option<Account>,
    },
    /// The index of transactions lacks one.
    #[error("the index of transactions lacks {txid}, which stands in it")]
    TransactionNotIndexed {
        /// The transaction.
        txid: Txid,
    },
    /// The index of transactions has something that is no transaction's.
    #[error("it has an entry ({suffix}, {order}) that belongs to no transaction")]
    StrayTransaction {
        /// Suffix of the entry.
        suffix: u64,
        /// Order of the entry.
        order: u64,
    },
    /// A run of an index says a wrong number of entries.
    #[error(
        "the run of it that begins with number {first} has {computed} entries, and says {stored}"
    )]
    BadCount {
        /// Order that the run begins with.
        first: u64,
        /// As it is stored.
        stored: u64,
        /// As it should be.
        computed: u64,
    },
    /// A waiting transaction stands under another id than its own.
    #[error("its id is {computed}")]
    BadWaiting {
        /// The id that its content has.
        computed: Txid,
    },
    /// A predecessor stands under another sender or sequence than it bears.
    #[error("it bears another sender or another sequence")]
    MisplacedPredecessor,
    /// A record of a ledger names no transaction, or several.
    #[error("it names {count} transactions, where each record has exactly one")]
    NotOneTransaction {
        /// How many it names.
        count: usize,
    },
    /// A statement of a witness stands under another key or sequence than it bears.
    #[error("it bears another key or another sequence")]
    MisplacedStatement,
    /// The key did not sign the statement, for this chain at least.
    #[error("its key did not sign it for this chain")]
    #[strum(serialize = "bad-statement-signature")]
    StatementSignature,
    /// The two statements are no equivocation.
    #[error("its two statements prove nothing against their key")]
    NoEvidence,
}

/// An account in words.
fn said(account: Option<Account>) -> String {
    match account {
        Some(Account { balance, sequence, .. }) => format!("{balance} with sequence {sequence}"),
        None => String::from("nothing"),
    }
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
            Self::Rule(violation) => violation.code(),
            other => other.into(),
        }
    }
}
