//! What `GET /v1/events` tells.
//!
//! Owns the form of each kind of event. The name of a kind stands in the data as well as before it,
//! so that a line of data is understood by itself.

use std::net::SocketAddr;

use kusari_chain::ledger::{PublicKey, Txid};
use kusari_chain::{BestPoint, BlockHash};
use kusari_node::Event;
use kusari_node::drafts::DraftWait;
use kusari_node::event::Origin;
use serde::{Deserialize, Serialize};

use crate::{HindranceReport, ToSchema};

use crate::MiningReport;
use crate::branches::BranchReport;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum NodeEvent {
    /// A block joined the best chain as its tip.
    Block {
        /// The tip now.
        #[serde(flatten)]
        tip: BestPoint,
        /// Transactions in it; on the classic chain those of the tutorial's list.
        transactions: usize,
    },
    /// The best chain moved to another branch. Its blocks follow, unless they are very many.
    Reorganisation {
        /// Blocks that left the best chain.
        depth: u32,
        /// The tip before.
        from: BestPoint,
        /// The tip now.
        to: BestPoint,
    },
    /// A transaction came to wait here, or one that was submitted to this node moved.
    Transaction {
        /// Which.
        txid: Txid,
        /// Whether it was submitted to this node.
        own: bool,
        /// What became of it.
        state: TransactionState,
        /// The transaction that took its place; only where it was displaced.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        by: Option<Txid>,
    },
    /// A draft of this node was signed, or drafts begin to wait for something.
    Draft(DraftChange),
    /// A connection to a peer changed.
    Peer {
        /// Its address.
        #[schema(value_type = String, examples("127.0.0.1:8080"))]
        address: SocketAddr,
        /// How.
        #[serde(flatten)]
        change: PeerChange,
    },
    /// Something hinders the node and has for a while, or no longer does.
    Hindrance {
        /// Whether it is over.
        ended: bool,
        /// What it is, or was.
        #[serde(flatten)]
        hindrance: Box<HindranceReport>,
    },
    /// A branch has more work than the best chain and is not followed, since that would take back
    /// too much. Told again while it stands.
    HeldBranch {
        /// The best chain's last block.
        tip: BestPoint,
        /// The branch.
        branch: Box<BranchReport>,
        /// Held branches that are ahead beside this one.
        others: usize,
    },
    /// A listed witness stands by a block.
    Witness {
        /// Its key.
        key: PublicKey,
        /// The block's height.
        height: u32,
        /// The block.
        hash: BlockHash,
    },
    /// A witness signed two statements under one sequence, so its word is worth nothing.
    Equivocation {
        /// Its key.
        key: PublicKey,
        /// The sequence.
        sequence: u64,
        /// Whether a person listed it.
        listed: bool,
    },
    /// How the search for a block goes: once a second while it does, and once when it ends. It has no
    /// number, and is not told again to whoever comes back.
    Mining(MiningReport),
    /// Whoever reads missed events that are no longer there: the state is to be read anew.
    Missed {
        /// How many; absent where nobody knows, since another run of the node told them.
        count: Option<u64>,
    },
}

impl NodeEvent {
    /// What programs are told of an event; `None` where they are not. Lines of peers, refusals and dialling
    /// are for the person who runs the node. Runs on the node's thread, for each block that it takes:
    /// copies facts and writes nothing out.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        use TransactionState::{Displaced, Mined, Waiting};
        let peer = |address, change| Self::Peer { address, change };
        let transaction = |txid, own, state| Self::Transaction { txid, own, state, by: None };
        Some(match event {
            Event::BlockAdded { block: stored, source: _ } => {
                let block = &stored.block;
                let transactions =
                    stored.part().map_or(block.transactions.len(), |part| part.body.len());
                let tip = BestPoint { height: block.index, hash: block.hash, work: stored.work };
                Self::Block { tip, transactions }
            }
            &Event::Reorganised { depth, from, to, .. } => Self::Reorganisation { depth, from, to },
            Event::TransactionPooled { txid, origin } => {
                transaction(*txid, *origin == Origin::Person, Waiting)
            }
            Event::TransactionMined { txid, .. } | Event::TransactionMoved { txid, .. } => {
                transaction(*txid, true, Mined)
            }
            Event::TransactionReturned { txid, .. } => transaction(*txid, true, Waiting),
            &Event::TransactionDisplaced { txid, by, .. } => {
                Self::Transaction { txid, own: true, state: Displaced, by }
            }
            &Event::DraftSigned { entry, txid, former } => {
                Self::Draft(DraftChange::Signed { record: entry, txid, former_txid: former })
            }
            &Event::DraftsWait { drafts, wait } => {
                Self::Draft(DraftChange::Waiting { drafts, waits_for: wait })
            }
            Event::PeerConnected { address, target } => {
                peer(*address, PeerChange::Connected { inbound: target.is_none() })
            }
            Event::PeerIntroduced { address, agent } => {
                peer(*address, PeerChange::Introduced { agent: agent.clone() })
            }
            Event::FoundOriginal { address } => peer(*address, PeerChange::Original),
            Event::PeerSilent { address } => peer(*address, PeerChange::Silent),
            Event::HindranceBegan { hindrance } => {
                Self::Hindrance { ended: false, hindrance: Box::new(hindrance.into()) }
            }
            Event::HindranceEnded { hindrance } => {
                Self::Hindrance { ended: true, hindrance: Box::new(hindrance.into()) }
            }
            Event::OriginalDiverged { address } => peer(*address, PeerChange::Diverged),
            Event::PeerDisconnected { address, reason } => {
                peer(*address, PeerChange::Disconnected { reason: reason.clone() })
            }
            Event::BranchHeld(report) => Self::HeldBranch {
                tip: report.best,
                branch: Box::new(BranchReport::new(&report.branch, &report.best)),
                others: report.others,
            },
            &Event::Witnessed { key, height, hash } => Self::Witness { key, height, hash },
            &Event::WitnessEquivocated { key, sequence, listed } => {
                Self::Equivocation { key, sequence, listed }
            }
            _ => return None,
        })
    }

    /// The name of its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.into()
    }
}

/// What became of drafts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum DraftChange {
    /// One was signed, and waits to be mined.
    Signed {
        /// Its number among the records of this node.
        record: u64,
        /// The transaction that it became.
        txid: Txid,
        /// The transaction that it was before, where another one took its place.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        former_txid: Option<Txid>,
    },
    /// Drafts are not signed for now.
    Waiting {
        /// How many are in memory.
        drafts: usize,
        /// What the oldest of them waits for.
        waits_for: DraftWait,
    },
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionState {
    /// It waits to be mined.
    Waiting,
    /// It stands in the best chain; told of this node's own.
    Mined,
    /// Another one of its account took its place; told of this node's own.
    Displaced,
}

/// How a connection changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum PeerChange {
    /// It began.
    Connected {
        /// Whether the peer dialled this node.
        inbound: bool,
    },
    /// The peer said `HELLO`.
    Introduced {
        /// Program and version, as it says: free text of a stranger.
        agent: String,
    },
    /// The peer, which this node dialled, speaks the original dialect.
    Original,
    /// The peer, which this node dialled, says nothing: it may be a new original node, or no node.
    Silent,
    /// The peer is an original node whose last block is not in the best chain, and cannot be sent what
    /// it lacks.
    Diverged,
    /// It ended.
    Disconnected {
        /// Why.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::Work;

    #[test]
    fn each_kind_is_one_line_that_names_it_and_reads_back() {
        let (height, hash) = (7, BlockHash([1; 32]));
        let tip = BestPoint { height, hash, work: Work::of_classic_blocks(7) };
        let address = "127.0.0.1:8080".parse().unwrap();
        let peer = |change| NodeEvent::Peer { address, change };
        let (key, agent) = (PublicKey([2; 32]), String::from("a\n\u{2028}\r\nid: 1"));
        let txid = Txid([3; 32]);
        let branch = Box::new(BranchReport::new(
            &kusari_chain::Branch {
                tip,
                fork: tip,
                depth: 1,
                began: 1,
                ended: 2,
                best_began: 3,
                best_ended: 4,
                held_since: Some(5),
                is_accepted: false,
            },
            &tip,
        ));
        for event in [
            NodeEvent::Block { tip, transactions: 2 },
            NodeEvent::Reorganisation { depth: 1, from: tip, to: tip },
            NodeEvent::Transaction {
                txid,
                own: true,
                state: TransactionState::Displaced,
                by: Some(txid),
            },
            NodeEvent::Draft(DraftChange::Signed { record: 1, txid, former_txid: Some(txid) }),
            NodeEvent::Draft(DraftChange::Waiting { drafts: 2, waits_for: DraftWait::Unlock }),
            peer(PeerChange::Connected { inbound: true }),
            peer(PeerChange::Introduced { agent: agent.clone() }),
            peer(PeerChange::Original),
            peer(PeerChange::Diverged),
            peer(PeerChange::Disconnected { reason: agent }),
            NodeEvent::HeldBranch { tip, branch, others: 1 },
            NodeEvent::Witness { key, height, hash },
            NodeEvent::Equivocation { key, sequence: u64::MAX, listed: false },
            NodeEvent::Mining(MiningReport { active: true, tries: 1, tries_per_second: 2 }),
            NodeEvent::Missed { count: Some(3) },
            NodeEvent::Missed { count: None },
        ] {
            let text = serde_json::to_string(&event).unwrap();
            assert!(!text.contains(['\n', '\r']), "{text}");
            assert!(text.starts_with(&format!("{{\"kind\":\"{}\"", event.kind())), "{text}");
            assert_eq!(serde_json::from_str::<NodeEvent>(&text).unwrap(), event);
        }
    }
}
