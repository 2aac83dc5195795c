//! How the bodies of headers are asked for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

mod common;

use common::ledger::{Maker, bench, ledger_hello, spec, whole};
use common::sent_to;
use kusari_chain::accept::{CheckedHeader, Header};
use kusari_chain::{Block, BlockHash, CheckedBlock};
use kusari_node::limits::MAX_BODIES_ASKED;
use kusari_node::seam::PeerId;
use kusari_node::wire::{GetBlocks, Message};
use kusari_node::{Action, MiningPolicy};

fn header(block: &CheckedBlock) -> CheckedHeader {
    let commitment = block.ledger().unwrap().commitment;
    let header = Header { block: block.block().clone(), commitment };
    CheckedHeader::check(header, &spec().chain_id()).unwrap()
}

fn asked(actions: &[Action], peer: PeerId) -> Vec<GetBlocks> {
    let questions = sent_to(actions, peer).into_iter().filter_map(|message| match message {
        Message::GetBlocks(question) => Some(question.clone()),
        _ => None,
    });
    questions.collect()
}

fn after(hash: BlockHash, limit: u32) -> GetBlocks {
    GetBlocks::After { locator: vec![hash], limit }
}

#[test]
fn whoever_sent_headers_is_asked_for_what_follows_and_again_for_what_it_left_out() {
    let mut maker = Maker::new(1);
    for _ in 0..3 {
        maker.next(&[]);
    }
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.inbound();
    bench.receive(peer, Message::Hello(ledger_hello(7, 3)));
    let headers = maker.blocks.iter().map(header).collect();
    let actions = bench.receive(peer, Message::Headers(headers));
    assert_eq!(asked(&actions, peer), [after(Block::genesis().hash, 3)]);
    let first = &maker.blocks[0];
    bench.receive(peer, whole(first));
    let actions = bench.receive(peer, Message::End { count: 1, missing: vec![] });
    assert_eq!(asked(&actions, peer), [after(first.block().hash, 2)]);
    maker.blocks[1..].iter().for_each(|block| drop(bench.receive(peer, whole(block))));
    assert_eq!(bench.node.snapshot().tip.hash, maker.blocks[2].block().hash);
}

#[test]
fn headers_with_no_more_work_than_ours_lead_to_no_question_for_bodies() {
    let mut ours = Maker::new(1);
    (0..3).for_each(|_| drop(ours.next(&[])));
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.inbound();
    bench.receive(peer, Message::Hello(ledger_hello(7, 3)));
    ours.blocks.iter().for_each(|block| drop(bench.receive(peer, whole(block))));
    let mut theirs = Maker::new(2);
    (0..2).for_each(|_| drop(theirs.next(&[])));
    // It claims more than it can show.
    let liar = bench.inbound();
    let said = bench.receive(liar, Message::Hello(ledger_hello(8, 9)));
    let questions = |actions: &[Action]| asked(actions, liar).len();
    let headers = |maker: &Maker| Message::Headers(maker.blocks.iter().map(header).collect());
    assert_eq!(questions(&said), 0);
    let actions = bench.receive(liar, headers(&theirs));
    assert_eq!(questions(&actions), 0);
    assert_eq!(bench.node.snapshot().tip.hash, ours.blocks[2].block().hash);
}

#[test]
fn bodies_are_asked_of_several_peers_at_once() {
    let mut maker = Maker::new(1);
    (0..200).for_each(|_| drop(maker.next(&[])));
    let mut bench = bench(MiningPolicy::Off);
    let peers = [7, 8, 9].map(|id| {
        let peer = bench.inbound();
        // A little more than there is: its work is told in that of classic blocks.
        bench.receive(peer, Message::Hello(ledger_hello(id, 201)));
        peer
    });
    let headers = maker.blocks.iter().map(header).collect();
    let actions = bench.receive(peers[0], Message::Headers(headers));
    // Who sent the headers streams the first of them; another one is asked for the next by their hashes.
    let [GetBlocks::After { limit, .. }] = asked(&actions, peers[0])[..] else {
        panic!("{actions:?}")
    };
    let [GetBlocks::ByHash(ref hashes)] = asked(&actions, peers[1])[..] else {
        panic!("{actions:?}")
    };
    let next = maker.blocks.iter().skip(limit as usize).map(|block| block.block().hash);
    assert_eq!(*hashes, next.take(hashes.len()).collect::<Vec<_>>());
    assert_eq!(limit as usize + hashes.len(), MAX_BODIES_ASKED);
}
