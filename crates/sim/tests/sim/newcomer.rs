//! A fresh node takes a long chain, whatever its peers do.

use crate::common::number_from_environment;
use kusari_sim::newcomer::{Crowd, Kind, SERVER_REORGANISES, time_to_sync};
use kusari_sim::{Micros, SECOND};

/// Seeds, where the environment does not say otherwise.
const SEEDS: u64 = 12;
/// How much later than alone a fresh node may have the chain.
const MOST_DELAY: Micros = 10 * SECOND;

#[test]
fn server_reorganises() {
    crate::common::run(SERVER_REORGANISES, SEEDS);
}

#[test]
fn one_seed_is_one_run_and_twins_do_not_disturb_it() {
    for seed in 0..3 {
        let first = SERVER_REORGANISES.run(seed, false);
        let twins = SERVER_REORGANISES.run_with_twins(seed).map(|(outcome, _)| outcome);
        assert_eq!(first, twins, "seed {seed}");
    }
}

fn seconds(time: Micros) -> f64 {
    time as f64 / SECOND as f64
}

/// One honest peer among so many liars as may connect: dialled, or one that connects as they do.
fn liars_delay_a_fresh_node_by_seconds(kind: Kind, crowd: Crowd) {
    let time = |seed, crowd, dialled| {
        time_to_sync(seed, kind, crowd, dialled)
            .unwrap_or_else(|failure| panic!("{crowd:?}, seed {seed}: {failure}"))
    };
    let mut worst = Vec::new();
    for dialled in [true, false] {
        let (mut slowest, mut slowest_alone) = (0, 0);
        for seed in 0..number_from_environment("KUSARI_SIM_SEEDS").unwrap_or(SEEDS) {
            let (alone, among) = (time(seed, Crowd::Alone, dialled), time(seed, crowd, dialled));
            slowest_alone = slowest_alone.max(alone);
            slowest = slowest.max(among);
            if among > alone + MOST_DELAY {
                worst.push((dialled, seed, seconds(alone), seconds(among)));
            }
        }
        println!(
            "{kind:?}, {crowd:?}, dialled: {dialled}: {:.1} s alone and {:.1} s among liars at the latest",
            seconds(slowest_alone),
            seconds(slowest)
        );
    }
    assert!(worst.is_empty(), "(dialled, seed, alone, among): {worst:?}");
}

macro_rules! tests {
    ($($test:ident: $kind:ident, $crowd:ident;)*) => {
        $(#[test]
        fn $test() {
            liars_delay_a_fresh_node_by_seconds(Kind::$kind, Crowd::$crowd);
        })*
    };
}

tests! {
    silent_liars_delay_a_fresh_node_by_seconds: Classic, Silent;
    dripping_liars_delay_a_fresh_node_by_seconds: Classic, Dripping;
    repeating_liars_delay_a_fresh_node_by_seconds: Classic, Repeating;
    empty_handed_liars_delay_a_fresh_node_by_seconds: Classic, EmptyHanded;
    liars_of_all_kinds_delay_a_fresh_node_by_seconds: Classic, Mixed;
    silent_liars_delay_a_fresh_node_of_a_ledger_by_seconds: Ledger, Silent;
    empty_handed_liars_delay_a_fresh_node_of_a_ledger_by_seconds: Ledger, EmptyHanded;
}
