//! The commit: batches of changes become one transaction.
//!
//! Owns the order of writes. A change that does not follow from what is stored is refused with all
//! of its transaction: it tells of a batch that was lost, and writing on would hide that.

use core::ops::Bound;

use kusari_chain::{BlockHash, BlockWrite, StoredBlock};
use kusari_node::store::{Erasure, StoreBatch};
use redb::{CursorError, Database, ReadableTable, Table, WriteTransaction};

use super::fault::Fault;
use super::hash_index::IndexWriter;
use super::ledger::{self, LedgerChanges};
use super::outbox::OutboxWriter;
use super::record::{read_block, write_block};
use super::tables::{self, meta};

/// Writes the batches in order, durably, all or none.
pub(super) fn commit(database: &Database, batches: &[StoreBatch]) -> Result<(), Fault> {
    if batches.iter().all(StoreBatch::is_empty) {
        return Ok(());
    }
    let mut transaction = database.begin_write()?;
    // Otherwise opening after a crash would walk the whole file.
    transaction.set_quick_repair(true);
    write_blocks(&transaction, batches)?;
    if batches.iter().any(|batch| !batch.pool.is_empty()) {
        ledger::write_pool(&transaction, batches.iter().flat_map(|batch| &batch.pool))?;
    }
    // Blocks and outbox share no table, so all of one may go before all of the other.
    if batches.iter().any(|batch| !batch.outbox.is_empty()) {
        let mut writer = OutboxWriter::open(&transaction)?;
        for write in batches.iter().flat_map(|batch| &batch.outbox) {
            writer.apply(write)?;
        }
    }
    Ok(transaction.commit()?)
}

fn write_blocks(transaction: &WriteTransaction, batches: &[StoreBatch]) -> Result<(), Fault> {
    if batches.iter().all(|batch| batch.blocks.is_empty() && batch.erased.is_empty()) {
        return Ok(());
    }
    let mut writer = BlockWriter::open(transaction)?;
    for batch in batches {
        for write in &batch.blocks {
            writer.apply(write)?;
        }
        for erasure in &batch.erased {
            writer.erase(erasure)?;
        }
    }
    let changes = writer.finish()?;
    changes.write(transaction)
}

/// The tables of blocks within one commit.
struct BlockWriter<'txn> {
    meta: Table<'txn, &'static str, &'static [u8]>,
    blocks: Table<'txn, u64, &'static [u8]>,
    best: Table<'txn, u32, u64>,
    index: IndexWriter<'txn>,
    side: Table<'txn, u64, ()>,
    next_order: u64,
    /// New records, one after another, that are not in their table yet. They go to its end in one
    /// sweep, which costs a fraction of finding the end for each.
    records: Vec<u8>,
    /// Order of each of them, and where it ends.
    record_ends: Vec<(u64, usize)>,
    /// New heights at the end of the best chain, with their orders; written in the same way.
    heights: Vec<(u32, u64)>,
    ledger: LedgerChanges,
}

/// Bytes of new records that are held before they are written.
const HELD_BYTES: usize = 256 * 1024;

impl<'txn> BlockWriter<'txn> {
    fn open(transaction: &'txn WriteTransaction) -> Result<Self, Fault> {
        let meta_table = transaction.open_table(tables::META)?;
        Ok(Self {
            next_order: tables::read_number(&meta_table, meta::NEXT_ORDER)?,
            meta: meta_table,
            blocks: transaction.open_table(tables::BLOCKS)?,
            best: transaction.open_table(tables::BEST)?,
            index: IndexWriter::open(transaction)?,
            side: transaction.open_table(tables::SIDE)?,
            records: Vec::new(),
            record_ends: Vec::new(),
            heights: Vec::new(),
            ledger: LedgerChanges::default(),
        })
    }

    fn apply(&mut self, write: &BlockWrite) -> Result<(), Fault> {
        match write {
            BlockWrite::InsertBest(stored) => {
                self.insert(stored)?;
                self.set_best(stored.block.index, stored.order)
            }
            BlockWrite::InsertSide(stored) => {
                self.insert(stored)?;
                self.side.insert(stored.order, ())?;
                Ok(())
            }
            BlockWrite::Connect { height, order } => {
                self.take_side(*order)?;
                self.set_best(*height, *order)
            }
            BlockWrite::Disconnect { height, order } => self.disconnect(*height, *order),
            BlockWrite::SetAccount(account) => {
                self.ledger.set_account(account);
                Ok(())
            }
            BlockWrite::Evict { hash, order } => self.evict(hash, *order),
        }
    }

    fn insert(&mut self, stored: &StoredBlock) -> Result<(), Fault> {
        let StoredBlock { order, block, .. } = stored;
        if *order != self.next_order {
            let due = self.next_order;
            return Err(Fault::Unfitting(format!("block {order} is inserted where {due} is due")));
        }
        self.next_order += 1;
        write_block(stored, &mut self.records)?;
        self.record_ends.push((*order, self.records.len()));
        self.index.insert(block.hash.suffix(), *order);
        self.ledger.insert(stored);
        if self.records.len() >= HELD_BYTES { self.write_records() } else { Ok(()) }
    }

    /// Writes the records that are held.
    fn write_records(&mut self) -> Result<(), Fault> {
        let mut end_of_table = self.blocks.upper_bound_mut(Bound::<u64>::Unbounded)?;
        let mut start = 0;
        for (order, end) in self.record_ends.drain(..) {
            let record = self.records.get(start..end).unwrap_or_default();
            end_of_table.insert_before(order, record).map_err(|error| match error {
                CursorError::UnorderedKey => {
                    Fault::Unfitting(format!("block {order} is inserted below a later one"))
                }
                other => other.into(),
            })?;
            start = end;
        }
        end_of_table.close()?;
        self.records.clear();
        Ok(())
    }

    fn set_best(&mut self, height: u32, order: u64) -> Result<(), Fault> {
        self.heights.push((height, order));
        Ok(())
    }

    /// Writes the heights that are held.
    fn write_heights(&mut self) -> Result<(), Fault> {
        let mut end_of_table = self.best.upper_bound_mut(Bound::<u32>::Unbounded)?;
        for (height, order) in self.heights.drain(..) {
            end_of_table.insert_before(height, order).map_err(|error| match error {
                CursorError::UnorderedKey => Fault::Unfitting(format!(
                    "block {order} joins the best chain at height {height}, which is taken"
                )),
                other => other.into(),
            })?;
        }
        Ok(end_of_table.close()?)
    }

    fn take_side(&mut self, order: u64) -> Result<(), Fault> {
        match self.side.remove(order)? {
            Some(_) => Ok(()),
            None => Err(Fault::Unfitting(format!("block {order} is not a side block"))),
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
        Ok(())
    }

    fn evict(&mut self, hash: &BlockHash, order: u64) -> Result<(), Fault> {
        self.write_records()?;
        self.take_side(order)?;
        if let Some(record) = self.blocks.remove(order)? {
            self.ledger.evict(&read_block(order, record.value())?);
        }
        self.index.evict(hash.suffix(), order);
        Ok(())
    }

    /// Drops a payload from the record of its block.
    fn erase(&mut self, erasure: &Erasure) -> Result<(), Fault> {
        let Erasure { block, order, place } = erasure;
        self.write_records()?;
        let unknown = || Fault::Unfitting(format!("block {block} of an erased payload is unknown"));
        let mut stored = match self.blocks.get(order)? {
            Some(record) => read_block(*order, record.value())?,
            None => return Err(unknown()),
        };
        if stored.block.hash != *block {
            return Err(unknown());
        }
        let body = stored.ledger.as_mut().map(|ledger| &mut ledger.part.body);
        let place = usize::try_from(*place).unwrap_or(usize::MAX);
        let entry = body.and_then(|body| body.get_mut(place)).ok_or_else(unknown)?;
        entry.payload = None;
        let mut record = Vec::new();
        write_block(&stored, &mut record)?;
        self.blocks.insert(stored.order, record.as_slice())?;
        Ok(())
    }

    fn finish(mut self) -> Result<LedgerChanges, Fault> {
        self.write_records()?;
        self.write_heights()?;
        self.meta.insert(meta::NEXT_ORDER, self.next_order.to_le_bytes().as_slice())?;
        self.index.finish(self.next_order)?;
        Ok(self.ledger)
    }
}
