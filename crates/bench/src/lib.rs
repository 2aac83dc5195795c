//! Measurements that users can repeat with the program they have.
//!
//! Owns how something is measured: what is set up, between which two moments time counts, and what
//! is read off. Every figure comes from real processes of this program over loopback. How figures
//! are worded is up to the command line, and what is good enough is up to their reader.

pub mod chain;
pub mod ledger;
pub mod line_client;
pub mod long_chain;
pub mod observer;
pub mod process;
pub mod records;
pub mod relay;
pub mod sync;

use std::time::Instant;

/// Why a measurement came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A process, a file or a socket could not be had.
    #[error(
        "{doing} failed: {source}; make room, or raise the limits of this shell, and try again"
    )]
    System {
        /// What was being done.
        doing: &'static str,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A store could not be used.
    #[error("{0}; the measurement needs a disk that works")]
    Store(String),
    /// A node did not do its part in time.
    #[error("the measured node {0}; `kusari --log debug` shows what a node does")]
    Node(String),
}

impl BenchError {
    /// What the operating system refused while something was being done.
    pub fn system(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { doing, source }
    }

    /// What is wrong with a store.
    pub(crate) fn store(error: impl ToString) -> Self {
        Self::Store(error.to_string())
    }

    pub(crate) fn node(fault: impl ToString) -> Self {
        Self::Node(fault.to_string())
    }
}

/// The middle one of some figures, sorted on the way; zero where there are none.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}

/// The clock of all measurements.
#[expect(clippy::disallowed_methods, reason = "a measurement takes real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
