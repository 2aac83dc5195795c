//! A node without network or miner, over a store in memory.

use kusari_chain::{Block, BlockHash, BlockStore, Target};
use kusari_miner::Search;
use kusari_node::interface::{SayRefusal, request};
use kusari_node::store::OutboxStore;
use kusari_node::wire;

use super::*;

fn child(parent: &Block, data: &str) -> Block {
    let mut block = Block {
        index: parent.index + 1,
        timestamp: 1_746_151_143,
        nonce: 0,
        data: data.to_owned(),
        prev_hash: parent.hash,
        hash: BlockHash::ZERO,
        transactions: Vec::new(),
    };
    let mut search = Search::new(&block, Target::CLASSIC);
    block.nonce = search.try_nonces(0, u64::MAX).unwrap();
    block.hash = search.hash(block.nonce);
    block
}

fn feed(node: &mut Offline, block: &Block) -> Told {
    let line = format!("BLOCK:{}", block.to_canonical_json());
    node.receive(wire::receive(line.as_bytes())).unwrap()
}

fn codes(told: &Told) -> Vec<&str> {
    told.errors.iter().map(|error| error.code.as_str()).collect()
}

#[test]
fn a_line_is_durable_when_it_is_acknowledged_also_beyond_those_in_memory() {
    let store = Store::ephemeral().unwrap();
    let mut node = Offline::open(store.clone()).unwrap();
    let say = |node: &mut Offline, text: &str| node.command(request::offer(text.into())).unwrap();
    assert_eq!(say(&mut node, "one"), Ok(1));
    let mut texts = Vec::new();
    store.visit_waiting_entries(0..9, 9, &mut |entry| texts.push(entry.text)).unwrap();
    assert_eq!(texts, ["one"]);
    assert_eq!(say(&mut node, ""), Err(SayRefusal::Empty));
    // A thousand are in memory.
    for number in 2..=1_010 {
        assert_eq!(say(&mut node, "more"), Ok(number));
    }
    drop(node);
    assert_eq!(Offline::open(store).unwrap().snapshot().waiting_entries, 1_010);
}

#[test]
fn blocks_are_stored_by_the_flush_and_every_refusal_is_told_however_many() {
    let store = Store::ephemeral().unwrap();
    let mut node = Offline::open(store.clone()).unwrap();
    let one = child(&Block::genesis(), "one");
    let two = child(&one, "two");
    let told = feed(&mut node, &two);
    assert_eq!((told.added, codes(&told)), (0, vec!["unknown-parent"]));
    // It adopts the orphan.
    let told = feed(&mut node, &one);
    assert_eq!((told.added, codes(&told)), (2, vec![]));
    assert_eq!(feed(&mut node, &two).added, 0);
    let wrong = child(&Block { index: 7, ..one.clone() }, "wrong index");
    for _ in 0..10 {
        assert_eq!(codes(&feed(&mut node, &wrong)), ["bad-index"]);
    }
    assert_eq!(store.best_tip().unwrap(), None);
    node.flush().unwrap();
    assert_eq!(store.best_tip().unwrap().unwrap().block, two);
}

#[test]
fn what_was_not_flushed_is_forgotten_and_the_store_is_whole() {
    let store = Store::ephemeral().unwrap();
    let one = child(&Block::genesis(), "one");
    let two = child(&one, "two");
    let mut node = Offline::open(store.clone()).unwrap();
    feed(&mut node, &one);
    node.flush().unwrap();
    feed(&mut node, &two);
    drop(node);
    let mut node = Offline::open(store).unwrap();
    assert_eq!(node.snapshot().tip.height, 1);
    assert_eq!(feed(&mut node, &two).added, 1);
}
