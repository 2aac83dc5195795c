//! Nodes as those see them that watch: numbers that move, and whether one is ready.

use std::net::SocketAddr;

use kusari_chain::Block;

use super::support::command::on_with;
use super::support::{Node, RawPeer, Setup, blocks, eventually, hello, http};

/// Someone who watches a node.
struct Watch(SocketAddr);

impl Watch {
    fn new(node: &Node) -> Self {
        Self(kusari_client::read_node_file(&node.directory()).unwrap().unwrap().http.unwrap())
    }

    /// The value of a series now.
    #[track_caller]
    fn value(&self, series: &str) -> f64 {
        let answer = http(self.0, "GET /metrics", "", "");
        assert_eq!(answer.status, 200, "{answer:?}");
        let line = answer.body.lines().find_map(|line| line.strip_prefix(series));
        let value = line.and_then(|line| line.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("there is no {series} in {}", answer.body)).parse().unwrap()
    }

    #[track_caller]
    fn wait_for(&self, series: &str, value: f64) {
        eventually(&format!("{series} is {value}"), || (self.value(series) == value).then_some(()));
    }
}

#[test]
fn the_numbers_of_a_node_move_with_what_it_does() {
    let mut a = Node::start("A");
    let watch = Watch::new(&a);
    for series in ["kusari_chain_height", "kusari_blocks_total", "kusari_tries_total"] {
        assert_eq!(watch.value(series), 0.0, "{series}");
    }
    a.say("hi");
    a.wait_for("Data       : hi");
    for series in ["kusari_chain_height", "kusari_blocks_total", "kusari_mined_blocks_total"] {
        watch.wait_for(series, 1.0);
    }
    watch.wait_for("kusari_outbox_entries", 0.0);
    assert!(watch.value("kusari_tries_total") >= 1.0);
    assert!(watch.value("process_start_time_seconds") > 1_700_000_000.0);
    if cfg!(target_os = "linux") {
        assert!(watch.value("process_resident_memory_bytes") > 1_000_000.0);
    }

    let b = Setup::new("B").connect(a.port).start();
    watch.wait_for("kusari_peers{direction=\"inbound\"}", 1.0);
    watch.wait_for("kusari_peers{direction=\"outbound\"}", 0.0);
    let other = Watch::new(&b);
    other.wait_for("kusari_peers{direction=\"outbound\"}", 1.0);
    other.wait_for("kusari_chain_height", 1.0);
    other.wait_for("kusari_blocks_total", 1.0);
    assert_eq!(other.value("kusari_mined_blocks_total"), 0.0);
    for series in ["kusari_sent_bytes_total", "kusari_received_bytes_total"] {
        assert!(watch.value(series) > 0.0, "{series}");
        assert!(other.value(series) > 0.0, "{series}");
    }
}

#[test]
fn a_reorganisation_is_counted_with_what_it_took_back() {
    let mut node = Node::start("node");
    let watch = Watch::new(&node);
    node.say("ours");
    node.wait_for("Data       : ours");
    RawPeer::bring(node.port, &blocks::mine_many(&Block::genesis(), "theirs", 2));
    // The line is mined again on the branch that won.
    watch.wait_for("kusari_chain_height", 3.0);
    watch.wait_for("kusari_reorganisations_total", 1.0);
    watch.wait_for("kusari_reverted_blocks_total", 1.0);
    watch.wait_for("kusari_mined_blocks_total", 2.0);
    watch.wait_for("kusari_blocks_total", 4.0);
    assert!(watch.value("kusari_side_bytes") > 0.0);
}

#[test]
fn a_held_branch_is_counted() {
    let setup = Setup::new("node").args(["--max-reorg-depth", "1"]);
    // The limit holds for what a node had when it was started.
    let ours = blocks::lines(&blocks::mine_many(&Block::genesis(), "ours", 2));
    on_with(&setup.directory(), "import -", ours.as_bytes()).printed();
    let node = setup.start();
    let watch = Watch::new(&node);
    let theirs = blocks::lines(&blocks::mine_many(&Block::genesis(), "theirs", 3));
    let mut peer = RawPeer::connect(node.port);
    peer.send_bytes(theirs.as_bytes());
    watch.wait_for("kusari_held_branches", 1.0);
    assert_eq!(watch.value("kusari_reorganisations_total"), 0.0);
}

#[test]
fn a_node_that_waits_for_blocks_is_not_ready() {
    let node = Node::start("node");
    let Watch(address) = Watch::new(&node);
    let ready = || http(address, "GET /readyz", "", "");
    eventually("it is ready", || (ready().status == 200).then_some(()));
    // Somebody has many blocks and sends one whenever the node is looked at.
    let chain = blocks::mine_many(&Block::genesis(), "n", 40);
    let mut peer = RawPeer::connect(node.port);
    peer.send(&hello(7, "classic", &chain[39]));
    peer.wait_for("GET_BLOCKS:");
    let mut next = chain[..39].iter();
    let answer = eventually("it is not", || {
        next.next().into_iter().for_each(|block| peer.send(&blocks::line(block)));
        Some(ready()).filter(|answer| answer.status == 503)
    });
    assert!(answer.body.starts_with("the node is catching up: "), "{answer:?}");
    assert_eq!(http(address, "GET /healthz", "", "").status, 200);
    drop(peer);
    eventually("it is again", || (ready().status == 200).then_some(()));
}
