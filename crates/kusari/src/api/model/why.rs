//! What the local API says of the trail.

use kusari_chain::ledger::Txid;
use kusari_chain::{BestPoint, BlockHash};
use kusari_node::happening::Happening;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::schema;
use crate::store::{Placed, Reorganisation, Story};
use crate::trail::{Subject, TrailEntry};

/// `GET /v1/why/{what}`: the story of a block, a transaction or a peer on this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyReport {
    /// What it is about.
    pub subject: WhySubject,
    /// The block, or the one that the transaction stands in; absent where the store has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub block: Option<WhyBlock>,
    /// When the oldest entry of its kind was written, in Unix milliseconds; absent while there is none.
    /// Nothing is known of the time before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trail_begins: Option<u64>,
    /// How much of its kind was not written down, since too much happened at once.
    pub missed: u64,
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
        #[schema(value_type = schema::BlockHash)]
        hash: BlockHash,
    },
    /// A transaction.
    Transaction {
        /// Its id.
        #[schema(value_type = schema::Txid)]
        txid: Txid,
    },
    /// A peer.
    Peer {
        /// Its address, or that of its host.
        address: String,
    },
}

/// A block where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyBlock {
    /// Its height.
    pub height: u32,
    /// Its hash.
    #[schema(value_type = schema::BlockHash)]
    pub hash: BlockHash,
    /// Blocks of the best chain from it to the tip, itself included; 0 beside the best chain.
    pub confirmations: u32,
}

/// One entry of the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyEntry {
    /// Its number; later entries have higher ones.
    pub number: u64,
    /// What happened, and when.
    #[serde(flatten)]
    #[schema(value_type = schema::TrailEntry)]
    pub entry: TrailEntry,
}

/// `GET /v1/reorganisations`: moves of the best chain to another branch, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReorganisationList {
    /// They.
    pub reorganisations: Vec<ReorganisationReport>,
    /// What `before` has to be for older ones; absent where there are none.
    #[schema(required)]
    pub next: Option<u64>,
}

/// One move of the best chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReorganisationReport {
    /// Its number in the trail.
    pub number: u64,
    /// When, in Unix milliseconds by this node's clock.
    pub time: u64,
    /// Blocks that left the best chain.
    pub depth: u32,
    /// The tip before.
    #[schema(value_type = schema::BestPoint)]
    pub from: BestPoint,
    /// The tip after.
    #[schema(value_type = schema::BestPoint)]
    pub to: BestPoint,
}

impl WhyReport {
    /// The answer to a question about `subject`.
    #[must_use]
    pub fn new(subject: &Subject, story: Story) -> Self {
        let Story { block, transaction, placed, entries, has_more, begins, missed } = story;
        let subject = match (block, transaction, subject) {
            (Some(hash), _, _) => WhySubject::Block { hash },
            (_, Some(txid), _) => WhySubject::Transaction { txid },
            (_, _, Subject::Address(address)) => WhySubject::Peer { address: address.to_string() },
            (_, _, Subject::Host(host)) => WhySubject::Peer { address: host.to_string() },
            // The store names what it found for any other question.
            _ => WhySubject::Peer { address: String::new() },
        };
        let entries =
            entries.into_iter().map(|(number, entry)| WhyEntry { number, entry }).collect();
        let block = placed.map(WhyBlock::from);
        Self { subject, block, trail_begins: begins, missed, has_more, entries }
    }
}

impl From<Placed> for WhyBlock {
    fn from(placed: Placed) -> Self {
        let block = &placed.block.block;
        let confirmations = placed.confirmations.unwrap_or(0);
        Self { height: block.index, hash: block.hash, confirmations }
    }
}

impl ReorganisationList {
    /// At most `limit` of what was found; the rest shows only that there is more.
    #[must_use]
    pub fn new(mut found: Vec<Reorganisation>, limit: usize) -> Self {
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().map(|(number, _)| *number).filter(|_| has_more);
        let report = |(number, entry): Reorganisation| match entry.happening {
            Happening::Reorganised { depth, from, to, .. } => {
                Some(ReorganisationReport { number, time: entry.time, depth, from, to })
            }
            _ => None,
        };
        Self { reorganisations: found.into_iter().filter_map(report).collect(), next }
    }
}
