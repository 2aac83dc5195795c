//! Accounts: what each key owns after the best chain's tip.
//!
//! Owns the table of accounts. What a block does to them is up to the chain, which says each account
//! as it is from now on.

use std::collections::BTreeMap;
use std::ops::Bound;

use kusari_chain::StoreError;
use kusari_chain::ledger::{Account, PublicKey};
use redb::{ReadTransaction, WriteTransaction};

use super::Store;
use super::checksummed::{ReadTables, ReadableTable, WriteTables};
use super::fault::Fault;
use super::tables;

/// The accounts that one commit changes. One that changes a thousand times is written once, and keys
/// are written in their order, which is what a tree on disk takes fastest.
#[derive(Default)]
pub(super) struct AccountWriter(BTreeMap<PublicKey, Account>);

impl AccountWriter {
    pub(super) fn set(&mut self, account: Account) {
        self.0.insert(account.key, account);
    }

    pub(super) fn finish(self, transaction: &WriteTransaction) -> Result<(), Fault> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut table = transaction.table(tables::ACCOUNTS)?;
        for account in self.0.into_values() {
            if account.is_empty() {
                table.discard(&account.key.0)?;
            } else {
                table.insert(&account.key.0, (account.balance, account.sequence))?;
            }
        }
        Ok(())
    }
}

/// The accounts that a transaction sees, in order of keys.
pub(super) fn all_accounts(
    transaction: &ReadTransaction,
) -> Result<impl Iterator<Item = Result<Account, Fault>> + use<>, Fault> {
    accounts_after(transaction, None)
}

/// Those of them after a key.
fn accounts_after(
    transaction: &ReadTransaction,
    after: Option<&PublicKey>,
) -> Result<impl Iterator<Item = Result<Account, Fault>> + use<>, Fault> {
    let table = transaction.table(tables::ACCOUNTS)?;
    let begin = after.map_or(Bound::Unbounded, |key| Bound::Excluded(&key.0));
    Ok(table.into_rows::<&[u8; 32]>((begin, Bound::Unbounded))?.map(|row| {
        let (key, content) = row?;
        let (balance, sequence) = content.value();
        Ok(Account { key: PublicKey(*key.value()), balance, sequence })
    }))
}

impl Store {
    pub(super) fn read_account(&self, key: &PublicKey) -> Result<Option<Account>, StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(None);
        }
        Ok(self.read(|transaction| {
            let table = transaction.table(tables::ACCOUNTS)?;
            let found = table.get(&key.0)?;
            Ok(found.map(|content| {
                let (balance, sequence) = content.value();
                Account { key: *key, balance, sequence }
            }))
        })?)
    }

    pub(super) fn read_accounts(
        &self,
        after: Option<&PublicKey>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(Vec::new());
        }
        Ok(self.read(|transaction| accounts_after(transaction, after)?.take(limit).collect())?)
    }
}
