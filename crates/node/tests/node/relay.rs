//! What a new block costs: to whom it is pushed, to whom announced, and who is asked for it.

use std::sync::Arc;
use std::time::Duration;

use crate::common::ledger::Person;
use crate::common::{Bench, checked, child, sent_to};
use kusari_chain::{Block, BlockHash, Work};
use kusari_node::interface::PeerId;
use kusari_node::limits::{
    ANNOUNCE_AFTER, ANNOUNCE_SPREAD, ANNOUNCED_GRACE, ANNOUNCED_TIMEOUT, HEDGE_AFTER,
};
use kusari_node::wire::{BlockForm, GetBlocks, Have, Message, SentBlock};
use kusari_node::{Action, MiningPolicy, NodeConfig};

/// After this every announcement has been made.
const ANNOUNCED: Duration = ANNOUNCE_AFTER.saturating_add(ANNOUNCE_SPREAD);

fn have(block: &Block) -> Have {
    let work = Work::of_classic_blocks(block.index);
    Have { hash: block.hash, height: block.index, work }
}

fn end() -> Message<kusari_chain::CheckedBlock> {
    Message::End { count: 1, missing: vec![] }
}

fn is_pushed(actions: &[Action], peer: PeerId) -> bool {
    sent_to(actions, peer).iter().any(|message| matches!(message, Message::Block(_)))
}

fn is_announced(actions: &[Action], peer: PeerId) -> bool {
    sent_to(actions, peer).iter().any(|message| matches!(message, Message::Have(_)))
}

/// The block that a peer is asked for by its hash.
fn asked_for(actions: &[Action], peer: PeerId) -> Option<BlockHash> {
    sent_to(actions, peer).into_iter().find_map(|message| match message {
        Message::GetBlocks(GetBlocks::ByHash(hashes)) => hashes.first().copied(),
        _ => None,
    })
}

fn is_asked_by_locator(actions: &[Action], peer: PeerId) -> bool {
    let by_locator = |message: &&crate::common::Sent| {
        matches!(message, Message::GetBlocks(GetBlocks::After { .. }))
    };
    sent_to(actions, peer).iter().any(by_locator)
}

fn chain<const N: usize>() -> [Block; N] {
    let mut parent = Block::genesis();
    std::array::from_fn(|number| {
        parent = child(&parent, &format!("block {number}"));
        parent.clone()
    })
}

/// A node with two introduced peers, the second of which had the first block when it was pushed.
fn bench(blocks: &[Block]) -> (Bench, PeerId, PeerId) {
    let mut bench = Bench::new(NodeConfig::default());
    let (sender, _) = bench.introduced(7, 0);
    let (other, _) = bench.introduced(8, 0);
    assert!(is_pushed(&bench.receive(sender, checked(&blocks[0])), other));
    bench.receive(other, checked(&blocks[0]));
    (bench, sender, other)
}

#[test]
fn a_peer_to_which_a_push_was_no_news_is_announced_to_a_little_later() {
    let blocks = chain::<2>();
    let (mut bench, sender, other) = bench(&blocks);
    let actions = bench.receive(sender, checked(&blocks[1]));
    assert!(sent_to(&actions, other).is_empty());
    assert!(actions.iter().any(|action| matches!(action, Action::WakeAt(_))));
    let actions = bench.pass(ANNOUNCED);
    assert!(is_announced(&actions, other) && !is_pushed(&actions, other));
    assert!(sent_to(&bench.pass(ANNOUNCED), other).is_empty());
}

#[test]
fn an_announcement_that_crosses_a_push_tells_that_the_push_was_no_news() {
    let blocks = chain::<2>();
    let mut bench = Bench::new(NodeConfig::default());
    let (sender, _) = bench.introduced(7, 0);
    let (other, _) = bench.introduced(8, 0);
    bench.receive(sender, checked(&blocks[0]));
    bench.receive(other, Message::Have(have(&blocks[0])));
    assert!(!is_pushed(&bench.receive(sender, checked(&blocks[1])), other));
}

#[test]
fn a_peer_that_shows_that_it_has_a_block_is_neither_sent_it_nor_told() {
    let blocks = chain::<4>();
    let (mut bench, sender, other) = bench(&blocks);
    // It announces the block before we have it,
    bench.receive(other, Message::Have(have(&blocks[1])));
    let mut actions = bench.receive(sender, checked(&blocks[1]));
    // while an announcement to it waits,
    actions.extend(bench.receive(sender, checked(&blocks[2])));
    bench.receive(other, Message::Have(have(&blocks[2])));
    // or it sends the block itself meanwhile.
    actions.extend(bench.receive(sender, checked(&blocks[3])));
    actions.extend(bench.receive(other, checked(&blocks[3])));
    actions.extend(bench.pass(ANNOUNCED));
    assert!(!is_pushed(&actions, other) && !is_announced(&actions, other));
}

#[test]
fn whoever_asks_for_what_was_announced_is_pushed_to_again() {
    let blocks = chain::<3>();
    let (mut bench, sender, other) = bench(&blocks);
    bench.receive(sender, checked(&blocks[1]));
    bench.pass(ANNOUNCED);
    let ask = Message::GetBlocks(GetBlocks::ByHash(vec![blocks[1].hash]));
    assert!(is_pushed(&bench.receive(other, ask), other));
    assert!(is_pushed(&bench.receive(sender, checked(&blocks[2])), other));
}

#[test]
fn a_peer_without_hello_is_pushed_every_block_whatever_it_sends_back() {
    let blocks = chain::<3>();
    let mut bench = Bench::new(NodeConfig::default());
    let (sender, _) = bench.introduced(7, 0);
    let original = bench.inbound();
    bench.line(original, "HELP");
    for block in &blocks {
        assert!(is_pushed(&bench.receive(sender, checked(block)), original));
        bench.receive(original, checked(block));
    }
}

#[test]
fn an_announced_block_is_asked_for_by_its_hash_once_it_does_not_come_by_itself() {
    let blocks = chain::<2>();
    let mut bench = Bench::new(NodeConfig::default());
    let (first, _) = bench.introduced(7, 0);
    let (second, _) = bench.introduced(8, 0);
    for peer in [first, second] {
        assert!(sent_to(&bench.receive(peer, Message::Have(have(&blocks[0]))), peer).is_empty());
    }
    let actions = bench.pass(ANNOUNCED_GRACE);
    assert_eq!(asked_for(&actions, first), Some(blocks[0].hash));
    assert!(sent_to(&actions, second).is_empty());
    bench.receive(first, checked(&blocks[0]));
    bench.receive(first, end());
    // The next one comes in time, so nobody is asked for it.
    bench.receive(first, Message::Have(have(&blocks[1])));
    bench.receive(second, checked(&blocks[1]));
    let actions = bench.pass(ANNOUNCED_GRACE);
    assert_eq!((asked_for(&actions, first), asked_for(&actions, second)), (None, None));
}

#[test]
fn a_liar_that_announces_a_block_delays_it_by_seconds() {
    let blocks = chain::<1>();
    let mut bench = Bench::new(NodeConfig::default());
    let (liar, _) = bench.introduced(7, 0);
    let (honest, _) = bench.introduced(8, 0);
    bench.receive(liar, Message::Have(have(&blocks[0])));
    bench.receive(honest, Message::Have(have(&blocks[0])));
    assert!(asked_for(&bench.pass(ANNOUNCED_GRACE), liar).is_some());
    // From here on it is a claim among others: one after another is asked.
    let mut actions = bench.pass(ANNOUNCED_TIMEOUT);
    actions.extend(bench.pass(HEDGE_AFTER));
    assert!(is_asked_by_locator(&actions, honest));
}

#[test]
fn the_end_of_an_answer_by_hash_is_not_the_end_of_another_answer() {
    let blocks = chain::<1>();
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    bench.receive(peer, Message::Have(have(&blocks[0])));
    assert!(asked_for(&bench.pass(ANNOUNCED_GRACE), peer).is_some());
    // A claim far above, about which the same peer is asked at once.
    let far = Have { hash: BlockHash([9; 32]), height: 90, work: Work::of_classic_blocks(90) };
    assert!(is_asked_by_locator(&bench.receive(peer, Message::Have(far)), peer));
    bench.receive(peer, checked(&blocks[0]));
    // Ending the wrong answer would make it ask on, or give the claim up.
    assert!(sent_to(&bench.receive(peer, end()), peer).is_empty());
    assert!(is_asked_by_locator(&bench.receive(peer, end()), peer));
}

/// Peers that are sent a block which is on disk already.
const LISTENERS: u64 = 8;

#[test]
fn a_stored_block_is_read_once_however_many_peers_are_sent_it() {
    let mut bench = crate::common::ledger::bench(MiningPolicy::OnDemand);
    let peers: Vec<PeerId> = (0..LISTENERS).map(|id| bench.ledger_peer(7 + id)).collect();
    let record = Person::new(2).record(0, 0, "a note");
    // Ours is sent once it is durable, and is not in memory any more.
    let actions = bench.submit(&record);
    let before = bench.disk.blocks_read.get();
    let actions = bench.mine(&actions);
    let blocks: Vec<_> = peers
        .iter()
        .filter_map(|peer| {
            sent_to(&actions, *peer).into_iter().find_map(|message| match message {
                Message::Block(SentBlock { stored, form: BlockForm::Compact }) => Some(stored),
                _ => None,
            })
        })
        .collect();
    assert_eq!(blocks.len(), peers.len());
    assert_eq!(bench.disk.blocks_read.get() - before, 1, "reads for {LISTENERS} peers");
    assert!(blocks.iter().all(|block| Arc::ptr_eq(block, blocks[0])), "its line is written often");
}
