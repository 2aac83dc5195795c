//! The end of the best chain, and how much work it took.
//!
//! Owns what people and peers are told of where the last block was altered, and which blocks are recent:
//! the last ten, and those of the last hour and the last day by their own timestamps. Knows no clock;
//! the caller says what time it is.

use kusari_chain::{BestPoint, RecentWork, StoreError, Work};

use super::Store;
use super::blocks::BlockReader;
use super::content::sound;
use super::fault::Fault;

/// Blocks of which the work is told.
const BLOCKS: u32 = 10;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

impl Store {
    /// The last block of the best chain that is as it was stored, or the genesis block: what people and
    /// peers are told of.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails elsewhere.
    pub fn last_sound(&self) -> Result<BestPoint, StoreError> {
        let head = self.read_blocks(|reader| reader.last_sound_head(u32::MAX))?;
        Ok(head.map_or_else(BestPoint::genesis, |head| BestPoint {
            height: head.block.index,
            hash: head.block.hash,
            work: head.work,
        }))
    }

    /// Whether the best chain has this much work. Also where its last block was altered: then that is
    /// unknown, and waiting would not help.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails elsewhere.
    pub fn reaches(&self, work: Work) -> Result<bool, StoreError> {
        Ok(self.read_blocks(|reader| {
            let head = sound(reader.best_head_at(reader.best_height()?))?;
            Ok(head.is_none_or(|head| head.map_or(Work::ZERO, |head| head.work) >= work))
        })?)
    }

    /// Work of the last blocks, where `now` is Unix time in seconds. In the place of a block that was
    /// altered, the one below it is taken.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn recent_work(&self, now: u64) -> Result<RecentWork, StoreError> {
        Ok(self.read(|transaction| {
            let blocks = BlockReader::open(transaction, &self.inner.content)?;
            let tip = blocks.best_height()?;
            let whole = work_through(&blocks, tip)?;
            let since = |height: u32| Ok::<_, Fault>(whole.minus(work_through(&blocks, height)?));
            Ok(RecentWork {
                ten_blocks: since(tip.saturating_sub(BLOCKS))?,
                hour: since(last_before(&blocks, tip, now.saturating_sub(HOUR))?)?,
                day: since(last_before(&blocks, tip, now.saturating_sub(DAY))?)?,
            })
        })?)
    }
}

/// Work of the best chain up to a height, the genesis block's left out.
fn work_through(blocks: &BlockReader<'_>, height: u32) -> Result<Work, Fault> {
    Ok(blocks.last_sound_head(height)?.map_or(Work::ZERO, |head| head.work))
}

/// Height of the last block with a timestamp below a time, 0 where all are from it on. Timestamps rise
/// nearly always, so it is found by halving.
fn last_before(blocks: &BlockReader<'_>, tip: u32, time: u64) -> Result<u32, Fault> {
    let (mut before, mut after) = (0, tip.saturating_add(1));
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        match blocks.last_sound_head(middle)? {
            Some(head) if head.block.timestamp < time => before = middle,
            _ => after = middle,
        }
    }
    Ok(before)
}
