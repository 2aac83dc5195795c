//! Transactions that were checked as far as that goes without accounts.
//!
//! Owns the type that proves it. Knows no pool, no balance and no bounds of a chain.

use crate::ledger::{ChainId, Payload, SignedTransaction, Txid};
use crate::rules::TransactionViolation;
use crate::rules::transaction::{
    check_any_payload_bound, check_cost, check_key, check_payload_length, check_signature,
    check_whole_payload,
};

/// A transaction that keeps every rule that needs nothing but itself and the chain's id: its sender
/// signed it, and the payload that it commits to is with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTransaction {
    txid: Txid,
    transaction: SignedTransaction,
    payload: Option<Payload>,
}

impl CheckedTransaction {
    /// Checks a transaction and its payload. Costs tens of microseconds, for the signature, which
    /// comes last.
    ///
    /// # Errors
    /// [`TransactionViolation`] names the first rule that is broken.
    pub fn check(
        transaction: SignedTransaction,
        payload: Option<Payload>,
        chain: &ChainId,
    ) -> Result<Self, TransactionViolation> {
        let unsigned = Self::check_unsigned(transaction, payload)?;
        unsigned.check_signature(chain)?;
        Ok(unsigned)
    }

    /// Every check but the signature's, for what was checked before it was written down.
    ///
    /// # Errors
    /// [`TransactionViolation`] names the first rule that is broken.
    pub fn check_unsigned(
        transaction: SignedTransaction,
        payload: Option<Payload>,
    ) -> Result<Self, TransactionViolation> {
        check_key(&transaction)?;
        check_payload_length(&transaction)?;
        check_any_payload_bound(&transaction)?;
        check_cost(&transaction)?;
        check_whole_payload(&transaction, payload.as_ref())?;
        Ok(Self { txid: transaction.txid(), transaction, payload })
    }

    pub(super) fn check_signature(&self, chain: &ChainId) -> Result<(), TransactionViolation> {
        check_signature(&self.transaction, chain)
    }

    /// Its id.
    #[must_use]
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// The transaction itself.
    #[must_use]
    pub fn transaction(&self) -> &SignedTransaction {
        &self.transaction
    }

    /// Its payload: there exactly where one is committed to.
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        self.payload.as_ref()
    }

    /// Amount and fee, in whole units.
    pub(super) fn cost(&self) -> u64 {
        // It was checked to be a number; were it none, no balance would cover this.
        self.transaction.cost().unwrap_or(u64::MAX)
    }
}
