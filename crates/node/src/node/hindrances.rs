//! What hinders the node, and when a person is told.
//!
//! Owns the facts that no other concern has: how clocks differ, and what waits while nobody mines.

use super::Node;
use crate::config::MiningPolicy;
use crate::event::Event;
use crate::hindrance::{ClockDifference, Facts, Hindrance, News, hindrances};
use crate::interface::{Action, Direction, PeerId};
use crate::limits::{CLOCK_TOLERANCE, UNMINED_AFTER, UNMINED_BLOCKS};
use crate::prelude::*;

/// Since when something waits to be mined while none of it is.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Unmined {
    waiting: u64,
    since: Option<Duration>,
}

impl Node {
    /// What keeps it from doing all that it is for.
    pub(super) fn hindrances(&self) -> Vec<Hindrance> {
        let transactions = self.transactions.as_ref();
        let drafts = transactions.map(|transactions| &transactions.drafts);
        let witnesses = self.witnesses.as_ref();
        hindrances(Facts {
            storage: self.storage.clone(),
            finding: self.refusals.finding().cloned(),
            refused_by: self.refusals.under_audit(),
            unanswered: self.unanswered_dials(),
            behind: self.behind().filter(|_| !self.catching_up),
            catching_up_at: self.catching_up.then(|| self.chain.tip().height),
            held: self.chain.held_branches(),
            waiting: self.waiting_branch(),
            clock: self.clock_difference(),
            future_blocks: self.future_blocks(),
            ahead_of_clock: self.mining.ahead_of_clock,
            unmined: self.unmined(),
            drafts: drafts.and_then(|drafts| Some((drafts.len() as u64, drafts.wait()?))),
            witness_stopped: witnesses.and_then(|witnesses| witnesses.own.as_ref()?.stopped()),
        })
    }

    /// Tells a person what begins to hinder the node, and what no longer does.
    pub(super) fn watch_hindrances(&mut self) {
        self.watch_unmined();
        let found = self.hindrances();
        if found.is_empty() && self.hindrance_watch.is_empty() {
            return;
        }
        for news in self.hindrance_watch.look(&found, self.now) {
            self.notify(match news {
                News::Begun(hindrance) => Event::HindranceBegan { hindrance },
                News::Ended(hindrance) => Event::HindranceEnded { hindrance },
            });
        }
    }

    pub(super) fn hindrance_deadline(&self) -> Option<Duration> {
        let unmined = self.unmined_at().filter(|at| *at > self.now);
        unmined.into_iter().chain(self.hindrance_watch.deadline()).min()
    }

    /// Addresses that are dialled, where no peer is a node.
    fn unanswered_dials(&self) -> Option<u64> {
        let dialled = self.dials.wanted();
        (dialled > 0 && !self.peers.iter().any(|(_, peer)| peer.is_node())).then_some(dialled)
    }

    /// How this machine's clock differs from the median of those of peers. Those that we dialled count alone,
    /// where there are any: what others say costs them nothing.
    fn clock_difference(&self) -> Option<ClockDifference> {
        // By how much ours is ahead: below zero where it is behind.
        let ahead = |(time, heard_at): (u64, Duration)| {
            let theirs = time.saturating_add(self.now.saturating_sub(heard_at).as_secs());
            i128::from(self.wall) - i128::from(theirs)
        };
        let clocks = |dialled| {
            let peers = self.peers.iter().map(|(_, peer)| peer);
            let counted = peers.filter(move |p| (p.direction != Direction::Inbound) == dialled);
            counted.filter_map(|peer| peer.clock).map(ahead)
        };
        let is_off = |difference: &i128| difference.unsigned_abs() > u128::from(CLOCK_TOLERANCE);
        let dialled = clocks(true).count();
        let counted = dialled > 0;
        if !clocks(counted).any(|difference| is_off(&difference)) {
            return None;
        }
        let mut differences: Vec<i128> = clocks(counted).collect();
        differences.sort_unstable();
        let median = differences.get(differences.len() / 2).copied().filter(is_off)?;
        Some(ClockDifference {
            ahead: median > 0,
            seconds: u64::try_from(median.unsigned_abs()).unwrap_or(u64::MAX),
            peers: differences.len() as u64,
            dialled: dialled as u64,
        })
    }

    /// Blocks that are ahead of the clock, and how many seconds the first waits.
    fn future_blocks(&self) -> Option<(u64, u64)> {
        let due = self.chain.next_due()?;
        Some((self.chain.future_blocks() as u64, due.saturating_sub(self.wall)))
    }

    fn watch_unmined(&mut self) {
        let is_off = self.config.ledger.as_ref().is_some_and(|l| l.mining == MiningPolicy::Off);
        let waiting = if is_off { self.waiting() } else { 0 };
        let Unmined { waiting: before, since } = &mut self.unmined;
        if waiting == 0 {
            *since = None;
        } else if waiting < *before || since.is_none() {
            *since = Some(self.now);
        }
        *before = waiting;
    }

    /// When it is to be told that nobody mines: at once where no peer could.
    fn unmined_at(&self) -> Option<Duration> {
        let since = self.unmined.since?;
        let blocks = self.config.ledger.as_ref()?.spec.block_time_s.saturating_mul(UNMINED_BLOCKS);
        let patience = UNMINED_AFTER.max(Duration::from_secs(blocks.into()));
        let has_peer = self.peers.iter().any(|(_, peer)| peer.is_introduced());
        Some(if has_peer { since + patience } else { since })
    }

    fn unmined(&self) -> Option<(u64, u64)> {
        self.unmined_at().filter(|at| *at <= self.now)?;
        let peers = self.peers.iter().filter(|(_, peer)| peer.is_introduced()).count();
        Some((self.unmined.waiting, peers as u64))
    }

    /// A peer refused something: where enough of them refuse our blocks, the store is audited.
    pub(super) fn note_block_refusal(&mut self, peer: PeerId, code: &str) {
        let Some(peer) = self.peers.get(peer).filter(|peer| peer.is_introduced()) else { return };
        if self.refusals.refused(peer.address.ip(), code, self.now) {
            self.actions.push(Action::Audit);
        }
    }

    /// An audit of the store, which refusals of peers asked for, is done.
    pub(super) fn audited(&mut self, finding: Option<String>) {
        self.refusals.audited(finding, self.now);
    }
}
