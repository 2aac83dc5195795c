//! Every scenario around originals that hold the best chain in the end, over many seeds.

use kusari_sim::original_scenarios;

/// Seeds of one scenario, where the environment does not say otherwise.
const SEEDS: u64 = 40;

#[test]
fn original_is_dialled_again() {
    crate::common::run(original_scenarios::ORIGINAL_IS_DIALLED_AGAIN, SEEDS);
}

#[test]
fn original_dials_again() {
    crate::common::run(original_scenarios::ORIGINAL_DIALS_AGAIN, SEEDS);
}

#[test]
fn originals_in_a_ring() {
    crate::common::run(original_scenarios::ORIGINALS_IN_A_RING, SEEDS);
}

#[test]
fn one_seed_is_one_run_and_twins_do_not_disturb_it() {
    for scenario in original_scenarios::ALL {
        for seed in 0..3 {
            let first = scenario.run(seed, false);
            let twins = scenario.run_with_twins(seed).map(|(outcome, _)| outcome);
            assert_eq!(first, twins, "{}, seed {seed}", scenario.name);
        }
    }
}
