//! Branches that have more work than the best chain and are not followed, since that would revert
//! more of it than the operator lets a node revert by itself.
//!
//! Owns which branches are held, since when, and which one a person accepted. A held branch is known
//! by its **root**: its first block beside the best chain. Whatever descends from a root is held with
//! it, so one branch is one entry however many ends it has. What a branch is worth is up to the tree.
//!
//! This is policy, not validity: a held block keeps every rule. Source: protocol, section 4.4.

use super::BestPoint;
use crate::hash::BlockHash;
use crate::prelude::*;
use crate::store::{StoredHold, StoredReorgLimit};

/// Branches held at once. Each needs a root of its own and more work than the best chain has, so
/// an attacker that fills this has mined that much for each; the one with the least work is forgotten first.
pub const MAX_HELD_BRANCHES: usize = 16;

/// A branch that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBranch {
    /// Its first block beside the best chain.
    pub root: BlockHash,
    /// Since when it is held, in Unix seconds.
    pub since: u64,
    /// Blocks of the best chain that following it would have reverted when it was first held.
    pub depth: u32,
    /// The known block of it that has the most work.
    pub tip: BestPoint,
}

/// Names a held branch in memory. Never used twice, so that what was marked with one says nothing
/// once the branch is let go.
pub(super) type HoldId = u32;

/// Which branches are held, and which one was accepted.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct ReorgLimit {
    held: BTreeMap<HoldId, HeldBranch>,
    next_id: HoldId,
    accepted: Option<BlockHash>,
    /// Whether the limit holds. It does not while a store that was empty is filled for the first time.
    is_bound: bool,
}

impl ReorgLimit {
    pub(super) fn bind(&mut self) {
        self.is_bound = true;
    }

    pub(super) fn is_bound(&self) -> bool {
        self.is_bound
    }

    /// Takes over what is stored. What a branch has above its root shows when side blocks are read.
    pub(super) fn open(stored: StoredReorgLimit, is_bound: bool) -> Self {
        let mut reorg_limit = Self { accepted: stored.accepted, is_bound, ..Self::default() };
        for StoredHold { root, since, depth } in stored.held.into_iter().take(MAX_HELD_BRANCHES) {
            let tip = BestPoint { hash: root, ..BestPoint::genesis() };
            reorg_limit.hold(HeldBranch { root, since, depth, tip });
        }
        reorg_limit
    }

    /// The last block that a person accepted, with whatever descends from it.
    pub(super) fn accepted(&self) -> Option<BlockHash> {
        self.accepted
    }

    pub(super) fn accept(&mut self, hash: BlockHash) {
        self.accepted = Some(hash);
    }

    pub(super) fn hold(&mut self, branch: HeldBranch) -> HoldId {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.held.insert(id, branch);
        id
    }

    pub(super) fn release(&mut self, id: HoldId) -> Option<HeldBranch> {
        self.held.remove(&id)
    }

    pub(super) fn get(&self, id: HoldId) -> Option<&HeldBranch> {
        self.held.get(&id)
    }

    pub(super) fn by_root(&self, root: &BlockHash) -> Option<HoldId> {
        self.iter().find(|(_, branch)| branch.root == *root).map(|(id, _)| id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (HoldId, &HeldBranch)> {
        self.held.iter().map(|(id, branch)| (*id, branch))
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// A block of the branch is known.
    pub(super) fn has(&mut self, id: HoldId, point: BestPoint) {
        if let Some(branch) = self.held.get_mut(&id).filter(|branch| point.beats(&branch.tip)) {
            branch.tip = point;
        }
    }

    /// The branch's end is forgotten, and its parent is the end now.
    pub(super) fn lost_tip(&mut self, id: HoldId, parent: BestPoint) {
        if let Some(branch) = self.held.get_mut(&id) {
            branch.tip = parent;
        }
    }

    /// Which branch a new side block is held with: that of the nearest root, unless a person accepted
    /// it.
    pub(super) fn mark(&self, hash: &BlockHash, of_parent: Option<HoldId>) -> Option<HoldId> {
        if self.accepted == Some(*hash) {
            return None;
        }
        self.by_root(hash).or(of_parent).filter(|id| self.held.contains_key(id))
    }

    /// Whether a stranger's file may have said this.
    pub(super) fn is_sound(&self) -> bool {
        self.held.len() <= MAX_HELD_BRANCHES
            && self.held.keys().all(|id| *id < self.next_id)
            && self.next_id < HoldId::MAX
    }
}
