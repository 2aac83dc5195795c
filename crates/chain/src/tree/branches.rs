//! What stands beside the best chain, for users who look or decide.
//!
//! Owns the list of branches and the next one that would have a claim to be the best. Changes nothing
//! but marks.

use super::ChainChange;
use super::fork_choice::{Holding, Switch, Verdict};
use super::reorg_limit::HeldBranch;
use super::{BestPoint, Tree};
use crate::hash::BlockHash;
use crate::prelude::*;
use crate::store::{BlockWrite, StoreResult};

/// A branch beside the best chain, by its last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Its last block.
    pub tip: BestPoint,
    /// The last block that it has in common with the best chain.
    pub fork: BestPoint,
    /// Blocks of the best chain that following it would revert.
    pub depth: u32,
    /// Timestamp of its first block after the fork, in Unix seconds.
    pub began: u64,
    /// Timestamp of its last block, in Unix seconds.
    pub ended: u64,
    /// Timestamp of the best chain's first block after the fork, in Unix seconds.
    pub best_began: u64,
    /// Timestamp of the best chain's last block, in Unix seconds.
    pub best_ended: u64,
    /// Since when it is held, in Unix seconds, if it is.
    pub held_since: Option<u64>,
    /// Whether a person accepted it: it is followed as soon as it has more work.
    pub is_accepted: bool,
}

/// Branches beside the best chain, the one with the most work first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branches {
    /// The best chain's last block.
    pub best: BestPoint,
    /// Those with the most work.
    pub branches: Vec<Branch>,
    /// How many there are.
    pub count: usize,
}

impl Tree {
    /// The branch that ends in a side block; `None` where there is no such block.
    pub(crate) fn branch_to(&self, end: &BlockHash) -> StoreResult<Option<Branch>> {
        let (Some(last), Some((_, first))) = (self.side.get(end), self.side.root_of(end)) else {
            return Ok(None);
        };
        let accepted = self.reorg_limit.accepted();
        let is_accepted = accepted.is_some_and(|hash| self.side.descends(end, &hash));
        let fork = self.find(&first.prev_hash)?.map_or(self.genesis, |known| known.point);
        let tip = self.overlay.tip();
        let best_first = self.entry_at(fork.height.saturating_add(1))?;
        let hold = last.held_by.and_then(|id| self.reorg_limit.get(id));
        Ok(Some(Branch {
            tip: last.point(*end),
            fork,
            depth: tip.point.height.saturating_sub(fork.height),
            began: first.timestamp,
            ended: last.timestamp,
            best_began: best_first.map_or(tip.timestamp, |entry| entry.timestamp),
            best_ended: tip.timestamp,
            held_since: hold.map(|hold| hold.since),
            is_accepted,
        }))
    }

    /// The branches with the most work, at most `limit`.
    pub(crate) fn branches(&self, limit: usize) -> StoreResult<Branches> {
        let mut branches = Vec::new();
        for hash in self.side.ends().take(limit) {
            branches.extend(self.branch_to(&hash)?);
        }
        Ok(Branches { best: self.tip(), branches, count: self.side.end_count() })
    }

    /// Held branches that have more work than the best chain, the one with the most first.
    pub(crate) fn held_branches(&self) -> Vec<HeldBranch> {
        let tip = self.tip();
        let ahead = self.reorg_limit.iter().filter(|(_, branch)| branch.tip.beats(&tip));
        let mut ahead: Vec<HeldBranch> = ahead.map(|(_, branch)| *branch).collect();
        ahead.sort_by(|a, b| match a.tip.beats(&b.tip) {
            true => core::cmp::Ordering::Less,
            false => core::cmp::Ordering::Greater,
        });
        ahead
    }

    /// Whether a block belongs to a held branch.
    pub(crate) fn is_held(&self, hash: &BlockHash) -> bool {
        let mark = self.side.get(hash).and_then(|entry| entry.held_by);
        mark.is_some_and(|id| self.reorg_limit.get(id).is_some())
    }

    pub(crate) fn is_beside(&self, hash: &BlockHash) -> bool {
        self.side.get(hash).is_some()
    }

    pub(crate) fn is_bound(&self) -> bool {
        self.reorg_limit.is_bound()
    }

    pub(crate) fn bind(&mut self) {
        self.reorg_limit.bind();
        self.rival = None;
    }

    /// The next branch that has more work than the best chain and is neither held nor too long to be
    /// followed at once, with what becomes of it now: [`Verdict::Wins`], or [`Verdict::Held`] anew.
    pub(crate) fn next_rival(&self) -> StoreResult<Option<(BestPoint, Verdict)>> {
        let tip = self.tip();
        for (point, entry) in self.ends_ahead() {
            match self.verdict(&point, &entry.prev_hash, entry.total_bytes)? {
                Verdict::Held(Holding::Already) | Verdict::Beside | Verdict::Ahead => {}
                Verdict::Extends => {
                    let (reverted, connected) = (Vec::new(), Vec::new());
                    let switch = Switch { fork: tip, reverted, connected };
                    return Ok(Some((point, Verdict::Wins(switch))));
                }
                verdict => return Ok(Some((point, verdict))),
            }
        }
        Ok(None)
    }

    /// Does what was decided about a branch of side blocks.
    pub(crate) fn settle(&mut self, end: BestPoint, verdict: &Verdict, now: u64) -> ChainChange {
        let mut change = self.begin_change(end);
        match verdict {
            Verdict::Wins(switch) => self.switch_to(end.hash, switch, &mut change),
            Verdict::Held(holding) => {
                change.is_held = true;
                self.hold(end, holding, now, &mut change);
            }
            Verdict::Extends | Verdict::Beside | Verdict::Ahead => {}
        }
        self.evict_side_blocks(&mut change);
        change
    }

    /// Lets go of branches that were held for a lower limit than the one that holds now, and of those
    /// that are no longer there. `None` where there are none.
    pub(crate) fn release_within_limit(&mut self) -> Option<ChainChange> {
        let limit = self.max_reorg_depth();
        let is_over = |branch: &HeldBranch| {
            limit.is_none_or(|limit| branch.depth <= limit) || !self.is_beside(&branch.root)
        };
        let over: Vec<_> = self
            .reorg_limit
            .iter()
            .filter(|(_, branch)| is_over(branch))
            .map(|(id, _)| id)
            .collect();
        self.release_all(over)
    }

    fn release_all(&mut self, ids: Vec<u32>) -> Option<ChainChange> {
        let mut change = self.begin_change(self.tip());
        let released: Vec<_> =
            ids.into_iter().filter_map(|id| self.reorg_limit.release(id)).collect();
        for HeldBranch { root, .. } in released {
            change.writes.push(BlockWrite::ReleaseBranch { root });
            // One that grew out of another held branch belongs to that one again.
            let parent = self.side.get(&root).map(|entry| entry.prev_hash);
            if let Some(around) = parent.and_then(|parent| self.mark_of(&root, &parent)) {
                self.mark_family(root, around);
            }
        }
        Some(change).filter(|change| !change.writes.is_empty())
    }

    /// A person accepts a side block with whatever descends from it: no limit keeps it from being
    /// followed. Held branches that it has blocks in common with are let go; what of them does not
    /// descend from the block is judged anew.
    pub(crate) fn accept_branch(&mut self, hash: BlockHash) -> ChainChange {
        let held_by = self.side.get(&hash).and_then(|entry| entry.held_by);
        let held = self.reorg_limit.iter();
        let touched = held.filter(|(id, branch)| {
            Some(*id) == held_by || self.side.descends(&branch.tip.hash, &hash)
        });
        let touched = touched.map(|(id, _)| id).collect();
        self.reorg_limit.accept(hash);
        let released = self.release_all(touched);
        let mut change = released.unwrap_or_else(|| self.begin_change(self.tip()));
        change.writes.push(BlockWrite::AcceptBranch { hash });
        change
    }
}
