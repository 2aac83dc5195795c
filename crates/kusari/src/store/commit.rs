//! The commit: batches of changes become one transaction.
//!
//! Owns the order of writes. A change that does not follow from what is stored is refused with all
//! of its transaction: it tells of a batch that was lost, and writing on would hide that.

use kusari_chain::{BlockHash, BlockWrite, StoredBlock};
use kusari_node::store::StoreBatch;
use redb::{Database, Table, WriteTransaction};

use super::fault::Fault;
use super::hash_index::IndexWriter;
use super::outbox::OutboxWriter;
use super::record::write_block;
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
    if batches.iter().all(|batch| batch.blocks.is_empty()) {
        return Ok(());
    }
    let mut writer = BlockWriter::open(transaction)?;
    for write in batches.iter().flat_map(|batch| &batch.blocks) {
        writer.apply(write)?;
    }
    writer.finish()
}

/// The tables of blocks within one commit.
struct BlockWriter<'txn> {
    meta: Table<'txn, &'static str, &'static [u8]>,
    blocks: Table<'txn, u64, &'static [u8]>,
    best: Table<'txn, u32, u64>,
    index: IndexWriter<'txn>,
    side: Table<'txn, u64, ()>,
    next_order: u64,
    /// Reused for each record.
    record: Vec<u8>,
}

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
            record: Vec::new(),
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
        self.record.clear();
        write_block(stored, &mut self.record)?;
        self.blocks.insert(order, self.record.as_slice())?;
        self.index.insert(block.hash.suffix(), *order);
        Ok(())
    }

    fn set_best(&mut self, height: u32, order: u64) -> Result<(), Fault> {
        match self.best.insert(height, order)?.map(|former| former.value()) {
            None => Ok(()),
            Some(former) => Err(Fault::Unfitting(format!(
                "block {order} joins the best chain at height {height}, where block {former} is"
            ))),
        }
    }

    fn take_side(&mut self, order: u64) -> Result<(), Fault> {
        match self.side.remove(order)? {
            Some(_) => Ok(()),
            None => Err(Fault::Unfitting(format!("block {order} is not a side block"))),
        }
    }

    fn disconnect(&mut self, height: u32, order: u64) -> Result<(), Fault> {
        if self.best.remove(height)?.map(|former| former.value()) != Some(order) {
            return Err(Fault::Unfitting(format!(
                "block {order} is not in the best chain at height {height}"
            )));
        }
        self.side.insert(order, ())?;
        Ok(())
    }

    fn evict(&mut self, hash: &BlockHash, order: u64) -> Result<(), Fault> {
        self.take_side(order)?;
        self.blocks.remove(order)?;
        self.index.evict(hash.suffix(), order);
        Ok(())
    }

    fn finish(mut self) -> Result<(), Fault> {
        self.meta.insert(meta::NEXT_ORDER, self.next_order.to_le_bytes().as_slice())?;
        self.index.finish(self.next_order)
    }
}
