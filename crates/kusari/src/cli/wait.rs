//! Waiting for a node elsewhere, and the clock of that.

use std::thread::park_timeout;
use std::time::{Duration, Instant};

use super::failure::Result;

/// Asks again and again until there is an answer; `None` where none came in time.
pub(crate) fn poll<T>(
    every: Duration,
    within: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let start = now();
    loop {
        let answer = ask()?;
        if answer.is_some() || start.elapsed() >= within {
            return Ok(answer);
        }
        park_timeout(every);
    }
}

#[expect(clippy::disallowed_methods, reason = "the time of the person who waits, and of no node")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
