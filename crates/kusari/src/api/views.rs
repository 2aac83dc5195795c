//! The forms of the local API, filled from the node's picture of itself and from a store.
//!
//! Owns nothing but the way from one to the other: the API, the prompt and the commands tell the
//! same.

use std::net::SocketAddr;

use kusari_chain::BestPoint;
use kusari_node::snapshot::PeerSummary;
use kusari_node::{Hindrance, NodeConfig, PeerStage, Snapshot};

use super::branches::HeldReport;
use super::model::{
    BlockReport, HindranceReport, PeerList, PeerReport, RecentWorkReport, Stage, Status,
    TransactionList, TransactionPlace, TransactionReport, WitnessStanding,
};
use crate::runtime::Traffic;
use crate::store::{Match, Placed, RecentWork, SearchPage};

/// The chain that nodes of this kind follow, as `HELLO` names it too.
const CHAIN: &str = "classic";

impl Status {
    /// The state of a node. `listen` is absent where none runs, `data_directory` where the chain is
    /// in memory.
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        listen: Option<SocketAddr>,
        data_directory: Option<String>,
    ) -> Self {
        let inbound_peers = snapshot.peers.iter().filter(|peer| peer.inbound).count();
        let BestPoint { height, hash, work } = snapshot.tip;
        Self {
            agent: NodeConfig::default().agent,
            chain: snapshot
                .ledger
                .as_ref()
                .map_or_else(|| CHAIN.to_owned(), |ledger| ledger.chain_id.to_string()),
            height,
            tip: hash,
            work,
            recent_work: None,
            listen,
            data_directory,
            outbound_peers: snapshot.peers.len().saturating_sub(inbound_peers),
            inbound_peers,
            waiting_records: snapshot.waiting_lines,
            chain_name: snapshot.ledger.as_ref().map(|ledger| ledger.name.clone()),
            waiting_transactions: snapshot.ledger.as_ref().map(|ledger| ledger.pooled),
            drafts: snapshot.ledger.as_ref().map(|ledger| ledger.drafts),
            drafts_wait_for: snapshot.ledger.as_ref().and_then(|ledger| ledger.drafts_wait),
            displaced_records: snapshot.ledger.as_ref().map(|ledger| ledger.own_displaced),
            may_sign: snapshot.ledger.as_ref().map(|ledger| ledger.may_sign),
            witnesses: snapshot.ledger.as_ref().map(|ledger| WitnessStanding {
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
            hindrances: snapshot.hindrances.iter().map(HindranceReport::from).collect(),
        }
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

impl TransactionReport {
    /// A transaction that a search found, where the best chain has this height.
    #[must_use]
    pub fn of_match(one: Match, tip: u32) -> Self {
        let Match { found, timestamp, transaction, payload } = one;
        let block = TransactionPlace {
            height: found.height,
            hash: found.block,
            timestamp,
            place: found.place,
            confirmations: tip.saturating_sub(found.height).saturating_add(1),
        };
        let txid = transaction.txid();
        Self {
            txid,
            transaction,
            payload,
            waits: false,
            displaced_by: None,
            former_txid: None,
            record: None,
            block: Some(block),
            beside: None,
        }
    }
}

impl From<SearchPage> for TransactionList {
    fn from(SearchPage { found, tip, next }: SearchPage) -> Self {
        let reports = found.into_iter().map(|one| TransactionReport::of_match(one, tip));
        let next = next.map(|position| position.to_string());
        Self { transactions: reports.collect(), next }
    }
}

impl Status {
    /// The same, with what the last blocks took, where there are any.
    #[must_use]
    pub fn with_recent_work(self, recent: RecentWork) -> Self {
        let RecentWork { ten_blocks, hour, day } = recent;
        let report = RecentWorkReport { ten_blocks, hour, day };
        Self { recent_work: (self.height > 0).then_some(report), ..self }
    }

    /// The same, with what went over the connections of the node that runs.
    #[must_use]
    pub fn with_traffic(self, traffic: &Traffic) -> Self {
        Self { bytes_sent: traffic.sent(), bytes_received: traffic.received(), ..self }
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
            stage: peer.stage.into(),
            agent: peer.agent.clone(),
            height: peer.height,
            latency_us: peer
                .latency
                .map(|latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)),
        }
    }
}

impl From<PeerStage> for Stage {
    fn from(stage: PeerStage) -> Self {
        match stage {
            PeerStage::Greeted => Self::Greeted,
            PeerStage::Silent => Self::Silent,
            PeerStage::Plain => Self::Plain,
            PeerStage::Original => Self::Original,
            PeerStage::Introduced => Self::Introduced,
        }
    }
}

impl From<Placed> for BlockReport {
    fn from(placed: Placed) -> Self {
        Self {
            block: placed.block,
            work: placed.work,
            best_chain: placed.confirmations.is_some(),
            confirmations: placed.confirmations.unwrap_or(0),
        }
    }
}
