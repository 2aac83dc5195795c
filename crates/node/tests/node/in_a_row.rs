//! Blocks in a row: taken together, and judged as if they had come one by one.

use std::sync::OnceLock;

use crate::common::{Bench, child, is_closed, mined, sent_to};
use kusari_chain::{Block, BlockStore, CheckedBlock};
use kusari_node::interface::PeerId;
use kusari_node::limits::HELD_COMMIT_TIME;
use kusari_node::wire::Message;
use kusari_node::{Action, Input, NodeConfig};
use proptest::prelude::*;
use proptest::sample::Index;

/// A tree of blocks in which branches overtake one another, and one block with a wrong index.
fn tree() -> &'static [Block] {
    static TREE: OnceLock<Vec<Block>> = OnceLock::new();
    TREE.get_or_init(|| {
        let mut tree = vec![Block::genesis()];
        for (number, parent) in [0, 1, 2, 1, 4, 5, 6, 3, 8].into_iter().enumerate() {
            tree.push(child(&tree[parent], &format!("node {number}")));
        }
        let mut wrong = tree[2].clone();
        wrong.index += 1;
        tree.push(child(&wrong, "its index is one too many"));
        tree
    })
}

fn checked(block: &Block) -> CheckedBlock {
    CheckedBlock::check(block.clone()).unwrap()
}

fn in_a_row(peer: PeerId, blocks: &[Block]) -> Input {
    Input::blocks(peer, blocks.iter().map(checked))
}

fn commits(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Commit { .. })).count()
}

#[test]
fn blocks_in_a_row_are_one_commit_and_are_passed_on_in_order() {
    let mut bench = Bench::new(NodeConfig::default());
    let (sender, _) = bench.introduced(7, 0);
    let (other, _) = bench.introduced(8, 0);
    bench.hold_commits = true;
    let chain = &tree()[1..=3];
    let actions = bench.give(in_a_row(sender, chain));
    assert_eq!((commits(&actions), bench.held.len()), (0, 1));
    let passed_on: Vec<&Block> = sent_to(&actions, other)
        .into_iter()
        .filter_map(|message| match message {
            Message::Block(sent) => Some(&sent.stored.block),
            _ => None,
        })
        .collect();
    assert_eq!(passed_on, chain.iter().collect::<Vec<_>>());
    assert!(sent_to(&actions, sender).iter().all(|sent| !matches!(sent, Message::Block(_))));
    bench.release_commits();
    assert_eq!(bench.disk.best_tip().unwrap().unwrap().block, tree()[3]);
}

#[test]
fn a_peer_that_is_closed_for_a_block_is_not_listened_to_for_the_rest_of_the_row() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    bench.give(in_a_row(peer, &tree()[1..=2]));
    let wrong = tree()[10].clone();
    // Two faults of this kind are enough to be closed.
    let again = mined(Block { index: 9, ..wrong.clone() });
    let row = vec![checked(&wrong), checked(&again), checked(&tree()[3])];
    let actions = bench.give(Input::blocks(peer, row));
    assert!(is_closed(&actions, peer));
    assert_eq!(bench.node.snapshot().tip.hash, tree()[2].hash);
}

#[test]
fn blocks_that_a_peer_sends_while_it_is_answered_are_not_sent_back_after_the_answer() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    bench.line(peer, "GET_CHAIN");
    // The second waits for the first, which comes after it.
    let mut actions = bench.give(in_a_row(peer, &[tree()[2].clone(), tree()[1].clone()]));
    let (height, hash) = (0, tree()[0].hash);
    actions.extend(bench.give(Input::StreamEnded { peer, height, hash, count: 0 }));
    assert_eq!(bench.node.snapshot().tip.hash, tree()[2].hash);
    assert!(sent_to(&actions, peer).iter().all(|sent| !matches!(sent, Message::Block(_))));
}

proptest! {
    #[test]
    fn however_a_row_is_cut_the_chain_in_the_end_is_the_same(
        picks in proptest::collection::vec(any::<Index>(), 1..40),
        cuts in proptest::collection::vec(1..6_usize, 40),
    ) {
        let blocks: Vec<Block> =
            picks.iter().map(|pick| pick.get(&tree()[1..10]).clone()).collect();
        let mut one_by_one = Bench::new(NodeConfig::default());
        let mut cut = Bench::new(NodeConfig::default());
        let (single, _) = one_by_one.introduced(7, 0);
        let (peer, _) = cut.introduced(7, 0);
        for block in &blocks {
            one_by_one.receive(single, Message::Block(checked(block)));
        }
        let mut rest = &blocks[..];
        for length in cuts {
            let (row, after) = rest.split_at(length.min(rest.len()));
            cut.give(in_a_row(peer, row));
            rest = after;
        }
        for bench in [&mut one_by_one, &mut cut] {
            bench.pass(HELD_COMMIT_TIME);
        }
        let (left, right) = (one_by_one.node.snapshot(), cut.node.snapshot());
        prop_assert_eq!(left.tip, right.tip);
        prop_assert_eq!((left.orphans, left.side_bytes), (right.orphans, right.side_bytes));
        for block in tree() {
            prop_assert_eq!(one_by_one.disk.by_hash(&block.hash), cut.disk.by_hash(&block.hash));
        }
    }
}
