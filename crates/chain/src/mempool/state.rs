//! The pool as a plain value: what a checkpoint keeps of it, and how it is made again.
//!
//! Owns the form: the limits, and of each sender the account and its transactions by sequence. All
//! else follows from these, so equal pools have equal forms. A form may come out of a file of a
//! stranger: one that contradicts itself or is over a bound is refused. What does not follow from
//! the form, [`Mempool::check`] can check.

use alloc::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserializer, Serializer};

use super::checked_transaction::CheckedTransaction;
use super::pooled::PooledTransaction;
use super::sender::Sender;
use super::{Mempool, PoolLimits};
use crate::ledger::{Account, Payload, SignedTransaction};
use crate::prelude::*;
use crate::rules::TransactionViolation;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolForm<'a> {
    limits: PoolLimits,
    /// By key.
    senders: Vec<SenderForm<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SenderForm<'a> {
    account: Account,
    /// By sequence.
    transactions: Vec<PooledForm<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PooledForm<'a> {
    transaction: Cow<'a, SignedTransaction>,
    payload: Option<Cow<'a, Payload>>,
    own: bool,
    since: u64,
}

/// A pool that there never was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum FormError {
    #[error("a transaction of the pool is at fault: {0}")]
    Transaction(#[from] TransactionViolation),
    #[error("the pool contradicts itself: {0}")]
    Contradiction(&'static str),
    #[error("the pool is over its bounds: {0}")]
    OverBound(&'static str),
}

impl<'a> PooledForm<'a> {
    fn of(pooled: &'a PooledTransaction) -> Self {
        Self {
            transaction: Cow::Borrowed(pooled.transaction()),
            payload: pooled.payload().map(Cow::Borrowed),
            own: pooled.is_own(),
            since: pooled.since(),
        }
    }

    fn read(self) -> Result<Box<PooledTransaction>, TransactionViolation> {
        let payload = self.payload.map(Cow::into_owned);
        let checked = CheckedTransaction::check_unsigned(self.transaction.into_owned(), payload)?;
        Ok(Box::new(PooledTransaction::new(checked, self.own, self.since)))
    }
}

impl<'a> SenderForm<'a> {
    fn of(sender: &'a Sender) -> Self {
        let transactions = sender.chain().chain(sender.parked()).map(PooledForm::of).collect();
        Self { account: *sender.account(), transactions }
    }

    fn read(self) -> Result<Sender, FormError> {
        let account = self.account;
        let entries = self.transactions.into_iter().map(PooledForm::read);
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        if !entries.is_sorted_by(|one, next| one.sequence() < next.sequence()) {
            return Err(FormError::Contradiction("sequences do not rise"));
        }
        if entries.is_empty() || entries.iter().any(|entry| entry.sender() != account.key) {
            return Err(FormError::Contradiction("a sender has none, or one of another sender"));
        }
        let (sender, fallen) = Sender::arrange(account, entries);
        if !fallen.past.is_empty() || !fallen.unfit.is_empty() {
            return Err(FormError::Contradiction("a transaction could not be mined"));
        }
        Ok(sender)
    }
}

impl PoolForm<'_> {
    fn read(self) -> Result<Mempool, FormError> {
        let limits = self.limits;
        if limits != limits.min(PoolLimits::GREATEST) {
            return Err(FormError::OverBound("its limits are above the greatest"));
        }
        let by_key =
            |one: &SenderForm<'_>, next: &SenderForm<'_>| one.account.key < next.account.key;
        if !self.senders.is_sorted_by(by_key) {
            return Err(FormError::Contradiction("senders are not in the order of their keys"));
        }
        let mut pool = Mempool::new(limits);
        for form in self.senders {
            let sender = form.read()?;
            if sender.len() > limits.sender_transactions || sender.bytes() > limits.sender_bytes {
                return Err(FormError::OverBound("too much of one sender"));
            }
            for pooled in sender.chain().chain(sender.parked()) {
                pool.note_added(pooled);
            }
            if pool.bytes > limits.bytes || pool.own_bytes > limits.own_bytes {
                return Err(FormError::OverBound("too much in all, or of our own"));
            }
            pool.penniless_bytes += sender.penniless_bytes();
            pool.tails.extend(sender.tail());
            pool.senders.insert(sender.account().key, sender);
        }
        Ok(pool)
    }
}

impl Serialize for Mempool {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let senders = self.senders.values().map(SenderForm::of).collect();
        PoolForm { limits: self.limits, senders }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Mempool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PoolForm::deserialize(deserializer)?.read().map_err(D::Error::custom)
    }
}
