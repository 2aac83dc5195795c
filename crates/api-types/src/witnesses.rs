//! What the local API says of witnesses.

use kusari_chain::BlockHash;
use kusari_chain::ledger::{Equivocation, PublicKey, WitnessStatement};
use serde::{Deserialize, Serialize};

use crate::ToSchema;

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
    pub own: Option<PublicKey>,
    /// Whether it makes them; absent where no node runs.
    pub witnessing: Option<bool>,
    /// Why its key makes none, and what to do; absent where it makes some, or has no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stopped: Option<String>,
    /// Listed witnesses near the tip; absent where no node runs.
    pub near_tip: Option<usize>,
    /// The keys.
    pub witnesses: Vec<WitnessReport>,
}

/// One key and what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WitnessReport {
    /// The key.
    pub key: PublicKey,
    /// Whether it is this node's own.
    pub own: bool,
    /// Whether its word counts here; absent where no node runs, which alone is told.
    pub listed: Option<bool>,
    /// Statements of it that are kept.
    pub count: usize,
    /// What the newest of them says; absent where there is none.
    pub newest: Option<WitnessClaim>,
    /// Two statements under one sequence: its word is worth nothing.
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
    pub hash: BlockHash,
    /// In Unix seconds, by the clock of the key: its claim and no more.
    pub claimed_time: u64,
}

/// `GET /v1/witnesses?from=HEIGHT`: statements about blocks of the best chain from a height on, the
/// oldest and the newest of each key that did not equivocate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementList {
    /// The statements, in the form of the protocol.
    pub statements: Vec<WitnessStatement>,
}
