//! Damages of the index of hashes where it is a run, and that it is sound as one.

use kusari_chain::BlockStore;
use kusari_store::{Place, Store};
use redb::Database;

use super::damage::{BY_HASH, Damage, Transaction, index};
use super::sound::{TIP, UPPER_SIDE, assert_sound, blocks, order, sound_store};
use crate::support::TempDir;
use kusari_store::checksummed::{ReadableTable, TableDefinition, WriteTables};

const HASH_RUNS: TableDefinition<u64, (u64, u64)> = TableDefinition::new("hash_runs");
const HASH_PARTS: TableDefinition<(u64, u64), &'static [u8]> = TableDefinition::new("hash_parts");
const EVICTED: TableDefinition<u64, ()> = TableDefinition::new("evicted");

/// Makes one run of all entries of the index, as the store does with thousands; `edit` changes them
/// before. Where nothing is changed the store is as sound as before.
fn make_run(transaction: &Transaction, edit: impl FnOnce(&mut Vec<(u64, u64)>)) {
    let mut young = transaction.table(BY_HASH).unwrap();
    let mut entries: Vec<(u64, u64)> =
        young.iter().unwrap().map(|entry| entry.unwrap().0.value()).collect();
    young.clear().unwrap();
    let key = (0, entries[0].0);
    edit(&mut entries);
    let packed: Vec<u8> = entries
        .iter()
        .flat_map(|&(suffix, order)| {
            let offset = u32::try_from(order).unwrap();
            suffix.to_be_bytes().into_iter().chain(offset.to_le_bytes())
        })
        .collect();
    transaction.table(HASH_PARTS).unwrap().insert(key, packed.as_slice()).unwrap();
    transaction.table(HASH_RUNS).unwrap().insert(0, (UPPER_SIDE + 1, 0)).unwrap();
}

#[rustfmt::skip]
pub(super) const OF_RUNS: &[Damage] = &[
    ("a run lacks a block", |t| make_run(t, |run| run.retain(|entry| entry.1 != order(5))),
        "not-indexed", Place::Best(5)),
    ("a run has a hash that no block has", |t| make_run(t, |run| {
        let last = run[run.len() - 1];
        run.push((last.0 + 1, last.1));
    }), "stray-hash", Place::Table("hash_parts")),
    ("a run is out of order", |t| make_run(t, |run| run.swap(3, 9)),
        "unreadable", Place::Table("hash_parts")),
    ("a run ends too late", |t| {
        make_run(t, |_| ());
        t.table(HASH_RUNS).unwrap().insert(0, (UPPER_SIDE + 2, 0)).unwrap();
    }, "bad-run", Place::Table("hash_runs")),
    ("a run does not begin where it is due", |t| {
        t.table(HASH_RUNS).unwrap().insert(1, (4, 0)).unwrap();
    }, "bad-run", Place::Table("hash_runs")),
    ("a part belongs to no run", |t| {
        make_run(t, |_| ());
        t.table(HASH_PARTS).unwrap().insert((7, 7), &[0; 12][..]).unwrap();
    }, "stray-part", Place::Table("hash_parts")),
    ("a part has a byte too many", |t| {
        make_run(t, |_| ());
        let mut parts = t.table(HASH_PARTS).unwrap();
        let key = parts.first().unwrap().unwrap().0.value();
        let mut bytes = parts.get(key).unwrap().unwrap().value().to_vec();
        bytes.push(0);
        parts.insert(key, bytes.as_slice()).unwrap();
    }, "unreadable", Place::Table("hash_parts")),
    ("a stored block is noted as evicted", |t| { t.table(EVICTED).unwrap().insert(5, ()).unwrap(); },
        "stray-eviction", Place::Table("evicted")),
    ("a block is noted as evicted that nothing leads to", |t| {
        make_run(t, |_| ());
        t.table(EVICTED).unwrap().insert(99, ()).unwrap();
    }, "stray-eviction", Place::Table("evicted")),
    ("a young entry is older than a run", |t| {
        let five = blocks().0[5].hash;
        make_run(t, |run| run.retain(|entry| entry.1 != order(5)));
        index(t, &five, order(5));
    }, "stray-hash", Place::Table("by_hash")),
];

#[test]
fn a_store_whose_index_is_a_run_is_as_sound_as_before() {
    let directory = TempDir::new();
    sound_store(&directory);
    {
        let database = Database::open(directory.path().join("chain.redb")).unwrap();
        let mut transaction = database.begin_write().unwrap();
        transaction.set_quick_repair(true);
        make_run(&transaction, |_| ());
        transaction.commit().unwrap();
    }
    let report = assert_sound(&directory);
    assert_eq!((report.best_blocks, report.side_blocks), (TIP, 2));
    let store = Store::open(directory.path()).unwrap();
    for block in blocks().0[1..].iter().chain(&blocks().1) {
        assert_eq!(store.by_hash(&block.hash).unwrap().unwrap().block, *block);
    }
}
