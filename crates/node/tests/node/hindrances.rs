//! What hinders a node, and what it still does meanwhile.

use std::time::Duration;

use crate::common::ledger::{Maker, Person, bench, errors_to, ledger_hello, line, whole};
use crate::common::{Bench, checked, child};
use kusari_chain::Block;
use kusari_node::interface::{Direction, PeerId, Reply, SayRefusal, SubmitRefusal};
use kusari_node::limits::{AUDIT_INTERVAL, UNMINED_AFTER};
use kusari_node::wire::{ErrorReport, Hello, Message};
use kusari_node::{Action, Hindrance, Input, MiningPolicy, NodeConfig, StorageState};

fn store_of(bench: &mut Bench, used_bytes: u64) {
    let limit_bytes = Some(1_000);
    bench.give(Input::StorageChanged(StorageState { used_bytes, limit_bytes, altered: None }));
}

fn is_refused(actions: &[Action], why: &SayRefusal) -> bool {
    actions
        .iter()
        .any(|a| matches!(a, Action::Reply(_, Reply::Recorded(Err(refusal))) if refusal == why))
}

#[test]
fn a_full_store_takes_blocks_and_no_lines_until_there_is_room() {
    let mut bench = Bench::new(NodeConfig::default());
    store_of(&mut bench, 1_000);
    assert!(is_refused(&bench.say("a line"), &SayRefusal::StoreFull));
    let peer = bench.introduced(7, 0).0;
    let block = child(&Block::genesis(), "of others");
    bench.receive(peer, checked(&block));
    assert_eq!(bench.node.snapshot().tip.hash, block.hash);
    let full = Hindrance::StoreFull { used_bytes: 1_000, limit_bytes: 1_000 };
    assert_eq!(bench.node.snapshot().hindrances, [full]);
    bench.restore();
    store_of(&mut bench, 999);
    let warned = Hindrance::StoreFillsUp { used_bytes: 999, limit_bytes: 1_000 };
    assert_eq!(bench.node.snapshot().hindrances, [warned]);
    assert!(
        bench.say("a line").iter().any(|a| matches!(a, Action::Reply(_, Reply::Recorded(Ok(_)))))
    );
}

#[test]
fn a_full_store_takes_no_transactions_and_what_it_took_before_is_still_mined() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let author = Person::new(2);
    let search = bench.submit(&author.record(0, 0, "before"));
    store_of(&mut bench, 2_000);
    let refused = bench.submit(&author.record(1, 0, "after"));
    assert!(
        refused.iter().any(|a| matches!(
            a,
            Action::Reply(_, Reply::Submitted(Err(SubmitRefusal::StoreFull)))
        ))
    );
    let peer = bench.ledger_peer(7);
    let person = bench.inbound();
    let record = Person::new(3).record(0, 0, "of others");
    assert!(errors_to(&bench.line(peer, &line(&record)), peer).is_empty());
    assert_eq!(errors_to(&bench.line(person, &line(&record)), person), ["store-full"]);
    assert_eq!(bench.pooled(), 1);
    bench.mine(&search);
    assert_eq!(bench.mined_block().part().unwrap().body.len(), 1);
    bench.receive(peer, whole(&Maker::new(4).next(&[])));
}

/// A peer of another network that refuses a block.
fn refuses(bench: &mut Bench, network: u8, code: &str) -> Vec<Action> {
    let peer = bench.connect(Direction::Inbound, &format!("20.{network}.0.1:50000")).0;
    bench.receive(peer, Message::Hello(ledger_hello(u64::from(network), 0)));
    let report = ErrorReport { code: code.to_string(), message: "its hash is wrong".to_string() };
    let actions = bench.receive(peer, Message::Error(report));
    bench.give(Input::PeerDisconnected { peer, reason: String::new() });
    actions
}

fn audits(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Audit))
}

#[test]
fn a_node_whose_blocks_peers_of_three_networks_refuse_audits_itself_and_is_not_ready_meanwhile() {
    let mut bench = bench(MiningPolicy::Off);
    for network in [1, 1, 2] {
        assert!(!audits(&refuses(&mut bench, network, "bad-hash")));
    }
    assert!(!audits(&refuses(&mut bench, 3, "busy")), "it speaks of no block");
    assert!(audits(&refuses(&mut bench, 4, "bad-body-root")));
    bench.restore();
    let hindrances = bench.node.snapshot().hindrances;
    assert_eq!(hindrances, [Hindrance::RefusedByPeers { peers: 3 }]);
    assert!(hindrances[0].is_unready());
    bench.give(Input::Audited { finding: None });
    assert_eq!(bench.node.snapshot().hindrances, [], "they lied, or follow other rules");
    for network in 5..100 {
        assert!(!audits(&refuses(&mut bench, network, "bad-hash")), "again within the hour");
    }
    bench.pass(AUDIT_INTERVAL + Duration::from_secs(1));
    assert!((100..103).any(|network| audits(&refuses(&mut bench, network, "bad-hash"))));
    bench.give(Input::Audited { finding: Some("block 3 is another one".to_string()) });
    let finding = "block 3 is another one".to_string();
    assert_eq!(bench.node.snapshot().hindrances, [Hindrance::DamagedStore { finding }]);
}

#[test]
fn a_node_whose_clock_is_behind_the_chain_says_how_long_it_mines_nothing() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let author = Person::new(2);
    bench.now.wall += 1_000;
    for sequence in 0..12 {
        let actions = bench.submit(&author.record(sequence, 0, "hi"));
        bench.mine(&actions);
    }
    bench.now.wall -= 2_000;
    bench.ledger_peer(7);
    bench.submit(&author.record(12, 0, "hi"));
    let [Hindrance::Clock { seconds }] = bench.node.snapshot().hindrances[..] else {
        panic!("{:?}", bench.node.snapshot().hindrances)
    };
    assert!((1_800..2_000).contains(&seconds), "{seconds} s");
}

fn introduced_at(bench: &mut Bench, direction: Direction, network: u8, time: u64) -> PeerId {
    let peer = bench.connect(direction, &format!("20.{network}.0.1:50000")).0;
    let hello = ledger_hello(u64::from(network) + 100, 0);
    bench.receive(peer, Message::Hello(Hello { time: Some(time), ..hello }));
    peer
}

#[test]
fn a_clock_that_differs_from_those_of_peers_is_named_and_makes_unready_where_it_dialled_them() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let wall = bench.now.wall;
    introduced_at(&mut bench, Direction::Inbound, 1, wall + 300);
    let differs =
        |ahead, seconds, peers, dialled| Hindrance::ClockDiffers { ahead, seconds, peers, dialled };
    let found = bench.node.snapshot().hindrances;
    assert_eq!(found, [differs(false, 300, 1, 0)]);
    assert!(!found[0].is_unready(), "what a stranger says costs nothing");
    let target = || Direction::Outbound("club.example:8080".parse().unwrap());
    introduced_at(&mut bench, target(), 2, wall);
    assert_eq!(bench.node.snapshot().hindrances, [], "it chose this one");
    for network in 3..5 {
        introduced_at(&mut bench, target(), network, wall - 86_400);
    }
    let found = bench.node.snapshot().hindrances;
    assert_eq!(found, [differs(true, 86_400, 3, 3)]);
    assert!(found[0].is_unready());
    bench.restore();
    // The clock is set.
    bench.now.wall -= 86_400;
    bench.give(Input::Tick);
    assert_eq!(bench.node.snapshot().hindrances, []);
}

#[test]
fn a_node_that_sleeps_is_not_taken_for_one_with_a_wrong_clock() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let wall = bench.now.wall;
    introduced_at(&mut bench, Direction::Inbound, 1, wall);
    for _ in 0..10 {
        bench.pass(Duration::from_secs(20));
        assert_eq!(bench.node.snapshot().hindrances, []);
    }
}

#[test]
fn blocks_that_are_ahead_of_the_clock_are_told_with_when_they_are_taken() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let mut maker = Maker::new(4);
    let block = maker.next(&[]);
    bench.now.wall = block.block().timestamp - 420;
    bench.receive(peer, whole(&block));
    assert_eq!(bench.node.snapshot().tip.height, 0);
    let found = bench.node.snapshot().hindrances;
    assert!(found.contains(&Hindrance::FutureBlocks { blocks: 1, seconds: 300 }), "{found:?}");
}

#[test]
fn what_waits_on_a_node_that_does_not_mine_is_told_where_nobody_does() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    bench.submit(&author.record(0, 0, "hi"));
    let unmined = |waiting, peers| Hindrance::NoMiner { waiting, peers };
    assert_eq!(bench.node.snapshot().hindrances, [unmined(1, 0)]);
    let peer = bench.ledger_peer(7);
    assert_eq!(bench.node.snapshot().hindrances, [], "it may mine");
    for _ in 0..4 {
        assert_eq!(bench.node.snapshot().hindrances, []);
        bench.pass(UNMINED_AFTER / 4);
        bench.receive(peer, Message::GetStatus);
    }
    assert_eq!(bench.node.snapshot().hindrances, [unmined(1, 1)]);
    let mut maker = Maker::new(4);
    let block = maker.next(&[&author.record(0, 0, "hi")]);
    bench.receive(peer, whole(&block));
    assert_eq!(bench.node.snapshot().hindrances, []);
}

#[test]
fn a_node_that_mines_by_the_clock_says_that_it_waits_for_the_clock() {
    let mut bench = bench(MiningPolicy::Interval { seconds: 10 });
    let actions = std::mem::take(&mut bench.woken);
    bench.mine(&actions);
    bench.now.wall = 0;
    bench.give(Input::Tick);
    let [Hindrance::Clock { seconds }] = bench.node.snapshot().hindrances[..] else {
        panic!("{:?}", bench.node.snapshot().hindrances)
    };
    assert!(seconds > 1_800_000_000, "{seconds}");
}
