//! Journals of a node on a bench: written, read again, cut, changed and made up.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod bench;
mod damage;
mod files;

use std::io::{BufRead, Cursor};
use std::path::Path;

use super::{Ending, ReplayError, Replayed, replay};
use bench::Bench;
use kusari_chain::hex;

fn replay_bytes(bytes: &[u8]) -> Result<Replayed, ReplayError> {
    replay(&mut || Ok(Box::new(Cursor::new(bytes.to_vec())) as Box<dyn BufRead>))
}

fn replay_file(path: &Path) -> Result<Replayed, ReplayError> {
    replay_bytes(&std::fs::read(path).unwrap())
}

/// A journal of much that may happen to a node, with a clean end.
fn eventful() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal");
    let mut bench = Bench::new(&file, u64::MAX);
    bench.live();
    bench.stop();
    std::fs::read(&file).unwrap()
}

#[test]
fn a_journal_replays_to_the_same_tip_and_state() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal");
    let mut bench = Bench::new(&file, u64::MAX);
    bench.live();
    let (inputs, tip, state) = (bench.inputs, bench.node.snapshot().tip, bench.node.state_hash());
    assert!(inputs > 50 && tip.height > 7, "{inputs} inputs, {tip:?}");
    bench.stop();
    let replayed = replay_file(&file).unwrap();
    assert_eq!((replayed.first_input, replayed.inputs), (1, inputs));
    assert_eq!((replayed.tip, hex::encode(&replayed.state)), (tip, hex::encode(&state)));
    assert_eq!((replayed.ending, replayed.torn), (Ending::Stopped, false));
    let text = std::fs::read_to_string(&file).unwrap();
    for read in ["best_at", "by_hash", "entry_of_block"] {
        assert!(text.contains(&format!("{{\"read\":{{\"{read}\"")), "no {read} was recorded");
    }
}

#[test]
fn a_journal_of_a_later_life_replays_without_the_store_it_began_with() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal");
    let mut bench = Bench::new(&file, u64::MAX);
    bench.live();
    let mut bench = bench.crash_and_restart();
    bench.live();
    let (tip, state) = (bench.node.snapshot().tip, bench.node.state_hash());
    bench.stop();
    let replayed = replay_file(&file).unwrap();
    assert_eq!((replayed.tip, replayed.state), (tip, state));
    // The one of the first life has no end, since that life had none.
    let first = replay_file(&directory.path().join("journal.1")).unwrap();
    assert_eq!(first.ending, Ending::Open);
    assert!(first.tip.height < tip.height);
}

#[test]
fn a_full_file_becomes_the_one_before_and_each_replays_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal");
    let mut bench = Bench::new(&file, 1);
    while bench.inputs < 400 {
        bench.live();
    }
    let (inputs, tip) = (bench.inputs, bench.node.snapshot().tip);
    let state = bench.node.state_hash();
    bench.stop();
    let before = replay_file(&directory.path().join("journal.1")).unwrap();
    let last = replay_file(&file).unwrap();
    assert!(before.first_input > 1, "it turned only once");
    assert_eq!(before.ending, Ending::Continued);
    assert_eq!(before.first_input + before.inputs, last.first_input);
    assert_eq!(last.first_input + last.inputs, inputs + 1);
    assert_eq!((last.tip, last.state), (tip, state));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn the_whole_state_is_compared_again_and_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal");
    let mut bench = Bench::new(&file, u64::MAX);
    while bench.inputs < 3_000 {
        bench.ping();
    }
    bench.stop();
    let text = std::fs::read_to_string(&file).unwrap();
    let states = text.lines().filter(|line| line.starts_with("{\"state\"")).count();
    assert!((4..=6).contains(&states), "{states} states");
    assert!(replay_file(&file).is_ok());
}
