//! Reads of the history: hashes by height, the tree over them, and the lowest of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use kusari_chain::BlockHash;
use kusari_chain::merkle::NodeHash;
use kusari_chain::proof::path::Subtrees;
use redb::ReadTransaction;

use super::{LEVELS, TILE, TILE_LEVELS, entry, fold, hash};
use crate::checksummed::{ReadOnlyTable, ReadTables, ReadableTable};
use crate::fault::Fault;
use crate::tables;

/// The history as it is in one read transaction. Tiles that were read are kept: a caller that asks for one
/// path asks for many hashes of few tiles.
pub(in super::super) struct HistoryReader {
    table: ReadOnlyTable<(u8, u32), &'static [u8]>,
    /// Blocks that it covers, the genesis block among them.
    leaves: u64,
    tiles: BTreeMap<(u8, u32), Vec<u8>>,
}

impl HistoryReader {
    /// The history of a best chain whose tip has this height.
    pub(in super::super) fn open(transaction: &ReadTransaction, tip: u32) -> Result<Self, Fault> {
        let table = transaction.table(tables::HISTORY)?;
        Ok(Self { table, leaves: u64::from(tip) + 1, tiles: BTreeMap::new() })
    }

    /// The best chain's hash at a height.
    pub(in super::super) fn hash_at(&mut self, height: u32) -> Result<BlockHash, Fault> {
        let (tile, place) = split(u64::from(height));
        let missing = || unreadable(0, tile);
        hash(self.tile(0, tile)?, place).ok_or_else(missing)
    }

    /// Heights of the lowest hashes from this height on, at most `count`, the lowest first.
    pub(in super::super) fn lowest(&mut self, from: u32, count: usize) -> Result<Vec<u32>, Fault> {
        let mut heap = BinaryHeap::new();
        let (mut low, mut high) = (u64::from(from), self.leaves);
        for level in 0..LEVELS {
            while low < high && (low % TILE != 0 || level + 1 == LEVELS) {
                self.offer(level, low, &mut heap)?;
                low += 1;
            }
            while low < high && high % TILE != 0 {
                high -= 1;
                self.offer(level, high, &mut heap)?;
            }
            (low, high) = (low.div_ceil(TILE), high / TILE);
        }
        let mut found = Vec::new();
        while let Some(Reverse((_, level, index))) = heap.pop() {
            if level == 0 {
                // Heights are numbers of 32 bits.
                found.push(u32::try_from(index).unwrap_or(u32::MAX));
                if found.len() == count {
                    break;
                }
                continue;
            }
            for below in index * TILE..(index + 1) * TILE {
                self.offer(level - 1, below, &mut heap)?;
            }
        }
        Ok(found)
    }

    fn offer(
        &mut self,
        level: u8,
        index: u64,
        heap: &mut BinaryHeap<Reverse<(u128, u8, u64)>>,
    ) -> Result<(), Fault> {
        let (tile, place) = split(index);
        let found = entry(self.tile(level, tile)?, level, place);
        let lowest = found.ok_or_else(|| unreadable(level, tile))?.lowest;
        heap.push(Reverse((lowest, level, index)));
        Ok(())
    }

    fn tile(&mut self, level: u8, tile: u32) -> Result<&[u8], Fault> {
        let missing = || unreadable(level, tile);
        if !self.tiles.contains_key(&(level, tile)) {
            let bytes = self.table.get((level, tile))?.ok_or_else(missing)?;
            self.tiles.insert((level, tile), bytes.value().to_vec());
        }
        self.tiles.get(&(level, tile)).map(Vec::as_slice).ok_or_else(missing)
    }
}

impl Subtrees for HistoryReader {
    type Error = Fault;

    fn subtree(&mut self, level: u32, index: u64) -> Result<NodeHash, Fault> {
        let (tile_level, within) = (level / TILE_LEVELS, level % TILE_LEVELS);
        let tile_level = u8::try_from(tile_level).unwrap_or(u8::MAX);
        let (tile, first) = split(index << within);
        let missing = || unreadable(tile_level, tile);
        fold(self.tile(tile_level, tile)?, tile_level, first, within).ok_or_else(missing)
    }
}

/// The tile of an entry, and its place in it.
fn split(index: u64) -> (u32, usize) {
    (u32::try_from(index / TILE).unwrap_or(u32::MAX), (index % TILE) as usize)
}

fn unreadable(level: u8, tile: u32) -> Fault {
    Fault::unreadable("history", format_args!("({level}, {tile})"), "it lacks what the chain has")
}
