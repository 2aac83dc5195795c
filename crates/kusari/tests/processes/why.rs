//! `kusari why`: the story of a block and of a peer, on a node that runs, after a crash, and in its log.

use std::net::SocketAddr;

use kusari_api_types::{ReorganisationList, WhyReport};
use kusari_chain::Block;
use kusari_node::event::{Event, Origin};

use super::support::blocks::{line, mine, mine_many, prove};
use super::support::command::on;
use super::support::{Node, RawPeer, Setup, eventually, http};

fn api(node: &Node) -> SocketAddr {
    kusari_client::read_node_file(&node.directory()).unwrap().unwrap().http.unwrap()
}

/// The story, once it is as long as that.
#[track_caller]
fn story(node: &Node, what: &str, entries: usize) -> WhyReport {
    eventually("the event log tells it", || {
        let answer = http(api(node), &format!("GET /v1/why/{what}"), "", "");
        let report = (answer.status == 200).then(|| serde_json::from_str(&answer.body).unwrap());
        report.filter(|report: &WhyReport| report.entries.len() >= entries)
    })
}

#[test]
fn a_block_tells_who_sent_it_and_whom_it_was_passed_on_to_and_still_does_after_kill() {
    let mut node = Node::start("victim");
    let mut peer = RawPeer::introduce(node.port, 1);
    let mut other = RawPeer::introduce(node.port, 2);
    let block = mine(&Block::genesis(), "hi");
    peer.send(&line(&block));
    other.wait_for("BLOCK:");
    let report = story(&node, &block.hash.to_string()[..12], 2);
    let entries: Vec<&Event> = report.entries.iter().map(|e| &e.entry.event).collect();
    let [Event::BlocksJoined { first, last, origin }, passed_on] = entries[..] else {
        panic!("{entries:?}")
    };
    assert!(first == last && first.hash == block.hash);
    let Origin::Announced(sender) = origin else { panic!("{origin:?}") };
    assert_eq!(sender.agent.as_deref(), Some("test/1"));
    assert!(
        matches!(passed_on, Event::BlockPassedOn { pushed: 1, announced: 0, .. }),
        "{passed_on:?}"
    );
    let arrival = &report.entries[0].entry;
    assert!(arrival.checked_us.is_some() && arrival.handled_us.is_some());
    node.kill();
    let told = on(&node.directory(), "why 1").printed();
    let came = format!("It came from {} (test/1), unasked, and became the tip", sender.address);
    assert!(told.contains(&came) && told.contains("It was passed on to 1 peer"), "{told}");
    // As a program reads it.
    let json: WhyReport =
        serde_json::from_str(&on(&node.directory(), "why 1 --json").printed()).unwrap();
    assert_eq!(json, report);
    on(&node.directory(), "audit").printed();
    node.restart();
    assert_eq!(story(&node, "1", 2), report);
}

#[test]
fn a_refused_block_tells_its_rule_and_its_sender_what_that_cost() {
    let node = Node::start("A");
    let mut peer = RawPeer::introduce(node.port, 1);
    let child = mine(&Block::genesis(), "of no such height");
    let wrong = prove(Block { index: 7, ..child });
    peer.send(&line(&wrong));
    peer.wait_for("ERROR:{\"code\":\"bad-index\"");
    story(&node, &wrong.hash.to_string(), 1);
    let told = on(&node.directory(), &format!("why {}", wrong.hash)).printed();
    assert!(
        told.contains("is not stored here") && told.contains("was refused (bad-index): "),
        "{told}"
    );
    story(&node, "127.0.0.1", 3);
    let told = on(&node.directory(), "why 127.0.0.1").printed();
    let refused = format!("Block {} of height 7 came from 127.0.0.1:", wrong.hash);
    for words in ["introduced itself as test/1", &refused, "points for it and has "] {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    let errors = on(&node.directory(), "why 00001234").refused(1);
    assert!(errors.contains("this node knows nothing of it; its event log begins at"), "{errors}");
    let errors = on(&node.directory(), "why nonsense").refused(2);
    assert!(errors.contains("neither a block, a transaction nor a peer"), "{errors}");
}

#[test]
fn a_reorganisation_is_listed_and_both_sides_tell_of_it() {
    let node = Node::start("A");
    let lost = mine(&Block::genesis(), "lost");
    RawPeer::bring(node.port, std::slice::from_ref(&lost));
    // Of two with the same work the one with the lower hash would win.
    let mut branches = (0..).map(|n| mine_many(&Block::genesis(), &format!("won {n} "), 2));
    let won = branches.find(|won| won[0].hash.0 > lost.hash.0).unwrap();
    RawPeer::bring(node.port, &won);
    let report = story(&node, &lost.hash.to_string(), 2);
    assert_eq!(report.block.unwrap().confirmations, 0);
    story(&node, &won[0].hash.to_string(), 2);
    let told = on(&node.directory(), &format!("why {}", lost.hash)).printed();
    let instead = format!("in its place stands {}", won[0].hash);
    assert!(told.contains("It was reverted by a reorganisation of 1 block"), "{told}");
    assert!(told.contains(&instead), "{told}");
    let told = on(&node.directory(), &format!("why {}", won[0].hash)).printed();
    assert!(told.contains("kept beside the best chain") && told.contains("It joined"), "{told}");
    let answer = http(api(&node), "GET /v1/reorganisations?limit=1", "", "").body;
    let list: ReorganisationList = serde_json::from_str(&answer).unwrap();
    let [moved] = &list.reorganisations[..] else { panic!("{answer}") };
    assert_eq!((moved.depth, moved.from.hash, moved.to.hash), (1, lost.hash, won[1].hash));
    assert_eq!(list.next, None);
    let wrong = http(api(&node), "GET /v1/reorganisations?limit=0", "", "");
    assert_eq!(wrong.status, 400);
}

#[test]
fn a_log_shows_a_block_from_its_arrival_to_its_relay_within_one_span() {
    let node = Setup::new("A").args(["--log", "debug"]).start();
    let mut peer = RawPeer::introduce(node.port, 1);
    let mut other = RawPeer::introduce(node.port, 2);
    let block = mine(&Block::genesis(), "hi");
    let length = line(&block).len() + 1;
    peer.send(&line(&block));
    other.wait_for("BLOCK:");
    // How long the line is tells its span from those of others.
    let span = format!("bytes={length}}}: ");
    let told = node.err.wait(|lines| {
        let of_block =
            |line: &&String| line.contains("line{peer=127.0.0.1:") && line.contains(&span);
        let told: Vec<String> = lines.iter().filter(of_block).cloned().collect();
        told.iter().any(|line| line.contains(" committed ")).then_some(told)
    });
    let told = told.unwrap();
    let steps = [
        ": arrived",
        ": checked rows=1 took=",
        ": handled actions=",
        ": relayed pushed=1 ",
        ": committed took=",
    ];
    assert_eq!(told.len(), steps.len(), "{told:#?}");
    for (line, step) in told.iter().zip(steps) {
        assert!(line.contains(step), "{step:?} is not in {told:#?}");
    }
}
