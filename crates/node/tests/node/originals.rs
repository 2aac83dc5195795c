//! Nodes of the original kind: asked for what was typed there, sent what they lack, once.

use std::time::Duration;

use crate::common::{Bench, checked, child, sent_to, streams_to};
use kusari_chain::Block;
use kusari_node::interface::{Direction, PeerId, StreamForm};
use kusari_node::limits::{
    ANSWER_SILENCE, GET_CHAIN_GRACE, GET_CHAIN_INTERVAL, HELLO_TIMEOUT, RELAY_AFTER, RELAY_SPREAD,
};
use kusari_node::wire::Message;
use kusari_node::{Action, Event, Input, NodeConfig};

/// After this a block has gone to an original that did not get it from another one.
const IN_VAIN: Duration = RELAY_AFTER.saturating_add(RELAY_SPREAD);

fn chain(texts: &[&str]) -> Vec<Block> {
    let mut chain: Vec<Block> = Vec::new();
    for text in texts {
        let parent = chain.last().cloned().unwrap_or_else(Block::genesis);
        chain.push(child(&parent, text));
    }
    chain
}

/// A node that has these blocks.
fn bench_with(blocks: &[Block]) -> Bench {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    for block in blocks {
        bench.receive(peer, checked(block));
    }
    bench.give(Input::PeerDisconnected { peer, reason: "gone".to_string() });
    bench
}

/// Dials an original and asks it for its chain.
fn dial(bench: &mut Bench) -> PeerId {
    let target = Direction::Outbound("127.0.0.1:8080".parse().unwrap());
    let (peer, _) = bench.connect(target, "127.0.0.1:8080");
    let actions = bench.pass(HELLO_TIMEOUT);
    assert!(is_asked(&actions, peer));
    peer
}

/// An original dials us, and has its answer.
fn dialled_by(bench: &mut Bench) -> PeerId {
    let peer = bench.inbound();
    let actions = bench.line(peer, "GET_CHAIN");
    end_stream(bench, &actions, peer);
    peer
}

/// Every block that goes to a peer, a stream from the store included.
fn end_stream(bench: &mut Bench, actions: &[Action], to: PeerId) -> Option<u32> {
    let after = actions.iter().find_map(|action| match action {
        Action::SendStoredBlocks { peer, after, form: StreamForm::Plain, .. } if *peer == to => {
            Some(after.height)
        }
        _ => None,
    })?;
    let tip = bench.node.snapshot().tip;
    let (height, hash, count) = (tip.height, tip.hash, tip.height - after);
    bench.give(Input::StreamEnded { peer: to, height, hash, count });
    Some(after)
}

fn is_asked(actions: &[Action], peer: PeerId) -> bool {
    sent_to(actions, peer).contains(&&Message::GetChain)
}

fn heights(actions: &[Action], peer: PeerId) -> Vec<u32> {
    let blocks = sent_to(actions, peer).into_iter().filter_map(|message| match message {
        Message::Block(sent) => Some(sent.stored.block.index),
        _ => None,
    });
    blocks.collect()
}

fn is_given_up(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Notify(Event::OriginalDiverged { .. })))
}

fn answer(bench: &mut Bench, peer: PeerId, blocks: &[Block]) -> Vec<Action> {
    blocks.iter().flat_map(|block| bench.receive(peer, checked(block))).collect()
}

#[test]
fn an_empty_original_that_is_dialled_is_sent_our_chain_once() {
    let mut bench = bench_with(&chain(&["1", "2", "3"]));
    let peer = dial(&mut bench);
    assert!(heights(&bench.pass(ANSWER_SILENCE / 2), peer).is_empty());
    let actions = bench.pass(ANSWER_SILENCE / 2);
    assert_eq!(heights(&actions, peer), [1, 2, 3]);
    assert!(!is_given_up(&actions));
    let later = bench.pass(GET_CHAIN_INTERVAL);
    assert!(sent_to(&later, peer).is_empty());
}

#[test]
fn a_long_history_is_streamed_from_the_store() {
    let texts: Vec<String> = (1..=40).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut bench = bench_with(&chain(&texts));
    let peer = dial(&mut bench);
    let actions = bench.pass(ANSWER_SILENCE);
    assert_eq!(streams_to(&actions, peer), [StreamForm::Plain]);
    assert_eq!(end_stream(&mut bench, &actions, peer), Some(0));
    assert!(sent_to(&bench.pass(ANSWER_SILENCE), peer).is_empty());
}

#[test]
fn an_original_behind_us_is_sent_what_follows_its_last_block() {
    let blocks = chain(&["1", "2", "3", "4"]);
    let mut bench = bench_with(&blocks);
    let peer = dial(&mut bench);
    answer(&mut bench, peer, &blocks[..2]);
    assert_eq!(heights(&bench.pass(ANSWER_SILENCE), peer), [3, 4]);
}

#[test]
fn what_was_typed_there_is_taken_and_nothing_is_sent_back() {
    let blocks = chain(&["1", "2", "typed there"]);
    let mut bench = bench_with(&blocks[..2]);
    let peer = dial(&mut bench);
    let mut actions = answer(&mut bench, peer, &blocks);
    actions.extend(bench.pass(ANSWER_SILENCE));
    assert_eq!(bench.node.snapshot().tip.hash, blocks[2].hash);
    assert!(sent_to(&actions, peer).is_empty() && !is_given_up(&actions));
}

/// It appends what it is given: its own blocks first, then all of ours, so that it mines on ours.
#[test]
fn one_that_dialled_us_is_asked_after_a_grace_and_sent_its_own_last_blocks_again() {
    let blocks = chain(&["1", "2", "typed there", "and more"]);
    let mut bench = bench_with(&blocks[..2]);
    let peer = dialled_by(&mut bench);
    assert!(!is_asked(&bench.pass(GET_CHAIN_GRACE - Duration::from_secs(1)), peer));
    assert!(is_asked(&bench.pass(Duration::from_secs(1)), peer));
    answer(&mut bench, peer, &blocks);
    answer(&mut bench, peer, &blocks[..2]);
    let actions = bench.pass(ANSWER_SILENCE);
    assert_eq!(heights(&actions, peer), [3, 4]);
    assert_eq!(bench.node.snapshot().tip.hash, blocks[3].hash);
}

#[test]
fn one_that_dialled_us_is_asked_at_once_when_it_has_sent_a_block() {
    let blocks = chain(&["1", "2"]);
    let mut bench = bench_with(&blocks[..1]);
    let peer = dialled_by(&mut bench);
    assert!(is_asked(&bench.receive(peer, checked(&blocks[1])), peer));
    bench.pass(ANSWER_SILENCE);
    assert!(!is_asked(&bench.pass(GET_CHAIN_INTERVAL), peer), "it is asked twice");
}

#[test]
fn a_person_who_asks_for_the_chain_and_ends_is_asked_nothing() {
    let mut bench = bench_with(&chain(&["1"]));
    let peer = bench.inbound();
    bench.line(peer, "GET_CHAIN");
    bench.give(Input::PeerFinished { peer });
    assert!(!is_asked(&bench.pass(GET_CHAIN_GRACE), peer));
    // Nor is one who stays, but spoke otherwise.
    let peer = bench.inbound();
    bench.line(peer, "HELP");
    assert!(!is_asked(&bench.pass(GET_CHAIN_GRACE), peer));
}

#[test]
fn a_person_who_asks_for_the_chain_and_stays_is_not_sent_it_again() {
    let mut bench = bench_with(&chain(&["1"]));
    let peer = dialled_by(&mut bench);
    bench.pass(GET_CHAIN_GRACE);
    let actions = bench.pass(ANSWER_SILENCE);
    assert!(sent_to(&actions, peer).is_empty() && !is_given_up(&actions));
}

#[test]
fn an_original_on_another_branch_is_sent_nothing_and_the_person_is_told_once() {
    let ours = chain(&["1", "2", "3"]);
    let theirs = chain(&["x"]);
    let mut bench = bench_with(&ours);
    let peer = dial(&mut bench);
    answer(&mut bench, peer, &theirs);
    let actions = bench.pass(ANSWER_SILENCE);
    assert!(sent_to(&actions, peer).is_empty() && is_given_up(&actions));
    assert!(!is_given_up(&bench.pass(GET_CHAIN_INTERVAL)));
    // What is new goes to it all the same.
    let next = child(&ours[2], "4");
    let (other, _) = bench.introduced(9, 0);
    assert_eq!(heights(&bench.receive(other, checked(&next)), peer), [4]);
}

/// As when text was typed that its JSON does not escape.
#[test]
fn an_original_whose_last_line_cannot_be_read_is_sent_nothing() {
    let blocks = chain(&["1", "2"]);
    let mut bench = bench_with(&blocks);
    let peer = dial(&mut bench);
    answer(&mut bench, peer, &blocks[..1]);
    bench.line(peer, "BLOCK:{\"index\":2,\"data\":\"a \"quote\"\"}");
    let actions = bench.pass(ANSWER_SILENCE);
    assert!(sent_to(&actions, peer).is_empty() && is_given_up(&actions));
}

#[test]
fn a_block_that_is_made_before_its_answer_has_ended_comes_behind_what_it_lacks() {
    let blocks = chain(&["1", "2", "3"]);
    let mut bench = bench_with(&blocks[..1]);
    let target = Direction::Outbound("127.0.0.1:8080".parse().unwrap());
    let (peer, _) = bench.connect(target, "127.0.0.1:8080");
    let (other, _) = bench.introduced(9, 0);
    // Before it is known to be an original, and while it is asked.
    let mut actions = bench.receive(other, checked(&blocks[1]));
    actions.extend(bench.pass(HELLO_TIMEOUT));
    actions.extend(bench.receive(other, checked(&blocks[2])));
    assert!(heights(&actions, peer).is_empty());
    assert_eq!(heights(&bench.pass(ANSWER_SILENCE), peer), [1, 2, 3]);
}

#[test]
fn of_two_empty_originals_the_second_is_sent_only_what_the_first_did_not_pass_on() {
    for linked in [true, false] {
        let blocks = chain(&["1", "2"]);
        let mut bench = bench_with(&blocks);
        let target = Direction::Outbound("127.0.0.1:8080".parse().unwrap());
        let first = bench.connect(target.clone(), "127.0.0.1:8080").0;
        let second = bench.connect(target, "127.0.0.1:8081").0;
        bench.pass(HELLO_TIMEOUT);
        let actions = bench.pass(ANSWER_SILENCE);
        assert_eq!(heights(&actions, first), [1, 2]);
        assert!(heights(&actions, second).is_empty());
        if linked {
            answer(&mut bench, second, &blocks);
        }
        let actions = bench.pass(ANSWER_SILENCE);
        assert_eq!(heights(&actions, second), if linked { vec![] } else { vec![1, 2] });
    }
}

/// Two originals that have been asked, and a peer that brings blocks.
fn pair(bench: &mut Bench) -> (PeerId, PeerId, PeerId) {
    let (one, other) = (dialled_by(bench), dialled_by(bench));
    bench.pass(GET_CHAIN_GRACE);
    bench.pass(ANSWER_SILENCE);
    let (sender, _) = bench.introduced(9, 0);
    (one, other, sender)
}

#[test]
fn of_two_originals_in_a_ring_with_us_each_is_sent_or_passed_a_block_once() {
    let blocks = chain(&["1", "2", "3"]);
    let mut bench = Bench::new(NodeConfig::default());
    let (one, other, sender) = pair(&mut bench);
    for block in &blocks {
        let mut actions = bench.receive(sender, checked(block));
        assert_eq!(heights(&actions, one), [block.index]);
        // It comes round the ring before the other one's turn.
        actions.extend(bench.receive(other, checked(block)));
        actions.extend(bench.pass(10 * IN_VAIN));
        assert!(heights(&actions, other).is_empty());
        assert_eq!(heights(&actions, one), [block.index]);
    }
    // One that is made at an original goes round by itself.
    let made = child(&blocks[2], "4");
    let mut actions = bench.receive(other, checked(&made));
    actions.extend(bench.receive(one, checked(&made)));
    actions.extend(bench.pass(10 * IN_VAIN));
    assert!(heights(&actions, one).is_empty() && heights(&actions, other).is_empty());
}

#[test]
fn originals_that_are_not_connected_to_each_other_are_sent_blocks_at_once_from_the_second_on() {
    let blocks = chain(&["1", "2", "3"]);
    let mut bench = Bench::new(NodeConfig::default());
    let (one, other, sender) = pair(&mut bench);
    let actions = bench.receive(sender, checked(&blocks[0]));
    assert_eq!((heights(&actions, one), heights(&actions, other)), (vec![1], vec![]));
    assert_eq!(heights(&bench.pass(IN_VAIN), other), [1]);
    let actions = bench.receive(sender, checked(&blocks[1]));
    assert_eq!((heights(&actions, one), heights(&actions, other)), (vec![2], vec![2]));
    // Also what is made at one of them.
    assert_eq!(heights(&bench.receive(other, checked(&blocks[2])), one), [3]);
}

#[test]
fn an_original_that_passes_on_what_we_pushed_shows_that_they_are_connected() {
    let blocks = chain(&["1", "2", "3", "4"]);
    let mut bench = Bench::new(NodeConfig::default());
    let (one, other, sender) = pair(&mut bench);
    bench.receive(sender, checked(&blocks[0]));
    bench.pass(IN_VAIN);
    // From here on there is a connection between them, over which each gets what the other got.
    let actions = bench.receive(sender, checked(&blocks[1]));
    assert_eq!((heights(&actions, one), heights(&actions, other)), (vec![2], vec![2]));
    bench.receive(one, checked(&blocks[1]));
    bench.receive(other, checked(&blocks[1]));
    for block in &blocks[2..] {
        let mut sent = Vec::new();
        let mut actions = bench.receive(sender, checked(block));
        for _ in 0..10 {
            for (peer, linked) in [(one, other), (other, one)] {
                if !heights(&actions, peer).is_empty() {
                    sent.push(peer);
                    actions.extend(bench.receive(linked, checked(block)));
                }
            }
            actions = bench.pass(IN_VAIN / 4);
        }
        assert_eq!(sent.len(), 1, "block {}", block.index);
    }
}

#[test]
fn an_original_that_passes_on_a_block_without_the_one_before_is_sent_what_it_lacks() {
    let blocks = chain(&["1", "2", "3"]);
    let mut bench = Bench::new(NodeConfig::default());
    let (one, other, sender) = pair(&mut bench);
    // They are connected, so the other one gets this block from the first, and so on.
    bench.receive(sender, checked(&blocks[0]));
    bench.receive(other, checked(&blocks[0]));
    // That connection is cut while a block is on it, and made again before the next one.
    bench.receive(sender, checked(&blocks[1]));
    let mut actions = bench.receive(sender, checked(&blocks[2]));
    actions.extend(bench.receive(other, checked(&blocks[2])));
    actions.extend(bench.pass(IN_VAIN));
    assert_eq!(heights(&actions, other), [2, 3]);
    assert_eq!(heights(&actions, one), [3]);
}

#[test]
fn many_originals_are_sent_a_block_within_seconds() {
    let block = chain(&["1"]);
    let mut bench = Bench::new(NodeConfig::default());
    let originals: Vec<PeerId> = (0..20).map(|_| dialled_by(&mut bench)).collect();
    bench.pass(GET_CHAIN_GRACE);
    bench.pass(ANSWER_SILENCE);
    let (sender, _) = bench.introduced(9, 0);
    let mut actions = bench.receive(sender, checked(&block[0]));
    actions.extend(bench.pass(3 * RELAY_AFTER + RELAY_SPREAD));
    for original in originals {
        assert_eq!(heights(&actions, original), [1]);
    }
}

#[test]
fn an_original_that_dials_and_passes_on_unescaped_text_gets_no_error() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = dialled_by(&mut bench);
    bench.receive(peer, checked(&chain(&["1"])[0]));
    assert!(sent_to(&bench.line(peer, "BLOCK:{\"data\":\"a \"quote\"\"}"), peer).is_empty());
}
