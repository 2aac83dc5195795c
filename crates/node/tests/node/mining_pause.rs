//! Blocks that come in, and what is to be mined meanwhile.

use std::time::Duration;

use crate::common::{Bench, checked, child};
use kusari_chain::Block;
use kusari_node::{Action, NodeConfig};

#[test]
fn a_branch_that_comes_in_slowly_delays_a_typed_line_by_seconds_and_not_for_ever() {
    let mut bench = Bench::new(NodeConfig::default());
    // It has what this peer has, so that what comes now is no first sync.
    bench.introduced(8, 0);
    let (attacker, _) = bench.introduced(7, 200);
    let mut parent = child(&Block::genesis(), "slow");
    bench.receive(attacker, checked(&parent));
    let (mut actions, mut waited) = (bench.say("a line"), Duration::ZERO);
    let between = Duration::from_millis(2_500);
    while !actions.iter().any(|action| matches!(action, Action::Mine { .. })) {
        assert!(waited <= Duration::from_secs(15), "the line still waits");
        parent = child(&parent, "slow");
        actions = bench.receive(attacker, checked(&parent));
        actions.extend(bench.pass(between));
        waited += between;
    }
}

#[test]
fn blocks_that_come_in_pause_mining_for_five_seconds_in_any_sixty() {
    let mut bench = Bench::new(NodeConfig::default());
    bench.introduced(8, 0);
    let (attacker, _) = bench.introduced(7, 200);
    let step = Duration::from_millis(500);
    let mut parent = Block::genesis();
    let mut paused = Vec::new();
    bench.say("a line");
    for _ in 0..360 {
        parent = child(&parent, "slow");
        let actions = bench.receive(attacker, checked(&parent));
        let asked = |a: &&Action| matches!(a, Action::Mine { .. } | Action::StopMining);
        let is_paused = match actions.iter().rfind(asked) {
            Some(Action::Mine { .. }) => false,
            // Each block is a new tip, so that a search which goes on is told of it.
            _ => true,
        };
        paused.push(is_paused);
        bench.pass(step);
    }
    let most = paused.windows(120).map(|minute| minute.iter().filter(|is| **is).count()).max();
    assert!((1..=11).contains(&most.unwrap()), "{most:?} half seconds of a minute");
}

#[test]
fn a_branch_that_comes_in_slowly_from_the_start_on_delays_a_node_with_blocks_by_seconds() {
    let mut before = Bench::new(NodeConfig::default());
    let (peer, _) = before.introduced(8, 0);
    let first = child(&Block::genesis(), "before");
    before.receive(peer, checked(&first));
    // It starts again, and the attacker is the first to introduce itself.
    let mut bench = Bench::on(before.disk, NodeConfig::default());
    let (attacker, _) = bench.introduced(7, 200);
    let mut parent = child(&first, "slow");
    bench.receive(attacker, checked(&parent));
    let (mut actions, mut waited) = (bench.say("a line"), Duration::ZERO);
    let between = Duration::from_millis(2_500);
    while !actions.iter().any(|action| matches!(action, Action::Mine { .. })) {
        assert!(waited <= Duration::from_secs(15), "the line still waits");
        assert!(waited < Duration::from_secs(6) || !bench.node.snapshot().catching_up);
        parent = child(&parent, "slow");
        actions = bench.receive(attacker, checked(&parent));
        actions.extend(bench.pass(between));
        waited += between;
    }
}
