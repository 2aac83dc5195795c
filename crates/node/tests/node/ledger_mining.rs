//! When a node of a ledger mines, and on what.

use std::time::Duration;

use crate::common::ledger::{Maker, Person, START, bench, config, template, whole};
use crate::common::{Bench, is_closed};
use kusari_node::interface::{Command, Direction, Reply};
use kusari_node::limits::{MAX_MINE_ON_SECONDS, TEMPLATE_AGE};
use kusari_node::{Action, Input, MiningPolicy, NodeConfig};

const SECOND: Duration = Duration::from_secs(1);

fn stops(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::StopMining))
}

/// When the node wants to be woken, counted from now.
fn wakes_in(actions: &[Action], bench: &Bench) -> Option<Duration> {
    let at = actions.iter().rev().find_map(|action| match action {
        Action::WakeAt(at) => Some(*at),
        _ => None,
    });
    at.map(|at| at.saturating_sub(bench.now.monotonic))
}

/// Gives what was asked for, over and over, until nothing is: the number of blocks.
fn mine_all(bench: &mut Bench, mut actions: Vec<Action>, most: usize) -> usize {
    let mut blocks = 0;
    while blocks < most && template(&actions).is_some() {
        actions = bench.mine(&actions);
        blocks += 1;
    }
    blocks
}

#[test]
fn on_demand_nothing_is_mined_while_nothing_waits_and_no_block_is_empty() {
    let mut bench = bench(MiningPolicy::OnDemand);
    assert!(template(&bench.woken).is_none());
    assert!(template(&bench.pass(60 * SECOND)).is_none());
    let author = Person::new(2);
    let mut actions = bench.submit(&author.record(0, 0, "one"));
    actions.extend(bench.submit(&author.record(1, 0, "two")));
    assert_eq!(mine_all(&mut bench, actions, 9), 2);
    assert_eq!(bench.mined_block().part().unwrap().body.len(), 1);
    assert!(template(&bench.pass(60 * SECOND)).is_none());
}

#[test]
fn on_demand_what_others_sent_is_mined_as_well() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let peer = bench.ledger_peer(7);
    let record = Person::new(2).record(0, 0, "hi");
    let actions = bench.line(peer, &crate::common::ledger::line(&record));
    assert_eq!(mine_all(&mut bench, actions, 9), 1);
}

#[test]
fn a_search_ends_when_somebody_else_mined_what_waited() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let peer = bench.ledger_peer(7);
    let record = Person::new(2).record(0, 0, "hi");
    assert!(template(&bench.submit(&record)).is_some());
    let actions = bench.receive(peer, whole(&Maker::new(3).next(&[&record])));
    assert!(stops(&actions) && template(&actions).is_none());
}

#[test]
fn somebody_who_waits_for_confirmations_gets_empty_blocks_until_the_time_is_over() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let mut actions = bench.command(Command::MineOn { seconds: 10 });
    assert!(actions.iter().any(|a| matches!(a, Action::Reply(_, Reply::MinesOn(Ok(true))))));
    for _ in 0..2 {
        assert_eq!(mine_all(&mut bench, actions, 3), 1, "they are not a second apart");
        actions = bench.pass(SECOND);
    }
    assert!(bench.mined_block().part().unwrap().body.is_empty());
    // The search goes on, and its end is not forgotten, whatever comes in between.
    let person = bench.connect(Direction::Inbound, "127.0.0.1:50000").1;
    assert!(!stops(&person));
    bench.give(Input::Tick);
    assert!(bench.next_wish() <= bench.now.monotonic + 8 * SECOND, "nobody wakes it at the end");
    assert!(stops(&bench.pass(8 * SECOND)));
    assert!(template(&bench.pass(60 * SECOND)).is_none());
}

#[test]
fn mining_on_is_bounded_and_never_shortened() {
    let mut bench = bench(MiningPolicy::OnDemand);
    bench.command(Command::MineOn { seconds: u32::MAX });
    bench.command(Command::MineOn { seconds: 1 });
    assert!(!stops(&bench.pass(2 * SECOND)));
    assert!(stops(&bench.pass(u64::from(MAX_MINE_ON_SECONDS) as u32 * SECOND)));
}

#[test]
fn a_template_is_renewed_once_a_second_while_more_comes() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let author = Person::new(2);
    let mut templates = 0;
    let mut count = |actions: &[Action]| {
        templates += actions.iter().filter(|a| matches!(a, Action::Mine { .. })).count();
    };
    count(&bench.submit(&author.record(0, 0, "hi")));
    for sequence in 1..40 {
        count(&bench.submit(&author.record(sequence, 0, "hi")));
        count(&bench.pass(TEMPLATE_AGE / 10));
    }
    assert!((4..=5).contains(&templates), "{templates} templates");
    // The last ones are not left out: it wakes by itself.
    assert!(bench.next_wish() <= bench.now.monotonic + TEMPLATE_AGE);
    let actions = bench.pass(TEMPLATE_AGE);
    bench.mine(&actions);
    assert_eq!(bench.mined_block().part().unwrap().body.len(), 40);
}

#[test]
fn at_an_interval_a_block_is_mined_for_each_so_many_seconds() {
    let mut bench = bench(MiningPolicy::Interval { seconds: 30 });
    let woken = std::mem::take(&mut bench.woken);
    let actions = bench.mine(&woken);
    assert!(template(&actions).is_none());
    assert_eq!(wakes_in(&actions, &bench), Some(30 * SECOND));
    assert!(template(&bench.submit(&Person::new(2).record(0, 0, "hi"))).is_none());
    assert!(template(&bench.pass(29 * SECOND)).is_none());
    let actions = bench.pass(SECOND);
    let actions = bench.mine(&actions);
    assert_eq!(bench.mined_block().part().unwrap().body.len(), 1);
    assert!(template(&actions).is_none());
}

#[test]
fn always_there_is_a_block_to_mine() {
    let mut bench = bench(MiningPolicy::Always);
    let woken = std::mem::take(&mut bench.woken);
    assert_eq!(mine_all(&mut bench, woken, 5), 5);
}

#[test]
fn off_nothing_is_ever_mined() {
    let mut bench = bench(MiningPolicy::Off);
    let mut actions = bench.submit(&Person::new(2).record(0, 0, "hi"));
    actions.extend(bench.command(Command::MineOn { seconds: 10 }));
    actions.extend(bench.pass(60 * SECOND));
    assert!(template(&actions).is_none());
}

#[test]
fn blocks_stamped_two_minutes_ahead_delay_a_record_by_seconds() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let attacker = bench.ledger_peer(7);
    let mut maker = Maker::new(3);
    let stamps = (0..20).map(|number| START - 100 + number).chain([START + 118; 31]);
    for stamp in stamps {
        let block = maker.make(&[], stamp);
        bench.receive(attacker, whole(&block));
        maker.take(block);
    }
    // Six blocks of one second move the median by one, and 120 s is the most that others take.
    assert_eq!(bench.mined_block().block.timestamp, START + 120, "the rest of them is held");
    let mut actions = bench.submit(&Person::new(2).record(0, 0, "hi"));
    let mut waited = 0;
    while template(&actions).is_none() {
        assert!(bench.next_wish() <= bench.now.monotonic + SECOND, "the wait for one tip");
        assert!(waited < 5, "the attacker's thirteen held blocks last for three seconds");
        actions = bench.pass(SECOND);
        waited += 1;
    }
    bench.mine(&actions);
    assert_eq!(bench.mined_block().part().unwrap().body.len(), 1);
}

/// A node whose clock was a day ahead for ten blocks, and is right now.
fn was_a_day_ahead() -> Bench {
    const DAY: u64 = 24 * 60 * 60;
    let mut bench = bench(MiningPolicy::OnDemand);
    bench.now.wall += DAY;
    for sequence in 0..10 {
        let actions = bench.submit(&Person::new(2).record(sequence, 0, "hi"));
        bench.mine(&actions);
    }
    bench.now.wall -= DAY;
    bench
}

#[test]
fn a_clock_that_was_ahead_does_not_silence_a_lone_node() {
    let mut bench = was_a_day_ahead();
    for sequence in 10..30 {
        let actions = bench.submit(&Person::new(2).record(sequence, 0, "hi"));
        bench.mine(&actions);
        assert_eq!(bench.node.snapshot().tip.height as u64, sequence + 1);
    }
}

#[test]
fn a_node_among_others_mines_no_block_that_they_would_hold() {
    let mut bench = was_a_day_ahead();
    let peer = bench.ledger_peer(7);
    let actions = bench.submit(&Person::new(2).record(10, 0, "hi"));
    assert!(template(&actions).is_none());
    let actions = bench.give(Input::PeerDisconnected { peer, reason: String::new() });
    assert!(template(&actions).is_some(), "it is alone again");
}

#[test]
fn a_wrong_nonce_costs_nothing_but_the_time() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let actions = bench.submit(&Person::new(2).record(0, 0, "hi"));
    let Some(Action::Mine { template_id, .. }) =
        actions.iter().find(|action| matches!(action, Action::Mine { .. }))
    else {
        panic!("nothing is mined")
    };
    let actions = bench.give(Input::BlockMined { template_id: *template_id, nonce: 1 });
    assert_eq!(mine_all(&mut bench, actions, 1), 1);
}

#[test]
fn a_ledger_block_mined_here_is_not_spoken_of_before_it_is_durable() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let peer = bench.ledger_peer(7);
    let original = bench.inbound();
    bench.line(original, "HELP");
    let actions = bench.submit(&Person::new(2).record(0, 0, "hi"));
    bench.hold_commits = true;
    let actions = bench.mine(&actions);
    let spoken = |actions: &[Action], peer| crate::common::sent_to(actions, peer).len();
    assert_eq!((spoken(&actions, peer), spoken(&actions, original)), (0, 0));
    let actions = bench.release_commits();
    assert_eq!((spoken(&actions, peer), spoken(&actions, original)), (1, 1));
}

#[test]
fn nothing_is_mined_while_blocks_that_were_asked_for_come_in() {
    let mut bench = Bench::new(NodeConfig { seed: 3, ..config(MiningPolicy::Always) });
    let peer = bench.inbound();
    let hello = crate::common::ledger::ledger_hello(7, 9);
    let actions = bench.receive(peer, kusari_node::wire::Message::Hello(hello));
    assert!(!is_closed(&actions, peer));
    let actions = bench.receive(peer, whole(&Maker::new(3).next(&[])));
    assert!(template(&actions).is_none());
    let actions =
        bench.receive(peer, kusari_node::wire::Message::End { count: 1, missing: vec![] });
    let _ = actions;
    assert!(template(&bench.pass(60 * SECOND)).is_some());
}
