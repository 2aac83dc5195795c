//! What witnesses say: made here, passed on, and what two statements of one key prove.

use crate::common::ledger::{Person, bench, config, errors_to, events, give, ledger_hello, whole};
use crate::common::witnesses::{
    INTERVAL, LISTED, OWN, STRANGER, asked, block, is_convicted, kept_of, sign, state,
    statements_to, stop, two_words, with_blocks, witnessing,
};
use crate::common::{Bench, is_closed};
use kusari_chain::Block;
use kusari_chain::ledger::{StatementHash, UnsignedStatement, WitnessStatement};
use kusari_node::wire::Message;
use kusari_node::{Event, Input, MiningPolicy, NodeConfig, WitnessStop};

#[test]
fn our_statement_is_durable_before_anybody_is_sent_it() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    let statement = asked(&bench.pass(INTERVAL)).expect("a tip, and nothing said of it");
    assert_eq!((statement.sequence, statement.previous), (0, StatementHash::ZERO));
    assert_eq!((statement.height, statement.hash), (1, block(&maker, 0).hash));
    assert_eq!(statement.time, bench.now.wall);
    bench.hold_commits = true;
    let (signed, actions) = sign(&mut bench, statement);
    assert_eq!(statements_to(&actions, peer), []);
    // Nor is somebody who comes meanwhile.
    let newcomer = bench.inbound();
    let hello = bench.receive(newcomer, Message::Hello(ledger_hello(2, 0)));
    assert_eq!(statements_to(&hello, newcomer), []);
    bench.restore();
    let actions = bench.release_commits();
    assert_eq!(bench.disk.witnessed.borrow().statements.len(), 1);
    assert_eq!(statements_to(&actions, peer), [signed]);
    assert_eq!(statements_to(&actions, newcomer), [signed]);
}

#[test]
fn a_node_makes_one_statement_each_ten_seconds_and_only_for_a_new_tip() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 0);
    assert_eq!(asked(&bench.pass(INTERVAL * 2)), None, "of the genesis block");
    maker.next(&[]);
    let peer = bench.ledger_peer(1);
    let first = asked(&bench.receive(peer, whole(&maker.blocks[0]))).unwrap();
    assert_eq!(asked(&bench.pass(INTERVAL * 2)), None, "while one is being signed");
    let (signed, _) = sign(&mut bench, first);
    assert_eq!(asked(&bench.pass(INTERVAL * 2)), None, "for the same tip");
    maker.next(&[]);
    let second = asked(&bench.receive(peer, whole(&maker.blocks[1]))).unwrap();
    assert_eq!((second.sequence, second.previous), (1, signed.statement_hash()));
    sign(&mut bench, second);
    maker.next(&[]);
    assert_eq!(asked(&bench.receive(peer, whole(&maker.blocks[2]))), None, "too soon");
    let wish = bench.next_wish();
    assert!(wish <= bench.now.monotonic + INTERVAL);
    assert!(asked(&bench.pass(INTERVAL)).is_some());
}

#[test]
fn a_node_that_starts_again_goes_on_with_its_sequence() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    let first = asked(&bench.pass(INTERVAL)).unwrap();
    let (signed, _) = sign(&mut bench, first);
    maker.next(&[]);
    give(&mut bench, &maker);
    let mut again = Bench::on(bench.disk.clone(), witnessing());
    assert_eq!(asked(&again.woken), None, "peers may know more than the store");
    let second = asked(&again.pass(INTERVAL)).unwrap();
    assert_eq!((second.sequence, second.previous), (1, signed.statement_hash()));
}

#[test]
fn a_statement_is_passed_on_once_to_all_but_its_sender() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let [sender, other] = [1, 2].map(|id| bench.ledger_peer(id));
    let person = bench.inbound();
    bench.line(person, "STATUS");
    let statement = Person::new(STRANGER).state(0, block(&maker, 0));
    let actions = state(&mut bench, sender, statement);
    assert_eq!(statements_to(&actions, other), [statement]);
    assert_eq!(statements_to(&actions, sender), []);
    assert_eq!(statements_to(&actions, person), []);
    for peer in [sender, other] {
        assert_eq!(statements_to(&state(&mut bench, peer, statement), other), []);
    }
    bench.restore();
    assert_eq!(kept_of(&bench, statement.key), 1);
}

#[test]
fn a_newcomer_is_sent_the_newest_statement_of_each_key() {
    let (mut bench, maker) = with_blocks(witnessing(), 2);
    let peer = bench.ledger_peer(1);
    for (person, count) in [(STRANGER, 2), (LISTED, 1)] {
        for place in 0..count {
            let statement = Person::new(person).state(place as u64, block(&maker, place));
            state(&mut bench, peer, statement);
        }
    }
    let newcomer = bench.inbound();
    let actions = bench.receive(newcomer, Message::Hello(ledger_hello(2, 0)));
    let listed = Person::new(LISTED).state(0, block(&maker, 0));
    let stranger = Person::new(STRANGER).state(1, block(&maker, 1));
    assert_eq!(statements_to(&actions, newcomer), [listed, stranger]);
}

#[test]
fn statements_are_taken_after_hello_and_on_a_ledger_alone() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let statement = Person::new(STRANGER).state(0, block(&maker, 0));
    let person = bench.inbound();
    assert_eq!(errors_to(&state(&mut bench, person, statement), person), ["hello-first"]);
    assert_eq!(kept_of(&bench, statement.key), 0);

    let mut classic = Bench::new(NodeConfig::default());
    let (peer, _) = classic.introduced(1, 0);
    assert_eq!(errors_to(&state(&mut classic, peer, statement), peer), ["unknown-verb"]);
    assert!(!is_closed(&classic.line(peer, "WITNESS:{}"), peer));
}

#[test]
fn a_wrong_signature_counts_against_its_sender() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    let statement = Person::new(STRANGER).state(0, block(&maker, 0));
    let forged = WitnessStatement { time: 5, ..statement };
    let line = format!("WITNESS:{}", serde_json::to_string(&forged).unwrap());
    let actions = bench.line(peer, &line);
    assert_eq!(errors_to(&actions, peer), ["bad-statement-signature"]);
    assert!(!is_closed(&actions, peer));
    assert!(is_closed(&bench.line(peer, &line), peer));
    assert_eq!(kept_of(&bench, statement.key), 0);
}

#[test]
fn a_statement_of_a_block_that_is_still_to_come_waits_for_it() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    maker.next(&[]);
    let [sender, other] = [1, 2].map(|id| bench.ledger_peer(id));
    let statement = Person::new(STRANGER).state(0, block(&maker, 1));
    assert_eq!(statements_to(&state(&mut bench, sender, statement), other), []);
    bench.restore();
    assert_eq!(kept_of(&bench, statement.key), 0);
    let actions = bench.receive(other, whole(&maker.blocks[1]));
    assert_eq!(statements_to(&actions, other), [statement]);
    assert_eq!(statements_to(&actions, sender), []);
    assert_eq!(kept_of(&bench, statement.key), 1);
}

#[test]
fn a_statement_with_the_wrong_height_is_not_kept() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    let statement = Person::new(STRANGER).state(0, block(&maker, 0)).unsigned();
    let wrong = UnsignedStatement { height: 2, ..statement };
    state(&mut bench, peer, Person::new(STRANGER).state_what(wrong));
    assert_eq!(kept_of(&bench, Person::new(STRANGER).public), 0);
}

/// Two statements of one key under sequence 0.

#[test]
fn two_statements_under_one_sequence_are_told_kept_and_passed_on_and_end_the_trust() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let [sender, other] = [1, 2].map(|id| bench.ledger_peer(id));
    let person = Person::new(LISTED);
    let [first, second] = two_words(&person, &maker);
    state(&mut bench, sender, first);
    assert_eq!(bench.node.snapshot().ledger.unwrap().witnesses.near_tip, 1);
    let actions = state(&mut bench, other, second);
    let told = events(&actions).into_iter().any(|event| {
        matches!(event, Event::WitnessEquivocated { sequence: 0, listed: true, key } if *key == person.public)
    });
    assert!(told);
    for peer in [sender, other] {
        let sent = statements_to(&actions, peer);
        assert_eq!(sent.len(), 2, "as two lines, to both: neither may have both");
        assert!(sent.contains(&first) && sent.contains(&second));
    }
    let witnesses = bench.node.snapshot().ledger.unwrap().witnesses;
    assert_eq!((witnesses.near_tip, witnesses.equivocated), (0, 1));
    // Nothing that it says counts any more.
    let later = person.state(1, block(&maker, 0));
    assert_eq!(statements_to(&state(&mut bench, sender, later), other), []);
    assert!(statements_to(&state(&mut bench, sender, second), other).is_empty());
    bench.restore();

    let mut again = Bench::on(bench.disk.clone(), witnessing());
    let newcomer = again.inbound();
    let actions = again.receive(newcomer, Message::Hello(ledger_hello(3, 0)));
    assert_eq!(statements_to(&actions, newcomer).len(), 2, "after a restart as well");
}

#[test]
fn evidence_needs_no_block_that_is_known_here() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    let other_branch = maker.fork(0, 7).next(&[]);
    maker.next(&[]);
    let peer = bench.ledger_peer(1);
    let person = Person::new(STRANGER);
    state(&mut bench, peer, person.state(0, block(&maker, 0)));
    state(&mut bench, peer, person.state(0, other_branch.block()));
    assert!(is_convicted(&bench, person.public));
    // Nor does that of a key that is not known either.
    let person = Person::new(LISTED);
    state(&mut bench, peer, person.state(3, block(&maker, 1)));
    state(&mut bench, peer, person.state(3, other_branch.block()));
    assert!(is_convicted(&bench, person.public));
}

#[test]
fn later_statements_of_our_own_key_that_come_back_are_gone_on_after() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let own = Person::new(OWN);
    let peer = bench.ledger_peer(1);
    let wrong = asked(&bench.pass(INTERVAL)).unwrap();
    // While that is being signed, a peer shows what this key said before the store was restored.
    let later = own.state(7, block(&maker, 0));
    let actions = state(&mut bench, peer, later);
    let returned = |event: &&Event| matches!(event, Event::OwnStatementsReturned { sequence: 7 });
    assert!(events(&actions).iter().any(returned));
    let (signed, actions) = sign(&mut bench, wrong);
    assert_eq!(statements_to(&actions, peer), []);
    assert!(!bench.disk.witnessed.borrow().statements.contains_key(&(signed.key, 0)));
    let mut taller = maker.fork(1, 1);
    taller.next(&[]);
    bench.now.monotonic += INTERVAL;
    let next = asked(&bench.receive(peer, whole(&taller.blocks[1]))).unwrap();
    assert_eq!((next.sequence, next.previous), (8, later.statement_hash()));
    assert_eq!(stop(&sign(&mut bench, next).1), None);
}

#[test]
fn a_node_whose_own_key_equivocated_says_so_and_makes_no_more_statements() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    let statement = asked(&bench.pass(INTERVAL)).unwrap();
    sign(&mut bench, statement);
    let other = UnsignedStatement { time: 1, ..statement };
    let actions = state(&mut bench, peer, Person::new(OWN).state_what(other));
    assert_eq!(stop(&actions), Some(WitnessStop::Equivocated { sequence: 0 }));
    maker.next(&[]);
    give(&mut bench, &maker);
    assert_eq!(asked(&bench.pass(INTERVAL)), None);
    assert!(!bench.node.snapshot().ledger.unwrap().witnesses.witnessing);
    bench.restore();
    let mut again = Bench::on(bench.disk.clone(), witnessing());
    assert_eq!(asked(&again.pass(INTERVAL)), None, "nor after a restart");
}

#[test]
fn a_statement_that_was_signed_wrongly_is_not_sent_and_ends_witnessing() {
    let (mut bench, _) = with_blocks(witnessing(), 1);
    let statement = asked(&bench.pass(INTERVAL)).unwrap();
    let wrong = Person::new(STRANGER).state_what(statement);
    let actions = bench.give(Input::StatementSigned(wrong));
    assert_eq!(stop(&actions), Some(WitnessStop::WrongSignature));
    assert!(bench.disk.witnessed.borrow().statements.is_empty());
    let last = Person::new(OWN).state(u64::MAX, &Block::genesis()).unsigned();
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let hash = block(&maker, 0).prev_hash;
    let last = Person::new(OWN).state_what(UnsignedStatement { height: 0, hash, ..last });
    let peer = bench.ledger_peer(1);
    state(&mut bench, peer, last);
    assert_eq!(stop(&bench.pass(INTERVAL)), Some(WitnessStop::NoSequence));
}

#[test]
fn a_node_without_a_key_makes_no_statements_and_takes_those_of_others() {
    let (mut bench, maker) = with_blocks(config(MiningPolicy::Off), 1);
    assert_eq!(asked(&bench.pass(INTERVAL)), None);
    let peer = bench.ledger_peer(1);
    state(&mut bench, peer, Person::new(STRANGER).state(0, block(&maker, 0)));
    assert_eq!(kept_of(&bench, Person::new(STRANGER).public), 1);
    let mut other = self::bench(MiningPolicy::Off);
    let signed = Person::new(OWN).state(0, block(&maker, 0));
    assert!(other.give(Input::StatementSigned(signed)).is_empty(), "which nobody asked for");
}

#[test]
fn a_listed_witness_counts_as_near_while_it_stands_by_the_last_blocks() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    let near = |bench: &Bench| bench.node.snapshot().ledger.unwrap().witnesses.near_tip;
    assert_eq!(near(&bench), 0);
    let peer = bench.ledger_peer(1);
    state(&mut bench, peer, Person::new(LISTED).state(0, block(&maker, 0)));
    assert_eq!(near(&bench), 1);
    for height in 2..=9 {
        maker.next(&[]);
        bench.receive(peer, whole(&maker.blocks[height - 1]));
        assert_eq!(near(&bench), usize::from(height <= 7), "at height {height}");
    }
}
