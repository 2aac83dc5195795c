//! How often something may happen: some times at once, then as time allows.

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A burst that refills with time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Allowance {
    left: u32,
    refilled_at: Duration,
    burst: u32,
    refill: Duration,
}

impl Allowance {
    /// Full from the start; one more after each `refill`, up to `burst`.
    pub(crate) fn new(burst: u32, refill: Duration, now: Duration) -> Self {
        Self { left: burst, refilled_at: now, burst, refill }
    }

    /// Takes `count` at once, if there are so many.
    pub(crate) fn take(&mut self, count: u32, now: Duration) -> bool {
        let passed = now.saturating_sub(self.refilled_at).as_millis() / self.refill.as_millis();
        if passed > 0 {
            let more = u32::try_from(passed).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(self.burst);
            self.refilled_at = now;
        }
        let enough = self.left >= count;
        if enough {
            self.left -= count;
        }
        enough
    }

    /// Takes what is left, of something that happens whether there is enough or not.
    pub(crate) fn take_rest(&mut self) {
        self.left = 0;
    }

    /// When there will be so many, if the time of the last [`Allowance::take`] was not enough.
    pub(crate) fn deadline_for(&self, count: u32) -> Duration {
        self.refilled_at + self.refill * count.saturating_sub(self.left).max(1)
    }

    /// When there is one again, if there is none.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        (self.left == 0).then(|| self.refilled_at + self.refill)
    }
}
