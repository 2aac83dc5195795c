//! Nodes of the original kind keep working with this one.

use kusari_chain::Block;

use super::support::blocks::{self, line, mine, mine_many};
use super::support::{Node, Original, RawPeer, Setup, command, eventually};

#[test]
fn an_original_that_is_dialled_is_recognised_and_its_chain_is_taken() {
    let original = Original::new(mine_many(&Block::genesis(), "old", 5));
    let mut node = Setup::new("kusari").connect(original.port).start();
    node.wait_for("is an original node");
    node.wait_for("Added new block index=5, ");
    assert_eq!(node.chain().0, original.chain());
    assert_eq!(original.count("GET_CHAIN"), 1);

    node.say("from kusari");
    let block = original.wait_for_block("from kusari");
    assert_eq!(block.index, 6);
    original.mine("and back");
    node.wait_for("Added new block index=7, ");
    assert_eq!(node.chain().0, original.chain());
    original.check_was_spared(1);
}

#[test]
fn an_original_that_dials_gets_the_chain_and_then_each_new_block() {
    let mut node = Node::start("kusari");
    for number in 1..=3 {
        node.say(&format!("line {number}"));
    }
    node.wait_for("Added new block index=3, ");
    let original = Original::new(Vec::new());
    original.dial(node.port);
    original.wait_for_block("line 3");
    node.say("line 4");
    original.wait_for_block("line 4");
    original.mine("from the original");
    node.wait_for("Added new block index=5, ");
    assert_eq!(node.chain().0, original.chain());
    original.check_was_spared(0);
}

/// What it appends twice stands in its list twice, so each gets every block by one way alone.
#[test]
fn between_two_originals_each_block_is_added_once() {
    let mut node = Node::start("kusari");
    let originals = [Original::new(Vec::new()), Original::new(Vec::new())];
    originals[0].dial(node.port);
    originals[1].dial(node.port);
    originals[0].dial(originals[1].port);
    node.wait_for_nth("asked for the chain", 2);
    for round in 0..3 {
        let index = 3 * round + 1;
        node.say(&format!("kusari {round}"));
        for original in &originals {
            original.wait_for_block(&format!("kusari {round}"));
        }
        for (number, original) in originals.iter().enumerate() {
            let block = original.mine(&format!("original {number} {round}"));
            node.wait_for(&format!("Added new block index={}, ", index + number + 1));
            originals[1 - number].wait_for_block(&block.data);
        }
    }
    assert_eq!(node.chain().0.len(), 9);
    assert_eq!(node.out.count("Added new block"), 9);
    assert_eq!(node.out.count("Rejected"), 0);
    for original in &originals {
        assert_eq!(original.chain(), node.chain().0);
    }
}

/// A node that holds these blocks, and how to start it again.
fn node_with(chain: &[Block]) -> (Node, Setup) {
    let setup = Setup::new("kusari");
    let node = setup.clone().start();
    RawPeer::connect(node.port).send_bytes(blocks::lines(chain).as_bytes());
    node.wait_for(&format!("Added new block index={}, ", chain.len()));
    (node, setup)
}

#[test]
fn an_empty_original_that_is_dialled_is_given_our_history_once() {
    let chain = mine_many(&Block::genesis(), "ours", 40);
    let (mut node, setup) = node_with(&chain);
    node.terminate();
    let original = Original::new(Vec::new());
    let node = setup.connect(original.port).start();
    original.wait_for_last("ours40");
    assert_eq!(original.chain(), chain);
    original.mine("typed there");
    node.wait_for("Added new block index=41, ");
    original.check_was_spared(1);
}

#[test]
fn what_was_typed_on_an_original_while_we_were_away_is_taken_when_it_is_dialled() {
    let mut chain = mine_many(&Block::genesis(), "ours", 3);
    let (mut node, setup) = node_with(&chain);
    node.terminate();
    chain.extend(mine_many(&chain[2], "away", 2));
    let original = Original::new(chain.clone());
    let mut node = setup.connect(original.port).start();
    node.wait_for("Added new block index=5, ");
    // Its list has all there is, and is given nothing again.
    node.say("after");
    original.wait_for_last("after");
    assert_eq!(original.chain(), node.chain().0);
    original.check_was_spared(1);
}

#[test]
fn what_was_typed_on_an_original_while_we_were_away_is_taken_when_it_dials() {
    let mut chain = mine_many(&Block::genesis(), "ours", 3);
    let (node, _) = node_with(&chain);
    chain.extend(mine_many(&chain[2], "away", 2));
    let original = Original::new(chain.clone());
    original.dial(node.port);
    node.wait_for("Added new block index=5, ");
    assert_eq!(node.chain().0, chain);
    // It appended our answer, and then what its own lines were: it mines on those.
    original.wait_for_block("away2");
    eventually("it ends with them", || original.chain().ends_with(&chain[2..]).then_some(()));
    let next = original.mine("after");
    node.wait_for(&format!("hash={}", next.hash));
    original.check_was_spared(0);
}

#[test]
fn an_original_on_another_branch_is_left_alone_and_the_person_is_told() {
    let (mut node, setup) = node_with(&mine_many(&Block::genesis(), "ours", 3));
    node.terminate();
    let original = Original::new(mine_many(&Block::genesis(), "theirs", 1));
    let node = setup.connect(original.port).start();
    let told = node.wait_for("The last block of the original node ");
    assert!(told.contains(&original.port.to_string()) && told.contains("start that node again"));
    assert_eq!(original.chain().len(), 1);
    original.check_was_spared(1);
}

#[test]
fn text_that_originals_break_is_saved_and_the_person_is_told() {
    let mut node = Node::start("kusari");
    node.say("a \"quote\" that nobody breaks");
    node.wait_for("Saved as line 1;");
    let original = Original::new(Vec::new());
    original.dial(node.port);
    original.wait_for_block("a \"quote\" that nobody breaks");
    original.mine("shows what it is");
    node.wait_for("Added new block index=2, ");
    node.say("plain");
    node.wait_for("Saved as line 2;");
    assert_eq!(node.out.count("broken JSON") + node.err.count("broken JSON"), 0);
    node.say("tab\tin it");
    node.wait_for("Saved as line 3;");
    let told = node.wait_for("is saved, but the text holds");
    assert!(told.starts_with("Line 3 of the input is saved, but the text holds '\\t'"), "{told}");
    // The same by a command, which asks the local API.
    let said = command::on(&node.directory(), "say back\\slash");
    assert!(said.out.starts_with("Saved as line 4;"), "{said:?}");
    assert!(said.err.starts_with("Line 4: the text holds '\\\\', which"), "{said:?}");
}

#[test]
fn an_original_is_told_the_whole_new_branch_after_a_reorganisation() {
    let mut node = Node::start("kusari");
    let original = Original::new(Vec::new());
    original.dial(node.port);
    node.wait_for("asked for the chain");
    node.say("loses");
    original.wait_for_block("loses");
    let branch = mine_many(&Block::genesis(), "wins", 3);
    let mut peer = RawPeer::connect(node.port);
    peer.send_bytes(blocks::lines(&branch).as_bytes());
    node.wait_for("Reorganised 1 block deep");
    for block in &branch {
        original.wait_for_line(&line(block), 1);
    }
    // The line is mined again on the new branch.
    eventually("the line is said again", || (node.chain().count("loses") == 1).then_some(()));
    assert_eq!(node.chain().data(), ["wins1", "wins2", "wins3", "loses"]);
    original.check_was_spared(0);
}

#[test]
fn an_orphan_from_an_original_makes_the_node_ask_it_once() {
    let node = Node::start("kusari");
    let chain = mine_many(&Block::genesis(), "b", 4);
    // It knows the chain and was asked for it by nobody.
    let original = Original::new(chain.clone());
    original.dial(node.port);
    node.wait_for("asked for the chain");
    original.relay(&line(&chain[3]));
    original.relay(&line(&chain[2]));
    original.relay(&line(&chain[3]));
    node.wait_for("Added new block index=4, ");
    assert_eq!(node.chain().0, chain);
    // Another orphan right after it asks for nothing: a minute has not passed.
    let elsewhere = mine(&mine(&Block::genesis(), "unknown"), "orphan");
    original.relay(&line(&elsewhere));
    let last = original.mine("b5");
    node.wait_for(&format!("hash={}", last.hash));
    assert_eq!(original.count("GET_CHAIN"), 1);
    original.check_was_spared(0);
}

/// What is typed fits the buffer of an original, however it is escaped.
#[test]
fn the_longest_line_that_is_taken_fits_its_buffer() {
    let mut node = Node::start("kusari");
    let original = Original::new(Vec::new());
    original.dial(node.port);
    node.wait_for("asked for the chain");
    let plain = "x".repeat(3_826);
    let escaped = "\"".repeat(1_913);
    node.say(&plain);
    node.say(&escaped);
    original.wait_for_block(&plain);
    original.wait_for_block(&escaped);
    original.check_was_spared(0);
}

#[test]
fn two_nodes_with_only_an_original_between_them_come_to_one_chain() {
    let original = Original::new(Vec::new());
    let mut a = Setup::new("A").connect(original.port).start();
    let mut b = Setup::new("B").connect(original.port).start();
    a.wait_for("Requested chain from");
    b.wait_for("Requested chain from");
    a.say("from A");
    b.wait_for("Data       : from A");
    b.say("from B");
    a.wait_for("Data       : from B");
    original.wait_for_block("from B");
    assert_eq!(a.chain().data(), ["from A", "from B"]);
    assert_eq!(a.get_chain(), b.get_chain());
    original.check_was_spared(2);
}
