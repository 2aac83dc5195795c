//! The world: machines, the network between them, and one queue of events on virtual time.
//!
//! Owns the order of everything. Events of one moment happen in the order in which they were
//! planned, and nothing here depends on the order of a hash table, so a seed names a whole run.

use std::collections::{BTreeMap, BTreeSet};

use kusari_node::{Event as NodeEvent, Node, PeerAddress};

use crate::alarms::Alarms;
use crate::byzantine::Byzantine;
use crate::checks::ListRule;
use crate::connection::Connection;
use crate::drafts::Drafted;
use crate::faults::Faults;
use crate::kusari::Kusari;
use crate::original::Original;
use crate::random::Random;
use crate::restored_nodes::Twins;
use crate::trace::Trace;
use crate::user_lines::Lines;
use crate::users::Ledger;

/// Virtual time since the beginning, in microseconds.
pub type Micros = u64;
/// One virtual millisecond.
pub const MILLISECOND: Micros = 1_000;
/// One virtual second.
pub const SECOND: Micros = 1_000_000;

/// What happens at a moment. Where it is for a node, it names the life that the node must still have.
type Event = Box<dyn FnOnce(&mut World)>;

/// A machine on the network.
pub(crate) enum Host {
    Kusari(Box<Kusari>),
    Original(Box<Original>),
    Byzantine(Box<Byzantine>),
}

/// Everything there is.
#[derive(Default)]
pub struct World {
    pub(crate) now: Micros,
    /// By time, and in the order in which they were planned.
    queue: BTreeMap<(Micros, u64), Event>,
    planned: u64,
    pub(crate) random: Random,
    pub(crate) hosts: Vec<Host>,
    pub(crate) directory: BTreeMap<PeerAddress, usize>,
    pub(crate) connections: BTreeMap<u64, Connection>,
    pub(crate) opened: u64,
    pub(crate) cuts: BTreeSet<(usize, usize)>,
    pub(crate) faults: Faults,
    pub(crate) trace: Trace,
    pub(crate) lines: Lines,
    pub(crate) ledger: Ledger,
    pub(crate) drafted: Drafted,
    pub(crate) alarms: Alarms,
    pub(crate) counts: Counts,
    /// Blocks that each node took back.
    pub(crate) reverted: BTreeMap<usize, u64>,
    pub(crate) twins: Twins,
    /// No piece takes much longer than the latency of its link.
    pub(crate) is_steady: bool,
    /// Texts hold nothing that JSON escapes.
    pub(crate) is_plain: bool,
    pub(crate) lists: Option<ListRule>,
    pub(crate) failure: Option<String>,
}

/// How much happened, so that a scenario can say that it was not empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events taken from the queue.
    pub events: u64,
    /// Nodes that crashed.
    pub crashes: u64,
    /// Stores that were lost, or replaced by old copies.
    pub lost_stores: u64,
    /// Reorganisations.
    pub reorganisations: u64,
    /// Addresses that were banned.
    pub bans: u64,
    /// Lines of peers that were refused.
    pub refusals: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Bytes that machines which mean no good queued.
    pub hostile_bytes: u64,
    /// Peers that lost their place to a newcomer.
    pub evictions: u64,
    /// Virtual seconds from the end of all faults until all nodes agreed.
    pub seconds_to_agree: u64,
    /// Blocks that nodes mined.
    pub mined: u64,
    /// Transactions of users that were refused.
    pub not_submitted: u64,
    /// Times that the accounts of a disk were compared with its blocks.
    pub audits: u64,
    /// Transactions of users that others displaced.
    pub displaced: u64,
    /// Drafts that were signed again.
    pub signed_again: u64,
    /// Transactions of users that came back after a reorganisation.
    pub returned: u64,
    /// Lines of users that came back after a reorganisation.
    pub reopened: u64,
    /// Alarms about branches that are held.
    pub alarms: u64,
    /// Pairs of honest nodes that went different ways until users decided.
    pub parted: u64,
    /// Lines that were queued for peers, signs of life left out.
    pub lines: u64,
    /// Those of them that ask for blocks.
    pub questions: u64,
    /// Points at which a node may crash that were passed.
    pub seam_points: u64,
    /// Bytes that were queued for peers, signs of life left out: those take the same whatever
    /// happens.
    pub bytes: u64,
}

impl World {
    /// An empty world. `printed` shows every step on standard output.
    #[must_use]
    pub fn new(seed: u64, printed: bool) -> Self {
        let (random, trace) = (Random::new(seed), Trace::new(printed));
        Self { random, trace, ..Self::default() }
    }

    /// Plans an event.
    pub(crate) fn plan(&mut self, at: Micros, event: impl FnOnce(&mut Self) + 'static) {
        self.planned += 1;
        let at = at.max(self.now);
        self.queue.insert((at, self.planned), Box::new(event));
    }

    /// The first thing that must not happen; what comes after it is of no interest.
    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.failure.is_none() {
            self.trace.note(self.now, 0, format_args!("FAILURE {what}"));
            self.failure = Some(format!("at {:.3} s: {what}", self.now as f64 / 1e6));
        }
    }

    /// Lets time pass up to a moment.
    pub(crate) fn run_until(&mut self, end: Micros) {
        while self.failure.is_none()
            && let Some(next) = self.queue.first_entry().filter(|next| next.key().0 <= end)
        {
            let event: Event;
            ((self.now, _), event) = next.remove_entry();
            self.counts.events += 1;
            event(self);
        }
        self.now = self.now.max(end);
    }

    pub(crate) fn run_for(&mut self, time: Micros) {
        self.run_until(self.now + time);
    }

    pub(crate) fn act(&mut self, host: usize) {
        match self.hosts.get(host) {
            Some(Host::Original(_)) => self.original_acts(host),
            Some(Host::Byzantine(_)) => self.byzantine_acts(host),
            _ => {}
        }
    }

    /// Notes what a node told its user.
    pub(crate) fn notified(&mut self, host: usize, event: &NodeEvent) {
        match event {
            NodeEvent::Reorganised { depth, from, .. } => {
                self.counts.reorganisations += 1;
                *self.reverted.entry(host).or_default() += u64::from(*depth);
                self.branch_followed(host, *depth, from);
            }
            NodeEvent::BranchHeld(report) => self.branch_held(host, report),
            NodeEvent::OriginalDiverged { address } if self.lists.is_some() => {
                self.fail(format!("node {host} gives up the original {address}"));
            }
            NodeEvent::LineReopened { .. } => self.counts.reopened += 1,
            NodeEvent::PeerBanned { address, .. } => {
                self.counts.bans += 1;
                self.check_ban(host, address.ip());
            }
            NodeEvent::TransactionDisplaced { txid, .. } => {
                self.counts.displaced += 1;
                self.ledger.displaced(host, txid);
            }
            NodeEvent::DraftSigned { former: Some(_), .. } => self.counts.signed_again += 1,
            NodeEvent::TransactionReturned { .. } => self.counts.returned += 1,
            NodeEvent::LineRefused { .. } | NodeEvent::BlockRefused { .. } => {
                self.counts.refusals += 1
            }
            NodeEvent::BlockAdded { block, .. } => self.lines.block_added(host, block.block.hash),
            _ => {}
        }
    }

    pub(crate) fn kusari(&self, host: usize) -> Option<&Kusari> {
        match self.hosts.get(host)? {
            Host::Kusari(kusari) => Some(kusari),
            _ => None,
        }
    }

    pub(crate) fn kusari_mut(&mut self, host: usize) -> Option<&mut Kusari> {
        match self.hosts.get_mut(host)? {
            Host::Kusari(kusari) => Some(kusari),
            _ => None,
        }
    }

    pub(crate) fn set(&mut self, host: usize, change: impl FnOnce(&mut Kusari)) {
        self.kusari_mut(host).map(change);
    }

    /// A machine that was not started again since.
    pub(crate) fn alive(&mut self, host: usize, life: u32) -> Option<&mut Kusari> {
        self.kusari_mut(host).filter(|kusari| kusari.life == life)
    }

    pub(crate) fn running(&mut self, host: usize) -> Option<&mut Kusari> {
        self.kusari_mut(host).filter(|kusari| kusari.node.is_some())
    }

    pub(crate) fn node(&self, host: usize) -> Option<&Node> {
        self.kusari(host)?.node.as_ref()
    }

    /// Every honest machine that runs the node under test.
    pub(crate) fn kusari_hosts(&self) -> Vec<usize> {
        let is_kusari = |&host: &usize| self.kusari(host).is_some() && self.is_honest(host);
        (0..self.hosts.len()).filter(is_kusari).collect()
    }
}
