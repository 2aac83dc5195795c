//! To which request an answer belongs, and what becomes of claims that lead to nothing.

use std::time::Duration;

use crate::common::{Bench, checked, child, sent_to};
use kusari_chain::{Block, BlockHash, Work};
use kusari_node::interface::{Direction, PeerId};
use kusari_node::limits::{
    ANNOUNCED_GRACE, HEDGE_AFTER, MAX_OWED_ANSWERS, REQUEST_TIMEOUT, REST_TIME,
};
use kusari_node::wire::{GetBlocks, Have, Message};
use kusari_node::{Action, Input, Node, NodeConfig};

const BUSY: &str = "ERROR:{\"code\":\"busy\",\"message\":\"wait\"}";

fn asks_by_locator(actions: &[Action], peer: PeerId) -> bool {
    let by_locator = |message: &&crate::common::Sent| {
        matches!(message, Message::GetBlocks(GetBlocks::After { .. }))
    };
    sent_to(actions, peer).iter().any(by_locator)
}

fn asks_by_hash(actions: &[Action], peer: PeerId) -> bool {
    let by_hash = |message: &&crate::common::Sent| {
        matches!(message, Message::GetBlocks(GetBlocks::ByHash(_)))
    };
    sent_to(actions, peer).iter().any(by_hash)
}

fn have(hash: BlockHash, height: u32) -> Message<kusari_chain::CheckedBlock> {
    Message::Have(Have { hash, height, work: Work::of_classic_blocks(height) })
}

fn end(count: u32) -> Message<kusari_chain::CheckedBlock> {
    Message::End { count, missing: vec![] }
}

/// A node that has asked a peer for a block by its hash.
fn asked_by_hash() -> (Bench, PeerId, Block) {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let block = child(&Block::genesis(), "a");
    bench.receive(peer, have(block.hash, 1));
    assert!(asks_by_hash(&bench.pass(ANNOUNCED_GRACE), peer));
    (bench, peer, block)
}

#[test]
fn a_request_that_is_refused_as_busy_takes_no_end_from_a_later_one() {
    let (mut bench, peer, block) = asked_by_hash();
    // What it did not send by its hash is asked for like any claim.
    assert!(asks_by_locator(&bench.line(peer, BUSY), peer));
    bench.receive(peer, have(BlockHash([9; 32]), 90));
    bench.receive(peer, checked(&block));
    let actions = bench.receive(peer, end(1));
    assert!(asks_by_locator(&actions, peer), "the answer is not known to have ended");
}

#[test]
fn a_peer_that_is_busy_is_asked_again_after_a_rest_and_another_one_at_once() {
    let mut bench = Bench::new(NodeConfig::default());
    let (busy, actions) = bench.introduced(7, 200);
    assert!(asks_by_locator(&actions, busy));
    let (other, actions) = bench.introduced(8, 200);
    assert!(!asks_by_locator(&actions, other));
    let actions = bench.line(busy, BUSY);
    assert!(asks_by_locator(&actions, other) && !asks_by_locator(&actions, busy));
    assert!(asks_by_locator(&bench.pass(REST_TIME), busy));
}

#[test]
fn the_end_of_an_answer_that_was_given_up_does_not_end_the_next_one() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, actions) = bench.introduced(7, 200);
    assert!(asks_by_locator(&actions, peer));
    bench.pass(REQUEST_TIMEOUT);
    assert!(asks_by_locator(&bench.pass(REST_TIME), peer));
    assert!(!asks_by_locator(&bench.receive(peer, end(0)), peer));
    bench.receive(peer, checked(&child(&Block::genesis(), "a")));
    assert!(asks_by_locator(&bench.receive(peer, end(1)), peer), "it ended the wrong answer");
}

#[test]
fn a_claim_that_led_to_nothing_is_asked_about_again_while_its_peer_is_connected() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 200);
    let mut rest = REST_TIME;
    for _ in 0..4 {
        assert!(!asks_by_locator(&bench.receive(peer, end(0)), peer));
        let early = bench.pass(rest - Duration::from_secs(1));
        assert!(!asks_by_locator(&early, peer), "it is asked again too soon");
        assert!(asks_by_locator(&bench.pass(Duration::from_secs(1)), peer), "it is forgotten");
        rest *= 2;
    }
}

#[test]
fn a_node_that_cannot_get_what_a_peer_claims_says_so_until_it_can_or_the_peer_is_gone() {
    let mut bench = Bench::new(NodeConfig::default());
    assert_eq!(bench.node.behind(), None);
    let began = bench.now.monotonic;
    let (peer, _) = bench.introduced(7, 200);
    bench.pass(REQUEST_TIMEOUT);
    bench.receive(peer, end(0));
    let target = "10.0.0.9:8080".parse().unwrap();
    let (dialled, _) = bench.connect(Direction::Outbound(target), "10.0.0.9:8080");
    bench.receive(dialled, Message::Hello(crate::common::hello(8, 90)));
    let behind = bench.node.behind().expect("it counts as in sync");
    assert_eq!((behind.claimed.height, behind.ours.height), (200, 0));
    assert_eq!((behind.since, behind.peers, behind.chosen), (began, 2, 1));
    for peer in [peer, dialled] {
        assert!(bench.node.behind().is_some());
        let reason = String::from("closed");
        bench.give(Input::PeerDisconnected { peer, reason });
    }
    assert_eq!(bench.node.behind(), None);
}

/// The rows of all peers in a state.
fn rows(state: &[u8]) -> Vec<usize> {
    let value: serde_json::Value = serde_json::from_slice(state).unwrap();
    let rows = value["downloads"]["rows"].as_object().unwrap();
    rows.values().map(|rows| rows.as_array().unwrap().len()).collect()
}

#[test]
fn what_silent_peers_owe_is_bounded_and_a_state_that_holds_more_is_refused() {
    let mut bench = Bench::new(NodeConfig::default());
    let peers: Vec<PeerId> = (0..48).map(|number| bench.introduced(100 + number, 200).0).collect();
    let mut most = 0;
    for second in 0..1_300_u32 {
        for &peer in peers.iter().filter(|_| second % 20 == 0) {
            bench.give(Input::line(peer, Ok(Message::Pong(0))));
        }
        if second % 10 == 0 {
            let hash = BlockHash([u8::try_from(second / 10 % 256).unwrap(); 32]);
            bench.receive(peers[0], have(hash, 1));
        }
        bench.pass(Duration::from_secs(1));
        if second % 10 != 0 {
            continue;
        }
        let rows = rows(&bench.node.state());
        assert!(rows.len() <= peers.len() && rows.iter().all(|rows| *rows <= MAX_OWED_ANSWERS));
        most = most.max(rows.into_iter().max().unwrap_or(0));
    }
    assert_eq!(most, MAX_OWED_ANSWERS, "the bound was not reached");
    bench.restore();
    let state = String::from_utf8(bench.node.state()).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&state).unwrap();
    let peer = peers[0].0.to_string();
    let full = value["downloads"]["rows"][&peer].as_array_mut().unwrap();
    let row = full[0].clone();
    full.resize(MAX_OWED_ANSWERS + 1, row);
    let stores = || (Box::new(bench.disk.clone()), Box::new(bench.disk.clone()));
    let refused = |value: &serde_json::Value| {
        let (blocks, outbox) = stores();
        Node::restore(&serde_json::to_vec(value).unwrap(), blocks, outbox).is_err()
    };
    assert!(refused(&value));
    let mut value: serde_json::Value = serde_json::from_str(&state).unwrap();
    value["sync"]["width"] = serde_json::Value::from(1_000_000);
    assert!(refused(&value));
}

#[test]
fn a_node_made_again_in_the_middle_of_requests_goes_on_with_them() {
    let (mut bench, peer, block) = asked_by_hash();
    bench.restore();
    assert!(asks_by_locator(&bench.receive(peer, have(BlockHash([9; 32]), 90)), peer));
    bench.pass(HEDGE_AFTER);
    bench.restore();
    bench.receive(peer, checked(&block));
    assert!(!asks_by_locator(&bench.receive(peer, end(1)), peer));
    bench.restore();
    assert!(asks_by_locator(&bench.receive(peer, end(1)), peer));
}
