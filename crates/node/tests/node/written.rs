//! Inputs and states in files: what is read back is what was written.

use crate::common::{Bench, checked, child, hello};
use kusari_chain::{Block, RuleViolation};
use kusari_node::interface::{Direction, PeerId};
use kusari_node::wire::{LineTooLong, Message, Received, Refusal, WireError, receive};
use kusari_node::{Input, Node, NodeConfig};
use proptest::prelude::*;

type Line = Result<Received, Refusal>;

fn read_back(received: &Line) -> Line {
    let input = Input::line(PeerId(3), received.clone());
    let text = serde_json::to_string(&input).unwrap();
    match serde_json::from_str(&text).unwrap() {
        Input::LinesReceived { peer: PeerId(3), mut lines } => lines.pop().unwrap(),
        other => panic!("{text} became {other:?}"),
    }
}

#[track_caller]
fn assert_reads_back(received: &Line) {
    assert_eq!(read_back(received), *received);
}

#[test]
fn every_refusal_is_read_back_as_it_was() {
    let verb = "GET_BLOCKS";
    let detail = || "\u{1b}[2J \"x\"".to_string();
    let hash = Block::genesis().hash;
    for error in [
        WireError::TooLong(LineTooLong { limit: 4_096 }),
        WireError::Unfinished { seconds: 60 },
        WireError::CutOff { bytes: 7 },
        WireError::EmptyLine,
        WireError::NotUtf8(4),
        WireError::UnknownVerb(detail()),
        WireError::NotJson { verb, detail: detail() },
        WireError::WrongField { verb, detail: detail() },
        WireError::TooMany { verb, count: 200, limit: 128 },
    ] {
        assert_reads_back(&Err(Refusal::Malformed(error)));
    }
    for violation in [
        RuleViolation::BlockTooLong { bytes: 5_000, limit: 4_096 },
        RuleViolation::BadGenesis,
        RuleViolation::BadHash { claimed: hash, computed: hash },
        RuleViolation::TooLittleWork { hash },
        RuleViolation::BadIndex { index: 1, parent: u32::MAX },
        RuleViolation::RefusedParent { parent: hash },
    ] {
        assert_reads_back(&Err(Refusal::Rule(violation)));
    }
}

#[test]
fn a_verb_that_nobody_has_is_not_read_back() {
    let known = r#"{"malformed":{"too_many":{"verb":"PEERS","count":2,"limit":1}}}"#;
    assert!(serde_json::from_str::<Refusal>(known).is_ok());
    assert!(serde_json::from_str::<Refusal>(&known.replace("PEERS", "BEERS")).is_err());
}

/// Every verb of the protocol, those that carry something with their colon.
const BEGINNINGS: [&str; 16] = [
    "BLOCK:",
    "GET_CHAIN",
    "HELLO:",
    "GET_BLOCKS:",
    "END:",
    "HAVE:",
    "GET_PEERS",
    "PEERS:",
    "PING:",
    "PONG:",
    "STATUS",
    "STATUS:",
    "HELP",
    "HELP:",
    "ERROR:",
    "",
];

/// Lines with the verbs of the protocol and anything behind them.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let rest = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[0-9]{0,20}".prop_map(String::into_bytes),
        "\\[\"[0-9.]{3,12}:[0-9]{1,5}\"\\]".prop_map(String::into_bytes),
        ".{0,30}".prop_map(|text| {
            let text = serde_json::to_string(&text).unwrap();
            let report =
                format!("{{\"code\":{text},\"message\":{text},\"count\":1,\"missing\":[]}}");
            report.into_bytes()
        }),
    ];
    let verbs = prop::sample::select(BEGINNINGS.to_vec());
    (verbs, rest).prop_map(|(verb, rest)| [verb.as_bytes(), &rest].concat())
}

proptest! {
    #[test]
    fn whatever_a_peer_sends_is_read_back_as_it_was_received(line in lines()) {
        let received = receive(&line);
        prop_assert_eq!(read_back(&received), received);
    }
}

#[test]
fn the_state_that_a_node_has_between_two_inputs_makes_the_same_node() {
    let mut bench = Bench::new(NodeConfig { seed: 9, ..NodeConfig::default() });
    bench.hold_commits = true;
    let (peer, _) = bench.introduced(5, 3);
    let actions = bench.say("one line");
    bench.mine(&actions);
    let first = child(&Block::genesis(), "beside");
    let orphan = child(&child(&first, "missing"), "orphan");
    for block in [&first, &orphan] {
        bench.receive(peer, checked(block));
    }
    let stores = (Box::new(bench.disk.clone()), Box::new(bench.disk.clone()));
    let mut twin = Node::restore(&bench.node.state(), stores.0, stores.1).unwrap();
    assert_eq!(twin.state_hash(), bench.node.state_hash());
    assert_eq!(twin.snapshot().orphans, 1);
    assert_eq!(twin.snapshot().peers.len(), 1);
    let line = Ok(Message::Hello(hello(6, 1)));
    for input in [
        Input::Tick,
        Input::line(peer, line),
        Input::PeerConnected {
            peer: PeerId(77),
            direction: Direction::Inbound,
            address: "[2001:db8::1]:9".parse().unwrap(),
        },
    ] {
        bench.now.monotonic += std::time::Duration::from_secs(40);
        let theirs = twin.handle(bench.now, input.clone());
        let ours = bench.node.handle(bench.now, input);
        assert_eq!(format!("{theirs:?}"), format!("{ours:?}"));
        assert_eq!(twin.state_hash(), bench.node.state_hash());
    }
}

#[test]
fn what_is_not_the_state_of_a_node_is_refused_in_a_sentence() {
    let bench = Bench::new(NodeConfig::default());
    let restore = |state: &[u8]| {
        let stores = (Box::new(bench.disk.clone()), Box::new(bench.disk.clone()));
        Node::restore(state, stores.0, stores.1).map(drop)
    };
    let state = String::from_utf8(bench.node.state()).unwrap();
    assert_eq!(restore(state.as_bytes()), Ok(()));
    for (from, to) in [("\"halted\":false", "\"halted\":2"), ("{\"config\"", "{\"configs\"")] {
        let changed = state.replacen(from, to, 1);
        let refused = restore(changed.as_bytes()).unwrap_err().to_string();
        assert!(refused.starts_with("it is not the state of a node"), "{refused}");
    }
    for end in (0..state.len()).step_by(17) {
        assert!(restore(&state.as_bytes()[..end]).is_err());
    }
}
