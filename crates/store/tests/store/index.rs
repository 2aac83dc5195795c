//! The index of hashes once it is large: runs, merged runs, and what is evicted under them.

use kusari_chain::{BlockHash, BlockStore, BlockWrite};
use kusari_store::Store;
use redb::{Database, ReadableDatabase};

use crate::forge::spec;
use crate::support::{Planner, TempDir, batch, fake_body};
use kusari_store::checksummed::{ReadTables, ReadableTable, TableDefinition};

const BY_HASH: TableDefinition<(u64, u64), ()> = TableDefinition::new("by_hash");
const HASH_RUNS: TableDefinition<u64, (u64, u64)> = TableDefinition::new("hash_runs");
const TXID_RUNS: TableDefinition<u64, (u64, u64, u64)> = TableDefinition::new("txid_runs");
const TXID_EVICTED: TableDefinition<u64, ()> = TableDefinition::new("txid_evicted");
const EVICTED: TableDefinition<u64, ()> = TableDefinition::new("evicted");

/// A number that looks random and is not.
fn scattered(number: u64) -> u64 {
    (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d)
}

#[track_caller]
fn assert_finds_exactly(store: &Store, planner: &Planner, each: usize) {
    for (order, planned) in planner.ever.iter().enumerate().step_by(each) {
        let found = store.by_hash(&planned.hash).unwrap().map(|stored| stored.order);
        let order = order as u64;
        assert_eq!(found, planner.stored.contains_key(&order).then_some(order));
    }
    assert_eq!(store.by_hash(&BlockHash::ZERO), Ok(None));
}

fn commit(store: &Store, writes: Vec<BlockWrite>) {
    store.commit(&[batch(writes)]).unwrap();
}

/// Extends the best chain by `count` blocks, and branches off it once in `side_each` of them.
fn grow(planner: &mut Planner, count: u64, side_each: u64) -> Vec<BlockWrite> {
    let mut writes = Vec::new();
    for _ in 0..count {
        let number = planner.ever.len() as u64;
        // Some suffixes are shared, by neighbours and by blocks far from one another.
        let suffix = if number % 50 == 7 { number % 9 } else { scattered(number) };
        writes.extend(planner.extend(suffix));
        if number.is_multiple_of(side_each) {
            let parent = planner.best.last().copied();
            writes.extend(planner.branch(parent, scattered(number) ^ 5));
        }
    }
    writes
}

#[test]
fn a_large_index_finds_every_block_and_none_that_was_evicted_in_few_runs() {
    let directory = TempDir::new();
    let store = Store::open(directory.path()).unwrap().trusting();
    let mut planner = Planner::default();
    // Commits of many sizes, as a node makes them that catches up and then follows.
    for (round, count) in
        [9_000, 1, 700, 5_000, 12_000, 3, 4_095, 1].into_iter().cycle().take(20).enumerate()
    {
        let mut writes = grow(&mut planner, count, 40);
        let leaves: Vec<u64> = planner.side.iter().copied().collect();
        // Young and old ones, in the commit that brought them and long after.
        for order in leaves.iter().rev().take(3).chain(leaves.iter().skip(round % 7).step_by(5)) {
            if planner.side.contains(order) {
                writes.extend(planner.evict(*order));
            }
        }
        commit(&store, writes);
    }
    assert!(planner.ever.len() > 75_000);
    assert_finds_exactly(&store, &planner, 17);
    drop(store);
    let runs = {
        let database = Database::open(directory.path().join("chain.redb")).unwrap();
        let read = database.begin_read().unwrap();
        assert!(read.table(BY_HASH).unwrap().len().unwrap() < 4_096);
        // What was noted goes when its run is merged.
        let noted = read.table(EVICTED).unwrap().len().unwrap();
        let evicted = (planner.ever.len() - planner.stored.len()) as u64;
        assert!(noted > 0 && noted < evicted, "{noted} of {evicted}");
        read.table(HASH_RUNS).unwrap().len().unwrap()
    };
    assert!((2..=12).contains(&runs), "{runs} runs");
    assert_finds_exactly(&Store::open(directory.path()).unwrap().trusting(), &planner, 97);
}

#[test]
fn blocks_that_are_evicted_while_they_are_young_leave_no_run_behind_for_ever() {
    let directory = TempDir::new();
    let store = Store::open(directory.path()).unwrap().trusting();
    let mut planner = Planner::default();
    for _ in 0..6 {
        for _ in 0..3 {
            commit(&store, grow(&mut planner, 4_096, u64::MAX));
        }
        // They use up orders, and so make the next run a wide one of few entries.
        let mut writes = Vec::new();
        for _ in 0..14_000 {
            let order = planner.ever.len() as u64;
            writes.extend(planner.branch(None, scattered(order)));
            planner.side.remove(&order);
            let hash = planner.stored.remove(&order).unwrap().hash;
            writes.push(BlockWrite::Evict { hash, order });
        }
        commit(&store, writes);
        commit(&store, grow(&mut planner, 4_096, u64::MAX));
    }
    assert_finds_exactly(&store, &planner, 31);
    drop(store);
    let database = Database::open(directory.path().join("chain.redb")).unwrap();
    let read = database.begin_read().unwrap();
    let runs = read.table(HASH_RUNS).unwrap().len().unwrap();
    assert!(runs <= 9, "{runs} runs");
}

#[test]
fn a_large_index_of_transactions_finds_those_of_stored_blocks_alone_in_few_runs() {
    let directory = TempDir::new();
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap().trusting();
    let mut planner = Planner { ledger: true, ..Planner::default() };
    for (round, count) in [3_000, 1, 300, 2_000, 5_000, 3].into_iter().cycle().take(24).enumerate()
    {
        let mut writes = grow(&mut planner, count, 20);
        let leaves: Vec<u64> = planner.side.iter().copied().collect();
        for order in leaves.iter().rev().take(3).chain(leaves.iter().skip(round % 7).step_by(5)) {
            if planner.side.contains(order) {
                writes.extend(planner.evict(*order));
            }
        }
        commit(&store, writes);
    }
    for (order, planned) in (0_u64..).zip(&planner.ever).step_by(13) {
        for entry in fake_body(order, planned.height) {
            let found = store.transaction(&entry.transaction.txid()).unwrap();
            // Blocks of one height share transactions, so an evicted one's may stand in another.
            let holder =
                found.map(|found| (found.height, planner.stored.contains_key(&found.order)));
            let is_stored = planner.stored.contains_key(&order);
            assert!(holder == Some((planned.height, true)) || holder.is_none() && !is_stored);
        }
    }
    drop(store);
    let database = Database::open(directory.path().join("chain.redb")).unwrap();
    let read = database.begin_read().unwrap();
    let noted = read.table(TXID_EVICTED).unwrap().len().unwrap();
    let evicted = (planner.ever.len() - planner.stored.len()) as u64;
    assert!(noted > 0 && noted < evicted, "{noted} of {evicted}");
    let runs = read.table(TXID_RUNS).unwrap().len().unwrap();
    assert!((2..=9).contains(&runs), "{runs} runs");
}
