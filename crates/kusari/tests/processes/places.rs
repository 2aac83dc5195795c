//! Sockets that hold places for nothing.
//!
//! Loopback is no group of addresses, so each address of it counts as one; the crowd has three.
#![cfg(target_os = "linux")]

use std::time::Duration;

use crate::support::{Node, RawPeer, blocks, hello, now};
use kusari_chain::Block;

/// More than the node has places, spare sockets and a queue of the system for together.
const CROWD: u8 = 250;
/// In which time a newcomer has a place.
const PLACE_WITHIN: Duration = Duration::from_secs(30);

/// A peer that introduces itself from an address, and its answer.
fn introduced(node: &Node, from: [u8; 4], id: u64) -> RawPeer {
    let start = now();
    let mut peer = RawPeer::connect_from(from, node.port);
    peer.send(&hello(id, "classic", &Block::genesis()));
    peer.wait_for("HELLO:");
    assert!(start.elapsed() < PLACE_WITHIN, "it took {:?}", start.elapsed());
    peer
}

/// The cost: 250 sockets and 334 bytes for the crowd; for the node, a place for each that is closed at once.
#[test]
fn a_crowd_that_says_nothing_or_help_keeps_nobody_out_and_costs_no_useful_peer_its_place() {
    let node = Node::start("A");
    let mut useful = introduced(&node, [127, 9, 0, 1], 1);
    useful.send(&blocks::line(&blocks::mine(&Block::genesis(), "useful")));
    node.wait_for("useful");
    let mut crowd: Vec<RawPeer> = Vec::new();
    for number in 0..CROWD {
        let mut peer = RawPeer::connect_from([127, number % 3 + 1, 0, 1], node.port);
        match number / 3 % 3 {
            0 => {}
            // Some of them have lost their place by then.
            1 => drop(peer.try_send_bytes(b"HELP\n")),
            _ => drop(peer.try_send_bytes(b"B")),
        }
        crowd.push(peer);
    }
    let mut newcomers: Vec<RawPeer> =
        (0..8).map(|number| introduced(&node, [127, 20 + number, 0, 1], 10)).collect();
    for peer in newcomers.iter_mut().chain([&mut useful]) {
        peer.send("PING:7");
        peer.wait_for("PONG:7");
    }
    drop(crowd);
}
