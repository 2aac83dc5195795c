//! The audit of what a ledger has beside blocks: times, history, accounts, the index of transactions
//! and the pool.
//!
//! Owns the replay of the best chain, whose accounts are held in memory: some hundred bytes for each.

use std::collections::BTreeMap;

use kusari_chain::ledger::{Account, ChainSpec, PublicKey, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::params::HISTORY_STEP;
use kusari_chain::pow::ChainTime;
use kusari_chain::proof::{MerkleBuilder, leaf_hash};
use kusari_chain::store::StoredLedger;
use kusari_chain::{BestPoint, BlockHash, RuleViolation, StoredBlock, Work};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::{AuditFault, Auditor, Place};
use crate::store::record::read_pooled;
use crate::store::tables::{self, meta};

/// The tables of a ledger, and its parameters.
pub(super) struct LedgerTables {
    spec: ChainSpec,
    accounts: ReadOnlyTable<&'static [u8; 32], (u64, u64)>,
    transactions: ReadOnlyTable<(u64, u64, u32), ()>,
    pool: ReadOnlyTable<&'static [u8; 32], &'static [u8]>,
}

/// What follows from the blocks that were looked at.
pub(super) struct Replay {
    accounts: BTreeMap<PublicKey, Account>,
    history: MerkleBuilder,
    /// Transactions in blocks of any branch.
    transactions: u64,
}

impl Default for Replay {
    fn default() -> Self {
        let mut history = MerkleBuilder::default();
        history.push_leaf(&BestPoint::genesis().hash.0);
        Self { accounts: BTreeMap::new(), history, transactions: 0 }
    }
}

impl LedgerTables {
    pub(super) fn open(transaction: &ReadTransaction) -> Result<Option<Self>, AuditFault> {
        let facts = transaction.open_table(tables::META)?;
        let Some(spec) = facts.get(meta::CHAIN_SPEC)? else { return Ok(None) };
        let unreadable = |error: borsh::io::Error| AuditFault::Unreadable(error.to_string());
        Ok(Some(Self {
            spec: borsh::from_slice(spec.value()).map_err(unreadable)?,
            accounts: transaction.open_table(tables::ACCOUNTS)?,
            transactions: transaction.open_table(tables::TRANSACTIONS)?,
            pool: transaction.open_table(tables::POOL)?,
        }))
    }

    /// What a block says beside its seven keys, as far as its parent decides it. Returns its work.
    pub(super) fn check(
        &self,
        stored: &StoredBlock,
        ledger: &StoredLedger,
        parent: ChainTime,
    ) -> Result<Work, AuditFault> {
        let block = &stored.block;
        let (found, expected) = (ledger.part.commitment.chain_id, self.spec.chain_id());
        if found != expected {
            return Err(RuleViolation::WrongChain { found, expected }.into());
        }
        if ledger.time != parent.after(block.index, block.timestamp, &self.spec) {
            return Err(AuditFault::WrongTime);
        }
        for (place, entry) in (0_u32..).zip(&ledger.part.body) {
            let suffix = BlockHash(entry.transaction.txid().0).suffix();
            if self.transactions.get((suffix, stored.order, place))?.is_none() {
                return Err(AuditFault::TransactionNotIndexed { place });
            }
        }
        let target = ledger.part.commitment.target.target();
        Ok(target.map_or(Work::ZERO, |target| target.work()))
    }
}

impl Auditor {
    /// Applies a block of the best chain, without the rules that acceptance checked.
    pub(super) fn replay(
        &mut self,
        tables: &LedgerTables,
        stored: &StoredBlock,
    ) -> Result<(), AuditFault> {
        let Some(ledger) = &stored.ledger else { return Err(AuditFault::OtherKind) };
        let mut subtrees = Vec::new();
        self.replay.history.push_hash(leaf_hash(&stored.block.hash.0), |level, root| {
            if level >= HISTORY_STEP.trailing_zeros() {
                subtrees.push(*root);
            }
        });
        if subtrees != ledger.subtrees {
            return Err(AuditFault::WrongHistory);
        }
        let mut earned = tables.spec.reward;
        for entry in &ledger.part.body {
            let transaction = &entry.transaction;
            earned = earned.saturating_add(transaction.fee);
            let cost = transaction.cost().unwrap_or(u64::MAX);
            self.change(&transaction.sender, |sender| {
                sender.balance = sender.balance.checked_sub(cost)?;
                sender.sequence = sender.sequence.checked_add(1)?;
                Some(())
            })?;
            let amount = transaction.amount;
            self.change(&transaction.receiver, |receiver| {
                receiver.balance = receiver.balance.checked_add(amount)?;
                Some(())
            })?;
        }
        self.change(&ledger.part.commitment.miner, |miner| {
            miner.balance = miner.balance.checked_add(earned)?;
            Some(())
        })
    }

    fn change(
        &mut self,
        key: &PublicKey,
        change: impl FnOnce(&mut Account) -> Option<()>,
    ) -> Result<(), AuditFault> {
        let account = self.replay.accounts.entry(*key).or_insert_with(|| Account::empty(*key));
        change(account).ok_or(AuditFault::WrongAccount { key: *key })
    }

    /// A side block's transactions count as well.
    pub(super) fn note_transactions(&mut self, stored: &StoredBlock) {
        let count = stored.part().map_or(0, |part| part.body.len());
        self.replay.transactions += count as u64;
    }

    /// The tables say what follows from the blocks, and no more.
    pub(super) fn audit_ledger(&mut self, tables: &LedgerTables) -> Result<(), AuditFault> {
        self.place = Place::Table("accounts");
        let accounts = std::mem::take(&mut self.replay.accounts);
        let mut due = accounts.into_values().filter(|account| !account.is_empty());
        for row in tables.accounts.iter()? {
            let (key, value) = row?;
            let (key, (balance, sequence)) = (PublicKey(*key.value()), value.value());
            let stored = Account { key, balance, sequence };
            match due.next() {
                Some(due) if due == stored => {}
                Some(due) => return Err(AuditFault::WrongAccount { key: due.key.min(key) }),
                None => return Err(AuditFault::WrongAccount { key }),
            }
        }
        if let Some(Account { key, .. }) = due.next() {
            return Err(AuditFault::WrongAccount { key });
        }
        self.place = Place::Table("transactions");
        let mut found = 0;
        for entry in tables.transactions.iter()? {
            entry?;
            found += 1;
        }
        let due = self.replay.transactions;
        if found != due {
            return Err(AuditFault::StrayTransactions { found, due });
        }
        self.place = Place::Table("pool");
        for row in tables.pool.iter()? {
            let (key, bytes) = row?;
            let txid = Txid(*key.value());
            let record = read_pooled(&txid, bytes.value())?;
            let chain = tables.spec.chain_id();
            let checked = CheckedTransaction::check(record.transaction, record.payload, &chain);
            if checked.is_ok_and(|checked| checked.txid() == txid) {
                continue;
            }
            return Err(AuditFault::WrongPooled { txid });
        }
        Ok(())
    }
}
