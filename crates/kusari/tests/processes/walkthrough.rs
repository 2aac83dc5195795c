//! The walkthrough of the README, between processes.

use super::support::blocks;
use super::support::{Node, Proxy, RawPeer, Setup, eventually, get_chain, one_chain_of};

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// The number after `name=` in a line such as `Added new block index=1, nonce=5, hash=00ff`.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let after = line.split(&format!("{name}=")).nth(1).unwrap();
    after.split(',').next().unwrap()
}

#[test]
fn a_line_typed_on_one_node_becomes_a_block_on_both() {
    let a = Node::start("A");
    let mut b = Setup::new("B").connect(a.port).start();
    b.wait_for(&format!("Connected to 127.0.0.1:{}", a.port));
    a.wait_for("Accepted connection from 127.0.0.1:");
    b.say("hi");

    let on_a = a.wait_for("Added new block ");
    let on_b = b.wait_for("Added new block ");
    assert_eq!(on_a, on_b);
    let bytes = get_chain(a.port);
    assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&b.get_chain()));

    let chain = a.chain();
    assert_eq!(chain.data(), ["hi"]);
    let block = &chain.0[0];
    assert!(bytes.starts_with(b"BLOCK:{\"index\":1,\"timestamp\":"));
    assert_eq!(field(&on_a, "index"), "1");
    assert_eq!(field(&on_a, "nonce"), block.nonce.to_string());
    assert_eq!(field(&on_a, "hash"), block.hash.to_string());
}

#[test]
fn a_block_is_shown_as_a_card_after_its_receipt() {
    let mut node = Node::start("A");
    node.say("hi");
    node.wait_for("Hash       : 0000");
    let lines = node.out.lines();
    let place = |words: &str| lines.iter().position(|line| line.contains(words)).unwrap();
    assert!(place("Saved as line 1") < place("Added new block index=1, nonce="), "{lines:?}");
    let card = place("Block index: 1");
    let block = &node.chain().0[0];
    assert_eq!(
        lines[card..card + 7],
        [
            "Block index: 1".to_owned(),
            format!("Timestamp  : {}", block.timestamp),
            format!("Nonce      : {}", block.nonce),
            "Data       : hi".to_owned(),
            "Transactions:".to_owned(),
            "  (no transactions)".to_owned(),
            format!("Hash       : {}", block.hash),
        ]
    );
}

#[test]
fn the_old_form_of_the_command_line_still_works() {
    let mut a = Node::start("A");
    a.say("said before anybody listened");
    a.wait_for("Added new block index=1");
    let old = Setup::bare("old form");
    let directory = old.directory();
    let peer = format!("127.0.0.1:{}", a.port);
    let old = old.args(["0", peer.as_str(), "--data-dir", directory.to_str().unwrap()]);
    let mut b = old.start();
    assert!(b.wait_for("Listening on ").contains("0.0.0.0:"));
    b.wait_for("Added new block index=1");
    b.say("hi");
    one_chain_of(&[&a, &b], &texts(&["said before anybody listened", "hi"]));
}

#[test]
fn a_late_joiner_gets_everything_and_takes_part() {
    let mut a = Node::start("A");
    let said: Vec<String> = (1..=20).map(|number| format!("line {number}")).collect();
    for line in &said {
        a.say(line);
    }
    let b = Setup::new("B").connect(a.port).start();
    one_chain_of(&[&a, &b], &said);

    let mut c = Setup::new("C").connect(b.port).start();
    let chain = one_chain_of(&[&a, &b, &c], &said);
    assert_eq!(chain.data(), said);
    c.wait_for("Added new block index=20, ");
    c.say("I am here");
    a.wait_for("Data       : I am here");
    let all: Vec<String> = said.into_iter().chain(texts(&["I am here"])).collect();
    one_chain_of(&[&a, &b, &c], &all);
}

#[test]
fn a_node_far_behind_shows_progress_in_place_of_cards() {
    let a = Node::start("A");
    RawPeer::bring(a.port, blocks::long_chain());
    let b = Setup::new("B").connect(a.port).start();
    let caught_up = b.wait_for("Caught up: ");
    assert!(caught_up.contains("400 blocks added") && caught_up.contains("at height 400, work "));
    assert_eq!(b.out.count("Added new block"), 0);
    assert_eq!(b.out.count("Catching up: "), 1);
    assert_eq!(a.get_chain(), b.get_chain());
}

#[test]
fn a_stopped_node_goes_on_where_it_was() {
    let mut a = Node::start("A");
    a.say("one");
    a.wait_for("Added new block index=1");
    let before = a.get_chain();
    a.terminate();
    a.restart();
    assert_eq!(a.get_chain(), before);
    a.say("two");
    // Lines are counted on: the receipt names the second one.
    a.wait_for("Saved as line 2");
    a.wait_for("Added new block index=2");
    a.terminate();
}

#[test]
fn a_lost_connection_is_dialled_again() {
    let a = Node::start("A");
    let proxy = Proxy::new(a.port);
    let mut b = Setup::new("B").connect(proxy.port).start();
    b.wait_for("Connected to ");
    a.wait_for("introduced itself");
    proxy.cut();
    b.wait_for("Disconnected from ");
    b.wait_for("Redialling ");
    b.say("said while alone");
    b.wait_for("Added new block index=1");
    proxy.mend();
    b.wait_for_nth("Connected to ", 2);
    a.wait_for("Added new block index=1");
    eventually("both have one chain", || (a.get_chain() == b.get_chain()).then_some(()));
}
