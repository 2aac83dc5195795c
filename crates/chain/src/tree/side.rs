//! Blocks beside the best chain: their places, their total size, and which goes first.
//!
//! Memory is about 200 bytes a block, and a block's line is at least 223 bytes; so the bound on
//! side branches, which is in bytes of lines, bounds this too. An ancestor at some height, and the
//! first block of a branch, are found in a logarithm of the branch's length: a block that is added to
//! a long branch must not cost a walk of it.

use core::cmp::Reverse;

use hashbrown::{HashMap, HashSet};

use super::BestPoint;
use super::overlay::BestEntry;
use super::reorg_limit::HoldId;
use crate::hash::BlockHash;
use crate::pow::{ChainTime, Work};
use crate::prelude::*;
use crate::store::StoredBlock;

/// A side block, without its content.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct SideEntry {
    pub(super) prev_hash: BlockHash,
    pub(super) height: u32,
    pub(super) work: Work,
    pub(super) order: u64,
    pub(super) line_bytes: u64,
    pub(super) total_bytes: u64,
    pub(super) timestamp: u64,
    /// On a ledger chain.
    pub(super) time: ChainTime,
    /// The held branch that it belongs to, as long as that one is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) held_by: Option<HoldId>,
    /// Whether the branch that ends here was to be followed and could not be read.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(super) is_passed_over: bool,
    /// A far ancestor beside the best chain, if there was one when the block came: a way that is
    /// shorter than over the parents. Nothing but the cost of a walk depends on it.
    #[serde(skip)]
    pub(super) skip: Option<BlockHash>,
}

impl SideEntry {
    pub(super) fn of(stored: &StoredBlock, line_bytes: u64) -> Self {
        Self::from_best(&BestEntry::of(stored), line_bytes)
    }

    pub(super) fn from_best(best: &BestEntry, line_bytes: u64) -> Self {
        let BestEntry { point, prev_hash, order, total_bytes, timestamp, time } = *best;
        let BestPoint { height, work, .. } = point;
        Self {
            prev_hash,
            height,
            work,
            order,
            line_bytes,
            total_bytes,
            timestamp,
            time,
            held_by: None,
            is_passed_over: false,
            skip: None,
        }
    }

    pub(super) fn to_best(self, hash: BlockHash) -> BestEntry {
        BestEntry {
            point: self.point(hash),
            prev_hash: self.prev_hash,
            order: self.order,
            total_bytes: self.total_bytes,
            timestamp: self.timestamp,
            time: self.time,
        }
    }

    pub(super) fn point(&self, hash: BlockHash) -> BestPoint {
        BestPoint { height: self.height, hash, work: self.work }
    }

    /// The next block on the way down to an ancestor of this height, which is lower.
    fn way_down_to(&self, height: u32) -> BlockHash {
        let Some(skip) = self.skip else { return self.prev_hash };
        let far = skip_height(self.height);
        let of_parent = skip_height(self.height.saturating_sub(1));
        // The parent's way may be the longer one that still does not go too far.
        let parent_is_better = of_parent.saturating_add(2) < far && of_parent >= height;
        match far == height || (far > height && !parent_is_better) {
            true => skip,
            false => self.prev_hash,
        }
    }
}

/// Which ancestor a block of this height points to beside its parent, so that any is reached in a
/// logarithm of steps. Source: Bitcoin Core, `chain.cpp`.
fn skip_height(height: u32) -> u32 {
    let without_lowest_one = |number: u32| number & number.wrapping_sub(1);
    match height {
        0 | 1 => 0,
        odd if odd % 2 == 1 => without_lowest_one(without_lowest_one(odd - 1)) + 1,
        even => without_lowest_one(even),
    }
}

/// All side branches. A branch's end is a side block without children.
#[derive(Default)]
pub(super) struct SideBranches {
    entries: HashMap<BlockHash, SideEntry>,
    /// How many side blocks follow a block of any kind.
    children: HashMap<BlockHash, u32>,
    /// In the order of fork choice, the worst first.
    ends: BTreeSet<(Work, Reverse<BlockHash>)>,
    bytes: u64,
}

impl SideBranches {
    pub(super) fn get(&self, hash: &BlockHash) -> Option<&SideEntry> {
        self.entries.get(hash)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Every side block, by order.
    pub(super) fn in_order(&self) -> Vec<(BlockHash, SideEntry)> {
        let mut entries: Vec<_> =
            self.entries.iter().map(|(hash, entry)| (*hash, *entry)).collect();
        entries.sort_unstable_by_key(|(_, entry)| entry.order);
        entries
    }

    pub(super) fn insert(&mut self, hash: BlockHash, mut entry: SideEntry) {
        entry.skip = self.ancestor_at(&entry.prev_hash, skip_height(entry.height));
        if let Some(parent) = self.entries.get(&entry.prev_hash) {
            self.ends.remove(&(parent.work, Reverse(entry.prev_hash)));
        }
        *self.children.entry(entry.prev_hash).or_insert(0) += 1;
        if !self.children.contains_key(&hash) {
            self.ends.insert((entry.work, Reverse(hash)));
        }
        self.bytes += entry.line_bytes;
        self.entries.insert(hash, entry);
    }

    pub(super) fn remove(&mut self, hash: &BlockHash) -> Option<SideEntry> {
        let entry = self.entries.remove(hash)?;
        self.bytes -= entry.line_bytes;
        self.ends.remove(&(entry.work, Reverse(*hash)));
        if let Some(count) = self.children.get_mut(&entry.prev_hash) {
            *count -= 1;
            if *count == 0 {
                self.children.remove(&entry.prev_hash);
                if let Some(parent) = self.entries.get(&entry.prev_hash) {
                    self.ends.insert((parent.work, Reverse(entry.prev_hash)));
                }
            }
        }
        Some(entry)
    }

    /// The side block of this height in the branch that ends in `end`.
    pub(super) fn ancestor_at(&self, end: &BlockHash, height: u32) -> Option<BlockHash> {
        let mut at = *end;
        let mut entry = self.entries.get(&at)?;
        while entry.height > height {
            // What is above the best chain stays so upwards: where a far ancestor is not here, none
            // below it is.
            at = entry.way_down_to(height);
            entry = self.entries.get(&at)?;
        }
        (entry.height == height).then_some(at)
    }

    /// The first block beside the best chain of the branch that ends in `end`.
    pub(super) fn root_of(&self, end: &BlockHash) -> Option<(BlockHash, &SideEntry)> {
        let mut at = *end;
        let mut entry = self.entries.get(&at)?;
        loop {
            let far = entry.skip.and_then(|skip| Some((skip, self.entries.get(&skip)?)));
            let next = far.or_else(|| Some((entry.prev_hash, self.entries.get(&entry.prev_hash)?)));
            let Some(next) = next else { return Some((at, entry)) };
            (at, entry) = next;
        }
    }

    /// Whether the branch that ends in `end` has this block, beside the best chain.
    pub(super) fn descends(&self, end: &BlockHash, from: &BlockHash) -> bool {
        let height = self.entries.get(from).map(|entry| entry.height);
        height.is_some_and(|height| self.ancestor_at(end, height) == Some(*from))
    }

    /// Removes a side block with all that descends from it, children before their parents.
    pub(super) fn remove_with_descendants(
        &mut self,
        hash: BlockHash,
    ) -> Vec<(BlockHash, SideEntry)> {
        // Rare, so looking through all side blocks once will do. Parents come first by order.
        let mut family = HashSet::new();
        family.insert(hash);
        let mut removed = alloc::vec![hash];
        for (hash, entry) in self.in_order() {
            if family.contains(&entry.prev_hash) {
                family.insert(hash);
                removed.push(hash);
            }
        }
        removed.iter().rev().filter_map(|hash| Some((*hash, self.remove(hash)?))).collect()
    }

    /// Notes which held branch `root` and all that descends from it belong to, but for what
    /// descends from one of `stops`. Returns their places.
    pub(super) fn mark_family(
        &mut self,
        root: BlockHash,
        id: HoldId,
        stops: &[BlockHash],
    ) -> Vec<BestPoint> {
        let mut marked = Vec::new();
        // Rare, since an attacker that has this done mined the branch first.
        for (hash, entry) in self.in_order() {
            let of_parent = self.entries.get(&entry.prev_hash).and_then(|parent| parent.held_by);
            let belongs = !stops.contains(&hash) && (hash == root || of_parent == Some(id));
            if let Some(entry) = self.entries.get_mut(&hash).filter(|_| belongs) {
                entry.held_by = Some(id);
                marked.push(entry.point(hash));
            }
        }
        marked
    }

    /// The branch that ends here is not to be followed as it is.
    pub(super) fn pass_over(&mut self, end: &BlockHash) {
        if let Some(entry) = self.entries.get_mut(end) {
            entry.is_passed_over = true;
        }
    }

    /// The ends of branches, the best first.
    pub(super) fn ends(&self) -> impl Iterator<Item = BlockHash> {
        self.ends.iter().rev().map(|(_, Reverse(hash))| *hash)
    }

    /// The side blocks from a branch's first to this one, and what the first one follows; nothing and
    /// `at` itself where that is no side block.
    pub(super) fn branch_below(&self, mut at: BlockHash) -> (Vec<BlockHash>, BlockHash) {
        let mut branch = Vec::new();
        while let Some(entry) = self.get(&at) {
            branch.push(at);
            at = entry.prev_hash;
        }
        branch.reverse();
        (branch, at)
    }

    /// Side blocks without children.
    pub(super) fn end_count(&self) -> usize {
        self.ends.len()
    }

    /// Removes the branch that ends in `end` and returns it, oldest first.
    pub(super) fn take_branch(&mut self, end: BlockHash) -> Vec<(BlockHash, SideEntry)> {
        let mut branch = Vec::new();
        let mut at = end;
        while let Some(entry) = self.remove(&at) {
            branch.push((at, entry));
            at = entry.prev_hash;
        }
        branch.reverse();
        branch
    }

    /// Removes the end of the branch with the least work. Its parent then has the least, so calls
    /// in a row take a branch from its end to where it is shared.
    pub(super) fn remove_least(&mut self) -> Option<(BlockHash, SideEntry)> {
        let (_, Reverse(hash)) = *self.ends.first()?;
        self.remove(&hash).map(|entry| (hash, entry))
    }
}
