//! Fork choice: whether a new block moves the best chain, and the move itself.
//!
//! Owns the verdict and what a switch, a hold or an eviction changes. Where the operator set a depth,
//! a branch that would revert more blocks than that is held, however much work it has. A long one that
//! may be followed is not followed at once: see [`super::rival`].

use super::ChainChange;
use super::overlay::BestEntry;
use super::reorg_limit::{HeldBranch, HoldId, MAX_HELD_BRANCHES};
use super::side::SideEntry;
use super::{BestPoint, Tree};
use crate::hash::BlockHash;
use crate::prelude::*;
use crate::store::{BlockWrite, StoreResult, StoredBlock, StoredHold};

/// What becomes of the best chain with a block.
pub(crate) enum Verdict {
    /// The block follows the tip.
    Extends,
    /// Its branch has less work than the best chain.
    Beside,
    /// Its branch has more, and is held.
    Held(Holding),
    /// Its branch has more, and is too long to be followed at once.
    Ahead,
    /// Its branch becomes the best chain.
    Wins(Switch),
}

/// Why a branch is held.
pub(crate) enum Holding {
    /// It was before.
    Already,
    /// It would revert too many blocks.
    TooDeep { root: BlockHash, depth: u32 },
}

/// What must be reverted and connected to make a branch the best chain.
pub(crate) struct Switch {
    pub(crate) fork: BestPoint,
    /// Parents first.
    pub(super) reverted: Vec<BestEntry>,
    /// Parents first; the block whose branch wins is not among them.
    pub(crate) connected: Vec<BlockHash>,
}

impl Switch {
    /// From the old tip down.
    pub(crate) fn reverted(&self) -> impl Iterator<Item = &BlockHash> {
        self.reverted.iter().rev().map(|entry| &entry.point.hash)
    }
}

impl Tree {
    /// What becomes of the best chain with a block of this place below `parent`, which is known; the
    /// lines of its chain have `total_bytes`. Everything that can fail is read here, before anything
    /// changes.
    pub(crate) fn verdict(
        &self,
        new: &BestPoint,
        parent: &BlockHash,
        total_bytes: u64,
    ) -> StoreResult<Verdict> {
        let tip = self.tip();
        if *parent == tip.hash {
            return Ok(Verdict::Extends);
        }
        if !new.beats(&tip) {
            return Ok(Verdict::Beside);
        }
        if self.mark_of(&new.hash, parent).is_some() {
            return Ok(Verdict::Held(Holding::Already));
        }
        let (rival, root) = self.measure(new, parent, total_bytes)?;
        if self.is_too_deep(&rival) {
            return Ok(Verdict::Held(Holding::TooDeep { root, depth: rival.depth }));
        }
        if !rival.is_small(self.limits.at_once_blocks) {
            return Ok(Verdict::Ahead);
        }
        let (connected, _) = self.side.branch_below(*parent);
        let Some(reverted) = self.reverted_above(&rival.fork)? else { return Ok(Verdict::Beside) };
        let switch = Switch { fork: rival.fork, reverted, connected };
        // What was altered on the medium can neither be taken back nor followed.
        for hash in switch.reverted().chain(&switch.connected) {
            if self.block(hash)?.is_none() {
                return Ok(Verdict::Beside);
            }
        }
        Ok(Verdict::Wins(switch))
    }

    /// The blocks of the best chain above one of it, parents first; `None` where one is missing.
    pub(super) fn reverted_above(&self, fork: &BestPoint) -> StoreResult<Option<Vec<BestEntry>>> {
        let heights = fork.height.saturating_add(1)..=self.tip().height;
        let entries = heights.map(|height| self.entry_at(height));
        entries.collect()
    }

    /// The deepest reorganisation that is followed now without a person's word.
    pub(crate) fn max_reorg_depth(&self) -> Option<u32> {
        self.limits.max_reorg_depth.filter(|_| self.reorg_limit.is_bound())
    }

    /// Which held branch a block below `parent` belongs to.
    pub(super) fn mark_of(&self, hash: &BlockHash, parent: &BlockHash) -> Option<HoldId> {
        if self.reorg_limit.is_empty() {
            return None;
        }
        let of_parent = self.side.get(parent).and_then(|parent| parent.held_by);
        self.reorg_limit.mark(hash, of_parent)
    }

    /// Adds a block beside the best chain, and does what was decided.
    pub(super) fn branch(
        &mut self,
        stored: Arc<StoredBlock>,
        line_bytes: u64,
        verdict: Verdict,
        now: u64,
        change: &mut ChainChange,
    ) {
        let point = BestEntry::of(&stored).point;
        let held_by = self.mark_of(&point.hash, &stored.block.prev_hash);
        self.next_order += 1;
        self.side.insert(point.hash, SideEntry { held_by, ..SideEntry::of(&stored, line_bytes) });
        self.overlay.add_uncommitted(Arc::clone(&stored));
        change.writes.push(BlockWrite::InsertSide(stored));
        if let Some(id) = held_by {
            self.reorg_limit.has(id, point);
        }
        match verdict {
            Verdict::Extends | Verdict::Beside | Verdict::Ahead => {}
            Verdict::Held(holding) => {
                change.is_held = true;
                self.hold(point, &holding, now, change);
            }
            Verdict::Wins(switch) => self.switch_to(point.hash, &switch, change),
        }
    }

    /// Holds the branch that ends in `end`, and forgets the weakest where there are too many.
    pub(super) fn hold(
        &mut self,
        end: BestPoint,
        holding: &Holding,
        now: u64,
        change: &mut ChainChange,
    ) {
        let Holding::TooDeep { root, depth } = *holding else { return };
        let branch = HeldBranch { root, since: now, depth, tip: end };
        let id = self.reorg_limit.hold(branch);
        self.mark_family(root, id);
        change.writes.push(BlockWrite::HoldBranch(StoredHold { root, since: now, depth }));
        if self.reorg_limit.len() > MAX_HELD_BRANCHES {
            let weakest = self
                .reorg_limit
                .iter()
                .min_by_key(|(_, branch)| (branch.tip.work, core::cmp::Reverse(branch.tip.hash)));
            if let Some(root) = weakest.map(|(_, branch)| branch.root) {
                self.forget_with_descendants(root, change);
            }
        }
    }

    /// Notes which branch a root and all that descends from it belong to.
    pub(super) fn mark_family(&mut self, root: BlockHash, id: HoldId) {
        let (accepted, mut stops) = (self.reorg_limit.accepted(), Vec::new());
        stops.extend(self.reorg_limit.iter().map(|(_, branch)| branch.root).filter(|r| *r != root));
        stops.extend(accepted);
        let marked = self.side.mark_family(root, id, &stops);
        for point in marked {
            self.reorg_limit.has(id, point);
        }
    }

    /// Makes the side branch that ends in `new_tip` the best chain.
    pub(super) fn switch_to(
        &mut self,
        new_tip: BlockHash,
        switch: &Switch,
        change: &mut ChainChange,
    ) {
        change.fork = switch.fork;
        let new_branch = self.side.take_branch(new_tip);
        let base = switch.fork.height;
        let mut parent_bytes =
            new_branch.first().map_or(0, |(_, entry)| entry.total_bytes - entry.line_bytes);
        for entry in &switch.reverted {
            let line_bytes = entry.total_bytes - parent_bytes;
            parent_bytes = entry.total_bytes;
            self.side.insert(entry.point.hash, SideEntry::from_best(entry, line_bytes));
        }
        for entry in switch.reverted.iter().rev() {
            change.reverted.push(entry.point);
            let (height, order) = (entry.point.height, entry.order);
            change.writes.push(BlockWrite::Disconnect { height, order });
        }
        self.overlay.truncate(base);
        for (hash, entry) in new_branch {
            let best = entry.to_best(hash);
            self.overlay.push(best);
            change.connected.push(best.point);
            change
                .writes
                .push(BlockWrite::Connect { height: best.point.height, order: best.order });
            self.release_root(&hash, change);
        }
    }

    /// A branch is no longer held once its root is in the best chain, or forgotten.
    fn release_root(&mut self, root: &BlockHash, change: &mut ChainChange) {
        if self.reorg_limit.is_empty() {
            return;
        }
        if let Some(id) = self.reorg_limit.by_root(root) {
            self.reorg_limit.release(id);
            change.writes.push(BlockWrite::ReleaseBranch { root: *root });
        }
    }

    pub(super) fn evict_side_blocks(&mut self, change: &mut ChainChange) {
        let limit = self.side_limit();
        while self.side.bytes() > limit {
            let Some((hash, entry)) = self.side.remove_least() else { break };
            self.forgotten(hash, &entry, change);
        }
    }

    /// Forgets a side block and all that descends from it.
    pub(super) fn forget_with_descendants(&mut self, root: BlockHash, change: &mut ChainChange) {
        for (hash, entry) in self.side.remove_with_descendants(root) {
            self.forgotten(hash, &entry, change);
        }
    }

    /// Writes that a side block is no longer there.
    fn forgotten(&mut self, hash: BlockHash, entry: &SideEntry, change: &mut ChainChange) {
        self.overlay.forget_uncommitted(&hash, entry.order);
        change.writes.push(BlockWrite::Evict { hash, order: entry.order });
        self.release_root(&hash, change);
        let Some((id, branch)) = entry.held_by.and_then(|id| Some((id, self.reorg_limit.get(id)?)))
        else {
            return;
        };
        if branch.tip.hash == hash
            && let Some(parent) = self.side.get(&entry.prev_hash)
        {
            self.reorg_limit.lost_tip(id, parent.point(entry.prev_hash));
        }
    }
}
