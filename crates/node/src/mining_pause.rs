//! How long blocks that come in slowly keep this node from mining, and from what else waits for it to
//! have caught up.
//!
//! What is mined while a node catches up is stale at once. But a peer may let blocks of a better branch
//! come as slowly as it likes, so that once this node has had the tip of a peer, or where it had blocks
//! when it started, they pause mining for [`MINING_PAUSE`] in any [`MINING_PAUSE_INTERVAL`] at most.
//!
//! Owns that share of time. Knows neither blocks nor peers.

use crate::limits::{MINING_PAUSE, MINING_PAUSE_INTERVAL};
use crate::prelude::*;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MiningPause {
    /// Whether this node has had what a peer says that it has, or had blocks when it started.
    had_tip: bool,
    /// When the last pause began that counts.
    began: Option<Duration>,
}

impl MiningPause {
    pub(crate) fn new(had_tip: bool) -> Self {
        Self { had_tip, began: None }
    }

    /// This node has what a peer says that it has.
    pub(crate) fn note_tip(&mut self) {
        self.had_tip = true;
    }

    /// Whether mining pauses now, while blocks come in.
    pub(crate) fn begin_or_go_on(&mut self, now: Duration) -> bool {
        if !self.had_tip {
            return true;
        }
        let began = *self
            .began
            .insert(self.began.filter(|began| now < *began + MINING_PAUSE_INTERVAL).unwrap_or(now));
        now < began + MINING_PAUSE
    }

    /// When the pause ends at the latest, if one may be under way.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        self.began.map(|began| began + MINING_PAUSE).filter(|ends| *ends > now)
    }
}
