//! What the local API says of the event log.

use kusari_chain::ledger::Txid;
use kusari_chain::{BestPoint, BlockHash};
use serde::{Deserialize, Serialize};

use crate::ToSchema;

use crate::{HindranceReport, RecordPlace};
use kusari_node::event::EventEntry;

/// `GET /v1/why/{what}`: the story of a block, a transaction or a peer on this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyReport {
    /// What it is about.
    pub subject: WhySubject,
    /// The block, or the one that the transaction stands in; absent where the store has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub block: Option<RecordPlace>,
    /// When the oldest entry of its kind was written, in Unix milliseconds; absent while there is none.
    /// Nothing is known of the time before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub event_log_begins: Option<u64>,
    /// How much of its kind was not written down, since too much happened at once.
    pub missed: u64,
    /// What may keep it from its place in the best chain now, where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hindrances: Vec<HindranceReport>,
    /// Whether there are older entries than these.
    pub has_more: bool,
    /// What happened, oldest first.
    pub entries: Vec<WhyEntry>,
}

/// What a story is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WhySubject {
    /// A block.
    Block {
        /// Its hash.
        hash: BlockHash,
    },
    /// A transaction.
    Transaction {
        /// Its id.
        txid: Txid,
    },
    /// A peer.
    Peer {
        /// Its address, or that of its host.
        address: String,
    },
}

/// One entry of the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyEntry {
    /// Its number; later entries have higher ones.
    pub number: u64,
    /// What happened, and when.
    #[serde(flatten)]
    pub entry: EventEntry,
}

/// `GET /v1/reorganisations`: moves of the best chain to another branch, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReorganisationList {
    /// They.
    pub reorganisations: Vec<ReorganisationReport>,
    /// What `before` has to be for older ones; null where there are none.
    pub next: Option<u64>,
}

/// One move of the best chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReorganisationReport {
    /// Its number in the event log.
    pub number: u64,
    /// When, in Unix milliseconds by this node's clock.
    pub time: u64,
    /// Blocks that left the best chain.
    pub depth: u32,
    /// The tip before.
    pub from: BestPoint,
    /// The tip after.
    pub to: BestPoint,
}
