//! What a node looks like from outside, and what hinders it.

use super::Node;
use crate::hindrance::{Facts, Hindrance, hindrances};
use crate::interface::{Action, Direction, PeerId};
use crate::limits::MAX_UNCOMMITTED_BYTES;
use crate::peers::Peer;
use crate::prelude::*;
use crate::snapshot::{PeerSummary, Snapshot};

impl Node {
    /// Whether so much waits for its commit that nothing more may be read from peers.
    #[must_use]
    pub fn is_congested(&self) -> bool {
        self.commits.is_full()
            || self.chain.uncommitted_changes() >= self.config.max_uncommitted
            || self.chain.uncommitted_bytes() >= MAX_UNCOMMITTED_BYTES
    }

    /// What the node looks like now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_with(self.peers.iter().map(|peer| self.summary(peer)).collect())
    }

    /// What the node looks like now, where that is not what it looked like then. Nothing is made
    /// anew of peers that are the same.
    #[must_use]
    pub fn snapshot_since(&self, then: &Snapshot) -> Option<Snapshot> {
        let shown = |(peer, then): (_, &PeerSummary)| self.is_shown_by(peer, then);
        let is_same = self.peers.iter().count() == then.peers.len()
            && self.peers.iter().zip(then.peers.iter()).all(shown);
        let now = match is_same {
            true => self.snapshot_with(Arc::clone(&then.peers)),
            false => self.snapshot(),
        };
        (now != *then).then_some(now)
    }

    fn height_of(&self, peer: PeerId) -> Option<u32> {
        self.sync.claim_of(peer).map(|claim| claim.height)
    }

    fn summary(&self, (id, peer): (PeerId, &Peer)) -> PeerSummary {
        PeerSummary {
            address: peer.address,
            inbound: peer.direction == Direction::Inbound,
            stage: peer.stage,
            agent: peer.agent.clone(),
            height: self.height_of(id),
            latency: peer.latency,
        }
    }

    fn is_shown_by(&self, (id, peer): (PeerId, &Peer), summary: &PeerSummary) -> bool {
        let PeerSummary { address, inbound, stage, agent, height, latency } = summary;
        (peer.address, peer.stage, peer.latency) == (*address, *stage, *latency)
            && (peer.direction == Direction::Inbound) == *inbound
            && peer.agent == *agent
            && self.height_of(id) == *height
    }

    fn snapshot_with(&self, peers: Arc<[PeerSummary]>) -> Snapshot {
        let (side_bytes, side_limit) = self.chain.side_bytes();
        Snapshot {
            tip: self.chain.tip(),
            peers,
            originals: self.peers.iter().filter(|(_, peer)| peer.is_original()).count(),
            waiting_entries: self.outbox.waiting() + self.waiting_says.len() as u64,
            ledger: self.ledger_summary(),
            side_bytes,
            side_limit,
            held: self.chain.held_branches(),
            orphans: self.chain.orphan_count(),
            catching_up: self.catching_up,
            hindrances: self.hindrances(),
        }
    }

    /// What keeps it from doing all that it is for.
    fn hindrances(&self) -> Vec<Hindrance> {
        let transactions = self.transactions.as_ref();
        let drafts = transactions.map(|transactions| &transactions.drafts);
        let witnesses = self.witnesses.as_ref();
        hindrances(Facts {
            storage: self.storage.clone(),
            finding: self.refusals.finding().cloned(),
            refused_by: self.refusals.under_audit(),
            behind: self.behind().filter(|_| !self.catching_up),
            catching_up_at: self.catching_up.then(|| self.chain.tip().height),
            waiting: self.waiting_branch(),
            ahead_of_clock: self.mining.ahead_of_clock,
            drafts: drafts.and_then(|drafts| Some((drafts.len() as u64, drafts.wait()?))),
            witness_stopped: witnesses.and_then(|witnesses| witnesses.own.as_ref()?.stopped()),
        })
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
