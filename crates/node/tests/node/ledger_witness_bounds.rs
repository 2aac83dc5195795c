//! What is kept of witnesses, however much strangers say: a test fills each bound.

use std::time::Duration;

use crate::common::Bench;
use crate::common::ledger::{Person, give, whole};
use crate::common::witnesses::{
    LISTED, STRANGER, block, fresh, is_convicted, kept_of, state, statements_to, two_words,
    with_blocks, witnessing,
};
use kusari_chain::ledger::UnsignedStatement;
use kusari_node::Input;
use kusari_node::limits::{
    KEY_STATEMENT_BURST, KEY_STATEMENT_REFILL, MAX_KEPT_EQUIVOCATIONS, MAX_STATEMENTS_OF_KEY,
    MAX_STATEMENTS_OF_LISTED_KEY, MAX_WAITING_STATEMENTS, MAX_WITNESS_KEYS, STATEMENT_BURST,
    TAKEN_STATEMENT_BURST,
};

#[test]
fn statements_of_unknown_blocks_wait_within_a_bound_and_not_for_long() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    maker.next(&[]);
    let unknown = block(&maker, 1).clone();
    for id in 0..20 {
        let peer = bench.ledger_peer(id);
        for number in 0..10 {
            let key = fresh(1_000 + usize::try_from(id).unwrap() * 10 + number);
            state(&mut bench, peer, key.state(0, &unknown));
        }
    }
    bench.restore();
    let peer = bench.ledger_peer(99);
    let mut late = Bench::new(witnessing());
    let late_peer = late.ledger_peer(1);
    late.receive(late_peer, whole(&maker.blocks[0]));
    state(&mut late, late_peer, Person::new(STRANGER).state(0, &unknown));
    bench.receive(peer, whole(&maker.blocks[1]));
    let kept = bench.disk.witnessed.borrow().statements.len();
    assert!(kept > 0 && kept <= MAX_WAITING_STATEMENTS, "{kept} waited");

    let waited_too_long = kusari_node::limits::WAITING_STATEMENT_TIME;
    late.now.monotonic += waited_too_long;
    late.receive(late_peer, whole(&maker.blocks[1]));
    assert_eq!(kept_of(&late, Person::new(STRANGER).public), 0);
}

/// Keys cost nothing: whoever makes up many must not crowd out those that a person listed.
#[test]
fn what_a_listed_witness_said_of_a_block_to_come_is_not_crowded_out_by_strangers() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    maker.next(&[]);
    let unknown = block(&maker, 1).clone();
    let listed = Person::new(LISTED);
    let crowd = |bench: &mut Bench, from: usize| {
        for id in 0..12 {
            let peer = bench.ledger_peer((from + id) as u64);
            for number in 0..10 {
                let key = fresh(1_000 + (from + id) * 10 + number);
                state(bench, peer, key.state(0, &unknown));
            }
        }
    };
    crowd(&mut bench, 0);
    let peer = bench.ledger_peer(50);
    for sequence in [3, 2] {
        state(&mut bench, peer, listed.state(sequence, &unknown));
    }
    for number in 0..10 {
        state(&mut bench, peer, fresh(9_000 + number).state(0, &unknown));
    }
    crowd(&mut bench, 100);
    bench.restore();
    let peer = bench.ledger_peer(99);
    bench.receive(peer, whole(&maker.blocks[1]));
    assert_eq!(kept_of(&bench, listed.public), 1);
    let kept = bench.disk.witnessed.borrow().statements.len();
    assert!(kept > 1 && kept <= MAX_WAITING_STATEMENTS, "{kept} waited");
}

#[test]
fn an_equivocation_of_long_ago_is_seen_although_its_statements_are_gone() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    let person = Person::new(STRANGER);
    for sequence in 0..MAX_STATEMENTS_OF_KEY as u64 + 5 {
        bench.pass(KEY_STATEMENT_REFILL);
        bench.line(peer, "PONG:1");
        state(&mut bench, peer, person.state(sequence, block(&maker, 0)));
    }
    assert_eq!(kept_of(&bench, person.public), MAX_STATEMENTS_OF_KEY);
    for statement in two_words(&person, &maker) {
        state(&mut bench, peer, statement);
    }
    assert!(is_convicted(&bench, person.public));
}

#[test]
fn of_a_listed_key_more_is_kept_and_no_key_is_taken_faster_than_a_witness_speaks() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    let person = Person::new(LISTED);
    for sequence in 0..MAX_STATEMENTS_OF_LISTED_KEY as u64 + 5 {
        bench.pass(KEY_STATEMENT_REFILL);
        bench.line(peer, "PONG:1");
        state(&mut bench, peer, person.state(sequence, block(&maker, 0)));
    }
    assert_eq!(kept_of(&bench, person.public), MAX_STATEMENTS_OF_LISTED_KEY);
    bench.restore();

    let fast = Person::new(STRANGER);
    for sequence in 0..30 {
        state(&mut bench, peer, fast.state(sequence, block(&maker, 0)));
    }
    assert_eq!(kept_of(&bench, fast.public), KEY_STATEMENT_BURST as usize);
    // What was too fast proves as much as what was kept.
    let other = UnsignedStatement { time: 1, ..fast.state(29, block(&maker, 0)).unsigned() };
    state(&mut bench, peer, fast.state_what(other));
    assert!(is_convicted(&bench, fast.public));

    // A list that no longer has the key leaves it the room of any other.
    let mut config = witnessing();
    config.ledger.as_mut().unwrap().witnesses.listed.clear();
    let mut unlisted = Bench::on(bench.disk.clone(), config);
    unlisted.pass(Duration::ZERO);
    assert_eq!(kept_of(&unlisted, person.public), MAX_STATEMENTS_OF_KEY);
}

#[test]
fn a_flood_of_keys_takes_no_more_than_its_places_and_none_of_a_listed_key() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    let honest = Person::new(STRANGER);
    for number in 0..MAX_WITNESS_KEYS + 50 {
        // One peer is not listened to that often.
        let peer = bench.ledger_peer(10 + number as u64);
        state(&mut bench, peer, fresh(number).state(0, block(&maker, 0)));
        bench.give(Input::PeerDisconnected { peer, reason: String::new() });
    }
    let known = |bench: &Bench| bench.node.snapshot().ledger.unwrap().witnesses.known;
    assert_eq!(known(&bench), MAX_WITNESS_KEYS);
    let peer = bench.ledger_peer(1);
    state(&mut bench, peer, Person::new(LISTED).state(0, block(&maker, 0)));
    assert_eq!(kept_of(&bench, Person::new(LISTED).public), 1, "it always has a place");
    state(&mut bench, peer, honest.state(0, block(&maker, 0)));
    assert_eq!(kept_of(&bench, honest.public), 0, "who came first stays");
    // Whoever stands by a new block takes the place of one that does not.
    maker.next(&[]);
    bench.receive(peer, whole(&maker.blocks[1]));
    state(&mut bench, peer, honest.state(1, block(&maker, 1)));
    assert_eq!(kept_of(&bench, honest.public), 1);
    assert_eq!(known(&bench), MAX_WITNESS_KEYS);
    assert_eq!(kept_of(&bench, Person::new(LISTED).public), 1);
    bench.restore();
    assert_eq!(known(&Bench::on(bench.disk.clone(), witnessing())), MAX_WITNESS_KEYS);
}

#[test]
fn a_flood_of_equivocating_keys_leaves_room_for_others() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    for number in 0..MAX_WITNESS_KEYS + 10 {
        let peer = bench.ledger_peer(10 + number as u64);
        for statement in two_words(&fresh(number), &maker) {
            state(&mut bench, peer, statement);
        }
        bench.give(Input::PeerDisconnected { peer, reason: String::new() });
    }
    assert!(bench.disk.witnessed.borrow().equivocations.len() <= MAX_WITNESS_KEYS);
    let mut taller = maker.fork(1, 1);
    taller.next(&[]);
    give(&mut bench, &taller);
    let peer = bench.ledger_peer(1);
    for number in 0..MAX_WITNESS_KEYS - MAX_KEPT_EQUIVOCATIONS {
        state(&mut bench, peer, fresh(1_000 + number).state(0, block(&taller, 1)));
    }
    bench.restore();
    let kept = bench.disk.witnessed.borrow();
    assert_eq!(kept.equivocations.len(), MAX_KEPT_EQUIVOCATIONS, "the first ones stay for good");
    assert!(kept.statements.len() >= MAX_WITNESS_KEYS - MAX_KEPT_EQUIVOCATIONS);
}

#[test]
fn what_a_peer_sends_too_fast_is_dropped_and_what_it_is_sent_comes_at_a_pace() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let [sender, other] = [1, 2].map(|id| bench.ledger_peer(id));
    let person = Person::new(STRANGER);
    for _ in 0..TAKEN_STATEMENT_BURST {
        state(&mut bench, sender, person.state(0, block(&maker, 0)));
    }
    let actions = state(&mut bench, sender, Person::new(LISTED).state(0, block(&maker, 0)));
    assert_eq!(statements_to(&actions, other), []);
    bench.pass(Duration::from_secs(1));
    let actions = state(&mut bench, sender, Person::new(LISTED).state(0, block(&maker, 0)));
    assert_eq!(statements_to(&actions, other).len(), 1);

    let mut sent = 0;
    for number in 0..MAX_WITNESS_KEYS * 2 {
        let peer = bench.ledger_peer(10 + number as u64);
        let statement = match number < MAX_WITNESS_KEYS - 10 {
            true => fresh(number).state(0, block(&maker, 0)),
            false => fresh(number - 200).state(1, block(&maker, 0)),
        };
        sent += statements_to(&state(&mut bench, peer, statement), other).len();
        bench.give(Input::PeerDisconnected { peer, reason: String::new() });
    }
    assert!(sent <= STATEMENT_BURST as usize, "{sent}");
    let later = bench.pass(Duration::from_secs(1));
    assert!(!statements_to(&later, other).is_empty(), "the rest comes with time");
}
