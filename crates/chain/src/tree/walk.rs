//! Walking from a block to its ancestors, along its own branch.
//!
//! Owns the way: side blocks lead to their parents one by one, and what stands in the best chain is
//! found by its height.

use super::overlay::BestEntry;
use super::{BestPoint, Tree};
use crate::hash::BlockHash;
use crate::prelude::*;
use crate::store::{StoreResult, StoredHeader};

impl Tree {
    /// The blocks from `from`, which is known, down to genesis, until `visit` says `false`.
    fn walk(&self, from: &BlockHash, mut visit: impl FnMut(&BestEntry) -> bool) -> StoreResult {
        let mut at = *from;
        while let Some(entry) = self.side.get(&at) {
            if !visit(&entry.to_best(at)) {
                return Ok(());
            }
            at = entry.prev_hash;
        }
        let Some(best) = self.find(&at)? else { return Ok(()) };
        for height in (0..=best.point.height).rev() {
            match self.entry_at(height)? {
                Some(entry) if visit(&entry) => {}
                _ => break,
            }
        }
        Ok(())
    }

    /// Timestamps of a known block and its ancestors, at most `count`, youngest first.
    pub(crate) fn timestamps(&self, of: &BlockHash, count: usize) -> StoreResult<Vec<u64>> {
        let mut timestamps = Vec::with_capacity(count);
        self.walk(of, |entry| {
            timestamps.push(entry.timestamp);
            timestamps.len() < count
        })?;
        Ok(timestamps)
    }

    /// The points from a known block down to the first that `is_enough`, which comes last.
    pub(crate) fn points_down_to(
        &self,
        from: &BlockHash,
        mut is_enough: impl FnMut(&BestPoint) -> bool,
    ) -> StoreResult<Vec<BestPoint>> {
        let mut points = Vec::new();
        self.walk(from, |entry| {
            points.push(entry.point);
            !is_enough(&entry.point)
        })?;
        Ok(points)
    }

    /// The header of a known block's ancestor at `height`, as it is stored. `None` for genesis.
    pub(crate) fn ancestor_header(
        &self,
        of: &BlockHash,
        height: u32,
    ) -> StoreResult<Option<StoredHeader>> {
        if let Some(hash) = self.side.ancestor_at(of, height) {
            return self.header(&hash);
        }
        match self.best_at(height)? {
            Some(point) => self.header(&point.hash),
            None => Ok(None),
        }
    }
}
