//! The rules that a transaction must keep, in a block and in the pool of those that wait.
//!
//! Owns one function and one [`TransactionViolation`] variant for each. Mutates nothing. Source:
//! protocol, section 4.1.

use super::refuse_if;
use crate::prelude::*;

use crate::ledger::{Account, ChainId, ChainSpec, Payload, SignedTransaction};
use crate::params::MAX_DATA_BYTES;

/// The rule that a transaction breaks.
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
pub enum TransactionViolation {
    /// Anybody can sign for such a key.
    #[error("the sender's key is of small order, under which every signature would hold")]
    SmallOrderKey,
    /// Not signed by its sender, or for another chain, or changed since.
    #[error("the signature is not the sender's over this transaction on this chain")]
    BadSignature,
    /// A length without a payload.
    #[error("payload_len is {bytes}, but no payload is committed to, so it must be 0")]
    BadPayloadLength {
        /// What it says.
        bytes: u32,
    },
    /// A payload beside a transaction that commits to none, or to another one.
    #[error("the payload is not the one that the transaction commits to")]
    PayloadMismatch,
    /// A payload that is committed to is not there. In a block it may be, where it was erased.
    #[error("the transaction commits to a payload that is not with it: send both together")]
    PayloadMissing,
    /// The payload is longer than the chain allows.
    #[error("the payload has {bytes} bytes, at most {limit} are allowed on this chain")]
    PayloadTooLong {
        /// Its length.
        bytes: u32,
        /// The chain's limit.
        limit: u32,
    },
    /// The fee is below the chain's least.
    #[error("the fee is {fee}, at least {least} is needed on this chain")]
    FeeTooLow {
        /// The fee.
        fee: u64,
        /// The chain's least.
        least: u64,
    },
    /// Amount and fee together are no number.
    #[error("amount and fee together are more than there can ever be")]
    CostOverflow,
    /// The sequence was used before: a replay, or two transactions for one place.
    #[error("the sequence is {sequence}, but this sender's next is {next}: it was used before")]
    SequenceUsed {
        /// Its sequence.
        sequence: u64,
        /// What was expected.
        next: u64,
    },
    /// An earlier transaction of the sender is missing.
    #[error(
        "the sequence is {sequence}, but this sender's next is {next}: those between are missing"
    )]
    SequenceGap {
        /// Its sequence.
        sequence: u64,
        /// What was expected.
        next: u64,
    },
    /// The sender owns less.
    #[error("amount and fee are {cost}, but the sender's balance is {balance}")]
    Overdraft {
        /// Amount and fee.
        cost: u64,
        /// What the sender owns.
        balance: u64,
    },
    /// A balance would be no number.
    #[error("a balance would be more than there can ever be")]
    BalanceOverflow,
}

impl TransactionViolation {
    /// Short name of the rule, as `ERROR` lines carry it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

type Verdict = Result<(), TransactionViolation>;

/// The sender's key is not of small order.
pub fn check_key(transaction: &SignedTransaction) -> Verdict {
    refuse_if(transaction.sender.is_small_order(), TransactionViolation::SmallOrderKey)
}

/// The sender signed it, for this chain. Costs tens of microseconds; a block's are checked together.
pub fn check_signature(transaction: &SignedTransaction, chain: &ChainId) -> Verdict {
    let message = transaction.unsigned().signing_bytes(chain);
    refuse_if(
        !transaction.sender.verifies(&message, &transaction.signature),
        TransactionViolation::BadSignature,
    )
}

/// Without a payload there is no length.
pub fn check_payload_length(transaction: &SignedTransaction) -> Verdict {
    refuse_if(
        !transaction.has_payload() && transaction.payload_len != 0,
        TransactionViolation::BadPayloadLength { bytes: transaction.payload_len },
    )
}

/// A payload that is present is the one that is committed to.
pub fn check_payload(transaction: &SignedTransaction, payload: &Payload) -> Verdict {
    let fits = payload.data.len() as u64 == u64::from(transaction.payload_len);
    refuse_if(
        !transaction.has_payload() || !fits || payload.hash() != transaction.payload,
        TransactionViolation::PayloadMismatch,
    )
}

/// A payload is there where one is committed to, and it is that one; nowhere else is one.
pub fn check_whole_payload(transaction: &SignedTransaction, payload: Option<&Payload>) -> Verdict {
    match payload {
        Some(payload) => check_payload(transaction, payload),
        None if transaction.has_payload() => Err(TransactionViolation::PayloadMissing),
        None => Ok(()),
    }
}

/// The payload keeps to the bound of every chain.
pub fn check_any_payload_bound(transaction: &SignedTransaction) -> Verdict {
    let (bytes, limit) = (transaction.payload_len, MAX_DATA_BYTES);
    refuse_if(bytes > limit, TransactionViolation::PayloadTooLong { bytes, limit })
}

/// The payload keeps to the chain's bound.
pub fn check_payload_bound(transaction: &SignedTransaction, spec: &ChainSpec) -> Verdict {
    let (bytes, limit) = (transaction.payload_len, spec.max_data_bytes);
    refuse_if(bytes > limit, TransactionViolation::PayloadTooLong { bytes, limit })
}

/// The fee is at least the chain's.
pub fn check_fee(transaction: &SignedTransaction, spec: &ChainSpec) -> Verdict {
    refuse_if(
        transaction.fee < spec.min_fee,
        TransactionViolation::FeeTooLow { fee: transaction.fee, least: spec.min_fee },
    )
}

/// Amount and fee together are a number. Returns it.
pub fn check_cost(transaction: &SignedTransaction) -> Result<u64, TransactionViolation> {
    transaction.cost().ok_or(TransactionViolation::CostOverflow)
}

/// The sequence is the sender's next.
pub fn check_sequence(transaction: &SignedTransaction, sender: &Account) -> Verdict {
    let (sequence, next) = (transaction.sequence, sender.sequence);
    match sequence.cmp(&next) {
        core::cmp::Ordering::Less => Err(TransactionViolation::SequenceUsed { sequence, next }),
        core::cmp::Ordering::Greater => Err(TransactionViolation::SequenceGap { sequence, next }),
        core::cmp::Ordering::Equal => Ok(()),
    }
}

/// The sender owns what it spends.
pub fn check_balance(cost: u64, sender: &Account) -> Verdict {
    let balance = sender.balance;
    refuse_if(cost > balance, TransactionViolation::Overdraft { cost, balance })
}
