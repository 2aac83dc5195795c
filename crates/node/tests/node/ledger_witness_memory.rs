//! What a witness key said is remembered beside the key: it never says a second thing under one
//! sequence, whatever becomes of the store.

use crate::common::Bench;
use crate::common::ledger::{Maker, Person, START, events, give, whole};
use crate::common::witnesses::{
    INTERVAL, OWN, asked, block, last, remembering, sign, state, statements_to, stop, to_remember,
    with_blocks, witnessing,
};
use kusari_chain::ledger::{StatementHash, UnsignedStatement, WitnessStatement};
use kusari_node::{Event, Input, LastStatement, WitnessMemory, WitnessStop};

/// A statement that was made before the store was lost.
fn earlier(sequence: u64, maker: &Maker) -> WitnessStatement {
    Person::new(OWN).state(sequence, block(maker, 0))
}

fn returned(actions: &[kusari_node::Action]) -> Option<u64> {
    events(actions).into_iter().find_map(|event| match event {
        Event::OwnStatementsReturned { sequence } => Some(*sequence),
        _ => None,
    })
}

#[test]
fn a_key_goes_on_after_what_it_remembers_although_the_store_is_empty() {
    let said = LastStatement { sequence: 41, hash: StatementHash([7; 32]) };
    let (mut bench, _) = with_blocks(remembering(WitnessMemory::Last(said)), 1);
    let next = asked(&bench.pass(INTERVAL)).unwrap();
    assert_eq!((next.sequence, next.previous), (42, said.hash));
    let (signed, actions) = sign(&mut bench, next);
    assert_eq!(to_remember(&actions), [], "signing remembered it");
    // The store comes back from a copy that is older than the statement.
    let mut again = Bench::on(Bench::new(witnessing()).disk, remembering(last(&signed)));
    let mut maker = Maker::new(1);
    maker.next(&[]);
    give(&mut again, &maker);
    assert_eq!(asked(&again.pass(INTERVAL)).unwrap().sequence, 43);
}

#[test]
fn what_the_store_holds_beyond_the_memory_is_remembered_before_anything_is_said() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    let first = asked(&bench.pass(INTERVAL)).unwrap();
    let (signed, _) = sign(&mut bench, first);
    maker.next(&[]);
    give(&mut bench, &maker);
    for memory in [WitnessMemory::Unkept, WitnessMemory::Nothing] {
        let mut again = Bench::on(bench.disk.clone(), remembering(memory));
        assert_eq!(to_remember(&again.woken), [last(&signed)], "{memory:?}");
        assert_eq!(asked(&again.pass(INTERVAL)).unwrap().sequence, 1, "{memory:?}");
    }
}

#[test]
fn nothing_is_signed_while_what_was_said_is_still_to_be_remembered() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    bench.hold_commits = true;
    let peer = bench.ledger_peer(1);
    let later = earlier(7, &maker);
    let actions = state(&mut bench, peer, later);
    assert_eq!((returned(&actions), to_remember(&actions)), (Some(7), vec![last(&later)]));
    let newest = earlier(9, &maker);
    assert_eq!(to_remember(&state(&mut bench, peer, newest)), [], "one at a time");
    bench.restore();
    assert_eq!(asked(&bench.pass(INTERVAL * 2)), None);
    let actions = bench.give(Input::WitnessRemembered(last(&later)));
    assert_eq!((to_remember(&actions), asked(&actions)), (vec![last(&newest)], None));
    // The blocks that both statements name are the tip.
    let mut taller = maker.fork(1, 1);
    taller.next(&[]);
    bench.receive(peer, whole(&taller.blocks[1]));
    let next = asked(&bench.give(Input::WitnessRemembered(last(&newest)))).unwrap();
    assert_eq!((next.sequence, next.previous), (10, newest.statement_hash()));
}

#[test]
fn a_statement_of_our_key_counts_although_its_block_is_still_to_come() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let mut other = maker.fork(1, 1);
    other.next(&[]);
    let peer = bench.ledger_peer(1);
    let actions = state(&mut bench, peer, Person::new(OWN).state(7, block(&other, 1)));
    assert_eq!(returned(&actions), Some(7));
    assert_eq!(asked(&bench.pass(INTERVAL)).unwrap().sequence, 8);
    // What is older than all that is known is kept and changes nothing.
    let actions = state(&mut bench, peer, earlier(3, &maker));
    assert_eq!((returned(&actions), to_remember(&actions)), (None, vec![]));
}

#[test]
fn a_key_whose_memory_is_lost_says_nothing_whatever_peers_and_store_hold() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let first = asked(&bench.pass(INTERVAL)).unwrap();
    sign(&mut bench, first);
    let mut again = Bench::on(bench.disk.clone(), remembering(WitnessMemory::Lost));
    assert_eq!(stop(&again.woken), Some(WitnessStop::NoMemory));
    let peer = again.ledger_peer(1);
    let actions = state(&mut again, peer, earlier(5, &maker));
    assert_eq!((returned(&actions), to_remember(&actions)), (None, vec![]));
    let mut taller = maker.fork(1, 1);
    taller.next(&[]);
    again.receive(peer, whole(&taller.blocks[1]));
    again.restore();
    let actions = again.pass(INTERVAL * 2);
    assert_eq!((asked(&actions), stop(&actions)), (None, None), "and the person is told once");
    let summary = again.node.snapshot().ledger.unwrap().witnesses;
    assert_eq!((summary.witnessing, summary.stopped), (false, Some(WitnessStop::NoMemory)));
}

#[test]
fn an_older_key_of_which_the_store_holds_nothing_is_silent_for_good() {
    let (mut bench, maker) = with_blocks(remembering(WitnessMemory::Unkept), 1);
    assert_eq!(to_remember(&bench.woken), [WitnessMemory::Lost]);
    assert_eq!(stop(&bench.woken), Some(WitnessStop::NoMemory));
    // What a peer brings back need not be the newest.
    let peer = bench.ledger_peer(1);
    state(&mut bench, peer, earlier(5, &maker));
    let actions = bench.pass(INTERVAL * 2);
    assert_eq!((asked(&actions), to_remember(&actions)), (None, vec![]));
    let mut again = Bench::on(bench.disk.clone(), remembering(WitnessMemory::Lost));
    assert_eq!(asked(&again.pass(INTERVAL * 2)), None, "nor after a restart");
}

#[test]
fn a_sequence_that_was_signed_and_not_sent_is_not_used_again() {
    let (mut bench, maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    let dropped = asked(&bench.pass(INTERVAL)).unwrap();
    assert_eq!(dropped.sequence, 0);
    // A copy of the key said something meanwhile, so what is being signed is not taken.
    state(&mut bench, peer, earlier(0, &maker));
    let (_, actions) = sign(&mut bench, dropped);
    assert_eq!(statements_to(&actions, peer), []);
    let mut taller = maker.fork(1, 1);
    taller.next(&[]);
    bench.now.monotonic += INTERVAL;
    let next = asked(&bench.receive(peer, whole(&taller.blocks[1]))).unwrap();
    assert_eq!(next.sequence, 1);
    let newer = UnsignedStatement { time: START + 1, ..next };
    let (_, actions) = sign(&mut bench, newer);
    assert_eq!(stop(&actions), Some(WitnessStop::WrongSignature));
}

#[test]
fn a_node_that_cannot_remember_says_nothing_and_says_why() {
    let (mut bench, mut maker) = with_blocks(witnessing(), 1);
    let peer = bench.ledger_peer(1);
    assert!(asked(&bench.pass(INTERVAL)).is_some());
    let actions = bench.give(Input::WitnessNotRemembered);
    assert_eq!(stop(&actions), Some(WitnessStop::NotRemembered));
    maker.next(&[]);
    bench.receive(peer, whole(&maker.blocks[1]));
    let actions = bench.pass(INTERVAL * 2);
    assert_eq!((asked(&actions), stop(&actions)), (None, None));
    assert!(bench.disk.witnessed.borrow().statements.is_empty());
}
