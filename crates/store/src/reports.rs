//! Reads for people and programs: a block or a record and where it stands, a page of the chain.
//!
//! Each is one read transaction, so that what it says fits together. The genesis block, which is
//! not stored, is reported like any other.

use kusari_chain::ledger::Txid;
use kusari_chain::{Block, BlockHash, StoreError, StoredBlock, WholeBlock, Work};
use kusari_node::store::{EntryId, OutboxEntry};
use redb::ReadTransaction;

use super::blocks::BlockReader;
use super::checksummed::{ReadTables, ReadableTable};
use super::content::sound;
use super::fault::Fault;
use super::record::read_entry;
use super::{Store, tables, transactions};

/// A block and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The block, on a ledger with its commitment and its body.
    pub block: WholeBlock,
    /// Accumulated work up to it.
    pub work: Work,
    /// Blocks of the best chain from it to the tip, itself included; `None` beside the best chain.
    pub confirmations: Option<u32>,
}

impl Placed {
    fn new(stored: StoredBlock, confirmations: Option<u32>) -> Self {
        let work = stored.work;
        Self { block: stored.into_whole(), work, confirmations }
    }

    fn genesis(tip: u32) -> Self {
        let confirmations = Some(tip.saturating_add(1));
        Self { block: genesis(), work: Work::ZERO, confirmations }
    }
}

/// Consecutive blocks of the best chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The blocks, lowest first.
    pub blocks: Vec<WholeBlock>,
    /// The height after them, if the best chain reaches it.
    pub next: Option<u32>,
}

fn genesis() -> WholeBlock {
    WholeBlock { block: Block::genesis(), ledger: None }
}

/// Depth of a block at `height` under a tip, itself included.
fn depth(tip: u32, height: u32) -> u32 {
    tip.saturating_sub(height).saturating_add(1)
}

fn placed(reader: &BlockReader<'_>, hash: &BlockHash) -> Result<Option<Placed>, Fault> {
    let Some(stored) = reader.by_hash(hash)? else { return Ok(None) };
    let height = stored.block.index;
    let confirmations = match reader.is_best(height, stored.order)? {
        true => Some(depth(reader.best_height()?, height)),
        false => None,
    };
    Ok(Some(Placed::new(stored, confirmations)))
}

/// The best chain's block among those that were mined for a line.
fn place_of_line(reader: &BlockReader<'_>, entry: &OutboxEntry) -> Result<Option<Placed>, Fault> {
    // At most one of its blocks is in the best chain, most likely the last.
    for hash in entry.blocks.iter().rev() {
        let Some(found) = sound(placed(reader, hash))? else { continue };
        if let Some(place) = found.filter(|found| found.confirmations.is_some()) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// The best chain's block that holds a transaction, whose id is what its entry names.
fn place_of_transaction(
    transaction: &ReadTransaction,
    reader: &BlockReader<'_>,
    entry: &OutboxEntry,
) -> Result<Option<Placed>, Fault> {
    for id in &entry.blocks {
        if let Some(found) = transactions::find(transaction, reader, &Txid(id.0))?.best {
            return placed(reader, &found.block);
        }
    }
    Ok(None)
}

impl Store {
    /// The best chain's block at a height.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails; the same holds for every read here.
    pub fn placed_at(&self, height: u32) -> Result<Option<Placed>, StoreError> {
        Ok(self.read_blocks(|reader| {
            let tip = reader.best_height()?;
            if height == 0 {
                return Ok(Some(Placed::genesis(tip)));
            }
            let stored = reader.best_at(height)?;
            Ok(stored.map(|stored| Placed::new(stored, Some(depth(tip, height)))))
        })?)
    }

    /// The block with a hash, in whatever branch.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn placed(&self, hash: &BlockHash) -> Result<Option<Placed>, StoreError> {
        Ok(self.read_blocks(|reader| {
            if *hash == Block::genesis().hash {
                return Ok(Some(Placed::genesis(reader.best_height()?)));
            }
            placed(reader, hash)
        })?)
    }

    /// Blocks of the best chain from height `from` on: at most `count`, and no more once their
    /// canonical lines reach `max_bytes`.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn page(&self, from: u32, count: u32, max_bytes: usize) -> Result<Page, StoreError> {
        Ok(self.read_blocks(|reader| {
            let tip = reader.best_height()?;
            let mut page = Page { blocks: Vec::new(), next: None };
            let mut bytes = 0;
            let mut heights = from..=tip.min(from.saturating_add(count.saturating_sub(1)));
            while bytes < max_bytes
                && let Some(height) = heights.next()
            {
                let missing = || Fault::unreadable("best", height, "there is none");
                let block = match height {
                    0 => genesis(),
                    _ => {
                        let stored = match reader.best_at(height) {
                            // A page ends before a block that was altered, which is named when it is
                            // the first that is asked for.
                            Err(Fault::AlteredBlock(_)) if !page.blocks.is_empty() => break,
                            read => read?.ok_or_else(missing)?,
                        };
                        bytes += usize::try_from(stored.counted_bytes()).unwrap_or(usize::MAX);
                        stored.into_whole()
                    }
                };
                page.next = Some(height.saturating_add(1)).filter(|next| *next <= tip);
                page.blocks.push(block);
            }
            Ok(page)
        })?)
    }

    /// A record of this node, settled or not, and the block of the best chain that it stands in.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn entry(&self, id: EntryId) -> Result<Option<(OutboxEntry, Option<Placed>)>, StoreError> {
        Ok(self.read(|transaction| {
            let entries = transaction.table(tables::OUTBOX)?;
            let Some(bytes) = entries.get(id)? else { return Ok(None) };
            let entry = read_entry(id, bytes.value())?;
            let reader = BlockReader::open(transaction, &self.inner.content)?;
            let place = match self.inner.kind.is_ledger() {
                true => place_of_transaction(transaction, &reader, &entry)?,
                false => place_of_line(&reader, &entry)?,
            };
            Ok(Some((entry, place)))
        })?)
    }
}
