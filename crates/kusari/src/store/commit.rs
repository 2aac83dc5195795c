//! The commit: batches of changes become one transaction.
//!
//! Owns the order of writes. A change that does not follow from what is stored is refused with all
//! of its transaction: it tells of a batch that was lost, and writing on would hide that.

use crate::trail::TrailEntry;
use kusari_chain::ledger::Payload;
use kusari_chain::{BlockHash, BlockWrite, StoredBlock};
use kusari_node::store::StoreBatch;
use redb::{Database, WriteTransaction};

use super::accounts::AccountWriter;
use super::checked::{ReadableTable, Table, WriteTables};
use super::erase::{Erased, erase, erases, overwrite_free_pages};
use super::fault::Fault;
use super::finality;
use super::history::HistoryWriter;
use super::kind::Kind;
use super::lookup::Lookups;
use super::outbox::{self, OutboxWriter};
use super::pool::PoolWriter;
use super::predecessors::PredecessorWriter;
use super::record::{read_block, write_block};
use super::statements::StatementWriter;
use super::suffix_index::IndexWriter;
use super::tables::{self, meta};
use super::trail;
use super::transactions::{self, TransactionWriter};

/// Writes the batches in order, durably, all or none.
pub(super) fn commit(
    database: &Database,
    kind: &Kind,
    batches: &[StoreBatch],
    trail: &[TrailEntry],
) -> Result<(), Fault> {
    if batches.iter().all(StoreBatch::is_empty) && trail.is_empty() {
        return Ok(());
    }
    let mut transaction = database.begin_write()?;
    // Otherwise opening after a crash would walk the whole file.
    transaction.set_quick_repair(true);
    write_blocks(&transaction, kind, batches)?;
    if kind.is_ledger() {
        erase(database, &transaction, batches)?;
    }
    // None of these share a table, so all of one may go before all of the next.
    if batches.iter().any(|batch| !batch.outbox.is_empty()) {
        let mut writer = OutboxWriter::open(&transaction)?;
        for write in batches.iter().flat_map(|batch| &batch.outbox) {
            writer.apply(write)?;
        }
        writer.finish()?;
    }
    if batches.iter().any(|batch| batch.met_peer) {
        outbox::note_met_peer(&transaction)?;
    }
    if batches.iter().any(|batch| !batch.pool.is_empty()) {
        if !kind.is_ledger() {
            return Err(Fault::Unfitting(String::from("a transaction waits on a classic chain")));
        }
        let mut writer = PoolWriter::open(&transaction)?;
        for write in batches.iter().flat_map(|batch| &batch.pool) {
            writer.apply(write)?;
        }
    }
    if batches.iter().any(|batch| !batch.predecessors.is_empty()) {
        if !kind.is_ledger() {
            return Err(Fault::Unfitting(String::from("a transaction is kept on a classic chain")));
        }
        let mut writer = PredecessorWriter::open(&transaction)?;
        for write in batches.iter().flat_map(|batch| &batch.predecessors) {
            writer.apply(write)?;
        }
    }
    if batches.iter().any(|batch| !batch.statements.is_empty()) {
        if !kind.is_ledger() {
            return Err(Fault::Unfitting(String::from("a witness speaks on a classic chain")));
        }
        let mut writer = StatementWriter::open(&transaction)?;
        for write in batches.iter().flat_map(|batch| &batch.statements) {
            writer.apply(write)?;
        }
    }
    trail::write(&transaction, trail)?;
    transaction.commit()?;
    if kind.is_ledger() && erases(batches) {
        overwrite_free_pages(database)?;
    }
    Ok(())
}

fn write_blocks(
    transaction: &WriteTransaction,
    kind: &Kind,
    batches: &[StoreBatch],
) -> Result<(), Fault> {
    if batches.iter().all(|batch| batch.blocks.is_empty()) {
        return Ok(());
    }
    let mut writer = BlockWriter::open(transaction, kind)?;
    for write in batches.iter().flat_map(|batch| &batch.blocks) {
        writer.apply(write)?;
    }
    writer.finish(transaction)?;
    finality::write(transaction, batches)
}

/// The tables of blocks within one commit.
struct BlockWriter<'txn> {
    meta: Table<'txn, &'static str, &'static [u8]>,
    blocks: Table<'txn, u64, &'static [u8]>,
    best: Table<'txn, u32, u64>,
    index: IndexWriter<'txn, (u64, u64)>,
    side: Table<'txn, u64, ()>,
    /// On a ledger.
    ledger: Option<LedgerWriter<'txn>>,
    next_order: u64,
    /// New records, one after another, that are not in their table yet. They go to its end in one
    /// sweep, which costs a fraction of finding the end for each.
    records: Vec<u8>,
    /// Order of each of them, and where it ends.
    record_ends: Vec<(u64, usize)>,
    /// New heights at the end of the best chain, with their orders; written in the same way.
    heights: Vec<(u32, u64)>,
}

/// What a ledger keeps beside its blocks, within one commit.
struct LedgerWriter<'txn> {
    accounts: AccountWriter,
    transactions: TransactionWriter<'txn>,
    lookups: Lookups<'txn>,
    history: HistoryWriter<'txn>,
    erased: Erased<'txn>,
}

/// Bytes of new records that are held before they are written.
const HELD_BYTES: usize = 256 * 1024;

impl<'txn> BlockWriter<'txn> {
    fn open(transaction: &'txn WriteTransaction, kind: &Kind) -> Result<Self, Fault> {
        let meta_table = transaction.table(tables::META)?;
        let best = transaction.table(tables::BEST)?;
        let ledger = match kind.is_ledger() {
            true => Some(LedgerWriter {
                accounts: AccountWriter::default(),
                transactions: transactions::writer(transaction)?,
                lookups: Lookups::open(transaction)?,
                history: HistoryWriter::open(transaction, tip_height(&best)?)?,
                erased: Erased::open(transaction)?,
            }),
            false => None,
        };
        Ok(Self {
            next_order: tables::read_number(&meta_table, meta::NEXT_ORDER)?,
            meta: meta_table,
            blocks: transaction.table(tables::BLOCKS)?,
            best,
            index: IndexWriter::open(transaction, &tables::HASHES)?,
            side: transaction.table(tables::SIDE)?,
            ledger,
            records: Vec::new(),
            record_ends: Vec::new(),
            heights: Vec::new(),
        })
    }

    fn apply(&mut self, write: &BlockWrite) -> Result<(), Fault> {
        match write {
            BlockWrite::InsertBest(stored) => {
                self.insert(stored)?;
                self.set_best(stored.block.index, stored.order, Some(&stored.block.hash))
            }
            BlockWrite::InsertSide(stored) => {
                self.insert(stored)?;
                self.side.insert(stored.order, ())?;
                Ok(())
            }
            BlockWrite::Connect { height, order } => {
                self.take_side(*order)?;
                self.set_best(*height, *order, None)
            }
            BlockWrite::Disconnect { height, order } => self.disconnect(*height, *order),
            BlockWrite::SetAccount(account) => match &mut self.ledger {
                Some(ledger) => {
                    ledger.accounts.set(*account);
                    Ok(())
                }
                None => {
                    Err(Fault::Unfitting(String::from("an account changes on a classic chain")))
                }
            },
            BlockWrite::Fill { order, payloads, .. } => self.fill(*order, payloads),
            BlockWrite::Evict { hash, order } => self.evict(hash, *order),
            // Tables of their own, written after these.
            BlockWrite::HoldBranch(_)
            | BlockWrite::ReleaseBranch { .. }
            | BlockWrite::AcceptBranch { .. } => Ok(()),
        }
    }

    fn insert(&mut self, stored: &StoredBlock) -> Result<(), Fault> {
        let StoredBlock { order, block, .. } = stored;
        if *order != self.next_order {
            let due = self.next_order;
            return Err(Fault::Unfitting(format!("block {order} is inserted where {due} is due")));
        }
        self.next_order += 1;
        let stripped = match &self.ledger {
            Some(ledger) => ledger.erased.without(stored)?,
            None => None,
        };
        write_block(stripped.as_ref().unwrap_or(stored), &mut self.records)?;
        self.record_ends.push((*order, self.records.len()));
        self.index.insert(block.hash.suffix(), *order);
        if let Some(ledger) = &mut self.ledger {
            for suffix in transactions::suffixes(stored) {
                ledger.transactions.insert(suffix, *order);
            }
            ledger.lookups.insert(stripped.as_ref().unwrap_or(stored));
        }
        if self.records.len() >= HELD_BYTES { self.write_records() } else { Ok(()) }
    }

    /// Puts payloads into a stored block that came without them.
    fn fill(&mut self, order: u64, payloads: &[(u32, Payload)]) -> Result<(), Fault> {
        self.write_records()?;
        let Some(ledger) = &mut self.ledger else {
            return Err(Fault::Unfitting(String::from("a payload comes on a classic chain")));
        };
        let mut stored = match self.blocks.get(order)? {
            Some(bytes) => read_block(order, bytes.value())?,
            None => {
                return Err(Fault::Unfitting(format!(
                    "block {order} gets payloads and is not there"
                )));
            }
        };
        let former = stored.clone();
        stored.fill(payloads);
        let stored = ledger.erased.without(&stored)?.unwrap_or(stored);
        let mut record = Vec::new();
        write_block(&stored, &mut record)?;
        self.blocks.insert(order, record.as_slice())?;
        ledger.lookups.fill(&former, &stored)
    }

    /// Writes the records that are held.
    fn write_records(&mut self) -> Result<(), Fault> {
        let mut end_of_table = self.blocks.end()?;
        let mut start = 0;
        for (order, end) in self.record_ends.drain(..) {
            let record = self.records.get(start..end).unwrap_or_default();
            if !end_of_table.push(order, record)? {
                let reason = format!("block {order} is inserted below a later one");
                return Err(Fault::Unfitting(reason));
            }
            start = end;
        }
        end_of_table.close()?;
        self.records.clear();
        Ok(())
    }

    /// The block joins the best chain. Its hash is read where the caller does not have it.
    fn set_best(&mut self, height: u32, order: u64, hash: Option<&BlockHash>) -> Result<(), Fault> {
        self.heights.push((height, order));
        if self.ledger.is_none() {
            return Ok(());
        }
        let hash = match hash {
            Some(hash) => *hash,
            None => self.hash_of(order)?,
        };
        match &mut self.ledger {
            Some(ledger) => ledger.history.push(height, &hash),
            None => Ok(()),
        }
    }

    fn hash_of(&mut self, order: u64) -> Result<BlockHash, Fault> {
        self.write_records()?;
        let record = self.blocks.get(order)?;
        let record = record.ok_or_else(|| Fault::Unfitting(format!("block {order} is missing")))?;
        Ok(read_block(order, record.value())?.block.hash)
    }

    /// Writes the heights that are held.
    fn write_heights(&mut self) -> Result<(), Fault> {
        let mut end_of_table = self.best.end()?;
        for (height, order) in self.heights.drain(..) {
            if !end_of_table.push(height, order)? {
                return Err(Fault::Unfitting(format!(
                    "block {order} joins the best chain at height {height}, which is taken"
                )));
            }
        }
        end_of_table.close()
    }

    fn take_side(&mut self, order: u64) -> Result<(), Fault> {
        match self.side.discard(order)? {
            true => Ok(()),
            false => Err(Fault::Unfitting(format!("block {order} is not a side block"))),
        }
    }

    fn disconnect(&mut self, height: u32, order: u64) -> Result<(), Fault> {
        self.write_heights()?;
        if self.best.remove(height)?.map(|former| former.value()) != Some(order) {
            return Err(Fault::Unfitting(format!(
                "block {order} is not in the best chain at height {height}"
            )));
        }
        self.side.insert(order, ())?;
        match &mut self.ledger {
            Some(ledger) => ledger.history.cut(height),
            None => Ok(()),
        }
    }

    fn evict(&mut self, hash: &BlockHash, order: u64) -> Result<(), Fault> {
        self.write_records()?;
        self.take_side(order)?;
        let removed = self.blocks.remove(order)?;
        self.index.evict(order, core::iter::once(hash.suffix()));
        if let (Some(ledger), Some(record)) = (&mut self.ledger, removed) {
            let stored = read_block(order, record.value())?;
            ledger.transactions.evict(order, transactions::suffixes(&stored));
            ledger.lookups.evict(&stored);
        }
        Ok(())
    }

    fn finish(mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        if let Some(writer) = self.ledger.take() {
            let LedgerWriter { accounts, transactions, lookups, history, erased: _ } = writer;
            accounts.finish(transaction)?;
            transactions.finish(self.next_order)?;
            lookups.finish(self.next_order)?;
            history.finish()?;
        }
        self.write_records()?;
        self.write_heights()?;
        self.meta.insert(meta::NEXT_ORDER, self.next_order.to_le_bytes().as_slice())?;
        self.index.finish(self.next_order)
    }
}

/// Height of the best chain's tip; 0 where only the genesis block exists.
fn tip_height(best: &Table<'_, u32, u64>) -> Result<u32, Fault> {
    Ok(best.last()?.map_or(0, |(height, _)| height.value()))
}
