//! How the bodies of headers are asked for.

use std::collections::VecDeque;

use crate::common::ledger::{Maker, bench, ledger_hello, spec, whole};
use crate::common::sent_to;
use kusari_chain::checked::{CheckedHeader, Header};
use kusari_chain::{Block, BlockHash, CheckedBlock};
use kusari_node::interface::PeerId;
use kusari_node::limits::{FIRST_BODIES, HEDGE_AFTER, MAX_BODIES_ASKED};
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
    // Who sent the headers streams the first of them; the others, which have shown nothing so far, are
    // asked for a few of the next by their hashes.
    let [GetBlocks::After { limit, .. }] = asked(&actions, peers[0])[..] else {
        panic!("{actions:?}")
    };
    let hashes = |actions: &[Action], peer: PeerId| match &asked(actions, peer)[..] {
        [GetBlocks::ByHash(hashes)] => hashes.clone(),
        _ => panic!("{actions:?}"),
    };
    let after = |count: usize| maker.blocks.iter().skip(count).map(|block| block.block().hash);
    let first = after(limit as usize).take(FIRST_BODIES).collect::<Vec<_>>();
    assert_eq!([hashes(&actions, peers[1]), hashes(&actions, peers[2])], [first.clone(), first]);
    // One that delivers them is asked for more, and nobody else for the same.
    for block in &maker.blocks[limit as usize..][..FIRST_BODIES] {
        bench.receive(peers[1], whole(block));
    }
    let count = u32::try_from(FIRST_BODIES).unwrap();
    let actions = bench.receive(peers[1], Message::End { count, missing: vec![] });
    let more = hashes(&actions, peers[1]);
    let begun = limit as usize + FIRST_BODIES;
    assert_eq!(more, after(begun).take(more.len()).collect::<Vec<_>>());
    assert!(limit as usize + more.len() <= MAX_BODIES_ASKED && !more.is_empty());
}

#[test]
fn bodies_of_a_peer_that_stands_still_are_asked_of_another_within_half_a_second() {
    let mut maker = Maker::new(1);
    (0..3).for_each(|_| drop(maker.next(&[])));
    let mut bench = bench(MiningPolicy::Off);
    let [silent, other] = [7, 8].map(|id| {
        let peer = bench.inbound();
        bench.receive(peer, Message::Hello(ledger_hello(id, 4)));
        peer
    });
    let headers = maker.blocks.iter().map(header).collect();
    let actions = bench.receive(silent, Message::Headers(headers));
    assert_eq!(asked(&actions, silent), [after(Block::genesis().hash, 3)]);
    assert_eq!(asked(&actions, other), []);
    let actions = bench.pass(HEDGE_AFTER);
    let hashes = maker.blocks.iter().map(|block| block.block().hash).collect();
    assert_eq!(asked(&actions, other), [GetBlocks::ByHash(hashes)]);
    maker.blocks.iter().for_each(|block| drop(bench.receive(other, whole(block))));
    assert_eq!(bench.node.snapshot().tip.hash, maker.blocks[2].block().hash);
}

#[test]
fn a_peer_that_drips_bodies_delays_nobody_who_has_a_faster_one_by_more_than_seconds() {
    let mut maker = Maker::new(1);
    (0..200).for_each(|_| drop(maker.next(&[])));
    let mut bench = bench(MiningPolicy::Off);
    let [liar, honest] = [7, 8].map(|id| {
        let peer = bench.inbound();
        bench.receive(peer, Message::Hello(ledger_hello(id, 201)));
        peer
    });
    let headers = maker.blocks.iter().map(header).collect();
    let mut actions = bench.receive(liar, Message::Headers(headers));
    let (began, mut dripped) = (bench.now.monotonic, 0);
    while bench.node.snapshot().tip.height < 200 {
        // The honest one answers at once, the other sends a block before it would be taken to stand still.
        let mut questions: VecDeque<_> = sent_to(&actions, honest).into_iter().cloned().collect();
        while let Some(question) = questions.pop_front() {
            let mut answer = Vec::new();
            match question {
                Message::GetBlocks(GetBlocks::ByHash(hashes)) => {
                    let asked = |block: &&CheckedBlock| hashes.contains(&block.block().hash);
                    answer.extend(maker.blocks.iter().filter(asked).map(whole));
                    let count = u32::try_from(hashes.len()).unwrap();
                    answer.push(Message::End { count, missing: vec![] });
                }
                Message::GetHeaders { .. } => {
                    answer.push(Message::Headers(maker.blocks.iter().map(header).collect()));
                }
                _ => {}
            }
            for message in answer {
                let actions = bench.receive(honest, message);
                questions.extend(sent_to(&actions, honest).into_iter().cloned());
            }
        }
        actions = bench.pass(HEDGE_AFTER * 4 / 5);
        actions.extend(bench.receive(liar, whole(&maker.blocks[dripped])));
        dripped += 1;
        assert!(bench.now.monotonic < began + 6 * HEDGE_AFTER, "{dripped} blocks dripped");
    }
}
