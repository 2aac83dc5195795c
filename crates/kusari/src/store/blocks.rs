//! Reads of blocks.

use kusari_chain::{BlockHash, BlockStore, StoreError, StoredBlock};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::Store;
use super::fault::{Fault, guarded};
use super::record::read_block;
use super::tables::{self, meta};

/// The tables of blocks as they are in one read transaction: whatever is read through one of these
/// fits together.
pub(super) struct BlockReader {
    blocks: ReadOnlyTable<u64, &'static [u8]>,
    best: ReadOnlyTable<u32, u64>,
    by_hash: ReadOnlyTable<(u64, u64), ()>,
}

impl BlockReader {
    pub(super) fn open(transaction: &ReadTransaction) -> Result<Self, Fault> {
        Ok(Self {
            blocks: transaction.open_table(tables::BLOCKS)?,
            best: transaction.open_table(tables::BEST)?,
            by_hash: transaction.open_table(tables::BY_HASH)?,
        })
    }

    pub(super) fn best_tip(&self) -> Result<Option<StoredBlock>, Fault> {
        match self.best.last()? {
            Some((height, order)) => self.at(order.value(), "best", height.value()).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, Fault> {
        match self.best.get(height)? {
            Some(order) => self.at(order.value(), "best", height).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the best chain's block at the height of `stored` is `stored`.
    pub(super) fn is_best(&self, stored: &StoredBlock) -> Result<bool, Fault> {
        let best = self.best.get(stored.block.index)?;
        Ok(best.is_some_and(|order| order.value() == stored.order))
    }

    pub(super) fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, Fault> {
        let suffix = hash.suffix();
        for entry in self.by_hash.range((suffix, 0)..=(suffix, u64::MAX))?.rev() {
            let (_, order) = entry?.0.value();
            let stored = self.at(order, "by_hash", format_args!("({suffix}, {order})"))?;
            if stored.block.hash == *hash {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// The block of an order that was found under `key` in another table.
    fn at(
        &self,
        order: u64,
        table: &'static str,
        key: impl core::fmt::Display,
    ) -> Result<StoredBlock, Fault> {
        let Some(bytes) = self.blocks.get(order)? else {
            let reason = format_args!("it stands for block {order}, which is missing");
            return Err(Fault::unreadable(table, key, reason));
        };
        read_block(order, bytes.value())
    }
}

impl Store {
    pub(super) fn read_blocks<T>(
        &self,
        work: impl FnOnce(&BlockReader) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.read(|transaction| work(&BlockReader::open(transaction)?))
    }

    pub(super) fn read_meta(&self, key: &str) -> Result<u64, Fault> {
        self.read(|transaction| tables::read_number(&transaction.open_table(tables::META)?, key))
    }
}

impl BlockStore for Store {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.read_blocks(BlockReader::best_tip)?)
    }

    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.read_blocks(|reader| reader.best_at(height))?)
    }

    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.read_blocks(|reader| reader.by_hash(hash))?)
    }

    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        // One transaction for the numbers and the blocks, and none of `visit` in the guard of it.
        let (reader, orders) = self.read(|transaction| {
            let side = transaction.open_table(tables::SIDE)?;
            let orders = side.iter()?.map(|entry| Ok(entry?.0.value()));
            Ok((BlockReader::open(transaction)?, orders.collect::<Result<Vec<_>, Fault>>()?))
        })?;
        // By order, and a parent was inserted before its children.
        for order in orders {
            visit(guarded(|| reader.at(order, "side", order))?);
        }
        Ok(())
    }

    fn next_order(&self) -> Result<u64, StoreError> {
        Ok(self.read_meta(meta::NEXT_ORDER)?)
    }
}
