//! Every scenario over many seeds.

use crate::common::number_from_environment;
use kusari_sim::{flipper, scenarios};

/// Seeds of one scenario, where the environment does not say otherwise.
const SEEDS: u64 = 160;

macro_rules! tests {
    ($($test:ident: $scenario:ident),* $(,)?) => {
        $(#[test]
        fn $test() {
            crate::common::run(scenarios::$scenario, SEEDS);
        })*
    };
}

tests! {
    calm_triangle: CALM_TRIANGLE,
    miners_race: MINERS_RACE,
    partition_heals: PARTITION_HEALS,
    crashes_while_typing: CRASHES_WHILE_TYPING,
    storm: STORM,
    originals_join: ORIGINALS_JOIN,
    byzantine_peers: BYZANTINE_PEERS,
    late_joiner: LATE_JOINER,
    deep_reorganisation: DEEP_REORGANISATION,
    original_between: ORIGINAL_BETWEEN,
    crowd_of_liars: CROWD_OF_LIARS,
    criers: CRIERS,
}

#[test]
fn long_branches_by_turns() {
    crate::common::run(flipper::LONG_BRANCHES_BY_TURNS, SEEDS / 10);
}

#[test]
fn crash_at_every_point_of_the_seam() {
    if let (Some(seed), Some(point)) =
        (number_from_environment("KUSARI_SIM_SEED"), number_from_environment("KUSARI_SIM_POINT"))
    {
        let outcome = scenarios::crash_at_point(point, seed, true);
        assert_eq!(outcome.err(), None, "point {point}, seed {seed}");
        return;
    }
    let seeds = number_from_environment("KUSARI_SIM_SEEDS").unwrap_or(SEEDS) / 10 + 1;
    for seed in 0..seeds {
        for point in 0.. {
            let outcome = scenarios::crash_at_point(point, seed, false);
            let failure = outcome.as_ref().err().cloned().unwrap_or_default();
            assert!(
                failure.is_empty(),
                "crash at point {point}, seed {seed}: {failure}\nreplay it with\n    \
                 KUSARI_SIM_SEED={seed} KUSARI_SIM_POINT={point} cargo test -p kusari-sim \
                 crash_at_every_point -- --nocapture"
            );
            if outcome == Ok(None) {
                println!("seed {seed}: {point} points");
                break;
            }
        }
    }
}

#[test]
fn one_seed_is_one_run() {
    for scenario in scenarios::ALL {
        for seed in 0..2 {
            let [first, second] = [(); 2].map(|()| scenario.run(seed, false));
            assert_eq!(first, second, "{}, seed {seed}", scenario.name);
        }
    }
}

#[test]
fn a_node_made_again_from_its_state_goes_on_as_if_nothing_had_been() {
    let seeds = number_from_environment("KUSARI_SIM_SEEDS").unwrap_or(SEEDS) / 10 + 1;
    for scenario in scenarios::ALL {
        let name = scenario.name;
        let mut twins = 0;
        for seed in 0..seeds {
            let outcome = scenario.run_with_twins(seed);
            let (outcome, made) = outcome.unwrap_or_else(|error| panic!("{name}, {seed}: {error}"));
            twins += made;
            assert_eq!(scenario.run(seed, false), Ok(outcome), "{name}, {seed}: twins disturb");
        }
        assert!(twins > 0, "{name}: there was no twin");
        println!("{name}: {twins} twins");
    }
}
