//! What a node looks like from outside.

use super::Node;
use crate::interface::{Direction, PeerId};
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
        let claim = self.sync.claim_of(peer)?;
        let shown = self.gossip.had_by(peer, self.now).filter(|shown| shown.work > claim.work);
        Some(shown.unwrap_or(claim).height)
    }

    fn summary(&self, (id, peer): (PeerId, &Peer)) -> PeerSummary {
        PeerSummary {
            address: peer.address,
            inbound: peer.direction == Direction::Inbound,
            listen: peer.listening(),
            stage: peer.shown_stage(),
            agent: peer.agent.clone(),
            height: self.height_of(id),
            latency: peer.latency,
        }
    }

    fn is_shown_by(&self, (id, peer): (PeerId, &Peer), summary: &PeerSummary) -> bool {
        let PeerSummary { address, inbound, listen, stage, agent, height, latency } = summary;
        (peer.address, peer.shown_stage(), peer.latency) == (*address, *stage, *latency)
            && peer.listening() == *listen
            && (peer.direction == Direction::Inbound) == *inbound
            && peer.agent == *agent
            && self.height_of(id) == *height
    }

    fn snapshot_with(&self, peers: Arc<[PeerSummary]>) -> Snapshot {
        let (side_bytes, side_limit) = self.chain.side_bytes();
        Snapshot {
            tip: self.chain.tip(),
            announced_tip: self.announced_tip,
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
}
