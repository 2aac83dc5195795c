//! The state of a node, filled from its picture of itself.

use std::net::SocketAddr;

use kusari_chain::BestPoint;
use kusari_chain::params::CLASSIC_CHAIN;
use kusari_node::snapshot::PeerSummary;
use kusari_node::{Hindrance, NodeConfig, Snapshot};

use crate::branches::HeldReport;
use crate::{HindranceReport, PeerList, PeerReport, Status, WitnessStanding};

impl Status {
    /// The state of a node. `listen` is absent where none runs, `data_directory` where the chain is
    /// in memory.
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        listen: Option<SocketAddr>,
        data_directory: Option<String>,
    ) -> Self {
        let ledger = snapshot.ledger.as_ref();
        let (outbound_peers, inbound_peers) = snapshot.peer_counts();
        let BestPoint { height, hash, work } = snapshot.tip;
        Self {
            agent: NodeConfig::default().agent,
            chain: ledger
                .map_or_else(|| CLASSIC_CHAIN.to_owned(), |ledger| ledger.chain_id.to_string()),
            height,
            tip: hash,
            work,
            durable: true,
            recent_work: None,
            listen,
            data_directory,
            outbound_peers,
            inbound_peers,
            outbox_entries: snapshot.outbox_entries(),
            chain_name: ledger.map(|ledger| ledger.name.clone()),
            waiting_transactions: ledger.map(|ledger| ledger.pooled),
            drafts: ledger.map(|ledger| ledger.drafts),
            drafts_wait_for: ledger.and_then(|ledger| ledger.drafts_wait),
            displaced_entries: ledger.map(|ledger| ledger.displaced_entries),
            may_sign: ledger.map(|ledger| ledger.may_sign),
            witnesses: ledger.map(|ledger| WitnessStanding {
                listed: ledger.witnesses.listed.len(),
                near_tip: ledger.witnesses.near_tip,
            }),
            side_bytes: snapshot.side_bytes,
            side_limit: snapshot.side_limit,
            orphans: snapshot.orphans,
            held_branches: snapshot.held.iter().map(HeldReport::from).collect(),
            catching_up: snapshot.catching_up,
            bytes_sent: 0,
            bytes_received: 0,
            mining: None,
            machine_rate: None,
            hindrances: snapshot.hindrances.iter().map(HindranceReport::from).collect(),
        }
    }
}

impl HindranceReport {
    /// What may keep something from being mined.
    #[must_use]
    pub fn of_mining(snapshot: &Snapshot) -> Vec<Self> {
        let hindrances = snapshot.hindrances.iter();
        hindrances.filter(|hindrance| hindrance.holds_up_mining()).map(Self::from).collect()
    }
}

impl From<&Hindrance> for HindranceReport {
    fn from(hindrance: &Hindrance) -> Self {
        Self {
            hindrance: hindrance.clone(),
            unready: hindrance.is_unready(),
            text: hindrance.to_string(),
        }
    }
}

impl PeerList {
    /// Who is connected.
    #[must_use]
    pub fn new(snapshot: &Snapshot) -> Self {
        Self { peers: snapshot.peers.iter().map(PeerReport::from).collect() }
    }
}

impl From<&PeerSummary> for PeerReport {
    fn from(peer: &PeerSummary) -> Self {
        Self {
            address: peer.address,
            inbound: peer.inbound,
            listen: peer.listen,
            stage: peer.stage,
            agent: peer.agent.clone(),
            height: peer.height,
            latency_us: peer
                .latency
                .map(|latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)),
        }
    }
}
