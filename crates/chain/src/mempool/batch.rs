//! Transactions whose signatures are checked together.
//!
//! Owns the order: every other rule first, one by one, then the signatures, at once. Knows no pool
//! and no bounds of a chain.

use super::checked_transaction::CheckedTransaction;
use crate::ledger::keys::SignatureBatch;
use crate::ledger::{ChainId, Payload, SignedTransaction};
use crate::prelude::*;
use crate::rules::TransactionViolation;

/// Transactions of one chain that keep every rule by themselves but for their signatures.
///
/// To check them together takes about half the time or less, and says of each what
/// [`CheckedTransaction::check`] would. Its caller bounds it.
pub struct TransactionBatch {
    chain: ChainId,
    unsigned: Vec<CheckedTransaction>,
}

impl TransactionBatch {
    /// None yet.
    #[must_use]
    pub fn new(chain: ChainId) -> Self {
        Self { chain, unsigned: Vec::new() }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unsigned.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unsigned.len()
    }

    /// Adds a transaction that keeps every rule but the last: its signature is looked at later.
    ///
    /// # Errors
    /// [`TransactionViolation`] names the first rule that is broken, and nothing is added.
    pub fn add(
        &mut self,
        transaction: SignedTransaction,
        payload: Option<Payload>,
    ) -> Result<(), TransactionViolation> {
        self.unsigned.push(CheckedTransaction::check_unsigned(transaction, payload)?);
        Ok(())
    }

    /// Checks the signatures, and says of each transaction, in order, whether it keeps every rule.
    /// The batch is empty then. Where one is wrong each is checked by itself.
    pub fn check(&mut self) -> Vec<Result<CheckedTransaction, TransactionViolation>> {
        let unsigned = core::mem::take(&mut self.unsigned);
        let together = unsigned.len() > 1 && self.are_signed(&unsigned);
        let verdict = |checked: CheckedTransaction| match together {
            true => Ok(checked),
            false => checked.check_signature(&self.chain).map(|()| checked),
        };
        unsigned.into_iter().map(verdict).collect()
    }

    fn are_signed(&self, unsigned: &[CheckedTransaction]) -> bool {
        let mut batch = SignatureBatch::new();
        for checked in unsigned {
            let transaction = checked.transaction();
            let message = transaction.unsigned().signing_bytes(&self.chain);
            batch.add(&transaction.sender, &message, &transaction.signature);
        }
        batch.verify()
    }
}
