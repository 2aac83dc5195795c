//! The steps of a commit that change the history.

use kusari_chain::{Block, BlockHash};
use redb::WriteTransaction;

use super::{LEVELS, TILE, TILE_LEVELS, entry_bytes, summary};
use crate::checksummed::{ReadableTable, Table, WriteTables};
use crate::fault::Fault;
use crate::tables;

/// The history within one commit.
pub(in super::super) struct HistoryWriter<'txn> {
    table: Table<'txn, (u8, u32), &'static [u8]>,
    /// Blocks that it covers, the genesis block among them.
    leaves: u64,
    /// The last tile of each level, once it is needed.
    tails: [Option<Tail>; LEVELS as usize],
}

/// A tile that is not whole.
struct Tail {
    tile: u32,
    bytes: Vec<u8>,
    changed: bool,
}

/// How many entries a level has.
fn entries(leaves: u64, level: u8) -> u64 {
    leaves >> (TILE_LEVELS * u32::from(level))
}

/// The tile that the next entry of a level goes to.
fn tail_of(leaves: u64, level: u8) -> u32 {
    // Heights are numbers of 32 bits.
    u32::try_from(entries(leaves, level) / TILE).unwrap_or(u32::MAX)
}

impl<'txn> HistoryWriter<'txn> {
    /// The history of a best chain whose tip has this height.
    pub(in super::super) fn open(
        transaction: &'txn WriteTransaction,
        tip: u32,
    ) -> Result<Self, Fault> {
        let table = transaction.table(tables::HISTORY)?;
        let is_new = table.first()?.is_none();
        let leaves = if is_new { 0 } else { u64::from(tip) + 1 };
        let mut writer = Self { table, leaves, tails: [const { None }; LEVELS as usize] };
        if is_new {
            writer.push(0, &Block::genesis().hash)?;
        }
        Ok(writer)
    }

    /// A block joins the best chain at its end.
    pub(in super::super) fn push(&mut self, height: u32, hash: &BlockHash) -> Result<(), Fault> {
        if u64::from(height) != self.leaves {
            let due = self.leaves;
            return Err(Fault::Unfitting(format!(
                "a block of height {height} joins the history where {due} is due"
            )));
        }
        let mut entry = hash.0.to_vec();
        for level in 0..LEVELS {
            let tail = self.tail(level)?;
            tail.bytes.extend_from_slice(&entry);
            tail.changed = true;
            if tail.bytes.len() < entry_bytes(level) * TILE as usize {
                break;
            }
            let Tail { tile, bytes, .. } = core::mem::replace(
                tail,
                Tail { tile: tail.tile.saturating_add(1), bytes: Vec::new(), changed: false },
            );
            entry = summary(&bytes, level).ok_or_else(|| unreadable(level, tile))?;
            self.table.insert((level, tile), bytes.as_slice())?;
        }
        self.leaves += 1;
        Ok(())
    }

    /// The best chain ends below this height.
    pub(in super::super) fn cut(&mut self, height: u32) -> Result<(), Fault> {
        let former = self.leaves;
        self.leaves = self.leaves.min(u64::from(height));
        for level in 0..LEVELS {
            let (last, tile) = (tail_of(former, level), tail_of(self.leaves, level));
            if entries(former, level) == entries(self.leaves, level) {
                continue;
            }
            let mut bytes = match self.tails[usize::from(level)].take() {
                Some(tail) if tail.tile == tile => tail.bytes,
                _ => self.stored(level, tile)?,
            };
            for above in tile..=last {
                self.table.remove((level, above))?;
            }
            let place = entries(self.leaves, level) % TILE;
            bytes.truncate(entry_bytes(level) * place as usize);
            self.tails[usize::from(level)] = Some(Tail { tile, bytes, changed: true });
        }
        Ok(())
    }

    fn tail(&mut self, level: u8) -> Result<&mut Tail, Fault> {
        let tile = tail_of(self.leaves, level);
        if self.tails[usize::from(level)].is_none() {
            let bytes = self.stored(level, tile)?;
            let place = entries(self.leaves, level) % TILE;
            if bytes.len() != entry_bytes(level) * place as usize {
                return Err(unreadable(level, tile));
            }
            self.tails[usize::from(level)] = Some(Tail { tile, bytes, changed: false });
        }
        self.tails[usize::from(level)].as_mut().ok_or_else(|| unreadable(level, tile))
    }

    fn stored(&self, level: u8, tile: u32) -> Result<Vec<u8>, Fault> {
        Ok(self.table.get((level, tile))?.map_or_else(Vec::new, |bytes| bytes.value().to_vec()))
    }

    /// Writes the tiles that are not whole.
    pub(in super::super) fn finish(mut self) -> Result<(), Fault> {
        for (level, tail) in (0..).zip(&mut self.tails) {
            let Some(Tail { tile, bytes, changed: true }) = tail else { continue };
            if bytes.is_empty() {
                self.table.remove((level, *tile))?;
            } else {
                self.table.insert((level, *tile), bytes.as_slice())?;
            }
        }
        Ok(())
    }
}

fn unreadable(level: u8, tile: u32) -> Fault {
    Fault::unreadable("history", format_args!("({level}, {tile})"), "it is no tile of that length")
}
