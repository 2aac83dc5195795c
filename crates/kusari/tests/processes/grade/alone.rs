//! Each check by itself, and all of them in an order that chance decides: what they say of a node does not depend on
//! what was checked before, nor on the chain that they find.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;

use kusari_chain::Block;
use kusari_grade::{GradeConfig, Grading, Level, Outcome};

use super::super::support::blocks::mine_many;
use super::super::support::{Node, Original, RawPeer};
use super::server::{Flaw, Server};
use super::{PATIENCE, config, run};

/// Blocks of the long chain: more than one answer has, and more than lines wait for one peer.
const LONG: usize = 1_100;

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The names of the checks that are demanded at this level, from a node of which they hold.
fn checks_up_to(level: Level) -> Vec<&'static str> {
    let server = Server::start(Flaw::Nothing);
    let grading = Grading::begin(&config(server.address, PATIENCE, &[""])).unwrap();
    grading.checks().filter(|(_, demanded)| *demanded <= level).map(|(name, _)| name).collect()
}

/// Makes one check of a target, which must hold.
#[track_caller]
fn holds_alone(target: SocketAddr, name: &str) {
    let report = run(&config(target, PATIENCE, &[name]));
    assert_eq!((report.holds, report.checks.len()), (1, 1), "{:#?}", report.checks);
}

/// Makes all checks in a random order. Those of this level and below must hold, and others are skipped.
#[track_caller]
fn holds_in_any_order(target: SocketAddr, level: Level) {
    let seed = RandomState::new().hash_one("order of checks") >> 32;
    println!("kusari grade {target} --shuffle {seed}");
    let report = run(&GradeConfig { shuffle: Some(seed), ..config(target, PATIENCE, &[]) });
    assert_eq!(report.level, level, "--shuffle {seed}: {report:#?}");
    for check in &report.checks {
        let expected = if check.level <= level { Outcome::Holds } else { Outcome::Skipped };
        assert_eq!(check.outcome, expected, "--shuffle {seed}: {check:#?}");
    }
}

#[test]
fn each_check_stands_alone_on_a_fresh_chain() {
    for name in checks_up_to(Level::Kusari) {
        let node = Node::start("fresh");
        holds_alone(address(node.port), name);
    }
}

#[test]
fn all_checks_hold_in_any_order_on_a_fresh_chain() {
    let node = Node::start("fresh");
    holds_in_any_order(address(node.port), Level::Kusari);
}

#[test]
fn checks_hold_alone_and_in_any_order_on_a_long_chain() {
    let node = Node::start("long");
    RawPeer::bring(node.port, &mine_many(&Block::genesis(), "long", LONG));
    for name in checks_up_to(Level::Kusari) {
        holds_alone(address(node.port), name);
    }
    holds_in_any_order(address(node.port), Level::Kusari);
}

#[test]
fn an_original_holds_what_is_demanded_of_one_alone_and_in_any_order() {
    for name in checks_up_to(Level::Original) {
        let original = Original::new(Vec::new());
        holds_alone(address(original.port), name);
    }
    for chain in [Vec::new(), mine_many(&Block::genesis(), "long", 300)] {
        let original = Original::new(chain);
        holds_in_any_order(address(original.port), Level::Original);
    }
}

#[test]
fn what_an_original_does_not_do_is_demanded_of_it_where_a_person_asks_for_that() {
    let original = Original::new(Vec::new());
    let target = address(original.port);
    let only = ["takes a block twice", "takes a valid block into", "answers PING with the PONG"];
    let report =
        run(&GradeConfig { level: Some(Level::Classic), ..config(target, PATIENCE, &only) });
    let outcomes: Vec<Outcome> = report.checks.iter().map(|check| check.outcome).collect();
    assert_eq!(outcomes, [Outcome::Holds, Outcome::Broken, Outcome::Skipped], "{report:#?}");
}

#[test]
fn a_node_of_the_original_dialect_that_keeps_the_rules_holds_each_check_alone() {
    for name in checks_up_to(Level::Classic) {
        let server = Server::start(Flaw::Nothing);
        holds_alone(server.address, name);
    }
    let server = Server::start(Flaw::Nothing);
    holds_in_any_order(server.address, Level::Classic);
}
