//! What says nothing is shown as that: peers that are dialled, and a node that is asked.

use std::net::{TcpListener, ToSocketAddrs};

use kusari_api_types::PeerStage;
use nix::sys::signal::Signal;

use super::api::client;
use super::support::command::on;
use super::support::{Node, Original, Setup, eventually};

/// A new original has no block, so it answers `GET_CHAIN` with nothing.
#[test]
fn a_new_original_is_shown_as_silent_and_what_is_typed_there_later_arrives() {
    let original = Original::new(Vec::new());
    let node = Setup::new("kusari").connect(original.port).start();
    let client = client(&node);
    node.wait_for("is silent (a new original node, or no node)");
    let peers = client.peers().unwrap().peers;
    assert_eq!(peers[0].stage, PeerStage::Silent);
    let status = client.status().unwrap();
    assert_eq!((status.outbound_peers, status.inbound_peers), (0, 0));
    assert!(status.hindrances[0].unready, "{status:?}");
    let shown = on(&node.directory(), "peers").printed();
    assert!(shown.contains("dialled by us, silent (a new original node, or no node)"), "{shown}");

    original.mine("typed there");
    node.wait_for("Added new block index=1, ");
    node.wait_for("is an original node");
    eventually("it counts as a peer", || {
        let status = client.status().unwrap();
        (status.outbound_peers == 1 && status.hindrances.is_empty()).then_some(())
    });
}

/// A name that leads to both families, where this machine has both.
fn both_families(port: u16) -> bool {
    let Ok(found) = ("localhost", port).to_socket_addrs() else { return false };
    let found: Vec<_> = found.collect();
    found.first().is_some_and(std::net::SocketAddr::is_ipv6)
        && found.iter().any(std::net::SocketAddr::is_ipv4)
}

#[test]
fn a_mute_server_does_not_hide_the_next_address_of_its_name() {
    let listening = Node::start("listening");
    let port = listening.port;
    let Ok(mute) = TcpListener::bind(("::1", port)) else {
        return eprintln!("this machine has no IPv6: not tried");
    };
    if !both_families(port) {
        return eprintln!("localhost is not both ::1 and 127.0.0.1 here: not tried");
    }
    let node = Setup::new("dialling").args(["--connect", &format!("localhost:{port}")]).start();
    let (_held, _) = mute.accept().unwrap();
    node.wait_for("introduced itself as kusari");
    node.wait_for("another address of the same name answered first");
    assert_eq!(client(&node).peers().unwrap().peers.len(), 1);
}

#[test]
fn a_suspended_node_is_said_not_to_answer_within_seconds() {
    let mut node = Node::start("suspended");
    node.signal(Signal::SIGSTOP);
    for words in ["status", "say hello", "peers", "top --once"] {
        let refused = on(&node.directory(), words).refused(1);
        assert!(refused.contains("does not answer within 3 s"), "{words}: {refused}");
        assert!(refused.contains("suspended"), "{words}: {refused}");
    }
    node.signal(Signal::SIGCONT);
    assert!(on(&node.directory(), "status").printed().contains("Height: 0 blocks"));
    node.terminate();
}
