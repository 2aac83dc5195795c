//! Acceptance: a checked block meets the chain.
//!
//! [`Chain`] is the whole of this crate to its caller: it applies the rules that need a parent, in
//! order, lets the tree choose the best branch, and reports the change with what a store must
//! write. It knows no peers and holds no opinion of who sent a block.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::block::CheckedBlock;
use crate::hash::BlockHash;
use crate::params::{MAX_ORPHANS, MAX_REFUSED};
use crate::rules::{RuleViolation, classic};
use crate::store::{BlockStore, BlockWrite, StoreError, StoredBlock};
use crate::tree::orphans::Orphans;
use crate::tree::{BestPoint, Tree, TreeLimits, TreeState};

/// What became of a block that broke no rule.
#[derive(Debug)]
pub enum Accepted {
    /// It was here before, in any branch, at this place; the first content for a hash stays.
    Known(BestPoint),
    /// Its parent is not known; it waits in the orphan pool.
    Orphan {
        /// The parent to ask for.
        parent: BlockHash,
    },
    /// It was added, in the best chain or beside it.
    Added(ChainChange),
}

/// What one added block changed. The caller has it committed and then calls [`Chain::committed`].
#[derive(Clone, Debug)]
pub struct ChainChange {
    /// Counts changes from 1; commits are reported by it.
    pub version: u64,
    /// The block that was added, and its place.
    pub block: BestPoint,
    /// The last block that the best chain before and after have in common.
    pub fork: BestPoint,
    /// Blocks that left the best chain, from the old tip down.
    pub reverted: Vec<BestPoint>,
    /// Blocks that joined the best chain, parents first; empty for a side block.
    pub connected: Vec<BestPoint>,
    /// What a store must write, in order and atomically.
    pub writes: Vec<BlockWrite>,
}

impl ChainChange {
    pub(crate) fn new(version: u64, block: BestPoint, tip: BestPoint) -> Self {
        let (reverted, connected, writes) = (Vec::new(), Vec::new(), Vec::new());
        Self { version, block, fork: tip, reverted, connected, writes }
    }
}

/// Why a block was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// It breaks a rule.
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    /// The store failed: nothing is known of the block, and the node must stop.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything that a [`Chain`] knows beside its store and its limits. Equal chains have equal
/// states, in one form when serialised.
#[derive(Serialize, Deserialize)]
pub struct ChainState {
    tree: TreeState,
    orphans: Orphans,
    refused: VecDeque<BlockHash>,
}

/// A state that no chain ever had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state of the chain contradicts itself: {0}")]
pub struct StateError(pub(crate) &'static str);

/// The chain over a store.
///
/// Every [`Accepted::Added`] change must be committed to the store that was given to
/// [`Chain::open`], in order, and reported by [`Chain::committed`]. Until then the chain answers
/// from memory, so that no read sees less than what was accepted.
pub struct Chain {
    tree: Tree,
    orphans: Orphans,
    refused: VecDeque<BlockHash>,
}

impl Chain {
    /// Opens the chain over what a store holds.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn open(store: Box<dyn BlockStore>, limits: TreeLimits) -> Result<Self, StoreError> {
        Ok(Self {
            tree: Tree::open(store, limits)?,
            orphans: Orphans::default(),
            refused: VecDeque::new(),
        })
    }

    /// What the chain knows now, apart from what its store holds.
    #[must_use]
    pub fn state(&self) -> ChainState {
        let (orphans, refused) = (self.orphans.clone(), self.refused.clone());
        ChainState { tree: self.tree.state(), orphans, refused }
    }

    /// The chain that had this state. From here on it does what that one did, if its store answers
    /// as that one's did.
    ///
    /// # Errors
    /// [`StateError`] where no chain ever had this state.
    pub fn restore(
        state: ChainState,
        store: Box<dyn BlockStore>,
        limits: TreeLimits,
    ) -> Result<Self, StateError> {
        let ChainState { tree, orphans, refused } = state;
        if orphans.len() > MAX_ORPHANS || refused.len() > MAX_REFUSED {
            return Err(StateError("more is remembered than may be"));
        }
        Ok(Self { tree: Tree::restore(tree, store, limits)?, orphans, refused })
    }

    /// Takes a block that keeps the rules by itself.
    ///
    /// # Errors
    /// [`AcceptError::Rule`] where it breaks a rule on its parent; [`AcceptError::Store`] where
    /// the store cannot be read.
    pub fn accept(&mut self, block: CheckedBlock) -> Result<Accepted, AcceptError> {
        let hash = block.block().hash;
        let parent_hash = block.block().prev_hash;
        if let Some(known) = self.tree.find_child(&hash, &parent_hash)? {
            return Ok(Accepted::Known(known.point));
        }
        self.judge(
            hash,
            classic::check_parent_stands(&parent_hash, self.refused.contains(&parent_hash)),
        )?;
        let Some(parent) = self.tree.find(&parent_hash)? else {
            self.orphans.insert(block);
            return Ok(Accepted::Orphan { parent: parent_hash });
        };
        self.judge(hash, classic::check_index(block.block(), parent.point.height))?;
        Ok(Accepted::Added(self.tree.insert(block, &parent)?))
    }

    /// Remembers the hash of a refused block. Only faults that the hash commits to come here: work,
    /// index and link; never content or size, which another block of the same hash need not share.
    fn judge(
        &mut self,
        hash: BlockHash,
        verdict: Result<(), RuleViolation>,
    ) -> Result<(), RuleViolation> {
        if verdict.is_err() && !self.refused.contains(&hash) {
            if self.refused.len() == MAX_REFUSED {
                self.refused.pop_front();
            }
            self.refused.push_back(hash);
        }
        if verdict.is_err() {
            self.orphans.remove_descendants(hash);
        }
        verdict
    }

    /// Takes the orphans that waited for `parent`; each is to be given to [`Chain::accept`] again.
    pub fn take_orphans_of(&mut self, parent: &BlockHash) -> Vec<CheckedBlock> {
        self.orphans.take_children(parent)
    }

    /// Every change up to `version` is durable; what lay over the store for it is let go.
    pub fn committed(&mut self, version: u64) {
        self.tree.committed(version);
    }

    /// The last block of the best chain.
    #[must_use]
    pub fn tip(&self) -> BestPoint {
        self.tree.tip()
    }

    /// The best chain's block at `height`, genesis included.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read; the same holds for every read here.
    pub fn best_at(&self, height: u32) -> Result<Option<BestPoint>, StoreError> {
        self.tree.best_at(height)
    }

    /// The block's place, if it is in the best chain.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn on_best_chain(&self, hash: &BlockHash) -> Result<Option<BestPoint>, StoreError> {
        Ok(self.tree.find(hash)?.filter(|known| known.on_best_chain).map(|known| known.point))
    }

    /// A block's place, in any branch.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn point(&self, hash: &BlockHash) -> Result<Option<BestPoint>, StoreError> {
        Ok(self.tree.find(hash)?.map(|known| known.point))
    }

    /// A whole block of any branch. The genesis block is not stored and gives `None`.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn block(&self, hash: &BlockHash) -> Result<Option<Arc<StoredBlock>>, StoreError> {
        self.tree.block(hash)
    }

    /// The last block of the best chain that the branch ending in `hash` contains; `None` where
    /// `hash` is unknown.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn fork_point(&self, hash: &BlockHash) -> Result<Option<BestPoint>, StoreError> {
        self.tree.fork_point(hash)
    }

    /// Hashes that tell another node what we have, newest first: the best chain from the tip down,
    /// ten one by one and then in doubling steps, and among them, at its height, `from`: the block
    /// where an earlier answer ended, in whatever branch. The genesis block is implied. At most 64.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn locator(&self, from: Option<BestPoint>) -> Result<Vec<BlockHash>, StoreError> {
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

    /// Changes that are accepted and not yet reported as committed.
    #[must_use]
    pub fn uncommitted_changes(&self) -> usize {
        self.tree.uncommitted_changes()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryBlocks;

    #[test]
    fn memory_of_refused_blocks_is_bounded_and_forgets_the_oldest() {
        let store = Box::new(MemoryBlocks::default());
        let mut chain = Chain::open(store, TreeLimits::default()).unwrap();
        let fault = RuleViolation::WrongIndex { index: 7, parent: 0 };
        let hash = |number: usize| {
            let mut hash = BlockHash::ZERO;
            hash.0[..8].copy_from_slice(&number.to_be_bytes());
            hash
        };
        for number in 0..=MAX_REFUSED {
            for _ in 0..2 {
                assert_eq!(chain.judge(hash(number), Err(fault.clone())), Err(fault.clone()));
            }
        }
        assert_eq!(chain.refused.len(), MAX_REFUSED);
        assert!(!chain.refused.contains(&hash(0)));
        assert!(chain.refused.contains(&hash(MAX_REFUSED)));
        assert_eq!(chain.judge(hash(0), Ok(())), Ok(()));
        assert_eq!(chain.refused.len(), MAX_REFUSED);
    }
}
