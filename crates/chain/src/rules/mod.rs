//! The rules that a block must keep: one function and one [`RuleViolation`] variant for each.
//!
//! Owns judgement, and mutates nothing. Rules of another kind of chain stand in a module beside
//! [`classic`].

pub mod classic;

use serde::{Deserialize, Serialize};

use crate::hash::BlockHash;

/// The rule that a block breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleViolation {
    /// The canonical line would not fit an original node's buffer.
    #[error("the block's line takes {bytes} bytes, at most {limit} are allowed")]
    LineTooLong {
        /// Length of the canonical line, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Index 0 is taken by the genesis block, which everybody knows and nobody sends.
    #[error("index 0 belongs to the genesis block, and this is another block")]
    SecondGenesis,
    /// The claimed hash is not the hash of the content.
    #[error("the hash is {claimed}, but the content hashes to {computed}")]
    WrongHash {
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
    WrongIndex {
        /// Index in the block.
        index: u32,
        /// Index of the parent.
        parent: u32,
    },
    /// The parent was refused before, so nothing can build on it.
    #[error("it builds on {parent}, which was refused")]
    RefusedParent {
        /// Hash of the refused parent.
        parent: BlockHash,
    },
}

impl RuleViolation {
    /// Short name of the rule, as `ERROR` lines carry it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::LineTooLong { .. } => "block-too-long",
            Self::SecondGenesis => "bad-genesis",
            Self::WrongHash { .. } => "bad-hash",
            Self::TooLittleWork { .. } => "too-little-work",
            Self::WrongIndex { .. } => "bad-index",
            Self::RefusedParent { .. } => "refused-parent",
        }
    }
}
