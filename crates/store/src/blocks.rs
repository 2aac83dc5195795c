//! Reads of blocks.
//!
//! Owns that no block leaves the store whose row, or whose content, is not as it was stored. What needs
//! the header alone does not read the body.

use core::cell::OnceCell;
use core::ops::Bound;
use std::collections::HashSet;

use kusari_chain::ledger::{Account, PublicKey};
use kusari_chain::store::StoredHeader;
use kusari_chain::{Block, BlockHash, BlockStore, StoreError, StoredBlock, StoredReorgLimit};
use redb::ReadTransaction;

use super::Store;
use super::checksummed::{ReadOnlyTable, ReadTables, ReadableTable, Row, Rows};
use super::content::{AlteredBlock, Content, sound};
use super::fault::{Fault, guarded};
use super::record::{Head, read_head};
use super::suffix_index::IndexReader;
use super::tables::{self, meta};

type Records = ReadOnlyTable<u64, &'static [u8]>;

/// The tables of blocks as they are in one read transaction: whatever is read through one of these
/// fits together.
pub(super) struct BlockReader<'a> {
    blocks: Records,
    /// Of a ledger alone.
    bodies: Option<Records>,
    best: ReadOnlyTable<u32, u64>,
    content: &'a Content,
    /// The index of hashes is opened where it is asked for the first time: most reads need none.
    transaction: &'a ReadTransaction,
    index: OnceCell<IndexReader>,
}

impl<'a> BlockReader<'a> {
    pub(super) fn open(
        transaction: &'a ReadTransaction,
        content: &'a Content,
    ) -> Result<Self, Fault> {
        Ok(Self {
            blocks: transaction.table(tables::BLOCKS)?,
            bodies: transaction.table_if_there(tables::BODIES)?,
            best: transaction.table(tables::BEST)?,
            content,
            transaction,
            index: OnceCell::new(),
        })
    }

    /// The head of the last block, on which others are built. On the classic chain, blocks at the end that
    /// were altered are passed over: they come again from other nodes. The accounts of a ledger are those
    /// after its last block, so nothing is built on another one before they are made again
    /// ([`Store::end_below_altered`]).
    pub(super) fn tip_head(&self) -> Result<Option<Head>, Fault> {
        if self.bodies.is_none() {
            return self.last_sound_head(u32::MAX);
        }
        let Some((height, order)) = self.best.last()? else { return Ok(None) };
        match self.head(order.value(), Some(height.value())) {
            Err(Fault::AlteredBlock(block)) => Err(Fault::AlteredEnd(block)),
            head => head.map(Some),
        }
    }

    /// The head of the last block up to a height that is as it was stored.
    pub(super) fn last_sound_head(&self, through: u32) -> Result<Option<Head>, Fault> {
        for row in self.best.range(..=through)?.rev() {
            let (height, order) = row?;
            if let Some(head) = sound(self.head(order.value(), Some(height.value())))? {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Whether a whole block of the best chain above a height is as it was stored.
    pub(super) fn has_sound_block_above(&self, height: u32) -> Result<bool, Fault> {
        for row in self.best.range((Bound::Excluded(height), Bound::Unbounded))?.rev() {
            let order = match row {
                Ok((_, order)) => order.value(),
                Err(Fault::Altered { .. }) => continue,
                Err(fault) => return Err(fault),
            };
            if sound(self.at(order))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn best_head_at(&self, height: u32) -> Result<Option<Head>, Fault> {
        match self.best.get(height)? {
            Some(order) => self.head(order.value(), Some(height)).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, Fault> {
        self.best_head_at(height)?.map(|head| self.whole(head)).transpose()
    }

    /// Height of the best chain's tip; 0 where only the genesis block exists.
    pub(super) fn best_height(&self) -> Result<u32, Fault> {
        Ok(self.best.last()?.map_or(0, |(height, _)| height.value()))
    }

    /// Shows `visit` the heads of the best chain's blocks of these heights, which must be there, until it
    /// says `false`.
    pub(super) fn visit_best_heads(
        &self,
        from: u32,
        through: u32,
        visit: &mut dyn FnMut(Head) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        // Blocks that came one after another have orders one after another, so both tables are
        // walked side by side; where that does not hold the record is looked up.
        let mut records: Option<Rows<'_, u64, &'static [u8]>> = None;
        let mut heights = self.best.range(from..=through)?;
        for height in from..=through {
            let missing = || Fault::unreadable("best", height, "there is none");
            let (found, order) = heights.next().ok_or_else(missing)??;
            if found.value() != height {
                return Err(missing());
            }
            let order = order.value();
            let next = match &mut records {
                Some(records) => Iterator::next(records),
                None => None,
            };
            let head = match next {
                Some(Ok((found, row))) if found.value() == order => {
                    self.checked_head(order, Some(height), &row)?
                }
                _ => {
                    records =
                        order.checked_add(1).map(|after| self.blocks.range(after..)).transpose()?;
                    self.head(order, Some(height))?
                }
            };
            if !visit(head)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether the best chain's block at this height has this order.
    pub(super) fn is_best(&self, height: u32, order: u64) -> Result<bool, Fault> {
        Ok(self.best.get(height)?.is_some_and(|best| best.value() == order))
    }

    pub(super) fn head_by_hash(&self, hash: &BlockHash) -> Result<Option<Head>, Fault> {
        let index = match self.index.get() {
            Some(index) => index,
            None => {
                let opened = IndexReader::open(self.transaction, &tables::HASHES)?;
                self.index.get_or_init(|| opened)
            }
        };
        index.find(hash.suffix(), |order| {
            let head = self.head(order, None).map_err(|fault| named(fault, hash))?;
            Ok(Some(head).filter(|head| head.block.hash == *hash))
        })
    }

    pub(super) fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, Fault> {
        self.head_by_hash(hash)?.map(|head| self.whole(head)).transpose()
    }

    /// The head of an order that a caller names, if there is one.
    pub(super) fn head_of_order(&self, order: u64) -> Result<Option<Head>, Fault> {
        match self.blocks.get(order) {
            Ok(None) => Ok(None),
            _ => self.head(order, None).map(Some),
        }
    }

    /// The whole block of an order that was found in another table.
    pub(super) fn at(&self, order: u64) -> Result<StoredBlock, Fault> {
        self.whole(self.head(order, None)?)
    }

    /// The head of an order that was found in another table, under this height if it is known.
    pub(super) fn head(&self, order: u64, height: Option<u32>) -> Result<Head, Fault> {
        match readable(|| self.blocks.get(order)) {
            Ok(Some(row)) => self.checked_head(order, height, &row),
            Ok(None) => Err(self.refuse(order, height, None, "its row is missing")),
            Err(fault) => Err(self.refuse_row(order, height, None, fault)),
        }
    }

    fn checked_head(
        &self,
        order: u64,
        height: Option<u32>,
        row: &Row<'_, &'static [u8]>,
    ) -> Result<Head, Fault> {
        let head = read_head(order, row.value())
            .map_err(|fault| self.refuse_row(order, height, None, fault))?;
        let height = height.or(Some(head.block.index));
        let checked = self.content.check_head(&head);
        checked.map_err(|reason| self.refuse(order, height, Some(head.block.hash), reason))?;
        Ok(head)
    }

    /// The whole block of a head.
    pub(super) fn whole(&self, head: Head) -> Result<StoredBlock, Fault> {
        if head.ledger.is_none() {
            return Ok(head.without_body());
        }
        let (order, height, hash) = (head.order, Some(head.block.index), Some(head.block.hash));
        let refuse = |fault| self.refuse_row(order, height, hash, fault);
        let row = match &self.bodies {
            Some(bodies) => readable(|| bodies.get(order)).map_err(refuse)?,
            None => None,
        };
        let row = row.ok_or_else(|| self.refuse(order, height, hash, "its body is missing"))?;
        let stored = head.with_body(row.value()).map_err(refuse)?;
        let checked = self.content.check_body(&stored);
        checked.map_err(|reason| self.refuse(order, height, hash, reason))?;
        Ok(stored)
    }

    fn refuse(
        &self,
        order: u64,
        height: Option<u32>,
        hash: Option<BlockHash>,
        reason: impl Into<String>,
    ) -> Fault {
        self.content.refuse(AlteredBlock { order, height, hash, reason: reason.into() })
    }

    /// What a row of a block that cannot be read means. Where the medium fails, that is another matter.
    fn refuse_row(
        &self,
        order: u64,
        height: Option<u32>,
        hash: Option<BlockHash>,
        fault: Fault,
    ) -> Fault {
        let reason = match fault {
            Fault::Altered { table, .. } => {
                format!("the checksum of its row in `{table}` does not fit")
            }
            Fault::Unreadable { table, reason, .. } => {
                format!("its row in `{table}` cannot be read: {reason}")
            }
            Fault::BrokenOff => String::from("reading its row broke off"),
            other => return other,
        };
        self.refuse(order, height, hash, reason)
    }
}

/// Reads a row. A page that the medium altered may make the database panic, or find its own structure
/// wrong; that is a matter of this row alone.
fn readable<T>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    guarded(read).map_err(|fault| match fault {
        Fault::Database(error) if matches!(*error, redb::Error::Corrupted(_)) => Fault::BrokenOff,
        fault => fault,
    })
}

/// The fault of a block that was looked for by its hash, of which its row no longer tells.
fn named(fault: Fault, hash: &BlockHash) -> Fault {
    match fault {
        Fault::AlteredBlock(mut block) => {
            block.hash = block.hash.or(Some(*hash));
            Fault::AlteredBlock(block)
        }
        fault => fault,
    }
}

impl Store {
    pub(super) fn read_blocks<T>(
        &self,
        work: impl FnOnce(&BlockReader<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.read(|transaction| work(&BlockReader::open(transaction, &self.inner.content)?))
    }

    pub(super) fn read_meta(&self, key: &str) -> Result<u64, Fault> {
        self.read(|transaction| tables::read_number(&transaction.table(tables::META)?, key))
    }

    /// The blocks beside the best chain. One of which the parent is nowhere, because the parent's row was
    /// altered, is left out: nothing can be built on it.
    fn visit_side<T>(
        &self,
        read: impl Fn(&BlockReader<'_>, Head) -> Result<T, Fault>,
        visit: &mut dyn FnMut(T),
    ) -> Result<(), Fault> {
        let transaction = guarded(|| Ok::<_, Fault>(self.inner.database.begin_read()?))?;
        let reader = guarded(|| BlockReader::open(&transaction, &self.inner.content))?;
        let orders = guarded(|| {
            let side = transaction.table(tables::SIDE)?;
            let orders = side.iter()?.map(|entry| Ok(entry?.0.value()));
            orders.collect::<Result<Vec<u64>, Fault>>()
        })?;
        let (mut seen, mut lost) = (HashSet::new(), false);
        // By order, and a parent was inserted before its children.
        for order in orders {
            let found = guarded(|| {
                let Some(head) = sound(reader.head(order, None))? else { return Ok(None) };
                let parent = head.block.prev_hash;
                let is_rooted = !lost
                    || seen.contains(&parent)
                    || parent == Block::genesis().hash
                    || sound(reader.head_by_hash(&parent))?.flatten().is_some_and(|parent| {
                        reader.is_best(parent.block.index, parent.order).unwrap_or(false)
                    });
                let hash = head.block.hash;
                let block =
                    if is_rooted { Some((hash, sound(read(&reader, head))?)) } else { None };
                Ok::<_, Fault>(block)
            });
            match found? {
                Some((hash, block)) => {
                    seen.insert(hash);
                    block.into_iter().for_each(&mut *visit);
                }
                None => lost = true,
            }
        }
        Ok(())
    }
}

impl BlockStore for Store {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self
            .read_blocks(|reader| reader.tip_head()?.map(|head| reader.whole(head)).transpose())?)
    }

    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.read_blocks(|reader| Ok(sound(reader.best_at(height))?.flatten()))?)
    }

    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.read_blocks(|reader| Ok(sound(reader.by_hash(hash))?.flatten()))?)
    }

    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        Ok(self.visit_side(|reader, head| reader.whole(head), visit)?)
    }

    fn tip_header(&self) -> Result<Option<StoredHeader>, StoreError> {
        Ok(self.read_blocks(|reader| Ok(reader.tip_head()?.map(Head::stored_header)))?)
    }

    fn header_at(&self, height: u32) -> Result<Option<StoredHeader>, StoreError> {
        Ok(self.read_blocks(|reader| {
            Ok(sound(reader.best_head_at(height))?.flatten().map(Head::stored_header))
        })?)
    }

    fn header_of(&self, hash: &BlockHash) -> Result<Option<StoredHeader>, StoreError> {
        Ok(self.read_blocks(|reader| {
            Ok(sound(reader.head_by_hash(hash))?.flatten().map(Head::stored_header))
        })?)
    }

    fn visit_side_headers(&self, visit: &mut dyn FnMut(StoredHeader)) -> Result<(), StoreError> {
        Ok(self.visit_side(|_, head| Ok(head.stored_header()), visit)?)
    }

    fn is_altered(&self, hash: &BlockHash) -> Result<bool, StoreError> {
        Ok(self.read_blocks(|reader| Ok(sound(reader.head_by_hash(hash))?.is_none()))?)
    }

    fn next_order(&self) -> Result<u64, StoreError> {
        Ok(self.read_meta(meta::NEXT_ORDER)?)
    }

    fn reorg_limit(&self) -> Result<StoredReorgLimit, StoreError> {
        self.read_reorg_limit()
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
