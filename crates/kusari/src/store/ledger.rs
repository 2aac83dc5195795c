//! What a ledger has beside blocks: accounts, the places of transactions, and the pool.
//!
//! Owns these tables: the steps of a commit that change them, and reads.

use std::collections::{BTreeMap, BTreeSet};

use kusari_chain::ledger::{Account, PublicKey, Txid};
use kusari_chain::{BlockHash, StoreError, StoredBlock};
use kusari_node::store::{PoolRecord, PoolWrite};
use redb::{ReadTransaction, WriteTransaction};

use super::Store;
use super::blocks::BlockReader;
use super::fault::{Fault, guarded};
use super::record::{read_pooled, write_pooled};
use super::tables;

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundTransaction {
    /// The block.
    pub block: BlockHash,
    /// Its height.
    pub height: u32,
    /// The transaction's place in its body, from 0.
    pub place: u32,
    /// Blocks of the best chain from it to the tip, itself included; `None` beside the best chain.
    pub confirmations: Option<u32>,
}

/// Changes to the tables of one commit. They are collected, and written in the order of their keys:
/// that costs a fraction of writing them as they come, and what changes a thousand times is written
/// once.
#[derive(Default)]
pub(super) struct LedgerChanges {
    accounts: BTreeMap<PublicKey, Account>,
    places: BTreeSet<(u64, u64, u32)>,
    gone: BTreeSet<(u64, u64, u32)>,
}

impl LedgerChanges {
    pub(super) fn set_account(&mut self, account: &Account) {
        self.accounts.insert(account.key, *account);
    }

    /// The transactions of a block that is inserted.
    pub(super) fn insert(&mut self, stored: &StoredBlock) {
        self.places.extend(places(stored));
    }

    /// The transactions of a block that is evicted.
    pub(super) fn evict(&mut self, stored: &StoredBlock) {
        for place in places(stored) {
            if !self.places.remove(&place) {
                self.gone.insert(place);
            }
        }
    }

    pub(super) fn write(self, transaction: &WriteTransaction) -> Result<(), Fault> {
        if !self.accounts.is_empty() {
            let mut table = transaction.open_table(tables::ACCOUNTS)?;
            for (key, account) in self.accounts {
                if account.is_empty() {
                    table.remove(&key.0)?;
                } else {
                    table.insert(&key.0, (account.balance, account.sequence))?;
                }
            }
        }
        if !self.places.is_empty() || !self.gone.is_empty() {
            let mut table = transaction.open_table(tables::TRANSACTIONS)?;
            for place in self.gone {
                table.remove(place)?;
            }
            for place in self.places {
                table.insert(place, ())?;
            }
        }
        Ok(())
    }
}

/// The entries of a block's transactions in the index.
fn places(stored: &StoredBlock) -> impl Iterator<Item = (u64, u64, u32)> {
    let body = stored.part().map_or(&[][..], |part| &part.body);
    let order = stored.order;
    (0..).zip(body).map(move |(place, entry)| (suffix(&entry.transaction.txid()), order, place))
}

fn suffix(txid: &Txid) -> u64 {
    BlockHash(txid.0).suffix()
}

pub(super) fn write_pool<'a>(
    transaction: &WriteTransaction,
    writes: impl Iterator<Item = &'a PoolWrite>,
) -> Result<(), Fault> {
    let mut table = transaction.open_table(tables::POOL)?;
    for write in writes {
        match write {
            PoolWrite::Insert { txid, record } => {
                table.insert(&txid.0, write_pooled(record)?.as_slice())?;
            }
            PoolWrite::Remove { txid } => {
                table.remove(&txid.0)?;
            }
        }
    }
    Ok(())
}

/// Finds a transaction; of several places of the same one, that in the best chain.
fn find(reader: &BlockReader<'_>, transaction: &ReadTransaction, txid: &Txid) -> Found {
    let table = transaction.open_table(tables::TRANSACTIONS)?;
    let key = suffix(txid);
    let mut beside = None;
    for entry in table.range((key, 0, 0)..=(key, u64::MAX, u32::MAX))? {
        let (_, order, place) = entry?.0.value();
        let stored = reader.at(order, "transactions", format_args!("({key}, {order}, {place})"))?;
        let body = stored.part().map_or(&[][..], |part| &part.body);
        let here = usize::try_from(place).ok().and_then(|place| body.get(place));
        if here.is_none_or(|entry| entry.transaction.txid() != *txid) {
            continue;
        }
        let found = FoundTransaction {
            block: stored.block.hash,
            height: stored.block.index,
            place,
            confirmations: None,
        };
        if reader.is_best(&stored)? {
            let tip = reader.best_tip()?.map_or(0, |tip| tip.block.index);
            let confirmations = tip.saturating_sub(found.height).saturating_add(1);
            return Ok(Some(FoundTransaction { confirmations: Some(confirmations), ..found }));
        }
        beside = Some(found);
    }
    Ok(beside)
}

type Found = Result<Option<FoundTransaction>, Fault>;

impl Store {
    /// Where a transaction stands, in the best chain if it does there.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn transaction(&self, txid: &Txid) -> Result<Option<FoundTransaction>, StoreError> {
        if self.spec().is_none() {
            return Ok(None);
        }
        Ok(self.read(|transaction| find(&BlockReader::open(transaction)?, transaction, txid))?)
    }

    pub(super) fn read_account(&self, key: &PublicKey) -> Result<Option<Account>, StoreError> {
        if self.spec().is_none() {
            return Ok(None);
        }
        Ok(self.read(|transaction| {
            let found = transaction.open_table(tables::ACCOUNTS)?.get(&key.0)?;
            Ok(found.map(|found| {
                let (balance, sequence) = found.value();
                Account { key: *key, balance, sequence }
            }))
        })?)
    }

    pub(super) fn visit_all_accounts(
        &self,
        visit: &mut dyn FnMut(Account),
    ) -> Result<(), StoreError> {
        if self.spec().is_none() {
            return Ok(());
        }
        let table = self.read(|transaction| Ok(transaction.open_table(tables::ACCOUNTS)?))?;
        let mut rows = guarded(|| Ok::<_, Fault>(table.range::<&[u8; 32]>(..)?))?;
        while let Some(row) = guarded(|| rows.next().transpose().map_err(Fault::from))? {
            let (balance, sequence) = row.1.value();
            visit(Account { key: PublicKey(*row.0.value()), balance, sequence });
        }
        Ok(())
    }

    pub(super) fn visit_pooled(&self, visit: &mut dyn FnMut(PoolRecord)) -> Result<(), StoreError> {
        if self.spec().is_none() {
            return Ok(());
        }
        let table = self.read(|transaction| Ok(transaction.open_table(tables::POOL)?))?;
        let mut rows = guarded(|| Ok::<_, Fault>(table.range::<&[u8; 32]>(..)?))?;
        while let Some(row) = guarded(|| rows.next().transpose().map_err(Fault::from))? {
            visit(read_pooled(&Txid(*row.0.value()), row.1.value())?);
        }
        Ok(())
    }
}
