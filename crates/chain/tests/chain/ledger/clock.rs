//! What a block's time may be: above the middle of its ancestors', and not far ahead of the clock.

use kusari_chain::accept::NoTemplate;
use kusari_chain::{AcceptError, Accepted, CheckedBlock, RuleViolation};

use crate::ledger::people::PEOPLE;
use crate::ledger::support::{BASE, BASE_BLOCKS, CHAIN, NEXT, Rig, START, draft, rig, verdict};

/// The block after the base chain with this timestamp.
fn stamped(timestamp: u64) -> CheckedBlock {
    let mut draft = draft(Vec::new());
    draft.block.timestamp = timestamp;
    draft.complete(&CHAIN)
}

fn rig_at(now: u64) -> Rig {
    let mut rig = rig();
    rig.now = now;
    rig
}

#[test]
fn median_itself_is_too_early_and_one_second_more_is_not() {
    // The base chain is on schedule: the sixth of the last eleven stands five before the last.
    let median = START + 10 * (u64::from(BASE_BLOCKS) - 1 - 5);
    for timestamp in [median, median - 1, 0] {
        let mut early = draft(Vec::new());
        early.block.timestamp = timestamp;
        let fault = RuleViolation::TooEarly { timestamp, median };
        assert_eq!(verdict(early.commit().mine()), Err(fault));
    }
    let mut later = draft(Vec::new());
    later.block.timestamp = median + 1;
    assert_eq!(verdict(later.commit().mine()), Ok(()));
}

#[test]
fn first_block_is_later_than_genesis() {
    const GENESIS: u64 = 1_672_531_200;
    let mut rig = Rig::with(&crate::ledger::support::SPEC, &[]);
    let mut early = rig.draft(&PEOPLE[0].key, &[], START);
    early.block.timestamp = GENESIS;
    let fault = RuleViolation::TooEarly { timestamp: GENESIS, median: GENESIS };
    let refused = rig.accept(early.clone().complete(&CHAIN)).unwrap_err();
    assert_eq!(refused, AcceptError::Rule(fault));
    early.block.timestamp = GENESIS + 1;
    assert!(matches!(rig.accept(early.complete(&CHAIN)), Ok(Accepted::Added(_))));
}

#[test]
fn block_two_minutes_ahead_is_accepted_and_one_second_more_is_held_until_then() {
    let mut rig = rig_at(NEXT);
    assert!(matches!(rig.accept(stamped(NEXT + 120)), Ok(Accepted::Added(_))));

    let (mut rig, ahead) = (rig_at(NEXT), stamped(NEXT + 121));
    let hash = ahead.block().hash;
    for _ in 0..2 {
        let held = rig.accept(ahead.clone());
        assert!(matches!(held, Ok(Accepted::Ahead { due }) if due == NEXT + 1), "{held:?}");
    }
    assert_eq!(rig.chain.next_due(), Some(NEXT + 1));
    assert_eq!(rig.chain.point(&hash), Ok(None));
    assert!(rig.chain.take_due(NEXT).is_empty());
    assert_eq!(rig.chain.take_due(NEXT + 1), std::slice::from_ref(&ahead));
    assert_eq!(rig.chain.next_due(), None);
    assert!(rig.chain.take_due(NEXT + 1).is_empty(), "it is given back once");
    rig.now = NEXT + 1;
    assert!(matches!(rig.accept(ahead), Ok(Accepted::Added(_))));
    assert_eq!(rig.chain.tip().hash, hash);
}

#[test]
fn clock_that_was_wrong_refuses_nothing_for_good() {
    let (mut rig, ahead) = (rig_at(0), stamped(NEXT));
    let mut child = Rig::with(&crate::ledger::support::SPEC, &BASE);
    child.accept(ahead.clone()).unwrap();
    let child = child.extend(&PEOPLE[0].key, &[]);
    assert!(matches!(rig.accept(ahead.clone()), Ok(Accepted::Ahead { .. })));
    // What follows it waits for its parent as any orphan does.
    assert!(matches!(rig.accept(child), Ok(Accepted::Orphan { .. })));
    assert!(matches!(rig.accept(ahead.clone()), Ok(Accepted::Ahead { .. })));
    rig.now = NEXT;
    let hash = ahead.block().hash;
    assert!(matches!(rig.accept(ahead), Ok(Accepted::Added(_))));
    let [child] = rig.chain.take_orphans_of(&hash).try_into().unwrap();
    assert!(matches!(rig.accept(child), Ok(Accepted::Added(_))));
    assert_eq!(rig.chain.tip().height, BASE_BLOCKS + 2);
}

#[test]
fn held_blocks_survive_a_checkpoint_and_come_back_in_the_order_of_their_time() {
    let mut rig = rig_at(NEXT);
    let times = [NEXT + 500, NEXT + 200, NEXT + 300];
    for time in times {
        assert!(matches!(rig.accept(stamped(time)), Ok(Accepted::Ahead { .. })));
    }
    rig.restore();
    assert_eq!(rig.chain.next_due(), Some(NEXT + 80));
    let due = rig.chain.take_due(NEXT + 180);
    let due: Vec<_> = due.iter().map(|block| block.block().timestamp).collect();
    assert_eq!(due, [NEXT + 200, NEXT + 300]);
    assert_eq!(rig.chain.next_due(), Some(NEXT + 380));
}

#[test]
fn held_blocks_are_bounded_and_those_furthest_ahead_go_first() {
    const MOST: u64 = 64;
    let mut rig = rig_at(NEXT);
    for later in (0..=MOST).rev() {
        let held = rig.accept(stamped(NEXT + 1_000 + later));
        assert!(matches!(held, Ok(Accepted::Ahead { .. })));
    }
    let due = rig.chain.take_due(u64::MAX);
    let times: Vec<_> = due.iter().map(|block| block.block().timestamp - NEXT - 1_000).collect();
    assert_eq!(times, (0..MOST).collect::<Vec<_>>());
}

#[test]
fn block_that_is_ahead_and_wrong_is_wrong_at_once() {
    let mut wrong = draft(Vec::new());
    wrong.block.timestamp = NEXT + 10_000;
    wrong.part.commitment.state_root.0[0] = 1;
    let refused = rig_at(NEXT).accept(wrong.complete(&CHAIN));
    assert!(matches!(refused, Err(AcceptError::Rule(RuleViolation::BadStateRoot { .. }))));
}

#[test]
fn miner_stamps_its_clock_or_just_above_the_median_and_never_further_ahead_than_others_take() {
    let mut rig = rig();
    let median = START + 10 * (u64::from(BASE_BLOCKS) - 1 - 5);
    let miner = PEOPLE[0].key;
    for (now, stamp) in [(NEXT, NEXT), (median, median + 1), (median - 119, median + 1)] {
        let block = rig.draft(&miner, &[], now);
        assert_eq!(block.block.timestamp, stamp);
        let accepted = rig_at(now).accept(block.complete(&CHAIN));
        assert!(matches!(accepted, Ok(Accepted::Added(_))), "{accepted:?}");
    }
    let waits = rig.chain.template(miner, [], median - 120);
    assert_eq!(waits, Err(NoTemplate::TooEarly { until: median - 119 }));
}
