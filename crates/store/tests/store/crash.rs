//! A process that is killed while it writes: what it had acknowledged is there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kusari_chain::ledger::{
    Account, BodyEntry, PublicKey, Signature, StatementHash, UnsignedStatement, WitnessStatement,
};
use kusari_chain::{Block, BlockHash, BlockStore, BlockWrite};
use kusari_node::event::Event;
use kusari_node::store::{
    Erasure, OutboxStore, OutboxWrite, PoolRecord, PoolWrite, PredecessorWrite, StatementWrite,
    StoreBatch,
};
use kusari_store::Store;
use kusari_store::event_log::EventEntry;

use crate::forge::spec;
use crate::support::{Planner, TempDir, batch, fake_body, fake_entry};

/// Directory to write in; set for the child alone.
const CHILD_DIRECTORY: &str = "KUSARI_TEST_STORE_CRASH";
/// What the store is made for: a ledger, where it is set.
const CHILD_LEDGER: &str = "KUSARI_TEST_STORE_CRASH_LEDGER";
const ACKNOWLEDGED: &str = "acknowledged ";

/// The child. Without the variable it is no test and returns at once.
#[test]
#[expect(clippy::disallowed_methods, reason = "this is how the parent tells its child what to do")]
fn child_writer() {
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else { return };
    let ledger = std::env::var_os(CHILD_LEDGER).is_some();
    let store = open(Path::new(&directory), ledger);
    // Plans everything that was stored before once more, to go on where the last child ended.
    let mut planner = Planner { ledger, ..Planner::default() };
    for number in 1.. {
        let stored = store.outbox_facts().unwrap().next_id;
        let batch = numbered_batch(&mut planner, number);
        if number >= stored {
            store.commit(&[batch]).unwrap();
            eprintln!("{ACKNOWLEDGED}{number}");
        }
    }
}

fn open(directory: &Path, ledger: bool) -> Store {
    Store::open_chain(directory, ledger.then(spec).as_ref()).unwrap().trusting()
}

/// The account that batch `number` sets, and the transaction that waits from then on; the one of the
/// batch before waits no longer.
fn account(number: u64) -> Account {
    Account { key: PublicKey([number.to_le_bytes()[0]; 32]), balance: number, sequence: 1 }
}

fn waiting(number: u64) -> PoolRecord {
    let BodyEntry { transaction, payload } = fake_entry(number);
    PoolRecord { transaction, payload, since: number }
}

/// The only statement that is kept of a witness.
fn statement(number: u64) -> WitnessStatement {
    let unsigned = UnsignedStatement {
        sequence: number,
        previous: StatementHash::ZERO,
        height: 1,
        hash: BlockHash([1; 32]),
        time: number,
    };
    unsigned.signed(PublicKey([3; 32]), Signature([number.to_le_bytes()[0]; 64]))
}

/// Batch `number`: an entry, a best block that was mined for it, and a side block that takes the
/// best one's place in every third batch and is evicted in every other.
fn numbered_batch(planner: &mut Planner, number: u64) -> StoreBatch {
    let parent = planner.best.last().copied();
    let mut blocks = planner.extend(number);
    let mined = planner.ever.last().unwrap().hash;
    blocks.extend(planner.branch(parent, number));
    let side = planner.ever.len() as u64 - 1;
    if number.is_multiple_of(3) {
        blocks.extend(planner.switch_to(side));
    } else {
        blocks.extend(planner.evict(side));
    }
    let outbox = vec![
        OutboxWrite::Insert { id: number, text: format!("line {number}"), draft: None },
        OutboxWrite::Mined { id: number, hash: mined },
    ];
    if !planner.ledger {
        return StoreBatch { blocks, outbox, ..StoreBatch::default() };
    }
    blocks.push(BlockWrite::SetAccount(account(number)));
    let (record, before) = (waiting(number), waiting(number - 1).transaction.txid());
    let pool = vec![
        PoolWrite::Insert { txid: record.transaction.txid(), record },
        PoolWrite::Remove { txid: before },
    ];
    let erasure = Erasure { block: mined, place: 0 };
    let erased = if number.is_multiple_of(4) { vec![erasure] } else { Vec::new() };
    let statements = vec![
        StatementWrite::Insert(statement(number)),
        StatementWrite::Remove { key: statement(0).key, sequence: number - 1 },
    ];
    let predecessors = vec![
        PredecessorWrite::Insert(fake_entry(number)),
        PredecessorWrite::Remove {
            sender: fake_entry(number - 1).transaction.sender,
            sequence: number - 1,
        },
    ];
    StoreBatch { blocks, outbox, pool, predecessors, erased, statements, met_peer: false }
}

/// What a ledger's store has beside blocks after batch `number`.
fn check_ledger(store: &Store, planner: &Planner, number: u64) {
    let accounts = store.accounts_after(None, usize::MAX).unwrap();
    let mut expected: Vec<Account> =
        (number.saturating_sub(255).max(1)..=number).map(account).collect();
    expected.sort_by_key(|account| account.key);
    assert_eq!(accounts, expected);
    let mut pool = Vec::new();
    store.visit_pool(&mut |record| pool.push(record)).unwrap();
    assert!(pool.into_iter().eq((number > 0).then(|| waiting(number))));
    let mut kept = Vec::new();
    store.visit_predecessors(&mut |entry| kept.push(entry)).unwrap();
    assert!(kept.into_iter().eq((number > 0).then(|| fake_entry(number))));
    let witnesses = store.witnesses().unwrap();
    assert!(witnesses.iter().map(|known| known.count).eq((number > 0).then_some(1)));
    let newest = witnesses.first().and_then(|known| known.newest);
    assert_eq!(newest, (number > 0).then(|| statement(number)));
    for (height, order) in (1..).zip(&planner.best) {
        let stored = store.best_at(height).unwrap().unwrap();
        for (place, entry) in (0_u32..).zip(fake_body(*order, height)) {
            let found = store.transaction(&entry.transaction.txid()).unwrap().unwrap();
            assert_eq!((found.order, found.place), (*order, place));
            // A batch mines a block of twice the order as its number, and another one that holds the
            // same transactions; every fourth erases the first of them, wherever it stands.
            let payload = &stored.part().unwrap().body[place as usize].payload;
            let erased = place == 0 && order % 8 >= 6;
            assert_eq!(payload.is_none(), erased, "block {order}, place {place}");
        }
    }
}

/// Runs a child and kills it once it has acknowledged `lines` commits; returns the last number
/// that it acknowledged, before the kill or during it.
fn run_and_kill_after(lines: u64, directory: &Path, ledger: bool) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap());
    if ledger {
        child.env(CHILD_LEDGER, "1");
    }
    let mut child = child
        .args(["--exact", "crash::child_writer", "--nocapture"])
        .env(CHILD_DIRECTORY, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut last = 0;
    let mut seen = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        // The last line may be cut off; then it did not get out, and counts for nothing.
        let Some(number) = line.strip_prefix(ACKNOWLEDGED) else {
            panic!("the child says: {line}")
        };
        last = number.parse().unwrap();
        seen += 1;
        if seen == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    last
}

/// Everything up to some number is there and fits together; returns that number.
fn stored_number(store: &Store) -> u64 {
    let number = store.outbox_facts().unwrap().next_id - 1;
    let ledger = store.spec().is_some();
    let mut planner = Planner { ledger, ..Planner::default() };
    let mut entries = Vec::new();
    let all = 0..u64::MAX;
    store.visit_waiting_entries(all, usize::MAX, &mut |entry| entries.push(entry)).unwrap();
    assert_eq!(entries.len() as u64, number);
    for (number, entry) in (1..).zip(&entries) {
        numbered_batch(&mut planner, number);
        assert_eq!((entry.id, entry.text.as_str()), (number, &*format!("line {number}")));
        assert_eq!(store.entry_of_block(&entry.blocks[0]).unwrap().as_ref(), Some(entry));
    }
    let mut parent = Block::genesis().hash;
    for (height, order) in (1..).zip(&planner.best) {
        let stored = store.best_at(height).unwrap().unwrap();
        assert_eq!((stored.order, stored.block.prev_hash), (*order, parent));
        assert_eq!(store.by_hash(&stored.block.hash).unwrap().as_ref(), Some(&stored));
        parent = stored.block.hash;
    }
    assert_eq!(store.best_tip().unwrap().unwrap().block.hash, parent);
    assert_eq!(store.next_order(), Ok(planner.ever.len() as u64));
    let mut side = Vec::new();
    store.visit_side_blocks(&mut |stored| side.push(stored.order)).unwrap();
    assert!(side.iter().eq(&planner.side));
    if ledger {
        check_ledger(store, &planner, number);
    }
    number
}

#[test]
fn killed_writer_loses_nothing_that_it_acknowledged() {
    for ledger in [false, true] {
        kill_again_and_again(ledger);
    }
}

fn kill_again_and_again(ledger: bool) {
    let directory = TempDir::new();
    for lines in [1, 2, 3, 5, 8, 13, 34, 55, 89, 144] {
        let acknowledged = run_and_kill_after(lines, directory.path(), ledger);
        let stored = stored_number(&open(directory.path(), ledger));
        // One commit may have ended without its line getting out.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&stored),
            "{acknowledged} were acknowledged and {stored} are stored"
        );
    }
}

/// How often the database reports that it repairs a copy of the file, as a crash would leave it.
fn repairs(file: &Path) -> u32 {
    let copy = TempDir::new();
    std::fs::create_dir_all(copy.path()).unwrap();
    let left = copy.path().join("chain.redb");
    std::fs::copy(file, &left).unwrap();
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let mut builder = redb::Builder::new();
    builder.set_repair_callback(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    drop(builder.open(&left).unwrap());
    count.load(Ordering::Relaxed)
}

#[test]
fn a_crash_needs_a_repair_behind_small_commits_alone_and_none_once_the_store_is_sealed() {
    let directory = TempDir::new();
    let file = directory.path().join("chain.redb");
    let store = Store::open(directory.path()).unwrap().trusting();
    let mut planner = Planner::default();
    let writes = (0..100).flat_map(|suffix| planner.extend(suffix)).collect();
    store.commit(&[batch(writes)]).unwrap();
    assert!(!store.is_unsealed());
    assert_eq!(repairs(&file), 0);
    let event = Event::PeerBanned { address: "127.0.0.1:9".parse().unwrap(), seconds: 600 };
    let entry = EventEntry { time: 7, checked_us: None, handled_us: None, event };
    store.commit_with_events(&[], &[entry]).unwrap();
    assert!(store.is_unsealed());
    assert!(repairs(&file) > 0);
    store.seal().unwrap();
    assert!(!store.is_unsealed());
    assert_eq!(repairs(&file), 0);
}
