//! More entries of the outbox than a node holds in memory.

use std::time::Duration;

use kusari_chain::BlockHash;
use kusari_node::limits::OUTBOX_CAPACITY;
use kusari_node::store::{EntryState, OutboxStore, OutboxWrite, StoreBatch};
use kusari_node::{Input, Node, NodeConfig, Now};
use kusari_store::Store;

use crate::support::{TempDir, lines};

const WAITING: u64 = 200_000;

#[test]
fn a_long_outbox_is_counted_without_being_read_and_read_in_pieces() {
    let directory = TempDir::new();
    let store = Store::open(directory.path()).unwrap();
    let batches: Vec<StoreBatch> = (0..WAITING / 10_000)
        .map(|batch| lines(batch * 10_000 + 1..=(batch + 1) * 10_000))
        .collect();
    store.commit(&batches).unwrap();
    drop(store);
    let store = Store::open(directory.path()).unwrap();
    let facts = store.outbox_facts().unwrap();
    let bytes: usize = (1..=WAITING).map(|id| format!("line {id}").len()).sum();
    assert_eq!((facts.next_id, facts.waiting), (WAITING + 1, WAITING));
    assert_eq!(facts.bytes, bytes as u64);
    let mut read = Vec::new();
    let range = WAITING / 2..WAITING;
    store.visit_waiting_entries(range.clone(), 3, &mut |entry| read.push(entry.id)).unwrap();
    assert_eq!(read, [range.start, range.start + 1, range.start + 2]);
    // The whole node: what is in memory is what may be.
    let stores = (Box::new(store.clone()), Box::new(store));
    let mut node = Node::new(NodeConfig::default(), stores.0, stores.1).unwrap();
    assert_eq!(node.snapshot().waiting_entries, WAITING);
    let now = Now { monotonic: Duration::ZERO, wall: 1_800_000_000 };
    node.handle(now, Input::Tick);
    let state: serde_json::Value = serde_json::from_slice(&node.state()).unwrap();
    assert_eq!(state["outbox"]["open"].as_object().unwrap().len(), OUTBOX_CAPACITY);
}

#[test]
fn an_entry_that_was_signed_or_mined_once_is_open_while_it_waits() {
    let store = Store::ephemeral().unwrap();
    let commit = |outbox: Vec<OutboxWrite>| {
        store.commit(&[StoreBatch { outbox, ..StoreBatch::default() }]).unwrap();
    };
    let open = || {
        let mut open = Vec::new();
        store.visit_open_entries(&mut |entry| open.push(entry.id)).unwrap();
        open
    };
    let set = |settled| OutboxWrite::SetState { id: 2, state: EntryState::Mined { settled } };
    store.commit(&[lines(1..=3)]).unwrap();
    assert_eq!(open(), Vec::<u64>::new());
    commit(vec![OutboxWrite::Mined { id: 2, hash: BlockHash([1; 32]) }]);
    assert_eq!((open(), store.outbox_facts().unwrap().waiting), (vec![2], 3));
    commit(vec![set(false)]);
    assert_eq!((open(), store.outbox_facts().unwrap().waiting), (vec![2], 2));
    commit(vec![set(true)]);
    assert_eq!((open(), store.outbox_facts().unwrap().waiting), (vec![], 2));
    commit(vec![OutboxWrite::SetState { id: 2, state: EntryState::Waiting }]);
    assert_eq!((open(), store.outbox_facts().unwrap().waiting), (vec![2], 3));
}
