//! The only place that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

    pub(super) fn now(&self) -> Now {
        Now { monotonic: self.start.elapsed(), wall: unix_time() }
    }

    /// Time since the clock started.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The moment at which `monotonic` is reached.
    pub(super) fn instant_of(&self, monotonic: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.start) + monotonic
    }
}

/// Waits until then, or for ever.
pub(super) async fn until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Unix time in seconds. A clock before 1970 is a wrong clock, and reads as 0.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
#[must_use]
pub fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Unix time in milliseconds, for the event log alone: what the node decides rests on whole seconds.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
