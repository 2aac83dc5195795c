//! When the node is to be woken, and what for.
//!
//! Owns the table of deadlines. When each is due is up to the concern that it belongs to.

use crate::prelude::*;

/// What waits for time to pass, and for nothing else.
#[derive(Clone, Copy)]
pub(crate) enum Timer {
    /// A step towards a branch that is ahead.
    Reorganise,
    /// A block ahead of the clock may be accepted.
    FutureBlock,
    /// A person is told of a held branch, or the limit comes to hold.
    HeldBranch,
    /// A peer is pinged, or closed.
    Peers,
    Dial,
    /// An answer is given up.
    Answers,
    Sync,
    Headers,
    Announced,
    Payloads,
    Originals,
    Gossip,
    /// The pool is looked through for what has waited too long.
    Expire,
    /// Peers are sent transactions.
    Transactions,
    Witness,
    /// A person is told of what hinders the node, or something comes to hinder it.
    Hindrance,
    /// Blocks are written that waited for more of them.
    Commit,
    /// Whether to mine, and on what, is to be decided anew.
    Mine,
}

const TIMERS: usize = Timer::Mine as usize + 1;

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Timers {
    due: [Option<Duration>; TIMERS],
    /// What the driver was told last, since it last woke the node.
    told: Option<Duration>,
}

impl Timers {
    pub(crate) fn get(&self, timer: Timer) -> Option<Duration> {
        self.due[timer as usize]
    }

    pub(crate) fn set(&mut self, timer: Timer, at: Option<Duration>) {
        self.due[timer as usize] = at;
    }

    /// The driver woke the node.
    pub(crate) fn rang(&mut self) {
        self.told = None;
    }

    /// When to be woken, where that is news to the driver.
    pub(crate) fn news(&mut self) -> Option<Duration> {
        let next = self.due.into_iter().flatten().min();
        let is_news = next != self.told;
        self.told = next;
        next.filter(|_| is_news)
    }
}
