//! Commits under way: what is not durable yet, and what is not spoken of before.

use kusari_chain::{BestPoint, BlockHash, ChainChange};

use super::Node;
use crate::interface::{Action, CommitId};
use crate::limits::{HELD_COMMIT_BLOCKS, HELD_COMMIT_TIME, MAX_COMMIT_BYTES};
use crate::prelude::*;

/// A commit under way.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    id: CommitId,
    /// The last change of the chain in it.
    version: u64,
    /// What it counts for, as [`crate::store::StoreBatch::counted_bytes`] says.
    bytes: u64,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Commits {
    under_way: VecDeque<UnderWay>,
    /// What they count for together.
    bytes: u64,
    last: CommitId,
    pub(super) durable: CommitId,
    /// Our own blocks that are not durable yet, and so not spoken of.
    unannounced: VecDeque<(CommitId, BestPoint)>,
    /// The last change of the chain.
    version: u64,
    /// By when blocks are written that wait for more of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_until: Option<Duration>,
}

impl Commits {
    /// Whether a state may say so, in which so many writes of blocks wait.
    pub(super) fn is_sound(&self, held: usize) -> bool {
        let sum = self.under_way.iter().try_fold(0, |sum: u64, one| sum.checked_add(one.bytes));
        sum == Some(self.bytes)
            && self.held_until.is_some() == (held > 0)
            && held < HELD_COMMIT_BLOCKS
    }

    /// The commit that what is being decided now will be part of.
    fn in_progress(&self) -> CommitId {
        CommitId(self.last.0 + 1)
    }

    /// Every commit up to this one is durable. Returns the last change of the chain among them.
    pub(super) fn committed(&mut self, through: CommitId) -> Option<u64> {
        let mut version = None;
        self.durable = through;
        while let Some(done) = self.under_way.pop_front_if(|commit| commit.id <= through) {
            self.bytes = self.bytes.saturating_sub(done.bytes);
            version = Some(done.version);
        }
        while self.unannounced.pop_front_if(|(id, _)| *id <= through).is_some() {}
        version
    }

    /// Our own blocks that are not durable yet.
    pub(super) fn unannounced(&self) -> impl Iterator<Item = &BestPoint> {
        self.unannounced.iter().map(|(_, point)| point)
    }

    /// Whether the block is one of ours that is not durable yet.
    pub(super) fn hides(&self, hash: &BlockHash) -> bool {
        self.unannounced().any(|own| own.hash == *hash)
    }

    /// Whether a block of ours becomes durable with what is being decided now.
    fn has_own_in_progress(&self) -> bool {
        self.unannounced.back().is_some_and(|(id, _)| *id == self.in_progress())
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= MAX_COMMIT_BYTES
    }

    pub(super) fn are_durable(&self) -> bool {
        self.durable >= self.last
    }
}

impl Node {
    /// The commit that what is being decided now will be part of.
    pub(super) fn commit_in_progress(&self) -> CommitId {
        self.commits.in_progress()
    }

    /// The commit after which everything accepted so far is stored.
    pub(super) fn commit_so_far(&self) -> CommitId {
        if self.batch.is_empty() { self.commits.last } else { self.commits.in_progress() }
    }

    /// Has a change of the chain written.
    pub(super) fn write(&mut self, change: ChainChange) {
        self.commits.version = change.version;
        self.batch.blocks.extend(change.writes);
    }

    /// Nothing is said of our own block before it is durable.
    pub(super) fn keep_back(&mut self, point: BestPoint) {
        self.commits.unannounced.push_back((self.commits.in_progress(), point));
    }

    /// Whether more is to be written with what is there: blocks of others that were asked for to catch up,
    /// which anybody has, cost less to write the more they are.
    fn is_commit_held(&self) -> bool {
        self.batch.is_of_blocks()
            && self.batch.blocks.len() < HELD_COMMIT_BLOCKS
            && self.then.is_empty()
            && !self.commits.has_own_in_progress()
            && self.commits.held_until.is_none_or(|until| self.now < until)
            && self.sync.is_catching_up(&self.downloads, self.now)
            && !self.serving.waits_for(self.commits.in_progress())
            && !self.is_congested()
    }

    /// When blocks are written that wait for more of them, in monotonic time.
    #[must_use]
    pub fn held_commit_deadline(&self) -> Option<Duration> {
        self.commits.held_until
    }

    pub(super) fn commit(&mut self) {
        // What is to follow may wait for commits that are under way, with nothing new to write.
        if self.batch.is_empty() && self.then.is_empty() {
            return;
        }
        if self.is_commit_held() {
            let until = self.now + HELD_COMMIT_TIME;
            self.commits.held_until.get_or_insert(until);
            return;
        }
        self.commits.held_until = None;
        let batch = core::mem::take(&mut self.batch);
        let then = core::mem::take(&mut self.then);
        let (id, bytes) = (self.commits.in_progress(), batch.counted_bytes());
        let commits = &mut self.commits;
        commits.last = id;
        commits.under_way.push_back(UnderWay { id, version: commits.version, bytes });
        commits.bytes = commits.bytes.saturating_add(bytes);
        self.actions.push(Action::Commit { id, batch, then });
    }
}
