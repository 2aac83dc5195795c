//! `kill -9` at any moment: nothing acknowledged is lost, nothing is said twice.

use super::support::blocks::{self, Chain};
use super::support::{Node, Proxy, RawPeer, Setup, eventually, one_chain_of};

/// Lines of which some were acknowledged before the process was killed.
#[derive(Default)]
struct Said {
    acknowledged: Vec<String>,
    others: Vec<String>,
}

impl Said {
    /// Types `lines` at once, waits for the `receipts`th receipt and kills the node there.
    fn type_and_kill(&mut self, node: &mut Node, lines: Vec<String>, receipts: usize) {
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        node.type_bytes(input.as_bytes());
        if receipts > 0 {
            node.wait_for_nth("Saved as line ", receipts);
        }
        node.kill();
        // More receipts may have been printed than were waited for. They come in order.
        let mut lines = lines;
        let others = lines.split_off(node.out.count("Saved as line "));
        self.acknowledged.extend(lines);
        self.others.extend(others);
    }

    #[track_caller]
    fn check(&self, chain: &Chain) {
        for line in &self.acknowledged {
            assert_eq!(chain.count(line), 1, "{line:?} was acknowledged");
        }
        for line in &self.others {
            assert!(chain.count(line) <= 1, "{line:?} stands there twice");
        }
    }
}

#[test]
fn no_acknowledged_line_is_lost_or_doubled_by_kill_while_typing() {
    let witness = Node::start("witness");
    let mut node = Setup::new("victim").connect(witness.port).start();
    let mut said = Said::default();
    for round in 0..14 {
        let lines = (1..=6).map(|number| format!("round {round} line {number}")).collect();
        said.type_and_kill(&mut node, lines, round % 7);
        node.restart();
    }
    // Lines are mined in the order they were saved, so this one comes last.
    node.say("the end");
    node.wait_for("Data       : the end");
    said.acknowledged.push(String::from("the end"));
    let chain = eventually("both nodes have one chain", || {
        let chain = node.get_chain();
        (chain == witness.get_chain()).then(|| Chain::read(&chain))
    });
    assert_eq!(chain.count("the end"), 1);
    said.check(&chain);
}

/// The moment between the block and the news of it: whatever was printed of a block is true.
#[test]
fn a_block_that_was_shown_is_still_there_after_kill() {
    let mut node = Node::start("victim");
    for round in 0..6 {
        let line = format!("round {round}");
        node.say(&line);
        let added = node.wait_for(&format!("Added new block index={}, ", round + 1));
        node.kill();
        node.restart();
        let chain = node.chain();
        assert_eq!(chain.0.len(), round + 1, "after {added}");
        assert_eq!(chain.data()[round], line);
    }
}

#[test]
fn a_node_killed_again_and_again_while_it_syncs_ends_with_the_same_chain() {
    let made = blocks::long_chain();
    let source = Node::start("source");
    RawPeer::bring(source.port, made);
    let whole = source.get_chain();
    assert_eq!(String::from_utf8_lossy(&whole), blocks::lines(made));

    let cable = Proxy::new(source.port);
    cable.clog_after(1_000);
    let mut node = Setup::new("victim").connect(cable.port).start();
    let mut height = 0;
    for round in 1..=7 {
        // Far enough for some blocks, and never to the end.
        let bytes = 1_000 + 2_000 * (round - 1);
        cable.wait_for_bytes(bytes);
        if round % 2 == 0 {
            eventually("some of it is stored", || (node.chain().0.len() > height).then_some(()));
        }
        node.kill();
        cable.cut();
        node.restart();
        // Before anything more can come.
        let kept = node.get_chain();
        cable.clog_after(bytes + 2_000);
        cable.mend();
        assert!(whole.starts_with(&kept), "not a part of the chain");
        let kept = Chain::read(&kept).0.len();
        assert!(kept >= height, "{height} blocks were stored, {kept} are left");
        height = kept;
    }
    assert!(height > 0 && height < made.len(), "it was never killed on the way");
    cable.cut();
    cable.clog_after(u64::MAX);
    cable.mend();
    eventually("the whole chain is there", || (node.get_chain() == whole).then_some(()));
    node.terminate();
    node.restart();
    assert_eq!(node.get_chain(), whole);
}

#[test]
fn two_nodes_killed_in_turn_keep_all_lines() {
    let mut a = Node::start("A");
    let cable = Proxy::new(a.port);
    let mut b = Setup::new("B").connect(cable.port).start();
    let (mut of_a, mut of_b) = (Said::default(), Said::default());
    for round in 0..4 {
        let lines = |name: &str| (1..=3).map(|n| format!("{name}{round}-{n}")).collect::<Vec<_>>();
        of_a.type_and_kill(&mut a, lines("a"), 1 + round % 3);
        of_b.type_and_kill(&mut b, lines("b"), round % 4);
        a.restart();
        cable.lead_to(a.port);
        b.restart();
    }
    a.say("the end of A");
    b.say("the end of B");
    of_a.acknowledged.push(String::from("the end of A"));
    of_b.acknowledged.push(String::from("the end of B"));
    let chain = eventually("both have one chain with every line", || {
        let bytes = a.get_chain();
        let chain = Chain::read(&bytes);
        let mut acknowledged = of_a.acknowledged.iter().chain(&of_b.acknowledged);
        let complete = acknowledged.all(|line| chain.count(line) > 0);
        (complete && bytes == b.get_chain()).then_some(chain)
    });
    of_a.check(&chain);
    of_b.check(&chain);
}

/// The system refuses to let the file grow, as a full disk does.
#[test]
fn a_node_that_cannot_write_says_so_and_keeps_what_it_acknowledged() {
    let mut node = Setup::new("A").with_file_limit(1_200).start();
    let line = "x".repeat(3_800);
    let mut typed = 0;
    while node.try_say(&line) {
        typed += 1;
        assert!(typed < 2_000, "nothing ever failed");
    }
    assert_eq!(node.wait_for_end().code(), Some(1));
    let errors = node.err.lines().join("\n");
    assert!(errors.contains("error: the node stopped because it could not write"), "{errors}");
    let acknowledged = node.out.count("Saved as line ");
    assert!(acknowledged > 0 && acknowledged < typed, "{acknowledged} of {typed}");

    node.restart_without_limit();
    let mut peer = RawPeer::connect(node.port);
    let kept = acknowledged as u64;
    // The one that failed may have reached the disk and was not acknowledged. One that is mined just now
    // waits no longer, and its block is told of once it is durable.
    eventually("all that was acknowledged is mined or waits", || {
        peer.send("STATUS");
        let status = peer.wait_for("STATUS:");
        let status: serde_json::Value =
            serde_json::from_str(status.strip_prefix("STATUS:").unwrap()).unwrap();
        let mined = status["height"].as_u64().unwrap() + status["waiting"].as_u64().unwrap();
        assert!(mined <= kept + 1, "{kept} were acknowledged: {status}");
        (mined >= kept).then_some(())
    });
}

#[test]
fn a_second_process_on_one_directory_is_told_who_has_it() {
    let mut first = Node::start("first");
    let directory = first.directory();
    let mut second = Setup::bare("second")
        .args(["--listen", "127.0.0.1:0", "--data-dir", directory.to_str().unwrap()])
        .spawn();
    assert_eq!(second.wait_for_end().code(), Some(1));
    let errors = second.err.lines().join("\n");
    assert!(errors.contains(&format!("process {}", first.pid())), "{errors}");
    first.say("still here");
    first.wait_for("Added new block index=1, ");
    // A process that was killed has it no longer.
    first.kill();
    first.restart();
    one_chain_of(&[&first], &[String::from("still here")]);
}
