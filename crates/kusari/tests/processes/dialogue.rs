//! What a node answers to each verb.

use kusari_chain::Block;

use super::support::blocks::{self, line, mine, mine_many};
use super::support::{Node, RawPeer, Setup, hello, hello_with};

fn with_chain(count: usize) -> (Node, Vec<Block>) {
    let node = Node::start("A");
    let chain = mine_many(&Block::genesis(), "b", count);
    RawPeer::bring(node.port, &chain);
    assert_eq!(node.chain().0, chain);
    (node, chain)
}

fn json(line: &str, verb: &str) -> serde_json::Value {
    let json = line.strip_prefix(verb).unwrap_or_else(|| panic!("{line} is no {verb}"));
    serde_json::from_str(json.strip_prefix(':').unwrap()).unwrap()
}

#[test]
fn a_person_is_told_what_the_node_has_and_which_verbs_there_are() {
    let (node, chain) = with_chain(3);
    let mut peer = RawPeer::connect(node.port);
    peer.send("STATUS");
    let status = json(&peer.line(), "STATUS");
    assert_eq!(status["height"], 3);
    assert_eq!(status["tip"], chain[2].hash.to_string());
    assert_eq!(status["chain"], "classic");
    assert_eq!(status["work"], format!("{:064x}", 3 * 65_536));
    assert!(status["agent"].as_str().unwrap().starts_with("kusari/"));

    peer.send("HELP");
    let help = json(&peer.line(), "HELP");
    for verb in ["GET_CHAIN", "BLOCK", "STATUS", "GET_PEERS", "GET_BLOCKS", "HELLO", "PING"] {
        assert!(help[verb].is_string(), "{verb} is not explained: {help}");
    }
    peer.send("PING:1");
    assert_eq!(json(&peer.line(), "ERROR")["code"], "hello-first");
}

#[test]
fn an_introduction_is_answered_in_kind() {
    let (node, chain) = with_chain(2);
    let mut peer = RawPeer::connect(node.port);
    peer.send(&hello(7, "classic", &Block::genesis()));
    let answer = peer.line();
    let said = json(&answer, "HELLO");
    assert_eq!(said["protocol"], 1);
    assert_eq!(said["chain"], "classic");
    assert_eq!(said["height"], 2);
    assert_eq!(said["tip"], chain[1].hash.to_string());
    assert_eq!(said["listen"], node.port);
    assert_eq!(said["id"].as_str().unwrap().len(), 16);
    let order = ["agent", "protocol", "chain", "height", "work", "tip", "listen", "id"];
    let places: Vec<_> =
        order.iter().map(|key| answer.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{answer}");
    peer.send("PING:18446744073709551615");
    assert_eq!(peer.line(), "PONG:18446744073709551615");
}

#[test]
fn a_listener_says_nothing_until_it_is_spoken_to() {
    let (mut node, chain) = with_chain(1);
    let mut silent = RawPeer::connect(node.port);
    node.wait_for_nth("Accepted connection", 3);
    node.say("new");
    node.wait_for("Added new block index=2, ");
    silent.send("STATUS");
    // The first thing it hears is the answer, not the block of a moment ago.
    assert!(silent.line().starts_with("STATUS:"));
    // From its first line on it hears what is new.
    node.say("newer");
    assert_eq!(blocks::read(&silent.line()).data, "newer");
    assert_eq!(node.chain().0[0], chain[0]);
}

#[test]
fn another_chain_is_refused_and_closed() {
    let node = Node::start("A");
    let mut peer = RawPeer::connect(node.port);
    peer.send(&hello(8, &"ab".repeat(32), &Block::genesis()));
    let error = peer.line();
    assert_eq!(json(&error, "ERROR")["code"], "wrong-chain");
    assert_eq!(peer.line_or_end(), None);
    node.wait_for("the peer follows another chain");
}

#[test]
fn blocks_are_given_after_a_locator_or_by_hash() {
    let (node, chain) = with_chain(5);
    let mut peer = RawPeer::introduce(node.port, 9);
    let mut ask = |question: String, expected: &[Block], end: String| {
        peer.send(&question);
        for block in expected {
            assert_eq!(peer.line(), line(block), "{question}");
        }
        assert_eq!(peer.line(), end, "{question}");
    };
    let end =
        |count: usize, missing: &str| format!("END:{{\"count\":{count},\"missing\":[{missing}]}}");
    let unknown = format!("{:064x}", 5);
    let third = chain[2].hash;
    ask(String::from("GET_BLOCKS:{\"locator\":[],\"limit\":2}"), &chain[..2], end(2, ""));
    ask(
        format!("GET_BLOCKS:{{\"locator\":[\"{unknown}\",\"{third}\"],\"limit\":256}}"),
        &chain[3..],
        end(2, ""),
    );
    ask(
        format!("GET_BLOCKS:{{\"hashes\":[\"{third}\",\"{unknown}\"]}}"),
        &chain[2..3],
        end(1, &format!("\"{unknown}\"")),
    );
    ask(format!("GET_BLOCKS:{{\"locator\":[\"{}\"]}}", chain[4].hash), &[], end(0, ""));
}

#[test]
fn peers_are_listed_by_the_ports_on_which_they_listen() {
    let a = Node::start("A");
    let b = Setup::new("B").connect(a.port).start();
    a.wait_for("introduced itself");
    let mut peer = RawPeer::connect(a.port);
    peer.send("GET_PEERS");
    assert_eq!(peer.line(), format!("PEERS:[\"127.0.0.1:{}\"]", b.port));
}

#[test]
fn a_peer_that_promises_more_than_it_has_delays_nobody() {
    let (node, chain) = with_chain(1);
    let mut liar = RawPeer::connect(node.port);
    let promised = mine(&mine(&chain[0], "x"), "y");
    liar.send(&hello_with(10, "classic", 1_000_000, u64::MAX, promised.hash));
    liar.wait_for("HELLO:");
    liar.wait_for("GET_BLOCKS:");
    // It says nothing. Another one that has a real block is heard at once.
    let next = mine(&chain[0], "real");
    let mut honest = RawPeer::introduce(node.port, 11);
    honest.send(&line(&next));
    node.wait_for("Data       : real");
    assert_eq!(node.chain().0.last(), Some(&next));
}

#[test]
fn a_silent_source_is_given_up_for_another() {
    let node = Node::start("A");
    let chain = mine_many(&Block::genesis(), "b", 3);
    let mut silent = RawPeer::connect(node.port);
    silent.send(&hello_with(12, "classic", 9, 9 * 65_536, chain[1].hash));
    silent.wait_for("GET_BLOCKS:");
    let mut source = RawPeer::connect(node.port);
    source.send(&hello(13, "classic", &chain[2]));
    // After some seconds without progress it is asked beside the silent one.
    source.wait_for("GET_BLOCKS:");
    source.send_bytes(blocks::lines(&chain).as_bytes());
    source.send("END:{\"count\":3,\"missing\":[]}");
    node.wait_for("Added new block index=3, ");
    assert_eq!(node.chain().0, chain);
}
