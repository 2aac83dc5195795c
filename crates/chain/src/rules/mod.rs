//! The rules that a block must keep: one function and one [`RuleViolation`] variant for each.
//!
//! Owns judgement, and mutates nothing. A ledger block keeps the rules of [`classic`] and those of
//! [`ledger`].

pub mod classic;
pub mod ledger;
pub mod transaction;

pub use self::transaction::TransactionViolation;
use crate::hash::BlockHash;
use crate::ledger::ChainId;
use crate::ledger::commitment::MerkleRoot;
use crate::pow::CompactTarget;
use crate::prelude::*;

/// The rule that a block breaks.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    thiserror::Error,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "kebab-case")]
#[non_exhaustive]
pub enum RuleViolation {
    /// The canonical line would not fit an original node's buffer.
    #[error("the block's line takes {bytes} bytes, at most {limit} are allowed")]
    BlockTooLong {
        /// Length of the canonical line, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Index 0 is taken by the genesis block, which every node knows and none sends.
    #[error("index 0 belongs to the genesis block, and this is another block")]
    BadGenesis,
    /// The claimed hash is not the hash of the content.
    #[error("the hash is {claimed}, but the content hashes to {computed}")]
    BadHash {
        /// Hash in the block.
        claimed: BlockHash,
        /// Hash by the hash rule.
        computed: BlockHash,
    },
    /// The hash does not meet the target.
    #[error("the hash {hash} proves too little work: it must start with two zero bytes")]
    TooLittleWork {
        /// The hash, which is right otherwise.
        hash: BlockHash,
    },
    /// The index does not follow the parent's.
    #[error("the index is {index}, but the parent's is {parent}, so {} was expected",
        u64::from(*parent) + 1)]
    BadIndex {
        /// Index in the block.
        index: u32,
        /// Index of the parent.
        parent: u32,
    },
    /// It was judged before, and what it breaks does not change.
    #[error("it was refused before")]
    RefusedBefore,
    /// The parent was refused before, so nothing can build on it.
    #[error("it builds on {parent}, which was refused")]
    RefusedParent {
        /// Hash of the refused parent.
        parent: BlockHash,
    },
    /// It does not follow on the header before it.
    #[error("its parent is {parent}, but it stands behind {expected}")]
    BadLink {
        /// The parent in the header.
        parent: BlockHash,
        /// Hash of the header before it.
        expected: BlockHash,
    },
    /// It belongs to another ledger.
    #[error("it belongs to the chain {found}, and this is {expected}")]
    WrongChain {
        /// The chain that it commits to.
        found: ChainId,
        /// Ours.
        expected: ChainId,
    },
    /// Unsigned transfers have no place in a ledger.
    #[error("it carries {count} unsigned transfers; a ledger block has none")]
    UnsignedTransfers {
        /// How many.
        count: usize,
    },
    /// The data is not the commitment's.
    #[error("the data is not that of its commitment, which would be {expected}")]
    BadCommitment {
        /// The data that the commitment gives.
        expected: String,
    },
    /// The target is no number that a chain can have.
    #[error("{target} is not a target that a block can have")]
    NoTarget {
        /// What it claims.
        target: CompactTarget,
    },
    /// The hash does not meet the block's own target.
    #[error("the hash {hash} proves too little work for the target {target}")]
    AboveTarget {
        /// The hash.
        hash: BlockHash,
        /// The target.
        target: CompactTarget,
    },
    /// The body has more or fewer transactions than committed to.
    #[error("the body has {counted} transactions, the commitment says {claimed}")]
    BadBodyCount {
        /// What the commitment says.
        claimed: u32,
        /// What is there.
        counted: usize,
    },
    /// The body is another one.
    #[error("the body's root is {computed}, the commitment says {claimed}")]
    BadBodyRoot {
        /// What the commitment says.
        claimed: MerkleRoot,
        /// What the body gives.
        computed: MerkleRoot,
    },
    /// The body is larger than allowed.
    #[error("the body counts {bytes} bytes, at most {limit} are allowed")]
    BodyTooLarge {
        /// What it counts.
        bytes: u64,
        /// The limit.
        limit: u32,
    },
    /// The target is not the one that is due.
    #[error("the target is {claimed}, after its ancestors it must be {expected}")]
    BadTarget {
        /// What it claims.
        claimed: CompactTarget,
        /// What the ancestors give.
        expected: CompactTarget,
    },
    /// The timestamp is not above the middle of the last ones.
    #[error("the timestamp {timestamp} is not above {median}, the middle of its ancestors'")]
    TooEarly {
        /// The block's.
        timestamp: u64,
        /// What it must be above.
        median: u64,
    },
    /// The history is another one.
    #[error("the history root is {claimed}, its ancestors give {computed}")]
    BadHistoryRoot {
        /// What it claims.
        claimed: MerkleRoot,
        /// What the ancestors give.
        computed: MerkleRoot,
    },
    /// The accounts are others, or there is a root where none belongs.
    #[error(
        "the state root is {claimed}, at this height and with these accounts it must be {computed}"
    )]
    BadStateRoot {
        /// What it claims.
        claimed: MerkleRoot,
        /// What the accounts give; zero where there is none.
        computed: MerkleRoot,
    },
    /// A transaction breaks a rule.
    #[error("transaction {place} of the body: {fault}")]
    Transaction {
        /// Its place in the body, from 0.
        place: usize,
        /// The rule.
        fault: TransactionViolation,
    },
}

/// A rule by what breaks it.
fn refuse_if<V>(is_broken: bool, violation: V) -> Result<(), V> {
    if is_broken { Err(violation) } else { Ok(()) }
}

impl RuleViolation {
    /// Short name of the rule, as `ERROR` lines carry it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Transaction { fault, .. } => fault.code(),
            other => other.into(),
        }
    }
}
