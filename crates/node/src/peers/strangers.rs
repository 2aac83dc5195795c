//! How much of what peers do is shown to the person: some of it, and how much more there was.
//!
//! Anybody can connect and send nonsense, as often as a network carries it. Owns the shares of all peers
//! together, and counts what they leave out.

use crate::limits::{SHOWN_ACTS, SHOWN_CONNECTIONS, SHOWN_REFILL, SUMMARY_INTERVAL};
use crate::prelude::*;
use crate::token_bucket::TokenBucket;

/// What was left out since the last summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeftOut {
    pub(crate) connections: u64,
    /// Lines that were refused or answered.
    pub(crate) lines: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Strangers {
    connections: TokenBucket,
    acts: TokenBucket,
    left_out: LeftOut,
    /// When something was first left out since.
    since: Option<Duration>,
}

impl Default for Strangers {
    fn default() -> Self {
        let bucket = |burst| TokenBucket::new(burst, SHOWN_REFILL, Duration::ZERO);
        let (connections, acts) = (bucket(SHOWN_CONNECTIONS), bucket(SHOWN_ACTS));
        Self { connections, acts, left_out: LeftOut::default(), since: None }
    }
}

impl Strangers {
    /// Whether one more connection may be shown.
    pub(crate) fn show_connection(&mut self, now: Duration) -> bool {
        let may = self.connections.take(1, now);
        if !may {
            self.left_out.connections += 1;
            self.since.get_or_insert(now);
        }
        may
    }

    /// Whether one more line may be shown that a peer sent by itself.
    pub(crate) fn show_act(&mut self, now: Duration) -> bool {
        let may = self.acts.take(1, now);
        if !may {
            self.leave_out_act(now);
        }
        may
    }

    /// One more is not shown.
    pub(crate) fn leave_out_act(&mut self, now: Duration) {
        self.left_out.lines += 1;
        self.since.get_or_insert(now);
    }

    /// What was left out, once in a while.
    pub(crate) fn summary(&mut self, now: Duration) -> Option<LeftOut> {
        self.deadline().filter(|due| *due <= now)?;
        self.since = None;
        Some(core::mem::take(&mut self.left_out))
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.since.map(|since| since + SUMMARY_INTERVAL)
    }
}
