//! A process that is killed while it writes: what it had acknowledged is there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use kusari::store::Store;
use kusari_chain::{Block, BlockStore};
use kusari_node::store::{OutboxStore, OutboxWrite, StoreBatch};

use crate::support::{Planner, TempDir};

/// Directory to write in; set for the child alone.
const CHILD_DIRECTORY: &str = "KUSARI_TEST_STORE_CRASH";
const ACKNOWLEDGED: &str = "acknowledged ";

/// The child. Without the variable it is no test and returns at once.
#[test]
#[expect(clippy::disallowed_methods, reason = "this is how the parent tells its child what to do")]
fn child_writer() {
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else { return };
    let store = Store::open(Path::new(&directory)).unwrap();
    // Plans everything that was stored before once more, to go on where the last child ended.
    let mut planner = Planner::default();
    for number in 1.. {
        let stored = store.next_entry_id().unwrap();
        let batch = numbered_batch(&mut planner, number);
        if number >= stored {
            store.commit(&[batch]).unwrap();
            eprintln!("{ACKNOWLEDGED}{number}");
        }
    }
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
        OutboxWrite::Insert { id: number, text: format!("line {number}") },
        OutboxWrite::Mined { id: number, hash: mined },
    ];
    StoreBatch { blocks, outbox, ..StoreBatch::default() }
}

/// Runs a child and kills it once it has acknowledged `lines` commits; returns the last number
/// that it acknowledged, before the kill or during it.
fn run_and_kill_after(lines: u64, directory: &Path) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
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
    let number = store.next_entry_id().unwrap() - 1;
    let mut planner = Planner::default();
    let mut entries = Vec::new();
    store.visit_open_entries(&mut |entry| entries.push(entry)).unwrap();
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
    assert!(side.into_iter().eq(planner.side));
    number
}

#[test]
fn killed_writer_loses_nothing_that_it_acknowledged() {
    let directory = TempDir::new();
    for lines in [1, 2, 3, 5, 8, 13, 34, 55, 89, 144] {
        let acknowledged = run_and_kill_after(lines, directory.path());
        let stored = stored_number(&Store::open(directory.path()).unwrap());
        // One commit may have ended without its line getting out.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&stored),
            "{acknowledged} were acknowledged and {stored} are stored"
        );
    }
}
