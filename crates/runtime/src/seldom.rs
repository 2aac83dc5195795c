//! What may fail again and again, and is said once a minute.

use std::time::Duration;

use tokio::time::Instant;

/// Least time between two sentences about one cause.
const INTERVAL: Duration = Duration::from_secs(60);

/// One cause, and how often it was left out since it was said last.
#[derive(Debug, Default)]
pub struct Seldom {
    said_at: Option<Instant>,
    left_out: u64,
}

impl Seldom {
    /// It happened. `Some` where it is to be said now, with how often it was not said before.
    pub fn happened(&mut self) -> Option<u64> {
        let now = Instant::now();
        if self.said_at.is_some_and(|said_at| now < said_at + INTERVAL) {
            self.left_out += 1;
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_fails_often_is_said_once_a_minute_with_how_often_it_was_not() {
        let mut seldom = Seldom::default();
        assert_eq!(seldom.happened(), Some(0));
        for _ in 0..1_000 {
            assert_eq!(seldom.happened(), None);
        }
        tokio::time::advance(INTERVAL).await;
        assert_eq!(seldom.happened(), Some(1_000));
        assert_eq!(seldom.happened(), None);
    }
}
