//! Every scenario of a ledger over some seeds.

use crate::common::number_from_environment;
use kusari_sim::ledger_scenarios as scenarios;
use kusari_sim::scenarios::Outcome;
use kusari_sim::{Loss, StoreLoss};

/// Seeds of one scenario, where the environment does not say otherwise: blocks are really mined.
const SEEDS: u64 = 24;

macro_rules! tests {
    ($($test:ident: $scenario:ident),* $(,)?) => {
        $(#[test]
        fn $test() {
            crate::common::run(scenarios::$scenario, SEEDS);
        })*
    };
}

tests! {
    ledger_calm: LEDGER_CALM,
    ledger_miners_race: LEDGER_MINERS_RACE,
    ledger_partition_heals: LEDGER_PARTITION_HEALS,
    ledger_crashes: LEDGER_CRASHES,
    ledger_storm: LEDGER_STORM,
    ledger_originals: LEDGER_ORIGINALS,
    ledger_cheats: LEDGER_CHEATS,
    ledger_payloads_left_out: LEDGER_PAYLOADS_LEFT_OUT,
    ledger_clocks_apart: LEDGER_CLOCKS_APART,
    ledger_deep_reorganisation: LEDGER_DEEP_REORGANISATION,
    ledger_witnesses: LEDGER_WITNESSES,
    ledger_shared_wallet: LEDGER_SHARED_WALLET,
    ledger_witnesses_lose_stores: LEDGER_WITNESSES_LOSE_STORES,
}

#[test]
fn ledger_crash_at_every_point_of_the_seam() {
    crash_at_every_point("ledger_crash_at_every_point", scenarios::crash_at_point);
}

/// Each text stands once, though both machines gave the same sequences out.
#[test]
fn shared_wallet_crash_at_every_point_of_the_seam() {
    crash_at_every_point(
        "shared_wallet_crash_at_every_point",
        scenarios::shared_wallet_crash_at_point,
    );
}

type CrashAtPoint = fn(u64, u64, bool) -> Result<Option<Outcome>, String>;

fn crash_at_every_point(name: &str, crash_at_point: CrashAtPoint) {
    if let (Some(seed), Some(point)) =
        (number_from_environment("KUSARI_SIM_SEED"), number_from_environment("KUSARI_SIM_POINT"))
    {
        let outcome = crash_at_point(point, seed, true);
        assert_eq!(outcome.err(), None, "point {point}, seed {seed}");
        return;
    }
    let seeds = number_from_environment("KUSARI_SIM_SEEDS").unwrap_or(SEEDS) / 10 + 1;
    for seed in 0..seeds {
        for point in 0.. {
            let outcome = crash_at_point(point, seed, false);
            let failure = outcome.as_ref().err().cloned().unwrap_or_default();
            assert!(
                failure.is_empty(),
                "crash at point {point}, seed {seed}: {failure}\nreplay it with\n    \
                 KUSARI_SIM_SEED={seed} KUSARI_SIM_POINT={point} cargo test -p kusari-sim \
                 {name} -- --nocapture"
            );
            if outcome == Ok(None) {
                println!("seed {seed}: {point} points");
                break;
            }
        }
    }
}

/// Whatever is lost, and at whichever durable write, a witness key never says two things under one
/// sequence, and says nothing once it is not known what it said.
#[test]
fn ledger_witness_loses_its_store_at_every_durable_write() {
    let seeds = number_from_environment("KUSARI_SIM_SEEDS").unwrap_or(SEEDS) / 10 + 1;
    for seed in 0..seeds {
        for store in [StoreLoss::Emptied, StoreLoss::FromCopy] {
            for memory in [false, true] {
                let writes = lose_at_every_write(Loss { store, memory }, seed);
                println!("seed {seed}, {store:?}, memory lost: {memory}: {writes} writes");
                assert!(writes > 10, "there were only {writes} writes");
            }
        }
    }
}

fn lose_at_every_write(loss: Loss, seed: u64) -> u64 {
    for write in 0.. {
        match scenarios::lose_store_at_write(write, loss, seed, false) {
            Ok(Some(_)) => {}
            Ok(None) => return write,
            Err(failure) => panic!("{loss:?} at write {write}, seed {seed}: {failure}"),
        }
    }
    unreachable!("a run has an end")
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
            println!("{name}: {made} twins, {outcome:?}");
            assert_eq!(scenario.run(seed, false), Ok(outcome), "{name}, {seed}: twins disturb");
        }
    }
}

/// A node that is slow to introduce itself is met as an original first: its seven keys hint at blocks,
/// and hints once passed for announcements of everybody.
#[test]
fn a_hint_keeps_no_block_from_anybody() {
    assert_eq!(scenarios::LEDGER_DEEP_REORGANISATION.run(33, false).err(), None);
}

/// A node that came back was still waiting to be greeted when it sent what the other lacked, in seven
/// keys, and never spoke of it again.
#[test]
fn seven_keys_to_a_peer_that_is_late_to_introduce_itself_do_not_count() {
    assert_eq!(scenarios::LEDGER_DEEP_REORGANISATION.run(82, false).err(), None);
}

/// What displaced it was mined on a branch that lost, and came from nobody who still had it.
#[test]
fn what_was_displaced_on_a_branch_that_lost_is_not_lost() {
    assert_eq!(scenarios::LEDGER_DEEP_REORGANISATION.run(139, false).err(), None);
}

/// Peers were sent what was not durable yet, and mined it after a crash had made its node forget it. What
/// followed it was acknowledged, and waited for ever once a branch without it won.
#[test]
fn what_a_crash_makes_a_node_forget_strands_nothing_that_follows_it() {
    for seed in [39, 127, 206, 254, 315, 380] {
        let failure = scenarios::LEDGER_DEEP_REORGANISATION.run(seed, false).err();
        assert_eq!(failure, None, "seed {seed}");
    }
}

/// A transaction that had given way to a later form of its draft was refused at a restart, and the
/// draft, which was mined by then, was signed once more.
#[test]
fn a_form_that_was_given_up_says_nothing_of_its_entry() {
    assert_eq!(scenarios::LEDGER_SHARED_WALLET.run(334, false).err(), None);
}
