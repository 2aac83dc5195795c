//! A node that signs what people draft and holds little of it in memory, over a disk that is slow,
//! beside others that mine and a second machine with the same wallet.

mod world;

use crate::common::ledger::Person;
use kusari_node::interface::Command;
use proptest::prelude::*;
use world::{LIMITS, Step, World};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fork = (0..5_usize, 0..6_usize, proptest::bool::weighted(0.2));
    let step = prop_oneof![
        6 => (9..40_usize).prop_map(|bytes| Step::Draft { bytes }),
        1 => Just(Step::Submit),
        5 => Just(Step::Sign),
        3 => Just(Step::Mine),
        2 => (1..6_usize).prop_map(Step::Write),
        3 => (1..6_usize).prop_map(Step::Report),
        1 => fork.prop_map(|(depth, kept, elsewhere)| Step::Fork { depth, kept, elsewhere }),
        1 => (0..6_usize).prop_map(|written| Step::Crash { written }),
        1 => Just(Step::Restore),
    ];
    proptest::collection::vec(step, 10..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_acknowledged_stands_once_or_is_displaced(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.finish();
    }

    #[test]
    fn alone_with_its_wallet_a_node_loses_nothing(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            let alone = match step {
                Step::Fork { depth, kept, .. } => Step::Fork { depth, kept, elsewhere: false },
                step => step,
            };
            world.step(&alone);
        }
        world.finish();
    }
}

#[test]
fn what_is_signed_keeps_its_sequence_after_a_restart_however_much_waits_before_it() {
    let mut world = World::new();
    for _ in 0..10 {
        world.step(&Step::Draft { bytes: 9 });
    }
    world.step(&Step::Submit);
    world.commit_all();
    world.step(&Step::Crash { written: 0 });
    world.command(None, Command::GetAccount(Person::new(1).public));
    assert_eq!(world.next_sequence, 1, "a sequence is given out twice");
    assert!(world.to_sign.iter().all(|draft| draft.sequence > 0));
    world.finish();
}

#[test]
fn who_waits_for_a_signature_is_answered_when_the_draft_makes_room_in_memory() {
    let mut world = World::new();
    let draft_and_sign = |world: &mut World| {
        (0..LIMITS.in_memory).for_each(|_| world.step(&Step::Draft { bytes: 9 }));
        while !world.to_sign.is_empty() {
            world.step(&Step::Sign);
        }
        world.commit_all();
    };
    draft_and_sign(&mut world);
    while world.work.is_some() {
        world.step(&Step::Mine);
        world.commit_all();
    }
    assert_eq!(world.waiting(), 0);
    (0..LIMITS.in_memory).for_each(|_| world.step(&Step::Draft { bytes: 9 }));
    world.commit_all();
    let asked = |world: &World| world.asked.len();
    assert_eq!(asked(&world), LIMITS.in_memory, "nothing is signed yet");
    // What was mined waits again, and there is no room for both.
    world.step(&Step::Fork { depth: 9, kept: 0, elsewhere: false });
    world.commit_all();
    assert_eq!(asked(&world), 0, "somebody waits for ever");
    world.finish();
}
