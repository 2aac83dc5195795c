//! Branches that have more work than the best chain and are not followed at once: a long one costs
//! too much for what one block costs its sender.
//!
//! Owns what following a branch would cost, and which branch has the best claim to be followed. When
//! that is done is up to the node, how it is prepared to [`crate::accept`].

use super::fork_choice::{Switch, Verdict};
use super::side::SideEntry;
use super::{BestPoint, Known, Tree};
use crate::hash::BlockHash;
use crate::params::{AT_ONCE_BYTES, MAX_LINE_BYTES};
use crate::pow::Work;
use crate::prelude::*;
use crate::store::StoreResult;

/// A branch that has more work than the best chain and is not followed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rival {
    /// Its last block.
    pub tip: BestPoint,
    /// The last block that it has in common with the best chain.
    pub fork: BestPoint,
    /// Blocks of the best chain that following it reverts.
    pub depth: u32,
    /// Its own blocks, which following it connects.
    pub length: u32,
    /// Bytes of the lines of all these.
    pub bytes: u64,
    /// How much more work it has than the best chain.
    pub lead: Work,
    /// Whether a person accepted it.
    pub is_accepted: bool,
}

impl Rival {
    /// What following it costs: the blocks of the longer side, or as many as the bytes of both would
    /// be in lines of the greatest length of a classic one, if that is more.
    #[must_use]
    pub fn cost(&self) -> u32 {
        let lines = self.bytes / MAX_LINE_BYTES as u64;
        self.depth.max(self.length).max(u32::try_from(lines).unwrap_or(u32::MAX))
    }

    /// Whether it leads by more than a hundredth of the work of its own blocks.
    #[must_use]
    pub fn leads_clearly(&self) -> bool {
        let own = self.tip.work.minus(self.fork.work);
        self.lead.times(100) > own
    }

    /// Whether following it moves at most so many blocks of either side, and few bytes of them.
    #[must_use]
    pub fn is_small(&self, blocks: u32) -> bool {
        self.depth.max(self.length) <= blocks && self.bytes <= AT_ONCE_BYTES
    }
}

impl Tree {
    /// What following the branch that ends in a block of this place would cost; it has `parent`, and
    /// its lines have `total_bytes` from genesis on. With the first block beside the best chain. Costs
    /// some steps, however long the branch is.
    pub(super) fn measure(
        &self,
        new: &BestPoint,
        parent: &BlockHash,
        total_bytes: u64,
    ) -> StoreResult<(Rival, BlockHash)> {
        let (root, below) = match self.side.root_of(parent) {
            Some((root, entry)) => (root, entry.prev_hash),
            None => (new.hash, *parent),
        };
        let fork = self.find(&below)?;
        let fork_bytes = fork.map_or(0, |fork| fork.total_bytes);
        let fork = fork.map_or(self.genesis, |Known { point, .. }| point);
        let accepted = self.reorg_limit.accepted();
        let is_accepted =
            accepted.is_some_and(|hash| hash == new.hash || self.side.descends(parent, &hash));
        let tip = self.overlay.tip();
        let bytes_above_fork = |bytes: u64| bytes.saturating_sub(fork_bytes);
        let rival = Rival {
            tip: *new,
            fork,
            depth: tip.point.height.saturating_sub(fork.height),
            length: new.height.saturating_sub(fork.height),
            bytes: bytes_above_fork(total_bytes) + bytes_above_fork(tip.total_bytes),
            lead: new.work.minus(tip.point.work),
            is_accepted,
        };
        Ok((rival, root))
    }

    /// Whether following it takes a person's word.
    pub(crate) fn is_too_deep(&self, rival: &Rival) -> bool {
        !rival.is_accepted && self.max_reorg_depth().is_some_and(|limit| rival.depth > limit)
    }

    /// The branch with the most work that is ahead of the best chain and not held. What cannot be read is
    /// passed over until it grows.
    ///
    /// Branches are looked at once for each change: others than this one may have many ends, and it is
    /// asked for at each input.
    pub(crate) fn rival(&mut self) -> StoreResult<Option<Rival>> {
        let version = self.next_version();
        if let Some((looked_at, rival)) = self.rival
            && looked_at == version
        {
            return Ok(rival);
        }
        let rival = self.find_rival()?;
        self.rival = Some((version, rival));
        Ok(rival)
    }

    fn find_rival(&self) -> StoreResult<Option<Rival>> {
        let followed = self.ends_ahead().find(|(point, entry)| {
            !entry.is_passed_over && self.mark_of(&point.hash, &entry.prev_hash).is_none()
        });
        let measured = followed
            .map(|(point, entry)| self.measure(&point, &entry.prev_hash, entry.total_bytes));
        Ok(measured.transpose()?.map(|(rival, _)| rival))
    }

    /// The ends of branches that are ahead of the best chain, the best first.
    pub(super) fn ends_ahead(&self) -> impl Iterator<Item = (BestPoint, &SideEntry)> {
        let tip = self.tip();
        let ends = self.side.ends().filter_map(|hash| Some((hash, self.side.get(&hash)?)));
        let ends = ends.map(|(hash, entry)| (entry.point(hash), entry));
        ends.take_while(move |(point, _)| point.beats(&tip))
    }

    /// A block of the branch that ends in `end`, or of the best chain, was altered on the medium.
    pub(crate) fn pass_over(&mut self, end: &BlockHash) {
        self.side.pass_over(end);
        self.rival = None;
    }

    /// What makes the branch of a side block the best chain, which it may be. `None` where the best
    /// chain lacks a block. Reads no block.
    pub(crate) fn switch_for(&self, end: &BlockHash) -> StoreResult<Option<Switch>> {
        let Some(entry) = self.side.get(end) else { return Ok(None) };
        let (connected, below) = self.side.branch_below(entry.prev_hash);
        let fork = self.find(&below)?.map_or(self.genesis, |known| known.point);
        Ok(self.reverted_above(&fork)?.map(|reverted| Switch { fork, reverted, connected }))
    }

    /// Moves the best chain to the branch of a side block.
    pub(crate) fn switch(&mut self, end: BestPoint, switch: Switch) -> crate::ChainChange {
        // Whether it is to be followed was decided before.
        self.settle(end, &Verdict::Wins(switch), 0)
    }

    /// The block of a branch of side blocks at a height; `None` where it is not beside the best chain.
    pub(crate) fn side_ancestor(&self, end: &BlockHash, height: u32) -> Option<BestPoint> {
        let hash = self.side.ancestor_at(end, height)?;
        self.side.get(&hash).map(|entry| entry.point(hash))
    }
}
