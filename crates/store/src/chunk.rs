//! A range of the best chain, for serving it to others piece by piece.
//!
//! Owns where a reader goes on after the best chain has changed under it.

use kusari_chain::ledger::Commitment;
use kusari_chain::{BestPoint, Block, BlockHash, StoreError, StoredBlock};

use super::Store;
use super::blocks::BlockReader;
use super::content::sound;
use super::fault::Fault;
use super::record::Head;

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

impl From<&StoredBlock> for ChainPosition {
    fn from(stored: &StoredBlock) -> Self {
        (&stored.block).into()
    }
}

/// What [`Store::best_chain_chunk`] read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Consecutive blocks of the best chain, the lowest first. None where nothing follows within
    /// the asked range. The first one's parent is where the reading went on: the asked position, or
    /// the fork point below it.
    pub blocks: Vec<StoredBlock>,
    /// The last block of the stored best chain; the genesis block where none is stored.
    pub tip: ChainPosition,
}

/// How much [`Store::visit_best_chain`] may read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRange {
    /// Read what follows this block.
    pub after: ChainPosition,
    /// Read nothing higher than this.
    pub through: Option<u32>,
    /// Read at most so many blocks, and at least one.
    pub max_blocks: usize,
}

impl Store {
    /// Reads up to `max` blocks (at least one) of the best chain that follow `after`, none higher
    /// than `through`, as of one moment.
    ///
    /// A caller that calls this again with the last block it got reads the whole chain: where that block
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
        let mut blocks = Vec::new();
        let range = BlockRange { after, through, max_blocks: max };
        let tip = self.visit_best_chain(range, |block| {
            blocks.push(block);
            true
        })?;
        Ok(Chunk { blocks, tip })
    }

    /// Shows `visit` the blocks that [`Store::best_chain_chunk`] would collect, one by one, until it
    /// says `false`. Returns the last block of the stored best chain.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn visit_best_chain(
        &self,
        range: BlockRange,
        mut visit: impl FnMut(StoredBlock) -> bool,
    ) -> Result<ChainPosition, StoreError> {
        Ok(self.read_blocks(|reader| {
            let tip = position(reader.tip_head()?);
            visit_heads(reader, range, tip, &mut |head| Ok(visit(reader.whole(head)?)))?;
            Ok(tip)
        })?)
    }

    /// The same for a peer, which is sent nothing from the first block on that is not as it was stored.
    /// Returns the last block that is.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails elsewhere.
    pub fn visit_sound_chain(
        &self,
        range: BlockRange,
        mut visit: impl FnMut(StoredBlock) -> bool,
    ) -> Result<ChainPosition, StoreError> {
        Ok(self.read_blocks(|reader| {
            let tip = position(reader.last_sound_head(u32::MAX)?);
            let visited =
                visit_heads(reader, range, tip, &mut |head| Ok(visit(reader.whole(head)?)));
            sound(visited)?;
            Ok(tip)
        })?)
    }

    /// The same with headers of a ledger alone: the seven keys, the commitment, and what the block counts
    /// for in bytes.
    ///
    /// # Errors
    /// As [`Store::visit_sound_chain`].
    pub fn visit_sound_headers(
        &self,
        range: BlockRange,
        mut visit: impl FnMut(&Block, &Commitment, u64) -> bool,
    ) -> Result<(), StoreError> {
        Ok(self.read_blocks(|reader| {
            let tip = position(reader.last_sound_head(u32::MAX)?);
            let visited = visit_heads(reader, range, tip, &mut |head| {
                let counted = head.counted_bytes();
                let ledger = head.ledger.as_ref();
                Ok(ledger.is_some_and(|ledger| visit(&head.block, &ledger.commitment, counted)))
            });
            sound(visited).map(drop)
        })?)
    }
}

fn position(head: Option<Head>) -> ChainPosition {
    head.map_or_else(ChainPosition::genesis, |head| (&head.block).into())
}

/// Shows `visit` the heads of a range of the best chain, which ends in `tip`, until it says `false`.
fn visit_heads(
    reader: &BlockReader<'_>,
    range: BlockRange,
    tip: ChainPosition,
    visit: &mut dyn FnMut(Head) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let BlockRange { after, through, max_blocks } = range;
    let last = through.map_or(tip.height, |through| through.min(tip.height));
    let start = shared_height(reader, after)?;
    if start < last {
        let count = u32::try_from(max_blocks.max(1)).unwrap_or(u32::MAX);
        let end = last.min(start.saturating_add(count));
        reader.visit_best_heads(start + 1, end, visit)?;
    }
    Ok(())
}

/// Height of the last block that the best chain shares with the branch which ends in `after`.
fn shared_height(reader: &BlockReader<'_>, after: ChainPosition) -> Result<u32, Fault> {
    // Nearly always it is the best chain's block at its height, which needs no look-up by hash.
    if after.height == 0
        || reader.best_head_at(after.height)?.is_some_and(|best| best.block.hash == after.hash)
    {
        return Ok(after.height);
    }
    let mut at = reader.head_by_hash(&after.hash)?;
    while let Some(head) = at {
        let block = &head.block;
        if reader.is_best(block.index, head.order)? {
            return Ok(block.index);
        }
        at = reader.head_by_hash(&block.prev_hash)?;
        // Ends the walk whatever the file holds: heights only fall.
        if at.as_ref().is_some_and(|parent| parent.block.index >= block.index) {
            let reason = "its parent is not below it";
            return Err(Fault::unreadable("blocks", head.order, reason));
        }
    }
    Ok(0)
}
