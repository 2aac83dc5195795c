//! The copy of a store: as of one moment, whole, and a store itself.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use kusari_chain::BlockStore;
use kusari_node::store::{OutboxStore, OutboxWrite, StoreBatch};
use kusari_store::{BackupError, OpenError, Store, audit_file, copy_directory};

use crate::audit::sound::{TIP, sound_store};
use crate::support::{Planner, TempDir, batch};

/// A store over a copy of the file.
fn restored(copy: &Path) -> (TempDir, Store) {
    let directory = TempDir::new();
    std::fs::create_dir_all(directory.path()).unwrap();
    std::fs::copy(copy, directory.path().join("chain.redb")).unwrap();
    let store = Store::open(directory.path()).unwrap().trusting();
    (directory, store)
}

#[test]
fn copy_is_a_sound_store_with_everything_in_it_and_goes_on_where_it_was_made() {
    let directory = TempDir::new();
    sound_store(&directory);
    let copies = TempDir::new();
    std::fs::create_dir_all(copies.path()).unwrap();
    let (closed, open) = (copies.path().join("closed"), copies.path().join("open"));
    let before = std::fs::read(directory.path().join("chain.redb")).unwrap();
    copy_directory(directory.path(), &closed).unwrap();
    assert_eq!(std::fs::read(directory.path().join("chain.redb")).unwrap(), before);
    let store = Store::open(directory.path()).unwrap().trusting();
    store.copy_to(&open).unwrap();
    for copy in [closed, open] {
        let report = audit_file(&copy).unwrap();
        assert_eq!(report.finding, None);
        assert_eq!((report.best_blocks, report.side_blocks, report.outbox_entries), (TIP, 2, 4));
        let (_directory, copied) = restored(&copy);
        for height in 1..=TIP {
            assert_eq!(copied.best_at(height), store.best_at(height));
        }
        assert_eq!(copied.next_order(), store.next_order());
        assert_eq!(copied.outbox_facts().unwrap().next_id, 5);
        let text = String::from("after the restore");
        let outbox = vec![OutboxWrite::Insert { id: 5, text, draft: None }];
        copied.commit(&[StoreBatch { outbox, ..StoreBatch::default() }]).unwrap();
    }
}

#[test]
fn copy_made_during_commits_holds_whole_commits() {
    let directory = TempDir::new();
    let copies = TempDir::new();
    std::fs::create_dir_all(copies.path()).unwrap();
    let store = Store::open(directory.path()).unwrap().trusting();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut planner = Planner::default();
            let mut number = 0;
            // Each commit has one block and one record, so a copy has as many of each.
            while !done.load(Ordering::Relaxed) {
                number += 1;
                let mut one = batch(planner.extend(number));
                let text = format!("record {number}");
                one.outbox = vec![OutboxWrite::Insert { id: number, text, draft: None }];
                store.commit(&[one]).unwrap();
            }
        });
        for number in 0..20 {
            let before = store.next_order().unwrap();
            let copy = copies.path().join(number.to_string());
            store.copy_to(&copy).unwrap();
            let after = store.next_order().unwrap();
            let (_directory, copied) = restored(&copy);
            let blocks = copied.next_order().unwrap();
            assert!((before..=after).contains(&blocks), "{blocks} of {before} to {after}");
            assert_eq!(copied.outbox_facts().unwrap().next_id, blocks + 1);
            let tip = copied.best_tip().unwrap().map_or(0, |tip| u64::from(tip.block.index));
            assert_eq!(tip, blocks);
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn copy_larger_than_one_commit_is_whole() {
    let directory = TempDir::new();
    let store = Store::open(directory.path()).unwrap().trusting();
    let mut planner = Planner::default();
    let writes = (0..30_000).flat_map(|suffix| planner.extend(suffix)).collect();
    // 24 MiB of text beside the blocks.
    let text = "x".repeat(3_000);
    let insert = |id| OutboxWrite::Insert { id, text: text.clone(), draft: None };
    let outbox = (1..=8_000).map(insert).collect();
    store.commit(&[StoreBatch { blocks: writes, outbox, ..StoreBatch::default() }]).unwrap();
    let copy = directory.path().join("copy");
    store.copy_to(&copy).unwrap();
    let (_directory, copied) = restored(&copy);
    assert_eq!(copied.best_tip(), store.best_tip());
    assert_eq!(copied.next_order(), Ok(30_000));
    let mut entries = 0;
    copied
        .visit_waiting_entries(0..u64::MAX, usize::MAX, &mut |entry| {
            assert_eq!(entry.text.len(), 3_000);
            entries += 1;
        })
        .unwrap();
    assert_eq!(entries, 8_000);
}

#[test]
fn existing_file_and_missing_store_are_refused() {
    let directory = TempDir::new();
    sound_store(&directory);
    let copy = directory.path().join("copy");
    std::fs::write(&copy, "mine").unwrap();
    let refused = copy_directory(directory.path(), &copy).unwrap_err();
    assert!(matches!(refused, BackupError::Target { .. }), "{refused}");
    assert_eq!(std::fs::read(&copy).unwrap(), b"mine");

    let nothing = TempDir::new();
    let refused = copy_directory(nothing.path(), &copy).unwrap_err();
    assert!(matches!(refused, BackupError::Open(OpenError::NoChain { .. })), "{refused}");
    assert!(!nothing.path().exists());
}

#[cfg(unix)]
#[test]
fn copy_is_for_nobody_else_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new();
    sound_store(&directory);
    let copy = directory.path().join("copy");
    copy_directory(directory.path(), &copy).unwrap();
    assert_eq!(std::fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
}
