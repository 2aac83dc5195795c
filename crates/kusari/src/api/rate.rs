//! How often somebody may ask.
//!
//! Owns a bucket that fills with time: a request takes a drop, and where there is none it is refused. It
//! is for all who ask together: on one machine, whoever asks can open any number of connections.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// Requests that are answered in a second, all together. Far more than a page or a program of people
/// needs, and a bound on what a program that went wild takes from the node's processors.
const REQUESTS_PER_SECOND: u32 = 20_000;

/// A bucket.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: u32,
    /// Drops that are left, and when that was so; `None` before the first request.
    left: Mutex<Option<(f64, Instant)>>,
}

impl Default for Rate {
    fn default() -> Self {
        Self::new(REQUESTS_PER_SECOND)
    }
}

impl Rate {
    const fn new(per_second: u32) -> Self {
        Self { per_second, left: Mutex::new(None) }
    }

    /// Takes a drop, if there is one. A full bucket has those of one second.
    pub(super) fn take(&self, now: Instant) -> bool {
        let full = f64::from(self.per_second);
        // Nothing panics while it holds the lock.
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (drops, since) = left.unwrap_or((full, now));
        let new = now.saturating_duration_since(since).as_secs_f64() * full;
        let drops = (drops + new).min(full);
        let taken = drops >= 1.0;
        *left = Some((if taken { drops - 1.0 } else { drops }, now));
        taken
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Duration;

    use super::*;

    #[test]
    fn so_many_are_let_through_at_once_and_then_so_many_a_second() {
        let rate = Rate::new(10);
        let began = Instant::now();
        let through = |after: u64, asked: usize| {
            let now = began + Duration::from_millis(after);
            (0..asked).filter(|_| rate.take(now)).count()
        };
        assert_eq!(through(0, 50), 10);
        assert_eq!(through(100, 50), 1);
        assert_eq!(through(600, 50), 5);
        // However long nobody asks, it never has more than those of a second.
        assert_eq!(through(3_600_000, 50), 10);
    }
}
