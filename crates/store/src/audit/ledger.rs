//! The audit of what a ledger adds: bodies, the chain's time, the history, and the lists beside them.
//!
//! Owns the checks of one block that need its ancestors, and of the index of transactions and the pool.
//! Left out is what a node checks by its clock and by the last timestamps.

use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::RandomState;
use std::sync::Arc;

use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::ledger::{BodyEntry, ChainId, ChainSpec, LedgerPart, Txid};
use kusari_chain::merkle::NodeHash;
use kusari_chain::pow::asert::next_target;
use kusari_chain::pow::{ChainTime, CompactTarget};
use kusari_chain::rules::transaction::{check_fee, check_payload_bound};
use kusari_chain::store::StoredLedger;
use kusari_chain::{Block, CheckedBlock, RuleViolation, StoredBlock, Work};
use redb::ReadTransaction;

use super::blocks::{BlockTables, Link};
use super::history::Histories;
use super::index::{EntrySum, Indexed};
use super::{AuditFault, Auditor, Place};
use crate::history::TileCheck;
use crate::kind::Kind;
use crate::pool::all_waiting;
use crate::predecessors::all_predecessors;
use crate::suffix_index::IndexReader;
use crate::transaction_lookup;
use crate::{tables, transactions};

/// What an audit needs of a ledger.
pub(super) struct LedgerTables {
    pub(super) spec: Arc<ChainSpec>,
    pub(super) id: ChainId,
    pub(super) index: IndexReader,
    contents: IndexReader,
    addresses: IndexReader,
    /// The block that a transaction was last looked for in: the next one is often in it as well.
    looked_in: RefCell<Option<LookedIn>>,
}

/// The transactions of a block.
struct LookedIn {
    order: u64,
    /// Its height, where it is in the best chain.
    height: Option<u32>,
    txids: HashSet<Txid>,
}

impl LookedIn {
    fn read(order: u64, tables: &BlockTables) -> Result<Self, AuditFault> {
        let stored = tables.record(order)?;
        let body = stored.part().map_or(&[][..], |part| &part.body);
        let txids = body.iter().map(|entry| entry.transaction.txid()).collect();
        Ok(Self { order, height: tables.is_best(&stored)?.then_some(stored.block.index), txids })
    }
}

/// Entries that the indexes are to have for blocks that were found right.
#[derive(Clone, Copy, Default)]
pub(super) struct IndexedEntries {
    pub(super) hashes: EntrySum,
    transactions: EntrySum,
    contents: EntrySum,
    addresses: EntrySum,
}

impl IndexedEntries {
    pub(super) fn add(&mut self, other: Self) {
        self.hashes.add_all(other.hashes);
        self.transactions.add_all(other.transactions);
        self.contents.add_all(other.contents);
        self.addresses.add_all(other.addresses);
    }

    /// Those of the transactions of one block.
    pub(super) fn add_part(&mut self, keys: &RandomState, order: u64, part: &LedgerPart) {
        let mut transactions: Vec<u64> =
            part.body.iter().map(|entry| transactions::suffix(&entry.transaction.txid())).collect();
        // Two transactions of one block that share a suffix share an entry.
        transactions.sort_unstable();
        transactions.dedup();
        for (sum, suffixes) in [
            (&mut self.transactions, transactions),
            (&mut self.contents, transaction_lookup::contents(&part.body)),
            (&mut self.addresses, transaction_lookup::addresses(&part.body)),
        ] {
            suffixes.into_iter().for_each(|suffix| sum.add(keys, suffix, order));
        }
    }
}

/// What is stored with a block beside its content.
pub(super) struct Context {
    pub(super) time: ChainTime,
    subtrees: Vec<NodeHash>,
}

impl LedgerTables {
    pub(super) fn open(
        transaction: &ReadTransaction,
        kind: &Kind,
    ) -> Result<Option<Self>, AuditFault> {
        let Some(spec) = kind.spec().cloned() else { return Ok(None) };
        let index = IndexReader::open(transaction, &tables::TRANSACTIONS)?;
        let contents = IndexReader::open(transaction, &tables::CONTENTS)?;
        let addresses = IndexReader::open(transaction, &tables::ADDRESSES)?;
        let (id, looked_in) = (spec.chain_id(), RefCell::default());
        Ok(Some(Self { id, spec, index, contents, addresses, looked_in }))
    }

    /// The target of the block after `parent`, and its work.
    pub(super) fn due(&self, parent: &Link) -> (CompactTarget, Work) {
        let target = next_target(parent.height(), parent.time.active_s, self.spec.asert());
        (target, target.target().map_or(Work::ZERO, |target| target.work()))
    }

    /// Checks all of a whole block that needs none but itself.
    pub(super) fn check_content(
        &self,
        block: Block,
        ledger: StoredLedger,
    ) -> Result<(CheckedBlock, Context), AuditFault> {
        let StoredLedger { part, time, subtrees, erased: _ } = ledger;
        let checked = CheckedBlock::check_whole(block, Box::new(part), &self.id)?;
        Ok((checked, Context { time, subtrees }))
    }

    /// Checks what the chain's parameters and the ancestors decide.
    pub(super) fn check_context(
        &self,
        checked: &CheckedBlock,
        context: &Context,
        parent: &Link,
        histories: &mut Histories,
        tables: &BlockTables,
    ) -> Result<(), AuditFault> {
        let (Some(part), block) = (checked.ledger(), checked.block()) else {
            return Err(AuditFault::BadBody { has_body: false });
        };
        let (claimed, (expected, _)) = (part.commitment.target, self.due(parent));
        if claimed != expected {
            return Err(RuleViolation::BadTarget { claimed, expected }.into());
        }
        check_bounds(part, &self.spec)?;
        let (stored, computed) =
            (context.time, parent.time.after(block.index, block.timestamp, self.spec.asert()));
        if stored != computed {
            return Err(AuditFault::BadTime { stored, computed });
        }
        let history = histories.through(&block.prev_hash, tables)?;
        let (claimed, computed) = (part.commitment.history_root, MerkleRoot(history.root()));
        if claimed != computed {
            return Err(RuleViolation::BadHistoryRoot { claimed, computed }.into());
        }
        if histories.extend(history, block.hash) != context.subtrees {
            return Err(AuditFault::BadSubtrees);
        }
        Ok(())
    }

    /// The indexes lead from each transaction, content and address to the block.
    fn check_indexed(&self, order: u64, part: &LedgerPart) -> Result<(), AuditFault> {
        let leads_here = |index: &IndexReader, suffix: u64| {
            index.find(suffix, |other| Ok::<_, AuditFault>((other == order).then_some(())))
        };
        for entry in &part.body {
            let txid = entry.transaction.txid();
            let found = leads_here(&self.index, transactions::suffix(&txid))?;
            found.ok_or(AuditFault::TransactionNotIndexed { txid })?;
        }
        for suffix in transaction_lookup::contents(&part.body) {
            leads_here(&self.contents, suffix)?.ok_or(AuditFault::ContentNotIndexed)?;
        }
        for suffix in transaction_lookup::addresses(&part.body) {
            leads_here(&self.addresses, suffix)?.ok_or(AuditFault::AddressNotIndexed)?;
        }
        Ok(())
    }

    /// Height of the best chain's block that holds a transaction.
    pub(super) fn best_height_of(
        &self,
        txid: &Txid,
        tables: &BlockTables,
    ) -> Result<Option<u32>, AuditFault> {
        self.index.find(transactions::suffix(txid), |order| {
            let mut last = self.looked_in.borrow_mut();
            let looked_in = match last.take().filter(|last| last.order == order) {
                Some(last) => last,
                None => LookedIn::read(order, tables)?,
            };
            let looked_in = last.insert(looked_in);
            Ok(looked_in.height.filter(|_| looked_in.txids.contains(txid)))
        })
    }
}

/// What an index has for a body.
type Suffixes = fn(&[BodyEntry]) -> Vec<u64>;

/// The body keeps to the chain's own bounds.
fn check_bounds(part: &LedgerPart, spec: &ChainSpec) -> Result<(), RuleViolation> {
    let (bytes, limit) = (part.weight(), spec.max_body_bytes);
    if bytes > u64::from(limit) {
        return Err(RuleViolation::BodyTooLarge { bytes, limit });
    }
    for (place, entry) in part.body.iter().enumerate() {
        check_payload_bound(&entry.transaction, spec)
            .and_then(|()| check_fee(&entry.transaction, spec))
            .map_err(|fault| RuleViolation::Transaction { place, fault })?;
    }
    Ok(())
}

impl Auditor {
    /// Names the first block to which an index of a ledger does not lead, where there is one.
    pub(super) fn first_unindexed(&mut self, tables: &BlockTables) -> Result<(), AuditFault> {
        let Some(ledger) = &tables.ledger else { return Ok(()) };
        let check = |stored: &StoredBlock| match stored.part() {
            Some(part) => ledger.check_indexed(stored.order, part),
            None => Ok(()),
        };
        for height in 1..=self.report.best_blocks {
            if let Some(stored) = tables.best_at(height)? {
                self.place = Place::Best(height);
                check(&stored)?;
            }
        }
        for order in tables.side_orders()? {
            let stored = tables.record(order?)?;
            self.place = Place::Side { order: stored.order, height: Some(stored.block.index) };
            check(&stored)?;
        }
        Ok(())
    }

    /// The index of transactions has nothing but transactions of stored blocks.
    pub(super) fn audit_transactions(
        &mut self,
        ledger: &LedgerTables,
        tables: &BlockTables,
    ) -> Result<(), AuditFault> {
        let is_stray = |suffix: u64, order: u64| {
            let leads_there =
                |stored: StoredBlock| transactions::suffixes(&stored).any(|other| other == suffix);
            !tables.record(order).is_ok_and(leads_there)
        };
        let stray = |suffix, order| AuditFault::StrayTransaction { suffix, order };
        let (index, entries) = (&ledger.index, self.indexed.transactions);
        self.audit_index(tables, &Indexed { index, entries, is_stray: &is_stray, stray })
    }

    /// Nor have those of contents and addresses.
    pub(super) fn audit_lookups(
        &mut self,
        ledger: &LedgerTables,
        tables: &BlockTables,
    ) -> Result<(), AuditFault> {
        let stray = |suffix, order| AuditFault::StrayLookup { suffix, order };
        let is_in = |order: u64, suffix: u64, of: Suffixes| {
            let record = tables.record(order).ok();
            let part = record.as_ref().and_then(StoredBlock::part);
            part.is_some_and(|part| of(&part.body).contains(&suffix))
        };
        let lists = [
            (&ledger.contents, self.indexed.contents, transaction_lookup::contents as Suffixes),
            (&ledger.addresses, self.indexed.addresses, transaction_lookup::addresses),
        ];
        lists.into_iter().try_for_each(|(index, entries, of)| {
            let is_stray = |suffix: u64, order: u64| !is_in(order, suffix, of);
            self.audit_index(tables, &Indexed { index, entries, is_stray: &is_stray, stray })
        })
    }

    /// The tiles of the history are those of the best chain, and there are no others.
    pub(super) fn audit_tiles(
        &mut self,
        transaction: &ReadTransaction,
        tables: &BlockTables,
    ) -> Result<(), AuditFault> {
        self.place = Place::Table("history");
        let mut tiles = TileCheck::open(transaction)?;
        tiles.push(&Block::genesis().hash)?;
        for height in 1..=self.report.best_blocks {
            let hash = tables.best_hash_at(height)?;
            tiles.push(&hash.ok_or(AuditFault::MissingHeight { next: height })?)?;
        }
        match tiles.finish()? {
            true => Ok(()),
            false => Err(AuditFault::BadHistory),
        }
    }

    /// Each transaction that waits stands under its id. Whether it could be mined is up to the node.
    pub(super) fn audit_pool(&mut self, transaction: &ReadTransaction) -> Result<(), AuditFault> {
        self.place = Place::Table("pool");
        for row in all_waiting(transaction)? {
            let (txid, record) = row?;
            let computed = record.transaction.txid();
            if computed != txid {
                self.place = Place::Waiting(txid);
                return Err(AuditFault::BadWaiting { computed });
            }
        }
        Ok(())
    }

    /// Each predecessor stands under its sender and its sequence.
    pub(super) fn audit_predecessors(
        &mut self,
        transaction: &ReadTransaction,
    ) -> Result<(), AuditFault> {
        self.place = Place::Table("predecessors");
        for row in all_predecessors(transaction)? {
            let (sender, sequence, BodyEntry { transaction, .. }) = row?;
            if (transaction.sender, transaction.sequence) != (sender, sequence) {
                self.place = Place::Predecessor { sender, sequence };
                return Err(AuditFault::MisplacedPredecessor);
            }
        }
        Ok(())
    }
}
