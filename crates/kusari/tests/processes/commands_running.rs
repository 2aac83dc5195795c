//! Commands on a node that runs.

use std::io::{BufRead, BufReader, Write};

use kusari_chain::Block;

use super::support::blocks::{line, lines, long_chain, mine, mine_many, prove};
use super::support::command::{command, kusari, on, on_with, without_costs};
use super::support::{Node, RawPeer, Setup, eventually};

fn json(node: &Node, words: &str) -> serde_json::Value {
    serde_json::from_str(&on(&node.directory(), words).printed()).unwrap()
}

/// A node that has the first `count` blocks of the long chain.
#[track_caller]
fn node_with(count: usize) -> Node {
    let node = Node::start("A");
    RawPeer::bring(node.port, &long_chain()[..count]);
    node
}

#[test]
fn a_line_that_is_said_is_mined_and_shown_by_its_block() {
    let node = Node::start("A");
    let directory = node.directory();
    assert_eq!(
        on(&directory, "say hi").printed(),
        "Saved as line 1; it will be mined into a block\n"
    );
    let shown = on(&directory, "say two --wait").printed();
    let (receipt, block) = shown.split_once('\n').unwrap();
    assert_eq!(receipt, "Saved as line 2; it will be mined into a block");
    assert!(block.starts_with("Added new block index=2, nonce="), "{shown}");
    assert!(block.contains("\nData       : two\n"), "{shown}");

    let report = json(&node, "say three --wait --json");
    assert_eq!((&report["id"], &report["text"]), (&3.into(), &"three".into()));
    assert_eq!(report["block"]["height"], 3);
    let block = json(&node, &format!("block {} --json", report["block"]["hash"].as_str().unwrap()));
    assert_eq!(block["block"]["data"], "three");
    assert_eq!(node.chain().data(), ["hi", "two", "three"]);
}

#[test]
fn every_line_of_a_pipe_is_said_and_acknowledged_as_it_comes() {
    let node = Node::start("A");
    let words = format!("say - --data-dir {}", node.directory().to_str().unwrap());
    let (_home, mut command) = command(&words);
    let mut child = command.spawn().unwrap();
    let mut receipts = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut stdin = child.stdin.take().unwrap();
    for (number, text) in ["one\n", "\n/quit\n", "\u{1b}[2J\r\n"].iter().enumerate() {
        stdin.write_all(text.as_bytes()).unwrap();
        let receipt = receipts.next().unwrap().unwrap();
        assert!(receipt.starts_with(&format!("Saved as line {};", number + 1)), "{receipt}");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let said = ["one", "/quit", "\u{1b}[2J"];
    eventually("all are mined", || (node.chain().data() == said).then_some(()));
    let card = on(&node.directory(), "block 3").printed();
    assert!(card.contains("Data       : \\u{1b}[2J\n"), "{card}");
    assert!(!on(&node.directory(), "block 3 --json").printed().contains('\u{1b}'));

    let errors = on(&node.directory(), &format!("say {}", "x".repeat(3_827))).refused(1);
    assert!(errors.contains("at most") && errors.contains("fit a block"), "{errors}");
}

#[test]
fn a_running_node_tells_its_state_in_the_words_of_the_prompt() {
    let a = node_with(12);
    let b = Setup::new("B").connect(a.port).start();
    eventually("B has it all", || (b.chain().0.len() == 12).then_some(()));
    let tip = long_chain()[11].hash;
    assert_eq!(
        without_costs(&on(&b.directory(), "status").printed()),
        format!(
            "Current chain state:\n- Height: 12 blocks\n- Tip   : {tip}\n- Work  : 786,432\n\
             - To rewrite\n\
             - Peers : 1 dialled by us, 0 connected to us\n- Lines : 0 lines to be mined\n\
             - Beside: 0 of 67,108,864 bytes of side branches, 0 blocks waiting for parents\n\
             - Listening on 127.0.0.1:{}\n- Data directory: {}\n",
            b.port,
            b.directory().display()
        )
    );
    assert_eq!(json(&b, "status --json")["tip"], tip.to_string());
    let peers = on(&b.directory(), "peers").printed();
    let shown = format!("1 peer\n  127.0.0.1:{}, dialled by us, introduced as kusari/", a.port);
    assert!(peers.starts_with(&shown), "{peers}");
    let peers = json(&b, "peers --json");
    assert_eq!(peers["peers"][0]["stage"], "introduced");
    let alone = on(&Node::start("C").directory(), "peers").printed();
    assert!(alone.starts_with("No peers are connected; "), "{alone}");
}

#[test]
fn a_running_node_shows_its_blocks_page_by_page() {
    let node = node_with(300);
    let directory = node.directory();
    let cards = on(&directory, "chain").printed();
    assert_eq!(cards.matches("Block index: ").count(), 10);
    assert!(cards.contains("Block index: 291\n") && cards.contains("Block index: 300\n"));
    let all = on(&directory, "chain --json --from 1").printed();
    assert_eq!(all, lines(&long_chain()[..300]).replace("BLOCK:", ""));
    assert_eq!(json(&node, "block 300 --json")["confirmations"], 1);
    assert!(on(&directory, "block 0").printed().contains("Hello, Zig Blockchain!"));
    assert!(on(&directory, "block 301").refused(1).contains("there is no block at height 301"));
    assert!(on(&directory, "chain --to 301").refused(1).contains("ends at height 300"));
}

#[test]
fn what_one_running_node_exports_another_one_imports() {
    let a = node_with(300);
    let b = Node::start("B");
    let file = a.directory().join("chain.txt");
    let file = file.to_str().unwrap();
    let exported = on(&a.directory(), &format!("export {file}")).printed();
    assert_eq!(exported, format!("Exported 300 blocks to {file}\n"));
    assert_eq!(std::fs::read(file).unwrap(), a.get_chain());
    assert_eq!(
        on(&b.directory(), &format!("import {file}")).printed(),
        "Imported 300 blocks, 0 known already, 0 refused; height is now 300\n"
    );
    assert_eq!(on(&b.directory(), "export -").printed().into_bytes(), a.get_chain());
    // Run again, with more: what is known costs nothing.
    assert_eq!(
        on_with(&b.directory(), "import -", lines(&long_chain()[200..310]).as_bytes()).printed(),
        "Imported 10 blocks, 100 known already, 0 refused; height is now 310\n"
    );
}

#[test]
fn what_was_imported_into_a_running_node_survives_its_crash() {
    let mut node = Node::start("A");
    let all = lines(&long_chain()[..200]);
    on_with(&node.directory(), "import -", all.as_bytes()).printed();
    node.kill();
    assert_eq!(on(&node.directory(), "export -").printed(), all);
}

#[test]
fn a_running_node_says_of_each_line_why_it_does_not_take_it() {
    let node = Node::start("A");
    let chain = &long_chain()[..3];
    let mut wrong = mine(&chain[0], "wrong index");
    wrong.index = 7;
    let wrong = prove(wrong);
    let child = mine(&wrong, "child");
    let lost = mine(&mine(&child, "never sent"), "lost");
    let (one, two, three) = (line(&chain[0]), line(&chain[1]), line(&chain[2]));
    // The parent of block 3 comes after it, and block 1 comes twice.
    let lines = [&one, "junk", &line(&wrong), &line(&child), &three, &one, &line(&lost), &two];
    let ran = on_with(&node.directory(), "import -", lines.join("\r\n").as_bytes());
    assert_eq!(ran.out, "Imported 3 blocks, 1 known already, 4 refused; height is now 3\n");
    let errors = ran.refused(1);
    for (number, why) in [
        (2, "it is not a BLOCK line"),
        (3, "the index is 7, but"),
        (4, "it builds on 0000"),
        (7, "the blocks that it builds on are not known here"),
    ] {
        let words = format!("Line {number} is not imported: {why}");
        assert!(errors.contains(&words), "{words}: {errors}");
    }
    assert_eq!(errors.lines().count(), 5, "{errors}");
    assert_eq!(node.chain().data(), ["n1", "n2", "n3"]);
}

#[test]
fn an_import_into_a_running_node_goes_on_while_it_mines_and_reorganises() {
    let mut node = Node::start("A");
    for number in 1..=5 {
        node.say(&format!("mine{number}"));
    }
    node.wait_for("Added new block index=5, ");
    let branch = mine_many(&Block::genesis(), "longer", 120);
    let ran = on_with(&node.directory(), "import -", lines(&branch).as_bytes());
    assert!(ran.printed().starts_with("Imported 120 blocks, 0 known already, 0 refused;"));
    eventually("what was said stands behind what was imported", || {
        let data = node.chain().data();
        (data.len() == 125 && data[119] == "longer120" && data[120] == "mine1").then_some(())
    });
}

#[test]
fn a_node_that_went_away_is_named_with_what_to_do() {
    let errors = kusari("status --node http://127.0.0.1:1").refused(1);
    assert!(errors.contains("no node answers at http://127.0.0.1:1"), "{errors}");
}
