//! Difficulty, active time and the median, held to formulas that are written from the text alone.

use kusari_chain::ledger::{ChainSpec, PublicKey};
use kusari_chain::pow::asert::next_target;
use kusari_chain::pow::{ChainTime, CompactTarget};
use kusari_chain::{AcceptError, Accepted, Block, RuleViolation, TreeLimits};
use proptest::prelude::*;

use crate::ledger::definition;
use crate::ledger::support::{CHAIN, LATE, Rig, SPEC, START};

/// Block times and half-lives that a spec may have, small and large ones alike.
fn times() -> impl Strategy<Value = (u32, u32)> {
    let block_time = prop_oneof![Just(1_u32), Just(3_600), 1..=3_600_u32];
    block_time.prop_flat_map(|block_time| {
        let half_life =
            prop_oneof![block_time..=block_time + 10_000, Just(block_time), Just(u32::MAX)];
        (Just(block_time), half_life)
    })
}

fn spec((block_time_s, half_life_s): (u32, u32)) -> ChainSpec {
    ChainSpec { block_time_s, half_life_s, ..ChainSpec::ledger() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn next_target_is_that_of_the_formula_near_the_schedule(
        times in times(),
        parent in prop_oneof![0..200_u32, any::<u32>()],
        // In sixteenths of a half-life, ahead of schedule where below zero.
        sixteenths in -500..40_i64,
        seconds in -20..20_i64,
    ) {
        let spec = spec(times);
        let due = i64::from(times.0) * i64::from(parent.saturating_sub(1));
        let active = (due + sixteenths * i64::from(times.1) / 16 + seconds).max(0) as u64;
        let expected = definition::asert(parent, active, times.0, times.1);
        prop_assert_eq!(next_target(parent, active, spec.asert()), CompactTarget(expected));
    }

    #[test]
    fn next_target_is_that_of_the_formula_anywhere(
        times in times(),
        parent: u32,
        active in prop_oneof![any::<u64>(), 0..1_u64 << 44],
    ) {
        let expected = definition::asert(parent, active, times.0, times.1);
        let next = next_target(parent, active, spec(times).asert());
        prop_assert_eq!(next, CompactTarget(expected));
        // What the rule gives is always a target, and never easier than the limit.
        let target = next.target().unwrap();
        prop_assert!(target <= CompactTarget::LIMIT.target().unwrap());
    }

    #[test]
    fn active_time_is_that_of_the_formula(
        block_time in 1..=3_600_u32,
        timestamps in proptest::collection::vec(
            prop_oneof![any::<u64>(), START..START + 30_000, START..START + 300],
            1..60,
        ),
    ) {
        let spec = spec((block_time, 3_600));
        let mut time = ChainTime::default();
        let mut active = Vec::new();
        for (height, timestamp) in (1..).zip(&timestamps) {
            time = time.after(height, *timestamp, spec.asert());
            active.push(time.active_s);
            prop_assert_eq!(Some(&time.latest), timestamps[..height as usize].iter().max());
        }
        prop_assert_eq!(active, definition::active_times(&timestamps, u64::from(block_time)));
    }

    #[test]
    fn a_compact_number_is_a_target_where_it_is_the_form_of_one(bits: u32) {
        let compact = CompactTarget(bits);
        if let Some(target) = compact.target() {
            prop_assert_eq!(CompactTarget::of(target), compact);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Each block is committed to a target and checked against a median that the formulas give.
    #[test]
    fn chain_takes_exactly_the_times_above_the_median_at_the_targets_of_the_formula(
        steps in proptest::collection::vec(-70..90_i64, 30),
        commits in proptest::collection::vec(any::<bool>(), 30),
    ) {
        let limits = TreeLimits { window_blocks: 3, ..TreeLimits::default() };
        let mut rig = Rig::new(&SPEC, limits);
        let mut timestamps = vec![Block::genesis().timestamp];
        let mut now = START;
        for (number, (step, commit)) in (0..).zip(steps.into_iter().zip(commits)) {
            now = now.saturating_add_signed(step);
            // No two are the same block, of which the second would be known or refused before.
            let miner = PublicKey([number; 32]);
            let mut draft = rig.draft(&miner, &[], LATE);
            draft.block.timestamp = now;
            let parent = timestamps.len() as u32 - 1;
            let active = definition::active_times(&timestamps[1..], 10);
            let active = active.last().copied().unwrap_or_default();
            let target = definition::asert(parent, active, 10, 600);
            prop_assert_eq!(draft.part.commitment.target, CompactTarget(target));
            let accepted = rig.accept(draft.complete(&CHAIN));
            let median = definition::median(&timestamps);
            if now > median {
                prop_assert!(matches!(accepted, Ok(Accepted::Added(_))), "{:?}", accepted);
                timestamps.push(now);
            } else {
                let fault = RuleViolation::TooEarly { timestamp: now, median };
                prop_assert_eq!(accepted.unwrap_err(), AcceptError::Rule(fault));
            }
            if commit {
                rig.commit_all();
            }
        }
    }
}
