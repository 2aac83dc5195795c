//! The audit of what is kept of witnesses: signatures, places, and that evidence proves something.
//!
//! Whether the blocks that statements name are stored is left out: a branch may have been dropped
//! since. How many there may be is up to the node.

use kusari_chain::ledger::{ChainId, WitnessStatement};
use redb::ReadTransaction;

use super::{AuditFault, Auditor, Place};
use crate::statements::{all_equivocations, all_statements};

impl Auditor {
    pub(super) fn audit_witnesses(
        &mut self,
        transaction: &ReadTransaction,
        chain: &ChainId,
    ) -> Result<(), AuditFault> {
        self.place = Place::Table("statements");
        for row in all_statements(transaction)? {
            let (key, sequence, statement) = row?;
            self.place = Place::Statement { key, sequence };
            if (statement.key, statement.sequence) != (key, sequence) {
                return Err(AuditFault::MisplacedStatement);
            }
            check_signature(&statement, chain)?;
            self.place = Place::Table("statements");
        }
        self.place = Place::Table("equivocations");
        for row in all_equivocations(transaction)? {
            let (key, _, evidence) = row?;
            self.place = Place::Equivocation(key);
            if evidence.key() != key {
                return Err(AuditFault::MisplacedStatement);
            }
            if !evidence.is_evidence() {
                return Err(AuditFault::NoEvidence);
            }
            check_signature(&evidence.first, chain)?;
            check_signature(&evidence.second, chain)?;
            self.place = Place::Table("equivocations");
        }
        Ok(())
    }
}

fn check_signature(statement: &WitnessStatement, chain: &ChainId) -> Result<(), AuditFault> {
    statement.is_signed(chain).then_some(()).ok_or(AuditFault::StatementSignature)
}
