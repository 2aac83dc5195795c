//! Whatever a peer of a ledger can fill has a bound, and a node made again from its state is the
//! same node.

use std::time::Duration;

use crate::common::Bench;
use crate::common::ledger::{Maker, Person, START, bench, config, is_submitted, line, whole};
use kusari_node::limits::{MAX_PENDING_TRANSACTIONS, MAX_UNCOMMITTED_BYTES};
use kusari_node::{Input, MiningPolicy, Node, NodeConfig};

/// Text of which a block holds fifteen.
fn long() -> String {
    "x".repeat(64 << 10)
}

#[test]
fn the_pool_never_holds_more_than_its_bound_and_ours_find_room_in_it() {
    let mut config = config(MiningPolicy::Off);
    let limits = &mut config.ledger.as_mut().unwrap().pool_limits;
    limits.bytes = 20_000;
    limits.own_bytes = 10_000;
    let mut bench = Bench::new(config);
    let peer = bench.ledger_peer(7);
    for author in 2..60 {
        let record = Person::new(author).record(0, 0, &"x".repeat(usize::from(author)));
        bench.line(peer, &line(&record));
        let ledger = bench.node.snapshot().ledger.unwrap();
        assert!(ledger.pooled_bytes <= 20_000);
        assert_eq!(bench.disk.pool.borrow().len(), ledger.pooled, "the disk keeps what waits");
    }
    let full = bench.pooled();
    assert!(is_submitted(&bench.submit(&Person::new(100).record(0, 0, "ours"))));
    assert!(bench.pooled() <= full);
    assert_eq!(bench.disk.pool.borrow().len() + 1, bench.pooled());
    assert_eq!(bench.own_waiting(), 1);
}

#[test]
fn what_one_peer_is_still_to_be_sent_is_bounded() {
    let mut bench = bench(MiningPolicy::Off);
    let (sender, _) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let count = MAX_PENDING_TRANSACTIONS + 1_500;
    let mut made = 0;
    'all: for author in 0..=255 {
        for sequence in 0..64 {
            bench.line(sender, &line(&Person::new(author).record(sequence, 0, "")));
            made += 1;
            if made == count {
                break 'all;
            }
        }
    }
    let state = String::from_utf8(bench.node.state()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&state).unwrap();
    let listeners = value["transactions"]["listeners"]["peers"].as_object().unwrap();
    for listener in listeners.values() {
        assert!(listener["pending"].as_array().unwrap().len() <= MAX_PENDING_TRANSACTIONS);
    }
}

#[test]
fn blocks_that_are_not_committed_are_bounded_by_their_bytes() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    bench.hold_commits = true;
    let text = long();
    let mut maker = Maker::new(1);
    let mut blocks = 0;
    while !bench.node.is_congested() {
        let records: Vec<_> =
            (2..17).map(|author| Person::new(author).record(blocks, 0, &text)).collect();
        let block = maker.next(&records.iter().collect::<Vec<_>>());
        bench.receive(peer, whole(&block));
        blocks += 1;
        assert!(blocks < 64, "never congested");
    }
    assert!(blocks <= MAX_UNCOMMITTED_BYTES / (15 * (64 << 10)) + 1);
    bench.release_commits();
    assert!(!bench.node.is_congested());
}

#[test]
fn held_and_orphaned_blocks_are_bounded_by_their_bytes() {
    const BOUND: usize = 8 << 20;
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let text = long();
    let root = Maker::new(1);
    for number in 0..12_u8 {
        let records: Vec<_> =
            (2..17).map(|author| Person::new(author).record(0, 0, &text)).collect();
        let body: Vec<_> = records.iter().collect();
        // Held until its time comes.
        let mut maker = root.fork(0, 20 + number);
        let ahead = maker.make(&body, START + 200 + u64::from(number));
        bench.receive(peer, whole(&ahead));
        // An orphan, whose parent never comes.
        let mut maker = root.fork(0, 40 + number);
        maker.next(&[]);
        bench.receive(peer, whole(&maker.next(&body)));
    }
    let state = bench.node.state().len();
    assert!(state < 2 * BOUND + (1 << 20), "{state} bytes");
    assert!((6..=9).contains(&bench.node.snapshot().orphans));
    assert_eq!(bench.node.snapshot().tip.height, 0);
}

#[test]
fn a_node_made_again_from_its_state_goes_on_with_pool_outbox_and_listeners() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let (peer, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let author = Person::new(2);
    for sequence in 0..600 {
        bench.line(peer, &line(&author.record(sequence, 0, "theirs")));
    }
    bench.hold_commits = true;
    bench.submit(&Person::new(3).record(0, 0, "ours"));
    bench.restore();
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 601));
    let actions = bench.release_commits();
    assert!(is_submitted(&actions));
    let state = bench.node.state();
    let stores = (Box::new(bench.disk.clone()), Box::new(bench.disk.clone()));
    let mut twin = Node::restore(&state, stores.0, stores.1).unwrap();
    bench.now.monotonic += Duration::from_secs(5);
    bench.now.wall += 5;
    let answer = twin.handle(bench.now, Input::Tick);
    let ours = bench.node.handle(bench.now, Input::Tick);
    assert_eq!(format!("{answer:?}"), format!("{ours:?}"));
    assert!(!crate::common::sent_to(&ours, other).is_empty());
    assert_eq!(twin.state_hash(), bench.node.state_hash());
}

#[test]
fn nothing_waits_between_two_inputs_that_a_state_would_not_say() {
    let mut bench = bench(MiningPolicy::Off);
    let record = Person::new(2).record(0, 0, "hi");
    bench.submit(&record);
    // Known and durable: nothing is to be written, and the answer must not be left behind.
    let state = bench.node.state();
    assert!(is_submitted(&bench.submit(&record)));
    assert_eq!(bench.node.state(), state);
}

#[test]
fn a_state_with_a_transaction_that_nobody_signed_is_refused() {
    let mut bench = bench(MiningPolicy::Off);
    bench.submit(&Person::new(2).record(0, 0, "hi"));
    let state = String::from_utf8(bench.node.state()).unwrap();
    let restore = |state: &str| {
        let stores = (Box::new(bench.disk.clone()), Box::new(bench.disk.clone()));
        Node::restore(state.as_bytes(), stores.0, stores.1)
    };
    assert!(restore(&state).is_ok());
    let forged = state.replace("\"signature\":\"", "\"signature\":\"00");
    let place = forged.find("\"signature\":\"").unwrap() + 13 + 128;
    let mut forged = forged;
    forged.replace_range(place..place + 2, "");
    assert!(restore(&forged).is_err());
    assert!(restore(&state.replace("\"transactions\":{\"pool\"", "\"other\":{\"pool\"")).is_err());
}

#[test]
fn a_state_of_one_kind_of_chain_is_not_taken_for_the_other() {
    let bench = bench(MiningPolicy::Off);
    let state: serde_json::Value = serde_json::from_slice(&bench.node.state()).unwrap();
    let classic: serde_json::Value =
        serde_json::from_slice(&Bench::new(NodeConfig::default()).node.state()).unwrap();
    for key in ["config", "chain", "transactions"] {
        let mut mixed = state.clone();
        match classic.get(key) {
            Some(other) => mixed[key] = other.clone(),
            None => drop(mixed.as_object_mut().unwrap().remove(key)),
        }
        let stores = (Box::new(bench.disk.clone()), Box::new(bench.disk.clone()));
        let text = serde_json::to_vec(&mixed).unwrap();
        assert!(Node::restore(&text, stores.0, stores.1).is_err(), "{key}");
    }
}
