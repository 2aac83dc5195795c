//! Running scenarios over seeds: `KUSARI_SIM_SEED` replays one and prints every step,
//! `KUSARI_SIM_SEEDS` sets how many each scenario gets.

use kusari_sim::scenarios::{Outcome, Scenario};

#[expect(clippy::disallowed_methods, reason = "a test has no configuration file to read")]
pub fn number_from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    assert!(number.is_ok(), "{name} must be a number, not {text:?}");
    number.ok()
}

/// What a person who sees a failure does next.
pub fn how_to_replay(name: &str, seed: u64) -> String {
    format!(
        "replay it with\n    KUSARI_SIM_SEED={seed} cargo test -p kusari-sim {name} -- --nocapture"
    )
}

/// Runs a scenario over so many seeds, where the environment does not say otherwise. Returns how each
/// run ended; nothing where one is replayed.
pub fn run(scenario: Scenario, seeds: u64) -> Vec<Outcome> {
    let Scenario { name, .. } = scenario;
    if let Some(seed) = number_from_environment("KUSARI_SIM_SEED") {
        let outcome = scenario.run(seed, true);
        println!("{name}, seed {seed}: {outcome:?}");
        assert_eq!(outcome.err(), None, "{name}, seed {seed}");
        return Vec::new();
    }
    let seeds = number_from_environment("KUSARI_SIM_SEEDS").unwrap_or(seeds);
    let (mut slowest, mut outcomes) = (0, Vec::new());
    for seed in 0..seeds {
        let outcome = scenario.run(seed, false);
        slowest = slowest.max(outcome.as_ref().map_or(0, |o| o.counts.seconds_to_agree));
        let failure = outcome.as_ref().err().cloned().unwrap_or_default();
        outcomes.extend(outcome);
        assert!(
            failure.is_empty(),
            "{name}, seed {seed}: {failure}\n{}",
            how_to_replay(name, seed)
        );
    }
    println!("{name}: {seeds} seeds, all agreed {slowest} s after the last fault at the latest");
    outcomes
}
