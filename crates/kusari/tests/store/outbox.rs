//! The outbox: entries, the blocks that were mined for them, and settling.

use kusari::store::Store;
use kusari_chain::BlockHash;
use kusari_node::store::{OutboxEntry, OutboxStore, OutboxWrite, StoreBatch};

use crate::support::TempDir;

fn commit(store: &Store, outbox: &[OutboxWrite]) {
    store.commit(&[StoreBatch { outbox: outbox.to_vec(), ..StoreBatch::default() }]).unwrap();
}

fn insert(id: u64, text: &str) -> OutboxWrite {
    OutboxWrite::Insert { id, text: String::from(text) }
}

fn open_entries(store: &Store) -> Vec<OutboxEntry> {
    let mut entries = Vec::new();
    store.visit_open_entries(&mut |entry| entries.push(entry)).unwrap();
    entries
}

fn entry(id: u64, text: &str, blocks: &[BlockHash], settled: bool) -> OutboxEntry {
    OutboxEntry { id, text: String::from(text), blocks: blocks.to_vec(), settled }
}

#[test]
fn settled_entry_is_found_by_its_blocks_only_and_comes_back_when_unsettled() {
    let directory = TempDir::new();
    let store = Store::open(directory.path()).unwrap();
    let (first, second) = (BlockHash([1; 32]), BlockHash([2; 32]));
    assert_eq!(store.next_entry_id(), Ok(1));
    commit(&store, &[insert(1, "one"), insert(2, "two"), insert(3, "")]);
    commit(
        &store,
        &[
            OutboxWrite::Mined { id: 2, hash: first },
            OutboxWrite::Mined { id: 2, hash: second },
            OutboxWrite::SetSettled { id: 2, settled: true },
        ],
    );
    drop(store);

    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.next_entry_id(), Ok(4));
    assert_eq!(open_entries(&store), [entry(1, "one", &[], false), entry(3, "", &[], false)]);
    let settled = entry(2, "two", &[first, second], true);
    assert_eq!(store.entry_of_block(&first), Ok(Some(settled.clone())));
    assert_eq!(store.entry_of_block(&second), Ok(Some(settled)));
    assert_eq!(store.entry_of_block(&BlockHash([3; 32])), Ok(None));

    commit(&store, &[OutboxWrite::SetSettled { id: 2, settled: false }]);
    assert_eq!(open_entries(&store)[1], entry(2, "two", &[first, second], false));
}

#[test]
fn entry_out_of_turn_or_unknown_is_refused() {
    for write in [
        insert(2, "skips number 1"),
        OutboxWrite::Mined { id: 1, hash: BlockHash::ZERO },
        OutboxWrite::SetSettled { id: 1, settled: false },
    ] {
        let store = Store::ephemeral().unwrap();
        let refused = store.commit(&[StoreBatch { outbox: vec![write], ..StoreBatch::default() }]);
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("does not follow from what is stored"), "{message}");
        assert_eq!(open_entries(&store), []);
        assert_eq!(store.entry_of_block(&BlockHash::ZERO), Ok(None));
        assert_eq!(store.next_entry_id(), Ok(1));
    }
}
