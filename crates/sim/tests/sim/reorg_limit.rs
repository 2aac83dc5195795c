//! Every scenario of rewritten history over some seeds.

use crate::common::number_from_environment;
use kusari_sim::reorg_limit_scenarios as scenarios;

/// Seeds of one scenario, where the environment does not say otherwise.
const SEEDS: u64 = 40;
/// Those of a ledger, whose blocks are mined anew for each.
const LEDGER_SEEDS: u64 = 16;

#[test]
fn rewrite_beyond_the_limit() {
    let outcomes = crate::common::run(scenarios::REWRITE_BEYOND_THE_LIMIT, SEEDS);
    assert!(outcomes.iter().all(|outcome| outcome.counts.alarms >= 3), "somebody said nothing");
}

#[test]
fn rewrite_within_the_limit() {
    crate::common::run(scenarios::REWRITE_WITHIN_THE_LIMIT, SEEDS);
}

#[test]
fn rewrite_near_the_limit() {
    let outcomes = crate::common::run(scenarios::REWRITE_NEAR_THE_LIMIT, SEEDS);
    let parted = outcomes.iter().filter(|outcome| outcome.counts.parted > 0).count();
    println!("they parted in {parted} of {} runs", outcomes.len());
    assert!(outcomes.is_empty() || parted > 0, "nobody parted, so nothing was tried");
}

#[test]
fn away_during_the_rewrite() {
    crate::common::run(scenarios::AWAY_DURING_THE_REWRITE, SEEDS);
}

#[test]
fn held_branch_accepted() {
    crate::common::run(scenarios::HELD_BRANCH_ACCEPTED, SEEDS);
}

#[test]
fn ledger_rewrite() {
    crate::common::run(scenarios::LEDGER_REWRITE, LEDGER_SEEDS);
}

#[test]
fn one_seed_is_one_run_and_a_node_made_again_from_its_state_goes_on_in_it() {
    let seeds = number_from_environment("KUSARI_SIM_SEEDS").unwrap_or(SEEDS) / 10 + 1;
    for scenario in scenarios::ALL {
        let name = scenario.name;
        for seed in 0..seeds {
            let outcome = scenario.run_with_twins(seed);
            let (outcome, made) = outcome.unwrap_or_else(|error| panic!("{name}, {seed}: {error}"));
            assert!(made > 0, "{name}: there was no twin");
            assert_eq!(scenario.run(seed, false), Ok(outcome), "{name}, {seed}: twins disturb");
        }
    }
}
