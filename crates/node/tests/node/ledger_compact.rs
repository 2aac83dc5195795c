//! Blocks that travel as ids of transactions: how a body is put together, and who may ask for the rest.

use crate::common::ledger::{Maker, Person, bench, entry, line, spec, whole};
use crate::common::{Bench, sent_to};
use kusari_chain::checked::{CheckedHeader, Header};
use kusari_chain::ledger::BodyEntry;
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{BlockHash, CheckedBlock};
use kusari_node::interface::PeerId;
use kusari_node::limits::MAX_COMPACT_OFFERS;
use kusari_node::wire::{BlockForm, CompactBlock, Message, SentBlock};
use kusari_node::{Action, MiningPolicy};

/// A block as a peer of the ledger is sent it.
fn compact(block: &CheckedBlock) -> Message<CheckedBlock> {
    let part = block.ledger().unwrap();
    let header = Header { block: block.block().clone(), commitment: part.commitment };
    let header = CheckedHeader::check(header, &spec().chain_id()).unwrap();
    let txids = part.body.iter().map(|entry| entry.transaction.txid()).collect();
    Message::Compact(Box::new(CompactBlock { header, txids }))
}

fn tip(bench: &Bench) -> BlockHash {
    bench.node.snapshot().tip.hash
}

/// The places that are asked for.
fn asked(actions: &[Action], peer: PeerId) -> Vec<Vec<u32>> {
    let questions = sent_to(actions, peer).into_iter().filter_map(|message| match message {
        Message::GetTransactions { places, .. } => Some(places.clone()),
        _ => None,
    });
    questions.collect()
}

fn records(count: u8) -> Vec<CheckedTransaction> {
    (2..2 + count).map(|person| Person::new(person).record(0, 0, "a note")).collect()
}

#[test]
fn a_block_whose_transactions_all_wait_here_needs_no_question() {
    let records = records(3);
    let block = Maker::new(1).next(&records.iter().collect::<Vec<_>>());
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    records.iter().for_each(|record| drop(bench.line(peer, &line(record))));
    let actions = bench.receive(peer, compact(&block));
    assert!(asked(&actions, peer).is_empty());
    assert_eq!(tip(&bench), block.block().hash);
}

#[test]
fn what_does_not_wait_here_is_asked_for_by_its_places() {
    let records = records(4);
    let block = Maker::new(1).next(&records.iter().collect::<Vec<_>>());
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    for known in [0, 2] {
        bench.line(peer, &line(&records[known]));
    }
    let actions = bench.receive(peer, compact(&block));
    assert_eq!(asked(&actions, peer), [[1, 3]]);
    assert_ne!(tip(&bench), block.block().hash);
    let hash = block.block().hash;
    let entries: Vec<BodyEntry> = [1, 3].map(|place: usize| entry(&records[place])).into();
    bench.receive(peer, Message::Transactions { hash, entries });
    assert_eq!(tip(&bench), block.block().hash);
}

#[test]
fn whoever_sends_another_rest_than_the_ids_name_is_refused_and_the_block_can_still_come_whole() {
    let records = records(2);
    let block = Maker::new(1).next(&records.iter().collect::<Vec<_>>());
    let mut bench = bench(MiningPolicy::Off);
    let (peer, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    bench.receive(peer, compact(&block));
    let hash = block.block().hash;
    let wrong = Person::new(9).record(0, 0, "something else");
    let entries = vec![entry(&records[0]), entry(&wrong)];
    let actions = bench.receive(peer, Message::Transactions { hash, entries });
    let refused = |message: &&_| matches!(message, Message::Error(_));
    assert_eq!(sent_to(&actions, peer).into_iter().filter(refused).count(), 1);
    bench.receive(other, whole(&block));
    assert_eq!(tip(&bench), hash);
}

/// The rest of a block is thousands of times as long as the question.
#[test]
fn the_rest_of_a_block_is_told_once_to_whoever_was_sent_it_that_way_and_to_nobody_else() {
    let mut bench = bench(MiningPolicy::Off);
    let (sender, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let mut maker = Maker::new(1);
    let question = |block: &CheckedBlock| Message::GetTransactions {
        hash: block.block().hash,
        places: vec![0],
    };
    let answers = |bench: &mut Bench, peer, block: &CheckedBlock| {
        sent_to(&bench.receive(peer, question(block)), peer).len()
    };
    let mut blocks = Vec::new();
    for sequence in 0..MAX_COMPACT_OFFERS as u64 + 2 {
        let block = maker.next(&[&Person::new(2).record(sequence, 0, "a note")]);
        let actions = bench.receive(sender, whole(&block));
        assert!(matches!(
            sent_to(&actions, other)[..],
            [Message::Block(SentBlock { form: BlockForm::Compact, .. })]
        ));
        blocks.push(block);
    }
    let newest = blocks.last().unwrap();
    assert_eq!(answers(&mut bench, sender, newest), 0, "it has it");
    assert_eq!(answers(&mut bench, other, newest), 1);
    assert_eq!(answers(&mut bench, other, newest), 0, "it was told");
    // Of all that it did not ask about, the last few are remembered.
    let told: usize = blocks.iter().map(|block| answers(&mut bench, other, block)).sum();
    assert_eq!(told, MAX_COMPACT_OFFERS - 1);
}
