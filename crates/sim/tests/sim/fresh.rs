//! Every scenario over seeds that nobody has tried, for as many minutes as `KUSARI_SIM_MINUTES` says;
//! once each, over one seed, where it says nothing.
//!
//! A failure prints its seed, which is replayed as those of the other tests are. `KUSARI_SIM_FIRST`
//! sets the first seed, to go through the same ones again.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{how_to_replay, number_from_environment};
use kusari_sim::flipper::LONG_BRANCHES_BY_TURNS;
use kusari_sim::isolation::{ALTERED_BLOCK_IS_SERVED, BOTH_DIAL};
use kusari_sim::scenarios::Scenario;
use kusari_sim::stalling::{BLOCKS_COME_SLOWLY, STAMPED_AHEAD};
use kusari_sim::{
    ledger_scenarios, newcomer, original_scenarios, reorg_limit_scenarios, scenarios,
};

/// Failures after which the rest is not tried.
const MOST_FAILURES: usize = 20;

/// Seeds that are not given begin at a multiple of this, so that they are told apart by eye.
const SPACING: u64 = 1_000_000;

/// The seed of the one round that is run where no minutes are given: beyond those of the other tests.
const OTHER_SEED: u64 = SPACING - 1;

/// What threads share: which run is next, and what failed.
struct Rounds {
    scenarios: Vec<Scenario>,
    first_seed: u64,
    started: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Rounds {
    fn new(first_seed: u64) -> Self {
        let all = [
            &scenarios::ALL[..],
            &[
                newcomer::SERVER_REORGANISES,
                LONG_BRANCHES_BY_TURNS,
                BOTH_DIAL,
                ALTERED_BLOCK_IS_SERVED,
            ],
            &[STAMPED_AHEAD, BLOCKS_COME_SLOWLY],
            &original_scenarios::ALL,
            &ledger_scenarios::ALL,
            &reorg_limit_scenarios::ALL,
        ];
        let (started, failures) = (AtomicU64::new(0), Mutex::default());
        Self { scenarios: all.concat(), first_seed, started, failures }
    }

    /// Runs what is next for as long as that is wanted: scenario after scenario, seed after seed.
    fn run_while(&self, wanted: impl Fn(u64) -> bool) {
        let count = self.scenarios.len() as u64;
        loop {
            let number = self.started.fetch_add(1, Ordering::Relaxed);
            if !wanted(number / count) || self.failures().len() >= MOST_FAILURES {
                return;
            }
            let Ok(place) = usize::try_from(number % count) else { return };
            let (scenario, seed) = (&self.scenarios[place], self.first_seed + number / count);
            if let Err(failure) = scenario.run(seed, false) {
                let failure = format!("{failure}\n{}", how_to_replay(scenario.name, seed));
                println!("{}, seed {seed}: {failure}", scenario.name);
                self.failures().push(format!("{}, seed {seed}: {failure}", scenario.name));
            }
        }
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured here is how long the test may take"
)]
fn time() -> Instant {
    Instant::now()
}

#[test]
fn every_scenario_holds_over_fresh_seeds() {
    let minutes = number_from_environment("KUSARI_SIM_MINUTES");
    let drawn =
        minutes.map_or(OTHER_SEED, |_| RandomState::new().hash_one(()) % 1_000_000_000 * SPACING);
    let rounds = Rounds::new(number_from_environment("KUSARI_SIM_FIRST").unwrap_or(drawn));
    println!("fresh seeds from {}", rounds.first_seed);
    let end = minutes.map(|minutes| time() + Duration::from_secs(60 * minutes));
    let wanted = |round| end.map_or(round == 0, |end| time() < end);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        (0..threads).for_each(|_| drop(scope.spawn(|| rounds.run_while(wanted))));
    });
    let started = rounds.started.load(Ordering::Relaxed);
    let failures = rounds.failures();
    println!("about {started} runs of {} scenarios", rounds.scenarios.len());
    assert!(failures.is_empty(), "{} runs failed:\n{}", failures.len(), failures.join("\n"));
}
