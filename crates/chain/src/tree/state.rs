//! The tree as a plain value: what a checkpoint keeps of it, and how it is made again.
//!
//! Owns the form. Tables that follow from others are left out and made anew, and whatever a hash
//! table holds stands in an order of its own, so that equal trees have equal values. A state may
//! come out of a file of a stranger: one that contradicts itself is refused.

use super::overlay::{BestEntry, Overlay, Uncommitted};
use super::reorg_limit::ReorgLimit;
use super::side::{SideBranches, SideEntry};
use super::{BestPoint, Tree, TreeLimits};
use crate::hash::BlockHash;
use crate::prelude::*;
use crate::store::{BlockStore, MemoryBlocks, StoredBlock};

/// A state that no chain ever had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state of the chain contradicts itself: {0}")]
pub struct StateError(pub(crate) &'static str);

/// What a [`Tree`] knows beside its store and its limits.
#[derive(Serialize, Deserialize)]
pub(crate) struct TreeState {
    window: VecDeque<BestEntry>,
    /// Blocks that the store may not have yet, by order.
    uncommitted: Vec<Arc<StoredBlock>>,
    changes: VecDeque<Uncommitted>,
    last_version: u64,
    /// By order.
    side: Vec<(BlockHash, SideEntry)>,
    next_order: u64,
    reorg_limit: ReorgLimit,
}

/// The classic one over an empty store in memory.
impl Default for Tree {
    fn default() -> Self {
        let store = Box::new(MemoryBlocks::default());
        Self::new(store, TreeLimits::default(), BestEntry::genesis(BestPoint::genesis()))
    }
}

impl Tree {
    pub(crate) fn state(&self) -> TreeState {
        TreeState {
            window: self.overlay.window().clone(),
            uncommitted: self.overlay.uncommitted(),
            changes: self.overlay.changes().clone(),
            last_version: self.overlay.next_version() - 1,
            side: self.side.in_order(),
            next_order: self.next_order,
            reorg_limit: self.reorg_limit.clone(),
        }
    }

    /// The tree that had this state, over what its store held then.
    pub(crate) fn restore(
        state: TreeState,
        store: Box<dyn BlockStore>,
        limits: TreeLimits,
    ) -> Result<Self, StateError> {
        if state.last_version == u64::MAX {
            return Err(StateError("there is no version after its last one"));
        }
        check_window(&state.window)?;
        let mut versions = state.changes.iter().map(Uncommitted::version);
        if !versions.clone().is_sorted() || versions.any(|version| version > state.last_version) {
            return Err(StateError("changes are not in the order of their versions"));
        }
        let side = side_branches(&state.side)?;
        let overlay =
            Overlay::restore(state.window, state.uncommitted, state.changes, state.last_version)
                .ok_or(StateError("there is no tip"))?;
        let TreeState { reorg_limit, next_order, .. } = state;
        if !reorg_limit.is_sound() {
            return Err(StateError("more branches are held than may be"));
        }
        Ok(Self { store, limits, overlay, side, reorg_limit, next_order, ..Self::default() })
    }

    /// Goes on over another store, which holds what this tree's does.
    pub(crate) fn set_store(&mut self, store: Box<dyn BlockStore>, limits: TreeLimits) {
        (self.store, self.limits) = (store, limits);
    }
}

/// The window is a part of one chain, without a gap.
fn check_window(window: &VecDeque<BestEntry>) -> Result<(), StateError> {
    let follows = |(parent, child): (&BestEntry, &BestEntry)| {
        parent.point.height.checked_add(1) == Some(child.point.height)
            && child.prev_hash == parent.point.hash
            && child.total_bytes >= parent.total_bytes
    };
    if !window.iter().zip(window.iter().skip(1)).all(follows) {
        return Err(StateError("the window of the best chain has a gap"));
    }
    Ok(())
}

/// Heights that rise along every branch leave no room for a circle, which would be followed for
/// ever.
fn side_branches(entries: &[(BlockHash, SideEntry)]) -> Result<SideBranches, StateError> {
    let mut side = SideBranches::default();
    let mut bytes = 0_u64;
    for (hash, entry) in entries {
        let sum = bytes.checked_add(entry.line_bytes);
        bytes = sum.ok_or(StateError("side blocks are larger than anything can be"))?;
        if entry.line_bytes > entry.total_bytes || side.get(hash).is_some() {
            return Err(StateError("a side block stands there twice or is too large"));
        }
        side.insert(*hash, *entry);
    }
    for (_, entry) in entries {
        let parent = side.get(&entry.prev_hash);
        if parent.is_some_and(|parent| parent.height.checked_add(1) != Some(entry.height)) {
            return Err(StateError("a side block does not follow its parent"));
        }
    }
    Ok(side)
}
