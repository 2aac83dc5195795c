//! An entry of the trail: what happened, and when.
//!
//! Owns its one form as JSON, which the store keeps and the local API answers with. What happened is
//! up to [`crate::happening`].

#[cfg(feature = "schema")]
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::happening::Happening;

/// One thing that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TrailEntry {
    /// When this node came to know it, in Unix milliseconds by its own clock.
    pub time: u64,
    /// How long a block's line took to be read and checked by itself, in microseconds; absent where it
    /// came in a stretch with others, or was not a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub checked_us: Option<u64>,
    /// How long the node took to judge it beside its chain and to decide what follows, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub handled_us: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

impl TrailEntry {
    /// Reads an entry as it is stored. For whoever tests what reads the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The bytes that are stored.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        // Every field of it can be written: it holds numbers, texts and lists of them.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
