//! A transaction that waits, and how those that wait compare.
//!
//! Owns the comparison of fees, which is exact. Knows no other transactions and no accounts.

use core::cmp::{Ordering, Reverse};

use super::checked_transaction::CheckedTransaction;
use crate::ledger::{Payload, PublicKey, SignedTransaction, Txid};
use crate::params::POOLED_OVERHEAD_BYTES;

/// A transaction in the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PooledTransaction {
    checked: CheckedTransaction,
    own: bool,
    since: u64,
}

impl PooledTransaction {
    pub(super) fn new(checked: CheckedTransaction, own: bool, since: u64) -> Self {
        Self { checked, own, since }
    }

    /// Its id.
    #[must_use]
    pub fn txid(&self) -> Txid {
        self.checked.txid()
    }

    /// The transaction itself.
    #[must_use]
    pub fn transaction(&self) -> &SignedTransaction {
        self.checked.transaction()
    }

    /// Its payload: there exactly where one is committed to.
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        self.checked.payload()
    }

    /// Whether it was submitted to this node, which then neither evicts nor forgets it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.own
    }

    /// When it came, in seconds of the caller's clock.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.since
    }

    /// The transaction as it was admitted, to be admitted again.
    #[must_use]
    pub fn into_checked(self) -> CheckedTransaction {
        self.checked
    }

    /// What it counts for against the pool's bounds, in bytes.
    #[must_use]
    pub fn pooled_bytes(&self) -> u64 {
        self.transaction().weight() + POOLED_OVERHEAD_BYTES
    }

    pub(super) fn checked(&self) -> &CheckedTransaction {
        &self.checked
    }

    pub(super) fn submit(&mut self) {
        self.own = true;
    }

    pub(super) fn sender(&self) -> PublicKey {
        self.transaction().sender
    }

    pub(super) fn sequence(&self) -> u64 {
        self.transaction().sequence
    }

    pub(super) fn fee_rate(&self) -> FeeRate {
        let transaction = self.transaction();
        FeeRate { fee: transaction.fee, weight: transaction.weight() }
    }

    pub(super) fn rank(&self, rate: FeeRate) -> Rank {
        Rank(rate, Reverse(self.since), Reverse(self.txid()))
    }
}

/// A fee for so many bytes. Equal are those that pay the same for a byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct FeeRate {
    fee: u64,
    /// Never zero, since every transaction has bytes.
    weight: u64,
}

impl FeeRate {
    /// The least fee with which so many bytes pay more than this; `None` where no number can say it.
    pub(super) fn least_fee_above(&self, weight: u64) -> Option<u64> {
        let share = u128::from(self.fee) * u128::from(weight);
        u64::try_from(share / u128::from(self.weight.max(1)) + 1).ok()
    }
}

impl Ord for FeeRate {
    fn cmp(&self, other: &Self) -> Ordering {
        // Of two fractions the one is greater whose numerator times the other's denominator is.
        let ours = u128::from(self.fee) * u128::from(other.weight);
        let others = u128::from(other.fee) * u128::from(self.weight);
        ours.cmp(&others)
    }
}

impl PartialOrd for FeeRate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FeeRate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for FeeRate {}

/// Who goes first: more for a byte, then earlier here, then the smaller id. Greater is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(pub(super) FeeRate, Reverse<u64>, Reverse<Txid>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fee_rates_compare_exactly_where_floats_would_not() {
        let rate = |fee, weight| FeeRate { fee, weight };
        assert!(rate(u64::MAX, 300) > rate(u64::MAX - 1, 300));
        assert!(rate(u64::MAX, 65_724) < rate(u64::MAX, 65_723));
        assert_eq!(rate(1, 200), rate(2, 400));
        assert_eq!(rate(0, 200), rate(0, 9_999));
    }

    #[test]
    fn least_fee_above_a_rate_is_above_it_and_one_less_is_not() {
        for (fee, weight, other) in [(0, 188, 500), (7, 200, 600), (7, 200, 333), (5, 3, 1)] {
            let rate = FeeRate { fee, weight };
            let least = rate.least_fee_above(other).unwrap();
            assert!(FeeRate { fee: least, weight: other } > rate);
            assert!(FeeRate { fee: least - 1, weight: other } <= rate);
        }
        let most = FeeRate { fee: u64::MAX, weight: 188 };
        assert_eq!(most.least_fee_above(188), None);
    }
}
