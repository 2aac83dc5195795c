//! What the driver says of the disk.
//!
//! Owns the form alone; what follows from it stands in [`super::facts`].

use kusari_chain::BlockHash;

use super::STORE_WARNING_PERCENT;
use crate::prelude::*;

/// What the driver says of the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageState {
    /// Bytes that the store takes.
    pub used_bytes: u64,
    /// Bytes that it may take, if there is a bound.
    pub limit_bytes: Option<u64>,
    /// The first block that was found altered.
    pub altered: Option<AlteredBlock>,
}

impl StorageState {
    /// Whether the store takes as much as it may.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.limit_bytes.is_some_and(|limit| self.used_bytes >= limit)
    }

    /// Whether a person is to be told how much it takes.
    #[must_use]
    pub fn fills_up(&self) -> bool {
        let reached = |limit| {
            u128::from(self.used_bytes) * 100
                >= u128::from(limit) * u128::from(STORE_WARNING_PERCENT)
        };
        self.limit_bytes.is_some_and(reached)
    }
}

/// A block that is not as it was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlteredBlock {
    /// Its height, where that can be told.
    pub height: Option<u32>,
    /// Its hash, where that can be told.
    pub hash: Option<BlockHash>,
    /// Other such blocks that are known.
    pub others: u64,
}
