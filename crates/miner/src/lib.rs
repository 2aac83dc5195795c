//! Nonce search in worker threads.
//!
//! Owns the threads and the inner loop of proof of work. Knows neither chain nor peers: it is given
//! a block and a target and reports a nonce. A new search replaces the one before, and workers
//! notice within [`CHUNK`] hashes, which is about a millisecond.

mod kernel;
pub mod measure;
mod plan;
mod search;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use kusari_chain::{Block, Target};

pub use kernel::Kernel;
pub use search::Search;

/// Nonces that a worker tries between two looks at whether its search still stands: a millisecond
/// of the slowest kernel, and a multiple of what every kernel takes at once.
const CHUNK: u64 = 4_800;

/// Called with the name of the search and the nonce that was found, from a worker's thread.
pub type OnFound = Box<dyn Fn(u64, u64) + Send + Sync>;

/// How many nonces were tried. Clones count together.
///
/// A worker adds a chunk once it is through with it: one addition to memory that others write too
/// beside thousands of hashes.
#[derive(Clone, Debug, Default)]
pub struct Tries(Arc<AtomicU64>);

impl Tries {
    /// All of them so far.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, tries: u64) {
        self.0.fetch_add(tries, Ordering::Relaxed);
    }
}

/// Worker threads that search one nonce together.
pub struct Miner {
    shared: Arc<Shared>,
    kernel: Option<Kernel>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Counts searches, so that workers see without a lock that theirs is over.
    generation: AtomicU64,
    tries: Tries,
    on_found: OnFound,
}

#[derive(Default)]
struct State {
    job: Option<Arc<Job>>,
    stopped: bool,
}

struct Job {
    name: u64,
    generation: u64,
    search: Search,
    first_nonce: u64,
    next_chunk: AtomicU64,
    found: AtomicBool,
}

impl Miner {
    /// Starts the workers; they sleep until there is something to search. They search with this
    /// kernel, or else with the one that is the fastest here, which is found out at the first
    /// search, and count what they try.
    ///
    /// # Errors
    /// Where the system gives no more threads.
    pub fn start(
        threads: NonZeroUsize,
        kernel: Option<Kernel>,
        tries: Tries,
        on_found: OnFound,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            generation: AtomicU64::new(0),
            tries,
            on_found,
        });
        let mut miner = Self { shared, kernel, workers: Vec::new() };
        for number in 0..threads.get() {
            let shared = Arc::clone(&miner.shared);
            let worker = std::thread::Builder::new().name(format!("miner-{number}"));
            miner.workers.push(worker.spawn(move || shared.work())?);
        }
        Ok(miner)
    }

    /// Searches a nonce for `template`, from its own nonce upwards, in place of any search before.
    pub fn mine(&self, name: u64, template: &Block, target: Target) {
        let search = match self.kernel {
            Some(kernel) => Search::with_kernel(template, target, kernel),
            None => Search::new(template, target),
        };
        let mut state = self.shared.lock();
        let generation = self.shared.generation.fetch_add(1, Ordering::Relaxed) + 1;
        state.job = Some(Arc::new(Job {
            name,
            generation,
            search,
            first_nonce: template.nonce,
            next_chunk: AtomicU64::new(0),
            found: AtomicBool::new(false),
        }));
        self.shared.changed.notify_all();
    }

    /// Whether there is a search that was not ended.
    #[must_use]
    pub fn is_searching(&self) -> bool {
        self.shared.lock().job.is_some()
    }

    /// Ends the search. Its nonce may still be reported, if it was found at this very moment.
    pub fn stop(&self) {
        self.shared.lock().job = None;
        self.shared.generation.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.stop();
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing left to end.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements that change it, so a panic elsewhere does
        // not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut done = 0;
        while let Some(job) = self.wait_for_job_after(done) {
            done = job.generation;
            self.search(&job);
        }
    }

    fn wait_for_job_after(&self, done: u64) -> Option<Arc<Job>> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(job) = state.job.as_ref().filter(|job| job.generation > done) {
                return Some(Arc::clone(job));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn search(&self, job: &Job) {
        let mut search = job.search.clone();
        while self.generation.load(Ordering::Relaxed) == job.generation
            && !job.found.load(Ordering::Relaxed)
        {
            let chunk = job.next_chunk.fetch_add(1, Ordering::Relaxed);
            let first = job.first_nonce.wrapping_add(chunk.wrapping_mul(CHUNK));
            let found = search.try_nonces(first, CHUNK);
            // Counted before the nonce is told: a block is never there without its tries.
            self.tries.add(found.map_or(CHUNK, |nonce| nonce.wrapping_sub(first) + 1));
            if let Some(nonce) = found
                && !job.found.swap(true, Ordering::Relaxed)
            {
                (self.on_found)(job.name, nonce);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    const DEADLINE: Duration = Duration::from_secs(60);

    fn impossible() -> Target {
        // No block hashes to this: a target below every hash that will ever be found.
        Target::from_be_bytes([0; 32])
    }

    fn start(threads: usize) -> (Miner, mpsc::Receiver<(u64, u64)>) {
        start_counted(threads, Tries::default())
    }

    fn start_counted(threads: usize, tries: Tries) -> (Miner, mpsc::Receiver<(u64, u64)>) {
        let (sender, receiver) = mpsc::channel();
        let on_found = Box::new(move |name, nonce| {
            let _ = sender.send((name, nonce));
        });
        let threads = NonZeroUsize::new(threads).unwrap();
        (Miner::start(threads, None, tries, on_found).unwrap(), receiver)
    }

    #[test]
    fn workers_report_one_nonce_that_meets_the_target() {
        let (miner, found) = start(3);
        let mut block = Block::genesis();
        block.nonce = 77;
        miner.mine(5, &block, Target::CLASSIC);
        let (name, nonce) = found.recv_timeout(DEADLINE).unwrap();
        block.nonce = nonce;
        assert_eq!(name, 5);
        assert!(Target::CLASSIC.is_met_by(&block.compute_hash()));
        drop(miner);
        assert!(found.try_recv().is_err(), "one search reported two nonces");
    }

    #[test]
    fn every_nonce_that_is_tried_counts_once() {
        let tries = Tries::default();
        let (miner, found) = start_counted(1, tries.clone());
        let mut block = Block::genesis();
        block.nonce = 77;
        miner.mine(1, &block, Target::CLASSIC);
        let (_, nonce) = found.recv_timeout(DEADLINE).unwrap();
        assert_eq!(tries.total(), nonce - 77 + 1);
    }

    #[test]
    fn a_new_search_replaces_one_that_never_ends() {
        let (miner, found) = start(2);
        miner.mine(1, &Block::genesis(), impossible());
        miner.mine(2, &Block::genesis(), Target::CLASSIC);
        assert_eq!(found.recv_timeout(DEADLINE).unwrap().0, 2);
    }

    #[test]
    fn dropping_the_miner_ends_a_search_that_never_ends() {
        let (miner, found) = start(2);
        miner.mine(1, &Block::genesis(), impossible());
        drop(miner);
        assert!(found.try_recv().is_err());
    }
}
