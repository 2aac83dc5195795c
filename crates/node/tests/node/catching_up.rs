//! A node takes a chain from a peer: what it asks for when, and when what came is written.

use std::time::Duration;

use crate::common::{Bench, checked, child, hello, sent_to, streams_to};
use kusari_chain::{Block, BlockHash, Work};
use kusari_node::interface::{Command, PeerId, Reply};
use kusari_node::limits::{FIRST_BLOCKS, HELD_COMMIT_TIME};
use kusari_node::wire::{AnswerEnd, GetBlocks, Have, MAX_BLOCKS, Message, Sent};
use kusari_node::{Action, Input, NodeConfig};

/// A bench whose commits wait, with a peer that claims a chain of this height and is asked for it.
fn bench(height: u32) -> (Bench, PeerId) {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(1, height);
    bench.hold_commits = true;
    bench.held.clear();
    (bench, peer)
}

/// The peer answers with so many blocks on top of this one. Returns the last.
fn answer(bench: &mut Bench, peer: PeerId, mut tip: Block, blocks: u32) -> Block {
    for _ in 0..blocks {
        tip = child(&tip, "asked for");
        bench.receive(peer, checked(&tip));
    }
    tip
}

fn end(count: u32) -> Message<kusari_chain::CheckedBlock> {
    Message::End { count, missing: vec![] }
}

/// The locators of what is asked of a peer.
fn asked(actions: &[Action], peer: PeerId) -> Vec<(Vec<BlockHash>, u32)> {
    let after = |message: &&Sent| match message {
        Message::GetBlocks(GetBlocks::After { locator, limit }) => Some((locator.clone(), *limit)),
        _ => None,
    };
    sent_to(actions, peer).iter().filter_map(after).collect()
}

/// Blocks in the commits that were asked for.
fn written(bench: &Bench) -> usize {
    bench.held.iter().map(|(_, batch, _)| batch.blocks.len()).sum()
}

#[test]
fn what_follows_an_answer_is_asked_for_before_its_lines_are_read() {
    let (mut bench, peer) = bench(200);
    let tip = answer(&mut bench, peer, Block::genesis(), FIRST_BLOCKS);
    let first = bench.receive(peer, end(FIRST_BLOCKS));
    assert_eq!(asked(&first, peer).len(), 1, "it is proven, and asked on");
    let hash = BlockHash([7; 32]);
    let arrived = |height, count| {
        let end = AnswerEnd { height, hash, count };
        Input::AnswerArrived { peer, end }
    };
    let at = |count| FIRST_BLOCKS + count;
    let none: Vec<(Vec<BlockHash>, u32)> = Vec::new();
    assert_eq!(asked(&bench.give(arrived(at(9), 9)), peer), none, "there is no more, as it says");
    assert_eq!(asked(&bench.give(arrived(200, MAX_BLOCKS)), peer), none, "it claims no more");
    let ahead = bench.give(arrived(150, MAX_BLOCKS));
    assert_eq!(asked(&ahead, peer), [(vec![hash, tip.hash], MAX_BLOCKS)]);
    assert_eq!(asked(&bench.give(arrived(150, MAX_BLOCKS)), peer), none, "one is enough");
    bench.restore();
    // Each `END` ends one of the two, and then it is asked anew, from what it has sent by then.
    let tip = answer(&mut bench, peer, tip, 1);
    assert_eq!(asked(&bench.receive(peer, end(1)), peer), none);
    let tip = answer(&mut bench, peer, tip, 1);
    let on = asked(&bench.receive(peer, end(1)), peer);
    assert_eq!(on[0].0[0], tip.hash);
}

#[test]
fn nothing_is_asked_ahead_of_a_peer_that_was_asked_for_nothing() {
    let (mut bench, peer) = bench(0);
    let end = AnswerEnd { height: 1, hash: BlockHash([7; 32]), count: MAX_BLOCKS };
    assert_eq!(asked(&bench.give(Input::AnswerArrived { peer, end }), peer), []);
    let stranger = PeerId(99);
    let input = Input::AnswerArrived { peer: stranger, end };
    assert_eq!(asked(&bench.give(input), stranger), []);
}

#[test]
fn blocks_that_are_asked_for_are_written_together_and_a_tenth_of_a_second_later_at_the_most() {
    let (mut bench, peer) = bench(200);
    let tip = answer(&mut bench, peer, Block::genesis(), 3);
    assert_eq!(written(&bench), 0);
    assert!(bench.next_wish() <= bench.now.monotonic + HELD_COMMIT_TIME);
    bench.restore();
    bench.pass(HELD_COMMIT_TIME - Duration::from_millis(1));
    assert_eq!(written(&bench), 0);
    bench.pass(Duration::from_millis(1));
    assert_eq!((bench.held.len(), written(&bench)), (1, 3));
    // The wait begins anew with the next one.
    answer(&mut bench, peer, tip, 1);
    assert_eq!(bench.held.len(), 1);
}

#[test]
fn blocks_that_are_asked_for_are_written_at_once_where_anything_waits_for_them() {
    // A person records something.
    let (mut bench, peer) = bench(200);
    answer(&mut bench, peer, Block::genesis(), 3);
    bench.say("now");
    assert_eq!((bench.held.len(), written(&bench)), (1, 3));
    // Another peer asks for them.
    let (mut bench, peer) = self::bench(200);
    answer(&mut bench, peer, Block::genesis(), 3);
    let asking = bench.inbound();
    bench.receive(asking, Message::GetChain);
    assert_eq!(written(&bench), 3);
    assert_eq!(streams_to(&bench.release_commits(), asking).len(), 1);
    // Nothing more is on its way.
    let (mut bench, peer) = self::bench(3);
    let tip = answer(&mut bench, peer, Block::genesis(), 3);
    let work = Work::of_classic_blocks(3);
    bench.receive(peer, Message::Have(Have { hash: tip.hash, height: 3, work }));
    bench.receive(peer, end(3));
    assert_eq!(written(&bench), 3);
}

#[test]
fn a_block_that_comes_by_itself_is_written_at_once() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    bench.receive(peer, Message::Hello(hello(1, 0)));
    bench.hold_commits = true;
    answer(&mut bench, peer, Block::genesis(), 1);
    assert_eq!(written(&bench), 1);
}

#[test]
fn a_node_that_may_hold_few_blocks_waits_for_no_more_of_them() {
    let mut bench = Bench::new(NodeConfig { max_uncommitted: 2, ..NodeConfig::default() });
    let (peer, _) = bench.introduced(1, 200);
    bench.hold_commits = true;
    bench.held.clear();
    answer(&mut bench, peer, Block::genesis(), 2);
    assert!(bench.node.is_congested());
    assert_eq!(written(&bench), 2);
}

#[test]
fn blocks_of_others_are_told_of_before_they_are_durable_and_our_own_after() {
    let (mut bench, peer) = bench(200);
    let undurable = |bench: &mut Bench, above| -> Vec<u32> {
        let actions = bench.command(Command::GetUndurable { above });
        let reply = actions.into_iter().find_map(|action| match action {
            Action::Reply(_, Reply::Undurable(blocks)) => Some(blocks),
            _ => None,
        });
        reply.unwrap().iter().map(|stored| stored.block.index).collect()
    };
    let tip = answer(&mut bench, peer, Block::genesis(), 3);
    assert_eq!(bench.node.snapshot().announced_tip.hash, tip.hash);
    assert_eq!(undurable(&mut bench, 0), [1, 2, 3]);
    assert_eq!(undurable(&mut bench, 2), [3]);
    assert!(undurable(&mut bench, 3).is_empty() && undurable(&mut bench, u32::MAX).is_empty());
    bench.pass(HELD_COMMIT_TIME);
    bench.release_commits();
    assert!(undurable(&mut bench, 0).is_empty());

    let mut bench = Bench::new(NodeConfig::default());
    let work = bench.say("ours");
    bench.hold_commits = true;
    bench.mine(&work);
    assert_eq!(bench.node.snapshot().announced_tip.height, 0);
    assert!(undurable(&mut bench, 0).is_empty());
    bench.release_commits();
    assert_eq!(bench.node.snapshot().announced_tip.height, 1);
}
