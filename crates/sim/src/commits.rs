//! Commits on their way to the disk, and what waits for them.
//!
//! Owns the time a commit takes and the points at which a crash may fall: before it is written,
//! after it and before the node knows, and between any two things that were to follow.

use std::collections::VecDeque;

use kusari_chain::BlockWrite;
use kusari_node::Action;
use kusari_node::interface::{CommitId, Input};
use kusari_node::store::StoreBatch;

use crate::world::{MILLISECOND, Micros, World};

/// A commit that is not on the disk yet.
struct Pending {
    id: CommitId,
    batch: StoreBatch,
}

/// Commits that are under way; a crash loses them.
#[derive(Default)]
pub(crate) struct Commits {
    waiting: VecDeque<Pending>,
    disk_busy: bool,
    /// Reports come in order: none before this.
    reported_at: Micros,
    /// What is to be done once commits are durable.
    then: VecDeque<(CommitId, Vec<Action>)>,
}

impl Commits {
    pub(crate) fn is_busy(&self) -> bool {
        self.disk_busy || !self.then.is_empty()
    }
}

impl World {
    pub(crate) fn begin_commit(
        &mut self,
        host: usize,
        id: CommitId,
        batch: StoreBatch,
        then: Vec<Action>,
    ) {
        let Some(kusari) = self.kusari_mut(host) else { return };
        kusari.commits.waiting.push_back(Pending { id, batch });
        kusari.commits.then.push_back((id, then));
        self.run_disk(host);
    }

    fn run_disk(&mut self, host: usize) {
        let delay = self.random.below(1_000);
        let Some(kusari) = self.kusari_mut(host) else { return };
        if kusari.commits.disk_busy || kusari.commits.waiting.is_empty() {
            return;
        }
        kusari.commits.disk_busy = true;
        let (life, delay) = (kusari.life, delay * kusari.slowest_commit / 1_000);
        self.plan(self.now + delay, move |world| world.disk_done(host, life));
    }

    /// The disk has written some of what waits, in one go; soon the node will learn of it.
    pub(crate) fn disk_done(&mut self, host: usize, life: u32) {
        if self.kusari(host).is_none_or(|kusari| kusari.life != life) || self.write_point(host) {
            return;
        }
        let (draw, delay) = (self.random.draw(), self.random.below(5 * MILLISECOND));
        let now = self.now;
        let Some(kusari) = self.kusari_mut(host) else { return };
        let most = kusari.commits.waiting.len() as u64;
        let group = usize::try_from(draw % most.max(1) + 1).unwrap_or(1);
        let mut through = CommitId::default();
        let mut reorganised = false;
        for pending in kusari.commits.waiting.drain(..group.min(kusari.commits.waiting.len())) {
            kusari.disk.apply(&pending.batch);
            let mut writes = pending.batch.blocks.iter();
            reorganised |= writes.any(|write| matches!(write, BlockWrite::Disconnect { .. }));
            through = pending.id;
        }
        kusari.commits.disk_busy = false;
        kusari.commits.reported_at = kusari.commits.reported_at.max(now + delay);
        let at = kusari.commits.reported_at;
        self.plan(at, move |world| world.durable(host, life, through));
        if reorganised {
            self.audit(host);
        }
        if !self.write_point(host) {
            self.run_disk(host);
        }
    }

    /// Commits are durable: what waited for them is done, and then the node is told.
    pub(crate) fn durable(&mut self, host: usize, life: u32, through: CommitId) {
        loop {
            let Some(kusari) = self.alive(host, life) else {
                return;
            };
            if kusari.commits.then.front().is_none_or(|(id, _)| *id > through) {
                break;
            }
            if let Some((_, actions)) = kusari.commits.then.pop_front() {
                self.perform_all(host, actions);
            }
        }
        self.input_if_alive(host, life, Input::Committed { through });
        self.resume_reading(host);
    }
}
