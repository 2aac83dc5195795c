//! Which kernel is the fastest on this machine.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use kusari_chain::{Block, Target};

use super::Kernel;
use crate::Search;

/// Turns that each kernel takes. Whatever else the machine does at the moment disturbs some of
/// them; the fastest turn of a kernel is what counts.
const TURNS: usize = 6;

/// Nonces of one turn: enough that the slowest kernel takes some ten microseconds.
const NONCES: u64 = 240;

/// Measures once for the whole process.
pub(super) fn fastest() -> Kernel {
    static FASTEST: OnceLock<Kernel> = OnceLock::new();
    *FASTEST.get_or_init(|| {
        // No hash meets this target, so that every turn is as long as the others.
        let (block, never) = (Block::genesis(), Target::from_be_bytes([0; 32]));
        let mut searches: Vec<_> = Kernel::available()
            .map(|kernel| (Search::with_kernel(&block, never, kernel), kernel, Duration::MAX))
            .collect();
        for turn in 0..TURNS as u64 {
            for (search, _, best) in &mut searches {
                *best = time(|| search.try_nonces(turn * NONCES, NONCES)).min(*best);
            }
        }
        let fastest = searches.iter().min_by_key(|(_, _, best)| *best);
        fastest.map_or(Kernel(super::Kind::Sha2), |(_, kernel, _)| *kernel)
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "how fast a kernel is cannot be known but by a clock"
)]
fn time<T>(task: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    core::hint::black_box(task());
    start.elapsed()
}
