//! How many nonces this machine tries in a second.
//!
//! Owns the order of measurements. Everything takes short turns one after the other, so that whatever
//! else the machine does hits all alike; and since that can only slow a turn down, the fastest counts.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use kusari_chain::{Block, Target};
use sha2::{Digest, Sha256};

use crate::kernel::Limit;
use crate::{Kernel, Search};

/// Turns that [`this_machine`] takes of the fastest kernel: some are left alone by a busy machine.
const TURNS: u32 = 4;

/// Length of the data in the block that is mined, in bytes; about what people type.
pub const DATA_BYTES: usize = 40;

/// How long a turn is: short enough that a busy machine leaves some alone, and some thousand times as
/// long as a look at the clock.
const TURN: Duration = Duration::from_millis(4);

/// Tries between two looks at the clock, as many as the miner makes between two looks at its job.
const TRIES: u64 = 4_800;

/// What was measured, in tries per second of all threads together.
#[derive(Clone, Debug)]
pub struct Report {
    /// Threads that tried at once.
    pub threads: NonZeroUsize,
    /// Cycles per second of one core.
    pub clock: f64,
    /// One nonce after another, each with a whole preimage for the library for SHA-256.
    pub sha2_loop: f64,
    /// The fastest first.
    pub kernels: Vec<KernelReport>,
}

/// What was measured of one kernel.
#[derive(Clone, Debug)]
pub struct KernelReport {
    /// As [`Kernel::name`] has it.
    pub name: &'static str,
    /// Tries per second of all threads together.
    pub rate: f64,
    /// The same on one thread, where there are more.
    pub one_thread: Option<f64>,
    /// What the arithmetic allows, where it is known: by a count of operations and this clock, or measured as
    /// the kernel is.
    pub limit: Option<f64>,
    /// The same on one thread, where there are more.
    pub limit_of_one_thread: Option<f64>,
}

impl KernelReport {
    /// The part of its limit that it reaches, from 0 to 1, where the limit is known.
    #[must_use]
    pub fn share_of_limit(&self) -> Option<f64> {
        self.limit.map(|limit| self.rate / limit)
    }

    /// How many times as fast all threads are as one.
    #[must_use]
    pub fn threads_ratio(&self) -> Option<f64> {
        self.one_thread.map(|one| self.rate / one)
    }

    /// How many times as much the arithmetic allows on all threads as on one.
    #[must_use]
    pub fn limit_threads_ratio(&self) -> Option<f64> {
        Some(self.limit? / self.limit_of_one_thread?)
    }
}

/// What [`this_machine`] measured.
static THIS_MACHINE: OnceLock<f64> = OnceLock::new();

/// Tries a second that this machine makes on all its cores, with its fastest kernel. Measured at the first
/// call, which takes some 20 ms.
pub fn this_machine() -> f64 {
    *THIS_MACHINE.get_or_init(|| {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let (template, kernel) = (template(), Kernel::fastest());
        let turn = |number| {
            on_threads(threads, |thread| kernel_loop(kernel, &template, nonce(thread, number)))
        };
        (0..TURNS).map(turn).fold(1.0, f64::max)
    })
}

/// The same, where it was measured before.
#[must_use]
pub fn this_machine_if_measured() -> Option<f64> {
    THIS_MACHINE.get().copied()
}

/// Gives each kernel, and the plain loop, so much time.
#[must_use]
pub fn measure(threads: NonZeroUsize, time: Duration) -> Report {
    let template = template();
    let kernels: Vec<Kernel> = Kernel::available().collect();
    let several = threads.get() > 1;
    // A kernel is measured on one thread too where there are several.
    let turns = time.div_duration_f64(TURN) as u32 / if several { 2 } else { 1 };
    let turns = turns.max(1);
    let (mut clock, mut sha2_loop) = (0.0_f64, 0.0_f64);
    let mut rates = vec![Rates::default(); kernels.len()];
    let limits: Vec<Option<Limit>> = kernels.iter().map(|kernel| kernel.limit(&template)).collect();
    let mut measured_limits = vec![Rates::default(); kernels.len()];
    for number in 0..turns {
        clock = clock.max(cycles_per_second());
        let tries = |thread| plain_loop(&template, nonce(thread, number));
        sha2_loop = sha2_loop.max(on_threads(threads, tries));
        for (at, kernel) in kernels.iter().enumerate() {
            rates[at]
                .measure(threads, |thread| kernel_loop(*kernel, &template, nonce(thread, number)));
            if let Some(Limit::Instructions(tries)) = &limits[at] {
                measured_limits[at].measure(threads, |_| || tries(TRIES));
            }
        }
    }
    let report = |(at, kernel): (usize, &Kernel)| {
        let limit = limits[at].as_ref().map(|limit| match limit {
            Limit::Cycles(cycles) => {
                let one = clock / cycles;
                Rates { all: threads.get() as f64 * one, one }
            }
            Limit::Instructions(_) => measured_limits[at],
        });
        KernelReport {
            name: kernel.name(),
            rate: rates[at].all,
            one_thread: several.then_some(rates[at].one),
            limit: limit.map(|limit| limit.all),
            limit_of_one_thread: limit.filter(|_| several).map(|limit| limit.one),
        }
    };
    let mut kernels: Vec<KernelReport> = kernels.iter().enumerate().map(report).collect();
    kernels.sort_by(|one, other| other.rate.total_cmp(&one.rate));
    Report { threads, clock, sha2_loop, kernels }
}

/// The fastest turn of all threads together, and of one alone where there are several.
#[derive(Clone, Copy, Default)]
struct Rates {
    all: f64,
    one: f64,
}

impl Rates {
    /// Takes one more turn.
    fn measure<L: FnMut()>(&mut self, threads: NonZeroUsize, make: impl Fn(u64) -> L + Sync) {
        self.all = self.all.max(on_threads(threads, &make));
        if threads.get() > 1 {
            self.one = self.one.max(on_threads(NonZeroUsize::MIN, &make));
        }
    }
}

fn template() -> Block {
    let mut block = Block::genesis();
    block.index = 1;
    block.prev_hash = block.hash;
    block.transactions.clear();
    block.data = "x".repeat(DATA_BYTES);
    block
}

/// Where a thread begins: no two try the same nonces.
fn nonce(thread: u64, turn: u32) -> u64 {
    thread << 48 | u64::from(turn) << 32
}

/// A loop that makes [`TRIES`] tries at each call.
fn kernel_loop(kernel: Kernel, template: &Block, mut first: u64) -> impl FnMut() + use<> {
    // No hash meets this target, so the search never ends.
    let mut search = Search::with_kernel(template, Target::from_be_bytes([0; 32]), kernel);
    move || {
        black_box(search.try_nonces(first, TRIES));
        first = first.wrapping_add(TRIES);
    }
}

fn plain_loop(template: &Block, mut nonce: u64) -> impl FnMut() + use<> {
    let mut preimage = template.preimage();
    move || {
        for _ in 0..TRIES {
            preimage[Block::NONCE_OFFSET..Block::NONCE_OFFSET + 8]
                .copy_from_slice(&nonce.to_le_bytes());
            black_box(Sha256::digest(&preimage));
            nonce = nonce.wrapping_add(1);
        }
    }
}

/// Tries per second of all threads, each with a loop of its own.
fn on_threads<L: FnMut()>(threads: NonZeroUsize, make: impl Fn(u64) -> L + Sync) -> f64 {
    let together = Barrier::new(threads.get());
    let work = |thread| {
        let mut tries = make(thread);
        // Once beforehand, for what is done at the first call alone.
        tries();
        together.wait();
        rate(TRIES, &mut tries)
    };
    thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> =
            (1..threads.get() as u64).map(|thread| scope.spawn(move || work(thread))).collect();
        let first = work(0);
        others.into_iter().fold(first, |sum, other| sum + other.join().unwrap_or(0.0))
    })
}

/// Cycles per second, by a chain of six operations that each take one cycle on any processor of
/// today and each need what the one before gave.
fn cycles_per_second() -> f64 {
    const STEPS: u64 = 2_000;
    let mut state = black_box(1_u64);
    rate(STEPS * 6, &mut || {
        for _ in 0..STEPS {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        state = black_box(state);
    })
}

/// How many per second, where each call of `work` does so many.
#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn rate(count: u64, work: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut done = 0;
    loop {
        work();
        done += count;
        let taken = start.elapsed();
        if taken >= TURN {
            return done as f64 / taken.as_secs_f64();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_rate() {
        assert!(this_machine() > 1.0);
    }

    #[test]
    fn every_kernel_is_measured_and_the_fastest_comes_first() {
        let report = measure(NonZeroUsize::new(2).unwrap(), Duration::ZERO);
        let mut names: Vec<&str> = report.kernels.iter().map(|kernel| kernel.name).collect();
        assert!(report.kernels.is_sorted_by(|one, other| one.rate >= other.rate));
        let mut expected: Vec<&str> = Kernel::available().map(Kernel::name).collect();
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert!(report.kernels.iter().all(|kernel| kernel.one_thread.is_some_and(|r| r > 0.0)));
        assert!(report.sha2_loop > 0.0 && report.clock > 0.0);
    }
}
