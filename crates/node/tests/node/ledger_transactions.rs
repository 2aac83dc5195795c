//! How a node of a ledger answers and passes on the transactions of others.

use std::time::Duration;

use crate::common::ledger::{
    self, Maker, Person, bench, errors_to, is_accepted, ledger_hello, line, spec, transactions_to,
};
use crate::common::{Bench, is_closed, sent_to};
use kusari_chain::ledger::{Payload, Salt, UnsignedTransaction};
use kusari_chain::mempool::CheckedTransaction;
use kusari_node::interface::PeerId;
use kusari_node::limits::{MEMPOOL_INTERVAL, TRANSACTION_BURST};
use kusari_node::wire::Message;
use kusari_node::{Action, Input, MiningPolicy, NodeConfig};

fn offer(bench: &mut Bench, peer: PeerId, transaction: &CheckedTransaction) -> Vec<Action> {
    bench.line(peer, &line(transaction))
}

#[test]
fn a_transaction_is_accepted_only_once_it_is_durable_and_again_when_it_is_known() {
    let mut bench = bench(MiningPolicy::Off);
    let (peer, other) = (bench.inbound(), bench.inbound());
    let record = Person::new(2).record(0, 0, "hi");
    bench.hold_commits = true;
    let actions = offer(&mut bench, peer, &record);
    assert!(!is_accepted(&actions, peer, &record));
    let actions = offer(&mut bench, other, &record);
    assert!(!is_accepted(&actions, other, &record), "it is known, but not durable yet");
    let actions = bench.release_commits();
    assert!(is_accepted(&actions, peer, &record) && is_accepted(&actions, other, &record));
    assert_eq!(bench.disk.pool.borrow().len(), 1);
    assert!(is_accepted(&offer(&mut bench, other, &record), other, &record));
}

#[test]
fn whoever_ends_after_a_transaction_is_answered_before_the_connection_closes() {
    let mut bench = bench(MiningPolicy::Off);
    let person = bench.inbound();
    let record = Person::new(2).record(0, 0, "hi");
    bench.hold_commits = true;
    let mut actions = offer(&mut bench, person, &record);
    actions.extend(bench.give(Input::PeerFinished { peer: person }));
    assert!(!is_closed(&actions, person), "closed before it was answered");
    let actions = bench.release_commits();
    let place = |wanted: fn(&Action) -> bool| actions.iter().position(wanted).unwrap();
    let answered = place(|a| matches!(a, Action::Send { message: Message::Accepted { .. }, .. }));
    assert!(answered < place(|a| matches!(a, Action::Disconnect { .. })));
}

/// A node that has one block, by which the first person owns 1,000.
fn funded() -> Bench {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(9);
    bench.receive(peer, ledger::whole(&Maker::new(1).next(&[])));
    bench
}

fn refused_with(bench: &mut Bench, transaction: &CheckedTransaction) -> Vec<String> {
    let person = bench.inbound();
    let actions = offer(bench, person, transaction);
    assert!(!is_accepted(&actions, person, transaction));
    errors_to(&actions, person)
}

#[test]
fn a_person_is_told_by_its_code_why_a_transaction_cannot_wait() {
    let (rich, poor) = (Person::new(1), Person::new(2));
    let mut bench = funded();
    assert_eq!(refused_with(&mut bench, &rich.pay(&poor, 1_001, 0, 0)), ["overdraft"]);
    assert_eq!(refused_with(&mut bench, &rich.pay(&poor, 1, 1, 0)), ["sequence-gap"]);
    let person = bench.inbound();
    offer(&mut bench, person, &rich.pay(&poor, 1, 0, 5));
    assert_eq!(refused_with(&mut bench, &rich.pay(&poor, 2, 0, 5)), ["underbid"]);
    // It is mined, so its sequence is used.
    let mut maker = Maker::new(1);
    maker.next(&[]);
    let peer = bench.ledger_peer(7);
    bench.receive(peer, ledger::whole(&maker.next(&[&rich.pay(&poor, 1, 0, 5)])));
    assert_eq!(refused_with(&mut bench, &rich.pay(&poor, 1, 0, 5)), ["sequence-used"]);
}

#[test]
fn a_person_is_told_by_its_code_what_is_wrong_with_a_transaction_by_itself() {
    let author = Person::new(2);
    let good = line(&author.record(0, 0, "hi"));
    let length = "\"payload_len\":2";
    let wrong = [
        (good.replace("\"sequence\":0", "\"sequence\":1"), "bad-signature"),
        (good.replace("\"data\":\"hi\"", "\"data\":\"ho\""), "payload-mismatch"),
        (good.replace(length, "\"payload_len\":3"), "payload-mismatch"),
        (
            good.split(",\"payload\":{").next().unwrap().to_string() + ",\"payload\":null}",
            "payload-missing",
        ),
        ("TX:{}".to_string(), "bad-field"),
        ("TX:".to_string(), "bad-json"),
        ("TX:[]".to_string(), "bad-field"),
    ];
    for (text, code) in wrong {
        let mut bench = bench(MiningPolicy::Off);
        let person = bench.inbound();
        let actions = bench.line(person, &text);
        let errors = errors_to(&actions, person);
        assert_eq!(errors, [code], "{text}");
        assert!(!is_closed(&actions, person));
        assert_eq!(bench.pooled(), 0);
    }
}

#[test]
fn a_note_longer_than_the_chain_allows_is_refused_by_its_code() {
    let mut config = ledger::config(MiningPolicy::Off);
    let ledger = config.ledger.as_mut().unwrap();
    let mut small = spec();
    small.max_data_bytes = 1;
    small.min_fee = 1;
    ledger.spec = std::sync::Arc::new(small.clone());
    let mut bench = Bench::new(config);
    let author = Person::new(2);
    let sign = |fee: u64, text: &str| {
        let payload = Payload { salt: Salt([3; 16]), data: text.to_string() };
        let unsigned = UnsignedTransaction::record(author.public, 0, fee, &payload);
        let entry = author.sign_for(unsigned, Some(payload), &small.chain_id());
        CheckedTransaction::check_unsigned(entry.transaction, entry.payload).unwrap()
    };
    assert_eq!(refused_with(&mut bench, &sign(1, "hi")), ["payload-too-long"]);
    assert_eq!(refused_with(&mut bench, &sign(0, "h")), ["fee-too-low"]);
}

#[test]
fn an_introduced_peer_is_told_nothing_of_races_and_not_blamed() {
    let (rich, poor) = (Person::new(1), Person::new(2));
    let mut bench = funded();
    let peer = bench.ledger_peer(7);
    for number in 0..50 {
        let late = [rich.pay(&poor, 1_001 + number, 0, 0), rich.pay(&poor, 1, 1 + number, 0)];
        for transaction in late {
            let actions = offer(&mut bench, peer, &transaction);
            assert!(errors_to(&actions, peer).is_empty() && !is_closed(&actions, peer));
        }
    }
}

#[test]
fn an_introduced_peer_that_sends_what_is_wrong_by_itself_is_blamed() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let wrong = line(&Person::new(2).record(0, 0, "hi")).replace("\"fee\":0", "\"fee\":1");
    let mut actions = bench.line(peer, &wrong);
    assert_eq!(errors_to(&actions, peer).len(), 1);
    actions.extend(bench.line(peer, &wrong));
    assert!(is_closed(&actions, peer));
}

#[test]
fn a_transaction_is_passed_on_once_to_all_but_its_sender() {
    let mut bench = bench(MiningPolicy::Off);
    let peers = [7, 8, 9].map(|id| bench.ledger_peer(id));
    let person = bench.inbound();
    bench.line(person, "HELP");
    let record = Person::new(2).record(0, 0, "hi");
    let mut actions = offer(&mut bench, peers[0], &record);
    for peer in peers {
        actions.extend(offer(&mut bench, peer, &record));
    }
    actions.extend(bench.pass(Duration::from_secs(1)));
    let sent = |peer| transactions_to(&actions, peer).len();
    assert_eq!((peers.map(sent), sent(person)), ([0, 1, 1], 0));
}

#[test]
fn what_a_peer_sends_itself_while_it_waits_for_its_turn_is_not_sent_back() {
    let mut bench = bench(MiningPolicy::Off);
    let (peer, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let author = Person::new(2);
    let count = u64::from(TRANSACTION_BURST) + 2;
    let records: Vec<_> = (0..count).map(|n| author.record(n, 0, "hi")).collect();
    let mut actions = Vec::new();
    for record in &records {
        actions.extend(offer(&mut bench, peer, record));
    }
    let last = records.last().unwrap();
    assert!(!transactions_to(&actions, other).contains(last), "all went at once");
    offer(&mut bench, other, last);
    let actions = bench.pass(Duration::from_secs(5));
    assert!(!transactions_to(&actions, other).contains(last));
}

#[test]
fn who_introduces_itself_is_asked_for_what_waits_and_sent_it_when_it_asks() {
    let mut bench = bench(MiningPolicy::Off);
    let person = bench.inbound();
    let record = Person::new(2).record(0, 0, "hi");
    offer(&mut bench, person, &record);
    let peer = bench.inbound();
    let actions = bench.receive(peer, Message::Hello(ledger_hello(7, 0)));
    assert!(sent_to(&actions, peer).iter().any(|m| matches!(m, Message::GetMempool)));
    assert_eq!(transactions_to(&bench.line(peer, "GET_MEMPOOL"), peer), [record]);
}

/// A node with so many transactions that wait, each of another sender.
fn filled(count: u8) -> Bench {
    let mut bench = bench(MiningPolicy::Off);
    let person = bench.inbound();
    for author in 0..count {
        for sequence in 0..4 {
            let record = Person::new(100 + author).record(sequence, 0, "hi");
            assert!(is_accepted(&offer(&mut bench, person, &record), person, &record));
        }
    }
    bench
}

#[test]
fn what_waits_is_sent_at_a_pace_and_once_a_minute() {
    let mut bench = filled(150);
    let person = bench.inbound();
    let first = bench.line(person, "GET_MEMPOOL");
    let burst = transactions_to(&first, person).len();
    assert!((1..=TRANSACTION_BURST as usize).contains(&burst), "{burst} at once");
    assert!(first.iter().any(|action| matches!(action, Action::WakeAt(_))));
    let mut sent = burst;
    for _ in 0..100 {
        sent += transactions_to(&bench.pass(Duration::from_millis(100)), person).len();
    }
    assert_eq!(sent, 600);
    assert!(transactions_to(&bench.line(person, "GET_MEMPOOL"), person).is_empty());
    bench.pass(MEMPOOL_INTERVAL);
    assert!(!transactions_to(&bench.line(person, "GET_MEMPOOL"), person).is_empty());
}

#[test]
fn whoever_asks_what_waits_and_ends_is_answered_before_the_connection_closes() {
    let mut bench = filled(150);
    let person = bench.inbound();
    let mut actions = bench.line(person, "GET_MEMPOOL");
    actions.extend(bench.give(Input::PeerFinished { peer: person }));
    assert!(!is_closed(&actions, person));
    for _ in 0..100 {
        actions.extend(bench.pass(Duration::from_millis(100)));
    }
    let closed = actions.iter().position(|a| matches!(a, Action::Disconnect { .. })).unwrap();
    assert_eq!(transactions_to(&actions[..closed], person).len(), 600);
    let nothing = bench.inbound();
    bench.give(Input::PeerFinished { peer: nothing });
    let mut empty = Bench::new(ledger::config(MiningPolicy::Off));
    let person = empty.inbound();
    empty.line(person, "GET_MEMPOOL");
    assert!(is_closed(&empty.give(Input::PeerFinished { peer: person }), person));
}

/// However large they are, less goes out at once than a driver queues for a peer.
#[test]
fn large_transactions_never_fill_the_queue_of_a_peer() {
    const QUEUE_BYTES: usize = 4 << 20;
    let mut bench = bench(MiningPolicy::Off);
    let (peer, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    // Each character takes six bytes in a line.
    let text = "\u{1}".repeat(64 << 10);
    let mut actions = Vec::new();
    for author in 0..15 {
        let record = Person::new(100 + author).record(0, 0, &text);
        actions.extend(offer(&mut bench, peer, &record));
    }
    let bytes = |actions: &[Action]| {
        let sent = sent_to(actions, other);
        sent.iter().map(|m| kusari_node::wire::encode(*m).len()).sum::<usize>()
    };
    assert!(bytes(&actions) < QUEUE_BYTES / 2, "{} bytes at once", bytes(&actions));
    let mut sent = transactions_to(&actions, other).len();
    for _ in 0..300 {
        let actions = bench.pass(Duration::from_millis(100));
        assert!(bytes(&actions) < QUEUE_BYTES / 2);
        sent += transactions_to(&actions, other).len();
    }
    assert_eq!(sent, 15);
}

#[test]
fn a_classic_node_knows_no_verbs_of_a_ledger() {
    let mut bench = Bench::new(NodeConfig::default());
    let person = bench.inbound();
    for text in [line(&Person::new(2).record(0, 0, "hi")).as_str(), "GET_MEMPOOL", "ACCEPTED:{}"] {
        assert_eq!(errors_to(&bench.line(person, text), person), ["unknown-verb"], "{text}");
    }
}

#[test]
fn what_others_sent_waits_across_a_restart_and_what_was_mined_does_not() {
    let mut bench = bench(MiningPolicy::Off);
    let person = bench.inbound();
    let records = [2, 3].map(|author| Person::new(author).record(0, 0, "hi"));
    for record in &records {
        offer(&mut bench, person, record);
    }
    let disk = bench.disk.clone();
    let mut bench = Bench::on(disk, ledger::config(MiningPolicy::Off));
    assert_eq!(bench.pooled(), 2);
    let peer = bench.ledger_peer(7);
    bench.receive(peer, ledger::whole(&Maker::new(1).next(&[&records[0]])));
    assert_eq!((bench.pooled(), bench.disk.pool.borrow().len()), (1, 1));
    assert_eq!(Bench::on(bench.disk.clone(), ledger::config(MiningPolicy::Off)).pooled(), 1);
}

#[test]
fn status_says_how_many_transactions_of_this_node_wait() {
    let mut bench = bench(MiningPolicy::Off);
    bench.submit(&Person::new(2).record(0, 0, "hi"));
    let person = bench.inbound();
    let actions = bench.line(person, "STATUS");
    assert!(matches!(sent_to(&actions, person)[..], [Message::Status(s)] if s.waiting == 1));
}
