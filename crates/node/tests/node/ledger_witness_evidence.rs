//! Evidence against a witness: it is seen in what comes in, whatever else is said.

use crate::common::ledger::{Person, ledger_hello, whole};
use crate::common::witnesses::{
    INTERVAL, LISTED, STRANGER, asked, block, is_convicted, sign, state, statements_to,
    with_blocks, witnessing,
};
use kusari_chain::Block;
use kusari_chain::ledger::{UnsignedStatement, WitnessStatement};
use kusari_node::limits::WAITING_STATEMENT_TIME;
use kusari_node::wire::Message;

/// Two statements under one sequence that differ in their time alone.
fn two_of(person: &Person, block: &Block) -> [WitnessStatement; 2] {
    let first = person.state(0, block);
    [first, person.state_what(UnsignedStatement { time: 1, ..first.unsigned() })]
}

#[test]
fn evidence_is_seen_although_a_newer_statement_of_its_key_waits() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    maker.next(&[]);
    let unknown = block(&maker, 1).clone();
    let [liar, honest] = [1, 2].map(|id| bench.ledger_peer(id));
    let person = Person::new(LISTED);
    state(&mut bench, liar, person.state(3, &unknown));
    for statement in two_of(&person, &unknown) {
        state(&mut bench, honest, statement);
    }
    assert!(is_convicted(&bench, person.public));
}

#[test]
fn evidence_is_seen_whatever_others_say_between_its_two_lines() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    maker.next(&[]);
    let unknown = block(&maker, 1).clone();
    let [liar, honest] = [1, 2].map(|id| bench.ledger_peer(id));
    let person = Person::new(LISTED);
    let [first, second] = two_of(&person, &unknown);
    state(&mut bench, honest, first);
    state(&mut bench, liar, person.state(3, &unknown));
    bench.restore();
    state(&mut bench, honest, second);
    assert!(is_convicted(&bench, person.public));
}

#[test]
fn evidence_is_seen_although_both_lie_about_a_height() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    let person = Person::new(STRANGER);
    for height in [2, 3] {
        let lie = UnsignedStatement { height, ..person.state(0, block(&maker, 0)).unsigned() };
        state(&mut bench, peer, person.state_what(lie));
    }
    assert!(is_convicted(&bench, person.public));
}

#[test]
fn what_was_dropped_is_taken_when_it_is_sent_again() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    maker.next(&[]);
    let peer = bench.ledger_peer(1);
    let other = bench.ledger_peer(2);
    let statement = Person::new(STRANGER).state(0, block(&maker, 1));
    state(&mut bench, peer, statement);
    bench.now.monotonic += WAITING_STATEMENT_TIME;
    bench.receive(other, whole(&maker.blocks[1]));
    let actions = state(&mut bench, peer, statement);
    assert_eq!(statements_to(&actions, other), [statement]);
}

#[test]
fn no_statement_is_made_while_the_last_one_is_not_durable() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    bench.hold_commits = true;
    let first = asked(&bench.pass(INTERVAL)).unwrap();
    let (signed, _) = sign(&mut bench, first);
    maker.next(&[]);
    bench.receive(peer, whole(&maker.blocks[1]));
    assert_eq!(asked(&bench.pass(INTERVAL)), None);
    let newcomer = bench.inbound();
    let hello = bench.receive(newcomer, Message::Hello(ledger_hello(2, 0)));
    assert_eq!(statements_to(&hello, newcomer), [], "nothing of it is durable");
    let released = bench.release_commits();
    assert_eq!(statements_to(&released, newcomer), [signed]);
    let next = asked(&released).or_else(|| asked(&bench.pass(INTERVAL)));
    assert_eq!(next.map(|next| next.sequence), Some(1));
}
