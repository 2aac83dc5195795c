//! A stretch of the best chain, for serving it to others piece by piece.
//!
//! Owns where a reader goes on after the best chain has changed under it.

use kusari_chain::{BestPoint, Block, BlockHash, StoreError};

use super::Store;
use super::blocks::BlockReader;
use super::fault::Fault;

/// A block named by height and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainPosition {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
}

impl ChainPosition {
    /// The genesis block: where reading a whole chain starts.
    #[must_use]
    pub fn genesis() -> Self {
        BestPoint::genesis().into()
    }
}

impl From<BestPoint> for ChainPosition {
    fn from(point: BestPoint) -> Self {
        Self { height: point.height, hash: point.hash }
    }
}

impl From<&Block> for ChainPosition {
    fn from(block: &Block) -> Self {
        Self { height: block.index, hash: block.hash }
    }
}

/// What [`Store::best_chain_chunk`] read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Consecutive blocks of the best chain, the lowest first. None where nothing follows within
    /// the asked range. The first one's parent is where the reading went on: the asked position, or
    /// the fork point below it.
    pub blocks: Vec<Block>,
    /// The last block of the stored best chain; the genesis block where none is stored.
    pub tip: ChainPosition,
}

impl Store {
    /// Reads up to `max` blocks (at least one) of the best chain that follow `after`, none higher
    /// than `through`, as of one moment.
    ///
    /// Whoever calls this again with the last block it got reads the whole chain: where that block
    /// is no longer in the best chain, reading goes on from the last one that its branch and the
    /// best chain share, and where it is not stored at all, from the genesis block. Height 0 is the
    /// genesis block, whatever the hash.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn best_chain_chunk(
        &self,
        after: ChainPosition,
        through: Option<u32>,
        max: usize,
    ) -> Result<Chunk, StoreError> {
        Ok(self.read_blocks(|reader| {
            let tip = reader.best_tip()?;
            let tip = tip.map_or_else(ChainPosition::genesis, |tip| (&tip.block).into());
            let last = through.map_or(tip.height, |through| through.min(tip.height));
            let start = shared_height(reader, after)?;
            let mut blocks = Vec::new();
            for height in (start..last).map(|below| below + 1).take(max.max(1)) {
                let missing = || Fault::unreadable("best", height, "there is none");
                blocks.push(reader.best_at(height)?.ok_or_else(missing)?.block);
            }
            Ok(Chunk { blocks, tip })
        })?)
    }
}

/// Height of the last block that the best chain shares with the branch which ends in `after`.
fn shared_height(reader: &BlockReader, after: ChainPosition) -> Result<u32, Fault> {
    if after.height == 0 {
        return Ok(0);
    }
    let mut at = reader.by_hash(&after.hash)?;
    while let Some(stored) = at {
        let block = &stored.block;
        if reader.is_best(&stored)? {
            return Ok(block.index);
        }
        at = reader.by_hash(&block.prev_hash)?;
        // Ends the walk whatever the file holds: heights only fall.
        if at.as_ref().is_some_and(|parent| parent.block.index >= block.index) {
            let reason = "its parent is not below it";
            return Err(Fault::unreadable("blocks", stored.order, reason));
        }
    }
    Ok(0)
}
