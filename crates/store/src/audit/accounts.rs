//! The audit of accounts: the table has what the blocks make.

use kusari_chain::ledger::Account;
use redb::ReadTransaction;

use super::{AuditFault, Auditor, Place};
use crate::accounts::all_accounts;
use crate::replay::Replay;

impl Auditor {
    /// The table has what the blocks make, and nothing else.
    pub(super) fn audit_accounts(
        &mut self,
        transaction: &ReadTransaction,
        replay: Replay,
    ) -> Result<(), AuditFault> {
        let mut due = replay.into_accounts().peekable();
        self.place = Place::Table("accounts");
        let mut last = None;
        for stored in all_accounts(transaction)? {
            let stored = stored?;
            if last.replace(stored.key).is_some_and(|last| last >= stored.key) {
                return Err(AuditFault::unordered());
            }
            let missing = due.next_if(|account| account.key < stored.key);
            let computed = due.next_if(|account| account.key == stored.key);
            self.judge(missing, None)?;
            self.judge(computed, Some(stored))?;
        }
        self.judge(due.next(), None)
    }

    fn judge(
        &mut self,
        computed: Option<Account>,
        stored: Option<Account>,
    ) -> Result<(), AuditFault> {
        match computed.or(stored) {
            Some(account) if computed != stored => {
                self.place = Place::Account(account.key);
                Err(AuditFault::BadAccount { stored, computed })
            }
            _ => Ok(()),
        }
    }
}
