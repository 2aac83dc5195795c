//! The audit of the history: what it should be is made anew from the hashes of the chain.

use kusari_chain::BlockHash;
use redb::ReadTransaction;

use super::{LEVELS, TILE, entry_bytes, summary};
use crate::checksummed::{ReadOnlyTable, ReadTables, ReadableTable};
use crate::fault::Fault;
use crate::tables;

/// Compares the stored tiles with those that follow from the hashes of a chain.
pub(in super::super) struct TileCheck {
    table: ReadOnlyTable<(u8, u32), &'static [u8]>,
    /// The last tile of each level, and its number.
    tails: [(u32, Vec<u8>); LEVELS as usize],
    /// Tiles that were found right.
    right: u64,
    holds: bool,
}

impl TileCheck {
    pub(in super::super) fn open(transaction: &ReadTransaction) -> Result<Self, Fault> {
        let table = transaction.table(tables::HISTORY)?;
        Ok(Self { table, tails: Default::default(), right: 0, holds: true })
    }

    /// The next hash of the chain, the genesis block's first.
    pub(in super::super) fn push(&mut self, hash: &BlockHash) -> Result<(), Fault> {
        let mut entry = hash.0.to_vec();
        for level in 0..LEVELS {
            let (tile, bytes) = &mut self.tails[usize::from(level)];
            bytes.extend_from_slice(&entry);
            if bytes.len() < entry_bytes(level) * TILE as usize {
                break;
            }
            let (number, whole) = (*tile, core::mem::take(bytes));
            *tile = tile.saturating_add(1);
            self.compare(level, number, &whole)?;
            entry = summary(&whole, level).unwrap_or_default();
        }
        Ok(())
    }

    fn compare(&mut self, level: u8, tile: u32, bytes: &[u8]) -> Result<(), Fault> {
        let stored = self.table.get((level, tile))?;
        self.holds &= stored.is_some_and(|stored| stored.value() == bytes);
        self.right += 1;
        Ok(())
    }

    /// Whether the table has these tiles and no others.
    pub(in super::super) fn finish(mut self) -> Result<bool, Fault> {
        let tails = core::mem::take(&mut self.tails);
        for (level, (tile, bytes)) in (0..).zip(tails).filter(|(_, tail)| !tail.1.is_empty()) {
            self.compare(level, tile, &bytes)?;
        }
        // An empty chain has none at all until its first block comes.
        let rows = self.table.len()?;
        Ok((self.holds && rows == self.right) || (rows == 0 && self.right == 1))
    }
}
