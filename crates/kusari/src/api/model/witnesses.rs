//! What the local API says of witnesses.

use kusari_chain::BlockHash;
use kusari_chain::ledger::{Equivocation, PublicKey, WitnessStatement};
use kusari_node::snapshot::WitnessSummary;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::schema;
use crate::store::KnownWitness;

/// How many listed witnesses stand near the tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WitnessStanding {
    /// Keys that were listed with `--witness-key`.
    pub listed: usize,
    /// Those of them whose newest statement names the tip or one of the last blocks below it.
    pub near_tip: usize,
}

/// `GET /v1/witnesses`: who says what it saw. Listed keys come first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WitnessList {
    /// The key of this node's own statements; absent where it makes none.
    #[schema(value_type = Option<schema::PublicKey>, required)]
    pub own: Option<PublicKey>,
    /// Whether it makes them; absent where no node runs.
    #[schema(required)]
    pub witnessing: Option<bool>,
    /// Why its key makes none, and what to do; absent where it makes some, or has no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stopped: Option<String>,
    /// Listed witnesses near the tip; absent where no node runs.
    #[schema(required)]
    pub near_tip: Option<usize>,
    /// The keys.
    pub witnesses: Vec<WitnessReport>,
}

/// One key and what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WitnessReport {
    /// The key.
    #[schema(value_type = schema::PublicKey)]
    pub key: PublicKey,
    /// Whether it is this node's own.
    pub own: bool,
    /// Whether its word counts here; absent where no node runs, which alone is told.
    #[schema(required)]
    pub listed: Option<bool>,
    /// Statements of it that are kept.
    pub count: usize,
    /// What the newest of them says; absent where there is none.
    #[schema(required)]
    pub newest: Option<WitnessClaim>,
    /// Two statements under one sequence: its word is worth nothing.
    #[schema(value_type = Option<schema::Equivocation>, required)]
    pub equivocation: Option<Equivocation>,
}

/// What a witness says: a block, and when it saw it as its tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WitnessClaim {
    /// Statements of the key before it.
    pub sequence: u64,
    /// Height of the block.
    pub height: u32,
    /// The block.
    #[schema(value_type = schema::BlockHash)]
    pub hash: BlockHash,
    /// In Unix seconds, by the clock of the key: its claim and no more.
    pub claimed_time: u64,
}

/// `GET /v1/witnesses?from=HEIGHT`: statements about blocks of the best chain from a height on, the
/// oldest and the newest of each key that did not equivocate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementList {
    /// The statements, in the form of the protocol.
    #[schema(value_type = Vec<schema::WitnessStatement>)]
    pub statements: Vec<WitnessStatement>,
}

impl WitnessList {
    /// What a node that runs knows.
    #[must_use]
    pub fn of_node(summary: &WitnessSummary, known: &[KnownWitness]) -> Self {
        let own = summary.own;
        let is_listed = |key: &PublicKey| summary.listed.contains(key);
        let mut witnesses: Vec<WitnessReport> = known
            .iter()
            .map(|known| WitnessReport::new(known, own, Some(is_listed(&known.key))))
            .collect();
        // Whoever lists a key wants to see that it said nothing.
        let is_silent = |key: &&PublicKey| !known.iter().any(|known| known.key == **key);
        witnesses.extend(summary.listed.iter().filter(is_silent).map(|key| {
            let nothing = KnownWitness { key: *key, count: 0, newest: None, equivocation: None };
            WitnessReport::new(&nothing, own, Some(true))
        }));
        witnesses.sort_by_key(|report| (report.listed != Some(true), !report.own, report.key));
        Self {
            own,
            witnessing: Some(summary.witnessing),
            stopped: summary.stopped.map(|why| why.to_string()),
            near_tip: Some(summary.near_tip),
            witnesses,
        }
    }

    /// What a store holds that no node runs on, with the key beside it.
    #[must_use]
    pub fn of_store(summary: &WitnessSummary, known: &[KnownWitness]) -> Self {
        let own = summary.own;
        let witnesses = known.iter().map(|known| WitnessReport::new(known, own, None)).collect();
        let stopped = summary.stopped.map(|why| why.to_string());
        Self { own, witnessing: None, stopped, near_tip: None, witnesses }
    }
}

impl WitnessReport {
    fn new(known: &KnownWitness, own: Option<PublicKey>, listed: Option<bool>) -> Self {
        let KnownWitness { key, count, newest, equivocation } = *known;
        let newest = newest.map(|newest| WitnessClaim {
            sequence: newest.sequence,
            height: newest.height,
            hash: newest.hash,
            claimed_time: newest.time,
        });
        Self { key, own: own == Some(key), listed, count, newest, equivocation }
    }
}
