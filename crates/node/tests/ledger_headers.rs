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
