//! Reads of blocks.

use core::cell::OnceCell;

use kusari_chain::ledger::{Account, Commitment, PublicKey};
use kusari_chain::{Block, BlockHash, BlockStore, StoreError, StoredBlock, StoredFinality};
use redb::ReadTransaction;

use super::Store;
use super::checked::{ReadOnlyTable, ReadTables, ReadableTable, Rows};
use super::fault::{Fault, guarded};
use super::record::{read_block, read_header};
use super::suffix_index::IndexReader;
use super::tables::{self, meta};

/// The tables of blocks as they are in one read transaction: whatever is read through one of these
/// fits together.
pub(super) struct BlockReader<'txn> {
    blocks: ReadOnlyTable<u64, &'static [u8]>,
    best: ReadOnlyTable<u32, u64>,
    /// The index of hashes is opened where it is asked for the first time: most reads need none.
    transaction: &'txn ReadTransaction,
    index: OnceCell<IndexReader>,
}

impl<'txn> BlockReader<'txn> {
    pub(super) fn open(transaction: &'txn ReadTransaction) -> Result<Self, Fault> {
        Ok(Self {
            blocks: transaction.table(tables::BLOCKS)?,
            best: transaction.table(tables::BEST)?,
            transaction,
            index: OnceCell::new(),
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

    /// Height of the best chain's tip; 0 where only the genesis block exists.
    pub(super) fn best_height(&self) -> Result<u32, Fault> {
        Ok(self.best.last()?.map_or(0, |(height, _)| height.value()))
    }

    /// The seven keys and the commitment of the best chain's block at a height of a ledger. Its body is
    /// not read.
    pub(super) fn best_header_at(&self, height: u32) -> Result<(Block, Commitment), Fault> {
        let missing = |reason| Fault::unreadable("best", height, reason);
        let order = self.best.get(height)?.ok_or_else(|| missing("there is none"))?.value();
        let bytes = self.blocks.get(order)?;
        let bytes = bytes.ok_or_else(|| missing("it stands for a block that is missing"))?;
        read_header(order, bytes.value())
    }

    /// Shows `visit` the best chain's blocks of these heights, which must be there, until it says
    /// `false`.
    pub(super) fn visit_best(
        &self,
        from: u32,
        through: u32,
        visit: &mut dyn FnMut(StoredBlock) -> bool,
    ) -> Result<(), Fault> {
        // Blocks that came one after another have orders one after another, so both tables are
        // walked side by side; where that does not hold the record is looked up.
        let mut records = None;
        let mut heights = self.best.range(from..=through)?;
        for height in from..=through {
            let missing = || Fault::unreadable("best", height, "there is none");
            let (found, order) = heights.next().ok_or_else(missing)??;
            if found.value() != height {
                return Err(missing());
            }
            let order = order.value();
            let next = match &mut records {
                Some(records) => Rows::next(records).transpose()?,
                None => None,
            };
            let stored = match next {
                Some((found, bytes)) if found.value() == order => read_block(order, bytes.value())?,
                _ => {
                    records =
                        order.checked_add(1).map(|after| self.blocks.range(after..)).transpose()?;
                    self.at(order, "best", height)?
                }
            };
            if !visit(stored) {
                break;
            }
        }
        Ok(())
    }

    /// Whether the best chain's block at the height of `stored` is `stored`.
    pub(super) fn is_best(&self, stored: &StoredBlock) -> Result<bool, Fault> {
        let best = self.best.get(stored.block.index)?;
        Ok(best.is_some_and(|order| order.value() == stored.order))
    }

    pub(super) fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, Fault> {
        let suffix = hash.suffix();
        let index = match self.index.get() {
            Some(index) => index,
            None => {
                let opened = IndexReader::open(self.transaction, &tables::HASHES)?;
                self.index.get_or_init(|| opened)
            }
        };
        index.find(suffix, |order| {
            let stored = self.at(order, "by_hash", format_args!("({suffix}, {order})"))?;
            Ok(Some(stored).filter(|stored| stored.block.hash == *hash))
        })
    }

    /// The block of an order that somebody names, if there is one.
    pub(super) fn of_order(&self, order: u64) -> Result<Option<StoredBlock>, Fault> {
        let bytes = self.blocks.get(order)?;
        bytes.map(|bytes| read_block(order, bytes.value())).transpose()
    }

    /// The block of an order that was found under `key` in another table.
    pub(super) fn at(
        &self,
        order: u64,
        table: &'static str,
        key: impl core::fmt::Display,
    ) -> Result<StoredBlock, Fault> {
        block_at(&self.blocks, order, table, key)
    }
}

fn block_at(
    blocks: &ReadOnlyTable<u64, &'static [u8]>,
    order: u64,
    table: &'static str,
    key: impl core::fmt::Display,
) -> Result<StoredBlock, Fault> {
    let Some(bytes) = blocks.get(order)? else {
        let reason = format_args!("it stands for block {order}, which is missing");
        return Err(Fault::unreadable(table, key, reason));
    };
    read_block(order, bytes.value())
}

impl Store {
    pub(super) fn read_blocks<T>(
        &self,
        work: impl FnOnce(&BlockReader<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.read(|transaction| work(&BlockReader::open(transaction)?))
    }

    pub(super) fn read_meta(&self, key: &str) -> Result<u64, Fault> {
        self.read(|transaction| tables::read_number(&transaction.table(tables::META)?, key))
    }
}

impl BlockStore for Store {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.read_blocks(|reader| reader.best_tip())?)
    }

    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.read_blocks(|reader| reader.best_at(height))?)
    }

    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.read_blocks(|reader| reader.by_hash(hash))?)
    }

    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        // One transaction for the numbers and the blocks, and none of `visit` in the guard of it.
        let (blocks, orders) = self.read(|transaction| {
            let side = transaction.table(tables::SIDE)?;
            let orders = side.iter()?.map(|entry| Ok(entry?.0.value()));
            let orders = orders.collect::<Result<Vec<_>, Fault>>()?;
            Ok((transaction.table(tables::BLOCKS)?, orders))
        })?;
        // By order, and a parent was inserted before its children.
        for order in orders {
            visit(guarded(|| block_at(&blocks, order, "side", order))?);
        }
        Ok(())
    }

    fn next_order(&self) -> Result<u64, StoreError> {
        Ok(self.read_meta(meta::NEXT_ORDER)?)
    }

    fn finality(&self) -> Result<StoredFinality, StoreError> {
        self.read_finality()
    }

    fn account(&self, key: &PublicKey) -> Result<Option<Account>, StoreError> {
        self.read_account(key)
    }

    fn accounts_after(
        &self,
        after: Option<&PublicKey>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.read_accounts(after, limit)
    }
}
