//! What the local API says of mining.

use serde::{Deserialize, Serialize};

use crate::ToSchema;

/// How the search for a block goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MiningReport {
    /// Whether nonces were tried in the last second.
    pub active: bool,
    /// Nonces that were tried since the node started.
    pub tries: u64,
    /// Those of the last second.
    pub tries_per_second: u64,
}
