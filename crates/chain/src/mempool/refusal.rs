//! Why a transaction may not wait here.
//!
//! Owns the words; the checks stand where the pool changes.

use alloc::format;

use crate::ledger::Txid;
use crate::prelude::*;
use crate::rules::TransactionViolation;

/// Why a transaction was not admitted. Only the first variant says that it is at fault by itself;
/// the others depend on what else waits here.
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
pub enum PoolRefusal {
    /// It could not be mined.
    #[error(transparent)]
    Transaction(#[from] TransactionViolation),
    /// It fits in no block of the chain, even alone.
    #[error("the transaction has {bytes} bytes with its payload, a block holds at most {limit}")]
    #[strum(serialize = "transaction-too-large")]
    TooLarge {
        /// Its weight.
        bytes: u64,
        /// The chain's limit.
        limit: u32,
    },
    /// The caller's account is not the sender's, or not as the pool knows it.
    #[error("the account is not the sender's as the pool knows it: the pool must follow the chain")]
    OtherAccount,
    /// Another one with its sender and sequence waits, and it does not outbid that.
    #[error(
        "{held} of this sender waits with this sequence and pays {fee}: pay at least {least} to \
         replace it"
    )]
    Underbid {
        /// The one that waits.
        held: Txid,
        /// What that pays.
        fee: u64,
        /// The least fee with which this one would replace it.
        least: u64,
    },
    /// As much of this sender waits as may.
    #[error(
        "{transactions} transactions of this sender wait, with {bytes} bytes: no more may, until \
         some are mined"
    )]
    SenderFull {
        /// How many wait.
        transactions: usize,
        /// What they count for, in bytes.
        bytes: u64,
    },
    /// As much of our own waits as may.
    #[error("{bytes} bytes of this node's own transactions wait, {limit} may: let some be mined")]
    OwnFull {
        /// What they count for, in bytes.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// As much waits of senders that own nothing as may.
    #[error(
        "transactions of accounts without a balance wait for {limit} bytes, which is all that may: try again \
         when some are mined, or use an account that owns something"
    )]
    #[strum(serialize = "pool-full")]
    PennilessFull {
        /// The limit.
        limit: u64,
    },
    /// There is no room, and what could make room pays as much or more for each byte.
    #[error("the pool is full: {}", hint(*least))]
    PoolFull {
        /// The fee that would do, where the sender's earlier ones that wait pay as much for a byte;
        /// `None` where none would.
        least: Option<u64>,
    },
}

fn hint(least: Option<u64>) -> String {
    match least {
        Some(least) => {
            format!("pay at least {least}, and for a byte no less in those that wait before it")
        }
        None => String::from("wait until some are mined"),
    }
}

impl PoolRefusal {
    /// Short name of the reason, as `ERROR` lines carry it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Transaction(fault) => fault.code(),
            other => other.into(),
        }
    }
}
