//! What a chain is asked: places, blocks and numbers.
//!
//! Owns reads, and changes nothing.

use super::Chain;
use crate::hash::BlockHash;
use crate::prelude::*;
use crate::store::{StoreResult, StoredBlock};
use crate::tree::BestPoint;

impl Chain {
    /// The last block of the best chain.
    #[must_use]
    pub fn tip(&self) -> BestPoint {
        self.tree.tip()
    }

    /// The best chain's block at `height`, genesis included.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read; the same holds for every read here.
    pub fn best_at(&self, height: u32) -> StoreResult<Option<BestPoint>> {
        self.tree.best_at(height)
    }

    /// The block's place, if it is in the best chain.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn on_best_chain(&self, hash: &BlockHash) -> StoreResult<Option<BestPoint>> {
        Ok(self.tree.find(hash)?.filter(|known| known.on_best_chain).map(|known| known.point))
    }

    /// A block's place, in any branch.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn point(&self, hash: &BlockHash) -> StoreResult<Option<BestPoint>> {
        Ok(self.tree.find(hash)?.map(|known| known.point))
    }

    /// The same of a block that stands in the best chain at this height, or stood there: far cheaper where it
    /// does.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn point_near(&self, height: u32, hash: &BlockHash) -> StoreResult<Option<BestPoint>> {
        match self.best_at(height)?.filter(|best| best.hash == *hash) {
            None => self.point(hash),
            best => Ok(best),
        }
    }

    /// A whole block of any branch. The genesis block is not stored and gives `None`.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn block(&self, hash: &BlockHash) -> StoreResult<Option<Arc<StoredBlock>>> {
        self.tree.block(hash)
    }

    /// The last block of the best chain that the branch ending in `hash` contains; `None` where
    /// `hash` is unknown.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn fork_point(&self, hash: &BlockHash) -> StoreResult<Option<BestPoint>> {
        self.tree.fork_point(hash)
    }

    /// Hashes that tell another node what we have, newest first: the best chain from the tip down,
    /// ten one by one and then in doubling steps, and among them, at its height, `from`: the block
    /// where an earlier answer ended, in whatever branch. The genesis block is implied. At most 64.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn locator(&self, from: Option<BestPoint>) -> StoreResult<Vec<BlockHash>> {
        const ONE_BY_ONE: usize = 10;
        let mut locator = Vec::new();
        let mut from = from.filter(|from| from.height > 0);
        let mut height = self.tip().height;
        let mut step = 1;
        loop {
            let best = self.best_at(height)?.filter(|_| height > 0);
            if let Some(from) = from.take_if(|from| from.height >= height) {
                locator.extend(Some(from.hash).filter(|_| best != Some(from)));
            }
            let Some(best) = best else { return Ok(locator) };
            locator.push(best.hash);
            if locator.len() >= ONE_BY_ONE {
                step *= 2;
            }
            height = height.saturating_sub(step);
        }
    }

    /// Blocks of the best chain above a height that may not be in the store yet, lowest first.
    pub fn uncommitted_above(&self, height: u32) -> impl Iterator<Item = &Arc<StoredBlock>> {
        self.tree.uncommitted_above(height)
    }

    /// Changes that are accepted and not yet reported as committed.
    #[must_use]
    pub fn uncommitted_changes(&self) -> usize {
        self.tree.uncommitted_changes()
    }

    /// What blocks count for that are accepted and not yet reported as committed, in bytes.
    #[must_use]
    pub fn uncommitted_bytes(&self) -> u64 {
        self.tree.uncommitted_bytes()
    }

    /// Bytes of canonical lines that side branches take, and their present bound.
    #[must_use]
    pub fn side_bytes(&self) -> (u64, u64) {
        (self.tree.side_bytes(), self.tree.side_limit())
    }

    /// Orphans that wait for their parents.
    #[must_use]
    pub fn orphan_count(&self) -> usize {
        self.orphans.len()
    }
}
