//! How fast a block goes from one node to the next, and through a network of nodes.
//!
//! Owns the arrangement of two nodes. Each is watched over a connection in the original dialect,
//! which is told of a block as any peer is. Blocks are mined beforehand and handed to the first
//! node as `BLOCK` lines over a third such connection, one after another with a pause between them.
//!
//! The time of a block counts from the arrival of its line on the watched connection of the first
//! node until its arrival on that of the second ([`stamped`] says whose clock that is). The watcher
//! of the first node connects before the second node does, so it is told first: what the first node
//! needs to pass the block on counts in full. The whole time counts from the moment before the first
//! node is handed the block, and has what that one needs to take the block in it as well.

mod audience;
pub mod blocks;
pub mod graph;
pub mod network;
mod stamped;
mod watcher;

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::time::Duration;

use kusari_chain::Block;
use serde::Serialize;

use super::BenchError;
use super::process::NodeProcess;
use audience::Audience;
pub use audience::AudienceFigures;
use blocks::Miner;
use network::NetworkFigures;
use watcher::{Submitter, Watcher, pause};

/// Blocks that are passed on before time counts: connections are made and programs paged in.
const WARM_UP: u32 = 5;
/// Between two blocks: longer than a node takes for all that follows from one, and than the time
/// after which it may send one more unasked.
const PAUSE: Duration = Duration::from_millis(25);

/// What is to be measured between two nodes.
pub struct PairBench {
    /// Blocks that count.
    pub blocks: u32,
    /// Bytes of text in each of them.
    pub text_bytes: usize,
    /// Threads that mine them beforehand.
    pub threads: NonZeroUsize,
    /// Streams of events that are open at the second node, and reads of its local API a second, while
    /// the same number of blocks is passed on once more.
    pub audience: Option<(usize, u32)>,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct RelayFigures {
    /// Half of the blocks took no longer, in milliseconds.
    pub median_ms: f64,
    /// Nine of ten took no longer.
    pub p90_ms: f64,
    /// The fastest.
    pub min_ms: f64,
    /// The slowest.
    pub max_ms: f64,
    /// The whole time, from before the first node was handed a block: half took no longer.
    pub whole_median_ms: f64,
    /// Nine of ten took no longer.
    pub whole_p90_ms: f64,
    /// Blocks that counted.
    pub blocks: u32,
    /// Length of a block's line.
    pub block_bytes: usize,
    /// The same while people looked on, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watched: Option<WatchedFigures>,
    /// What was measured in a network, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkFigures>,
}

/// What was measured while people looked on.
#[derive(Debug, Serialize)]
pub struct WatchedFigures {
    /// Who looked on.
    #[serde(flatten)]
    pub audience: AudienceFigures,
    /// Half of the blocks took no longer, in milliseconds.
    pub median_ms: f64,
    /// Nine of ten took no longer.
    pub p90_ms: f64,
}

impl PairBench {
    /// Measures. `progress` is told how many blocks are mined.
    ///
    /// # Errors
    /// [`BenchError`] where a node cannot be had or does not pass a block on.
    pub fn run(&self, progress: &mut dyn FnMut(u32)) -> Result<RelayFigures, BenchError> {
        let mut miner = Miner::new(Block::genesis(), self.threads);
        let rounds = if self.audience.is_some() { 2 } else { 1 };
        let mut lines = Vec::new();
        for number in 0..WARM_UP + rounds * self.blocks {
            lines.push(blocks::line(&miner.next(self.text_bytes)));
            progress(number + 1);
        }
        let pair = Pair::start()?;
        let (warm, rest) = lines.split_at(WARM_UP as usize);
        let (alone, watched) = rest.split_at(self.blocks as usize);
        pair.pass(1, warm)?;
        let (times, whole_times) = pair.pass(WARM_UP + 1, alone)?;
        let watched = match self.audience {
            Some((streams, reads)) => {
                Some(pair.watched(WARM_UP + self.blocks + 1, watched, streams, reads)?)
            }
            None => None,
        };
        Ok(RelayFigures {
            median_ms: times.at(50),
            p90_ms: times.at(90),
            min_ms: times.at(0),
            max_ms: times.at(100),
            whole_median_ms: whole_times.at(50),
            whole_p90_ms: whole_times.at(90),
            blocks: self.blocks,
            block_bytes: lines.last().map_or(0, String::len),
            watched,
            network: None,
        })
    }
}

/// Two nodes, each watched.
struct Pair {
    _first: NodeProcess,
    second: NodeProcess,
    at_first: Watcher,
    at_second: Watcher,
    submitter: RefCell<Submitter>,
}

impl Pair {
    fn start() -> Result<Self, BenchError> {
        let first = NodeProcess::start(None, &[])?;
        let at_first = Watcher::connect(first.address())?;
        let second = NodeProcess::start_with_api(&["--connect", &first.address().to_string()])?;
        let at_second = Watcher::connect(second.address())?;
        let submitter = RefCell::new(Submitter::connect(first.address())?);
        Ok(Self { _first: first, second, at_first, at_second, submitter })
    }

    /// Passes blocks on from a height on. Their times from one watcher to the other, and the whole ones.
    fn pass(&self, from: u32, lines: &[String]) -> Result<(Times, Times), BenchError> {
        let (mut times, mut whole_times) = (Vec::new(), Vec::new());
        for (height, line) in (from..).zip(lines) {
            let given = self.submitter.borrow_mut().give(line)?;
            let left = self.at_first.arrival(height)?;
            let arrived = self.at_second.arrival(height)?;
            times.push(milliseconds_between(left, arrived));
            whole_times.push(milliseconds_between(given, arrived));
            pause(PAUSE);
        }
        Ok((Times::of(times), Times::of(whole_times)))
    }

    /// The same while people look on at the second node.
    fn watched(
        &self,
        from: u32,
        lines: &[String],
        streams: usize,
        reads: u32,
    ) -> Result<WatchedFigures, BenchError> {
        let api = self.second.api().ok_or_else(|| BenchError::node("has no local API"))?;
        let audience = Audience::gather(api, streams, reads)?;
        let (times, _) = self.pass(from, lines)?;
        let (median_ms, p90_ms) = (times.at(50), times.at(90));
        Ok(WatchedFigures { audience: audience.figures(), median_ms, p90_ms })
    }
}

/// Negative where the second moment came first, which times taken by threads may show where the
/// system stamps nothing.
fn milliseconds_between(from: std::time::Instant, to: std::time::Instant) -> f64 {
    let later = to.saturating_duration_since(from).as_secs_f64();
    let earlier = from.saturating_duration_since(to).as_secs_f64();
    (later - earlier) * 1_000.0
}

/// Times in order.
struct Times(Vec<f64>);

impl Times {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The time that so many of a hundred do not exceed, in microseconds' precision.
    fn at(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        let time = self.0.get(place).copied().unwrap_or(f64::NAN);
        (time * 1_000.0).round() / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_least_time_that_so_many_do_not_exceed() {
        let times = Times::of((1..=50).rev().map(f64::from).collect());
        assert_eq!([0, 50, 90, 100].map(|percent| times.at(percent)), [1.0, 25.0, 45.0, 50.0]);
        assert!(Times::of(Vec::new()).at(50).is_nan());
    }
}
