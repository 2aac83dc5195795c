//! The only place that reads a clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kusari_node::Now;

/// Monotonic time counts from the moment this was made.
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub(super) fn start() -> Self {
        Self { start: Instant::now() }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub(super) fn now(&self) -> Now {
        Now {
            monotonic: self.start.elapsed(),
            // A clock before 1970 is a wrong clock, and block timestamps are not checked.
            wall: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        }
    }

    /// The moment at which `monotonic` is reached.
    pub(super) fn instant_of(&self, monotonic: std::time::Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.start) + monotonic
    }
}
