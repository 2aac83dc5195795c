//! The history of a ledger's best chain: the hashes of its blocks in order, the Merkle tree over them,
//! and the lowest hash of each part.
//!
//! Owns the table `history`, whose rows are *tiles* of [`TILE`] entries: of hashes on level 0, and on
//! each level above of the entries of the tiles below. A path takes a few tiles, however long the chain
//! is, and no block has to be read with its body. Knows nothing of what a block is.

mod check;
mod read;
#[cfg(test)]
mod tests;
mod write;

use kusari_chain::BlockHash;
use kusari_chain::merkle::{NodeHash, leaf_hash, node_hash};

pub(super) use self::check::TileCheck;
pub(super) use self::read::HistoryReader;
pub(super) use self::write::HistoryWriter;

/// Entries of a whole tile.
const TILE: u64 = 64;
/// Levels of the tree that a tile covers.
const TILE_LEVELS: u32 = TILE.trailing_zeros();
/// Levels of tiles: six of 64 cover more heights than there can be.
const LEVELS: u8 = 6;
/// Bytes of an entry on level 0: a block's hash.
const HASH_BYTES: usize = 32;
/// Bytes of an entry above: the root over what is below, and the first half of the lowest hash there.
const NODE_BYTES: usize = 32 + 16;

fn entry_bytes(level: u8) -> usize {
    if level == 0 { HASH_BYTES } else { NODE_BYTES }
}

/// The first half of a hash, as a number. Two hashes that share it do not occur: it takes 2^64 blocks to
/// see that by chance.
fn first_half(hash: &[u8]) -> u128 {
    let mut half = [0; 16];
    half.copy_from_slice(hash.get(..16).unwrap_or(&[0xff; 16]));
    u128::from_be_bytes(half)
}

/// What one entry says of the blocks below it.
#[derive(Clone, Copy)]
struct Entry {
    root: NodeHash,
    lowest: u128,
}

/// The entry in a place of a tile.
fn entry(tile: &[u8], level: u8, place: usize) -> Option<Entry> {
    let size = entry_bytes(level);
    let bytes = tile.get(place * size..(place + 1) * size)?;
    let (hash, lowest) = bytes.split_at(HASH_BYTES);
    Some(match level {
        0 => Entry { root: leaf_hash(hash), lowest: first_half(hash) },
        _ => {
            let mut root = [0; 32];
            root.copy_from_slice(hash);
            Entry { root, lowest: first_half(lowest) }
        }
    })
}

/// The root over a power of two of entries of a tile. `None` where they are not there.
fn fold(tile: &[u8], level: u8, first: usize, levels: u32) -> Option<NodeHash> {
    let mut row: Vec<NodeHash> = (first..first + (1 << levels))
        .map(|place| entry(tile, level, place).map(|entry| entry.root))
        .collect::<Option<_>>()?;
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row.first().copied()
}

/// The entry on the level above that stands for a whole tile.
fn summary(tile: &[u8], level: u8) -> Option<Vec<u8>> {
    let mut bytes = fold(tile, level, 0, TILE_LEVELS)?.to_vec();
    let lowest = (0..TILE as usize).filter_map(|place| entry(tile, level, place));
    let lowest = lowest.map(|entry| entry.lowest).min()?;
    bytes.extend_from_slice(&lowest.to_be_bytes());
    Some(bytes)
}

/// The hash in a place of a tile of level 0.
fn hash(tile: &[u8], place: usize) -> Option<BlockHash> {
    let bytes = tile.get(place * HASH_BYTES..(place + 1) * HASH_BYTES)?;
    bytes.try_into().ok().map(BlockHash)
}
