//! What the store on disk costs: a commit, a look-up, and a range of the chain for a peer.
//!
//! Times of commits are mostly the disk's, and it is the one that holds the target directory.
#![allow(clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

#[path = "../tests/store/support.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest of it")]
mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use divan::{Bencher, black_box, counter::BytesCount, counter::ItemsCount};
use kusari_chain::ledger::ChainSpec;
use kusari_chain::{BlockHash, BlockWrite, StoredBlock};
use kusari_node::store::StoreBatch;
use kusari_node::wire::encode_block;
use kusari_node::{Node, NodeConfig};
use kusari_store::{BlockRange, ChainPosition, Store};
use support::{Planner, TempDir, batch};

/// Blocks that a store has before something is measured: the tables are then some levels deep.
const BEFORE: usize = 8_000;
/// Blocks of one batch: what a node commits where a peer streams to it.
const IN_A_BATCH: usize = 150;
/// Blocks that a peer is sent at once.
const RANGE: usize = 256;

fn main() {
    divan::main();
}

/// The next blocks of the plan, in batches as a node makes them.
fn next_batches(planner: &mut Planner, blocks: usize) -> Vec<StoreBatch> {
    let writes: Vec<_> = (0..blocks)
        .flat_map(|_| {
            let number = planner.ever.len() as u64;
            // The ends of real hashes are in no order. Source of the factor: Knuth's MMIX generator.
            planner.extend(number.wrapping_mul(6_364_136_223_846_793_005))
        })
        .collect();
    writes.chunks(IN_A_BATCH).map(|writes| batch(writes.to_vec())).collect()
}

/// A directory with a store of [`BEFORE`] blocks, which is closed, and their plan.
fn filled() -> (TempDir, Planner) {
    let directory = TempDir::new();
    let mut planner = Planner::default();
    let store = Store::open(directory.path()).unwrap().trusting();
    store.commit(&next_batches(&mut planner, BEFORE)).unwrap();
    (directory, planner)
}

/// Another directory with the same store.
fn copy(of: &Path) -> TempDir {
    let directory = TempDir::new();
    fs::create_dir_all(directory.path()).unwrap();
    for file in fs::read_dir(of).unwrap() {
        let file = file.unwrap();
        let to = directory.path().join(file.file_name());
        fs::copy(file.path(), &to).unwrap();
        // Else the first commit would also wait for the copy to reach the disk.
        fs::File::open(&to).unwrap().sync_all().unwrap();
    }
    directory
}

/// Every sample begins with the same store, as the time would rise with what the last one added.
#[divan::bench(args = [1, 1_000, 8_000], sample_count = 20, sample_size = 1)]
fn commit_blocks(bencher: Bencher, blocks: usize) {
    let (directory, mut planner) = filled();
    let batches = next_batches(&mut planner, blocks);
    bencher
        .counter(ItemsCount::new(blocks))
        .with_inputs(|| {
            let copy = copy(directory.path());
            (Store::open(copy.path()).unwrap().trusting(), copy)
        })
        .bench_local_values(|(store, copy)| {
            store.commit(black_box(&batches)).unwrap();
            // Closing and removing it are no part of a commit.
            (store, copy)
        });
}

/// A store of so many blocks, opened after its process was killed behind a small commit.
#[divan::bench(args = [10_000, 100_000, 1_000_000], consts = [true, false], sample_count = 5, sample_size = 1)]
fn open_after_a_crash<const SEALED: bool>(bencher: Bencher, blocks: usize) {
    let directory = TempDir::new();
    let mut planner = Planner::default();
    let store = Store::open(directory.path()).unwrap().trusting();
    for _ in 0..blocks / 10_000 {
        store.commit(&next_batches(&mut planner, 10_000)).unwrap();
    }
    let mut crash = |store: Store| {
        store.commit(&next_batches(&mut planner, 1)).unwrap();
        if SEALED {
            store.seal().unwrap();
        }
        store.abandon();
    };
    crash(store);
    bencher
        .with_inputs(|| crash(Store::open(directory.path()).unwrap().trusting()))
        .bench_local_values(|()| Store::open(directory.path()).unwrap());
}

/// A node that starts over a store in which so many lines wait.
#[divan::bench(args = [1_000, 200_000, 1_000_000], sample_count = 10, sample_size = 1)]
fn start_with_lines(bencher: Bencher, lines: u64) {
    let directory = TempDir::new();
    Store::open(directory.path()).unwrap().commit(&[support::lines(1..=lines)]).unwrap();
    bencher.bench_local(|| {
        let store = Store::open(directory.path()).unwrap();
        let stores = (Box::new(store.clone()), Box::new(store));
        Node::new(NodeConfig::default(), stores.0, stores.1).unwrap()
    });
}

/// Transactions of one block.
const IN_A_BLOCK: u64 = 1_000;
/// Blocks of a ledger that are there before: their transactions make its index some runs large.
const LEDGER_BEFORE: usize = 250;

/// Blocks of a ledger with a thousand records each.
fn ledger_blocks(planner: &mut Planner, blocks: usize) -> StoreBatch {
    let mut writes = Vec::new();
    for _ in 0..blocks {
        let number = planner.ever.len() as u64;
        for write in planner.extend(number.wrapping_mul(6_364_136_223_846_793_005)) {
            let BlockWrite::InsertBest(mut stored) = write else { continue };
            let body =
                (0..IN_A_BLOCK).map(|place| support::fake_entry(number * IN_A_BLOCK + place));
            if let Some(ledger) = &mut Arc::make_mut(&mut stored).ledger {
                ledger.part.body = body.collect();
            }
            writes.push(BlockWrite::InsertBest(stored));
        }
    }
    batch(writes)
}

/// A ledger that catches up, and one that follows: 60 blocks of a thousand records in a commit, and one.
#[divan::bench(args = [1, 60], sample_count = 20, sample_size = 1)]
fn commit_transactions(bencher: Bencher, blocks: usize) {
    let (directory, spec) = (TempDir::new(), ChainSpec::ledger());
    let mut planner = Planner { ledger: true, ..Planner::default() };
    let store = Store::open_chain(directory.path(), Some(&spec)).unwrap().trusting();
    for _ in 0..LEDGER_BEFORE / 10 {
        store.commit(&[ledger_blocks(&mut planner, 10)]).unwrap();
    }
    drop(store);
    let batch = ledger_blocks(&mut planner, blocks);
    bencher
        .counter(ItemsCount::new(blocks * IN_A_BLOCK as usize))
        .with_inputs(|| {
            let copy = copy(directory.path());
            (Store::open_chain(copy.path(), Some(&spec)).unwrap().trusting(), copy)
        })
        .bench_local_values(|(store, copy)| {
            store.commit(black_box(std::slice::from_ref(&batch))).unwrap();
            (store, copy)
        });
}

/// A list of headers, of blocks with a thousand records each: what it must not read are the bodies.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn headers_of_200_ledger_blocks(bencher: Bencher) {
    let (directory, spec) = (TempDir::new(), ChainSpec::ledger());
    let mut planner = Planner { ledger: true, ..Planner::default() };
    let store = Store::open_chain(directory.path(), Some(&spec)).unwrap().trusting();
    for _ in 0..LEDGER_BEFORE / 10 {
        store.commit(&[ledger_blocks(&mut planner, 10)]).unwrap();
    }
    bencher.bench_local(|| {
        let (headers, _) = store.headers(black_box(20), 200).unwrap();
        assert_eq!(headers.len(), 200);
        headers
    });
}

/// The same in memory: what the processor has to do for a commit, which no disk blurs.
#[divan::bench(args = [1, 1_000, 8_000], sample_count = 40, sample_size = 1)]
fn commit_blocks_in_memory(bencher: Bencher, blocks: usize) {
    let mut planner = Planner::default();
    let before = next_batches(&mut planner, BEFORE);
    let batches = next_batches(&mut planner, blocks);
    bencher
        .counter(ItemsCount::new(blocks))
        .with_inputs(|| {
            let store = Store::ephemeral().unwrap().trusting();
            store.commit(&before).unwrap();
            store
        })
        .bench_local_values(|store| {
            store.commit(black_box(&batches)).unwrap();
            store
        });
}

/// Heights and hashes of all blocks, in an order that leaves no page warm for the next look-up.
fn places(planner: &Planner) -> Vec<(u32, BlockHash)> {
    let mut places: Vec<_> =
        planner.ever.iter().map(|planned| (planned.height, planned.hash)).collect();
    places.sort_unstable_by_key(|(_, hash)| hash.suffix());
    places
}

#[divan::bench(sample_size = 16)]
fn look_up_by_height(bencher: Bencher) {
    let (directory, planner) = filled();
    let store = Store::open(directory.path()).unwrap().trusting();
    let places = places(&planner);
    let mut next = places.iter().cycle();
    bencher.bench_local(|| {
        let (height, _) = next.next().unwrap();
        store.placed_at(*height).unwrap().unwrap()
    });
}

#[divan::bench(sample_size = 16)]
fn look_up_by_hash(bencher: Bencher) {
    let (directory, planner) = filled();
    let store = Store::open(directory.path()).unwrap().trusting();
    let places = places(&planner);
    let mut next = places.iter().cycle();
    bencher.bench_local(|| {
        let (_, hash) = next.next().unwrap();
        store.placed(hash).unwrap().unwrap()
    });
}

/// A store of [`BEFORE`] blocks whose hashes are those of their content, and the one in its middle.
fn proven() -> (TempDir, Store, ChainPosition) {
    let (directory, mut planner) = (TempDir::new(), Planner::default());
    let store = Store::open(directory.path()).unwrap();
    let (mut parent, mut middle) = (ChainPosition::genesis(), ChainPosition::genesis());
    let mut writes = Vec::new();
    for number in 0..BEFORE {
        for write in planner.extend(number as u64) {
            let BlockWrite::InsertBest(mut stored) = write else { continue };
            let block = &mut Arc::make_mut(&mut stored).block;
            block.prev_hash = parent.hash;
            block.hash = block.compute_hash();
            parent = (&*block).into();
            writes.push(BlockWrite::InsertBest(stored));
        }
        if number == BEFORE / 2 {
            middle = parent;
        }
    }
    store.commit(&[batch(writes)]).unwrap();
    (directory, store, middle)
}

/// From the file to lines, as a peer that catches up is served: with the hash of each block computed
/// again, and without.
#[divan::bench(args = [true, false])]
fn visit_256_blocks_to_lines(bencher: Bencher, proves: bool) {
    let (_directory, store, after) = proven();
    let store = if proves { store } else { store.trusting() };
    let range = BlockRange { after, through: None, max_blocks: RANGE };
    let mut lines = Vec::new();
    let mut serve = || {
        lines.clear();
        let show = |stored: StoredBlock| {
            encode_block(&stored.block, &mut lines);
            true
        };
        store.visit_best_chain(black_box(range), show).unwrap();
        lines.len()
    };
    let bytes = serve();
    bencher.counter(ItemsCount::new(RANGE)).counter(BytesCount::new(bytes)).bench_local(serve);
}
