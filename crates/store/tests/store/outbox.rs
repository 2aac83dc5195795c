//! The outbox: entries, the blocks that were mined for them, and settling.

use kusari_chain::BlockHash;
use kusari_node::store::{EntryState, OutboxEntry, OutboxStore, OutboxWrite, StoreBatch};
use kusari_store::Store;

use crate::support::TempDir;

fn commit(store: &Store, outbox: &[OutboxWrite]) {
    store.commit(&[StoreBatch { outbox: outbox.to_vec(), ..StoreBatch::default() }]).unwrap();
}

fn insert(id: u64, text: &str) -> OutboxWrite {
    OutboxWrite::Insert { id, text: String::from(text), draft: None }
}

fn open_entries(store: &Store) -> Vec<OutboxEntry> {
    let mut entries = Vec::new();
    store.visit_open_entries(&mut |entry| entries.push(entry)).unwrap();
    entries
}

fn waiting_entries(store: &Store) -> Vec<OutboxEntry> {
    let mut entries = Vec::new();
    let all = 0..u64::MAX;
    store.visit_waiting_entries(all, usize::MAX, &mut |entry| entries.push(entry)).unwrap();
    entries
}

fn next_id(store: &Store) -> u64 {
    store.outbox_facts().unwrap().next_id
}

fn entry(id: u64, text: &str, blocks: &[BlockHash], state: EntryState) -> OutboxEntry {
    OutboxEntry { id, text: String::from(text), draft: None, blocks: blocks.to_vec(), state }
}

const WAITING: EntryState = EntryState::Waiting;
const MINED: EntryState = EntryState::Mined { settled: false };
const SETTLED: EntryState = EntryState::Mined { settled: true };

#[test]
fn settled_entry_is_found_by_its_blocks_only_and_comes_back_when_unsettled() {
    let directory = TempDir::new();
    let store = Store::open(directory.path()).unwrap();
    let (first, second) = (BlockHash([1; 32]), BlockHash([2; 32]));
    assert_eq!(next_id(&store), 1);
    commit(&store, &[insert(1, "one"), insert(2, "two"), insert(3, "")]);
    commit(
        &store,
        &[
            OutboxWrite::Mined { id: 2, hash: first },
            OutboxWrite::Mined { id: 2, hash: second },
            OutboxWrite::SetState { id: 2, state: SETTLED },
        ],
    );
    drop(store);

    let store = Store::open(directory.path()).unwrap();
    assert_eq!(next_id(&store), 4);
    assert_eq!(open_entries(&store), []);
    assert_eq!(
        waiting_entries(&store),
        [entry(1, "one", &[], WAITING), entry(3, "", &[], WAITING)]
    );
    let settled = entry(2, "two", &[first, second], SETTLED);
    assert_eq!(store.entry_of_block(&first), Ok(Some(settled.clone())));
    assert_eq!(store.entry_of_block(&second), Ok(Some(settled)));
    assert_eq!(store.entry_of_block(&BlockHash([3; 32])), Ok(None));

    commit(&store, &[OutboxWrite::SetState { id: 2, state: MINED }]);
    assert_eq!(open_entries(&store), [entry(2, "two", &[first, second], MINED)]);
}

#[test]
fn entry_out_of_turn_or_unknown_is_refused() {
    for write in [
        insert(2, "skips number 1"),
        OutboxWrite::Mined { id: 1, hash: BlockHash::ZERO },
        OutboxWrite::SetState { id: 1, state: WAITING },
    ] {
        let store = Store::ephemeral().unwrap();
        let refused = store.commit(&[StoreBatch { outbox: vec![write], ..StoreBatch::default() }]);
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("does not follow from what is stored"), "{message}");
        assert_eq!((open_entries(&store), waiting_entries(&store)), (vec![], vec![]));
        assert_eq!(store.entry_of_block(&BlockHash::ZERO), Ok(None));
        assert_eq!(next_id(&store), 1);
    }
}
