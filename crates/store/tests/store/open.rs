//! Opening, and what is said where it fails.

use std::path::Path;

use kusari_chain::BlockStore;
use kusari_store::{OpenError, Store};
use redb::Database;

use crate::support::{Planner, TempDir, batch};
use kusari_store::checksummed::{TableDefinition, WriteTables};

fn message(directory: &Path) -> String {
    let message = Store::open(directory).unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
    assert!(message.contains(&directory.display().to_string()), "{message}");
    message
}

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

fn set_meta(directory: &Path, key: &str, value: &[u8]) {
    let database = Database::open(directory.join("chain.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.table(META).unwrap().insert(key, value).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn directory_in_use_is_refused_with_the_process_that_has_it() {
    let directory = TempDir::new();
    let store = Store::open(directory.path()).unwrap().trusting();
    let said = message(directory.path());
    assert!(said.contains(&format!("in use by process {}:", std::process::id())), "{said}");

    let clone = store.clone();
    drop(store);
    message(directory.path());
    drop(clone);
    Store::open(directory.path()).unwrap().trusting();
}

#[test]
fn another_schema_version_is_named_with_the_supported_one() {
    let directory = TempDir::new();
    Store::open(directory.path()).unwrap().trusting();
    set_meta(directory.path(), "schema_version", &4_u64.to_le_bytes());
    let said = message(directory.path());
    assert!(said.contains("has schema version 4 and this program supports version 3"), "{said}");
}

#[test]
fn a_store_of_a_version_without_checksums_is_refused_with_the_command_that_takes_it_over() {
    const PLAIN: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("meta");
    for version in [1_u64, 2] {
        let directory = TempDir::new();
        Store::open(directory.path()).unwrap().trusting();
        {
            let database = Database::open(directory.path().join("chain.redb")).unwrap();
            let transaction = database.begin_write().unwrap();
            let mut facts = transaction.open_table(PLAIN).unwrap();
            facts.insert("schema_version", version.to_le_bytes().as_slice()).unwrap();
            drop(facts);
            transaction.commit().unwrap();
        }
        let command = format!("`kusari salvage {} -o NEW`", directory.path().display());
        let said = message(directory.path());
        assert!(said.contains(&format!("has schema version {version} and")), "{said}");
        assert!(said.contains(&command), "{said}");
        let said = kusari_store::audit_directory(directory.path(), |_| ()).unwrap_err().to_string();
        assert!(said.contains(&command), "{said}");
    }
}

#[test]
fn another_kind_of_chain_is_refused() {
    let directory = TempDir::new();
    Store::open(directory.path()).unwrap().trusting();
    set_meta(directory.path(), "chain_kind", b"ledger");
    let said = message(directory.path());
    assert!(said.contains("holds a chain of kind `ledger` and not the classic chain:"), "{said}");
}

#[test]
fn file_of_another_program_is_refused() {
    let directory = TempDir::new();
    std::fs::create_dir_all(directory.path()).unwrap();
    let file = directory.path().join("chain.redb");
    for content in [Vec::new(), b"hello".to_vec(), vec![0; 10_000], b"redb".repeat(5_000)] {
        std::fs::write(&file, content).unwrap();
        let said = message(directory.path());
        assert!(said.contains("is not a database of this program"), "{said}");
    }

    std::fs::remove_file(&file).unwrap();
    drop(Database::create(&file).unwrap());
    let said = message(directory.path());
    assert!(said.contains("is not a database of this program"), "{said}");
}

#[test]
fn truncated_file_is_refused() {
    let directory = TempDir::new();
    let mut planner = Planner::default();
    let writes = (0..2_000).flat_map(|suffix| planner.extend(suffix)).collect();
    Store::open(directory.path()).unwrap().trusting().commit(&[batch(writes)]).unwrap();
    let file = directory.path().join("chain.redb");
    let whole = std::fs::read(&file).unwrap();
    for length in [1, 9, 100, 320, 4_096, 5_000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let said = message(directory.path());
        // Less than the mark at its start could be anybody's.
        let expected = if length < 9 { "is not a database of this program" } else { "is damaged" };
        assert!(said.contains(expected), "{length} bytes: {said}");
    }
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(Store::open(directory.path()).unwrap().trusting().next_order(), Ok(2_000));
}

#[test]
fn directory_that_cannot_be_used_is_refused() {
    let directory = TempDir::new();
    std::fs::create_dir_all(directory.path()).unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(Store::open(&file).unwrap_err(), OpenError::Directory { .. }));
    let said = message(&file.join("below"));
    assert!(said.contains("cannot be used"), "{said}");
}

#[test]
fn creation_that_was_broken_off_is_done_anew() {
    let directory = TempDir::new();
    std::fs::create_dir_all(directory.path()).unwrap();
    std::fs::write(directory.path().join("chain.redb.new"), [0; 5_000]).unwrap();
    assert_eq!(Store::open(directory.path()).unwrap().trusting().next_order(), Ok(0));
    assert!(!directory.path().join("chain.redb.new").exists());
}

#[cfg(unix)]
#[test]
fn new_directory_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new();
    let below = directory.path().join("below");
    Store::open(&below).unwrap().trusting();
    assert_eq!(std::fs::metadata(below).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn unreadable_record_is_an_error_that_names_it() {
    const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
    let directory = TempDir::new();
    let mut planner = Planner::default();
    let writes = (0..3).flat_map(|suffix| planner.extend(suffix)).collect();
    Store::open(directory.path()).unwrap().trusting().commit(&[batch(writes)]).unwrap();
    {
        let database = Database::open(directory.path().join("chain.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.table(BLOCKS).unwrap().insert(1, &[1, 2, 3][..]).unwrap();
        transaction.table(BLOCKS).unwrap().remove(2).unwrap();
        transaction.commit().unwrap();
    }
    let store = Store::open(directory.path()).unwrap().trusting();
    assert!(store.best_at(1).unwrap().is_some());
    // The node goes on without them; people are told.
    assert_eq!(store.best_at(2), Ok(None));
    let said = store.placed_at(2).unwrap_err().to_string();
    assert!(said.contains("block 2 is not as it was stored"), "{said}");
    assert!(said.contains("its row in `blocks` cannot be read"), "{said}");
    let said = store.placed_at(3).unwrap_err().to_string();
    assert!(said.contains("block 3 is not as it was stored (its row is missing)"), "{said}");
    assert_eq!(store.best_tip().unwrap().unwrap().block.index, 1);
    assert!(store.placed(&planner.ever[1].hash).is_err());
    assert_eq!(store.altered_blocks().len(), 2);
}

#[test]
fn pages_damaged_on_the_disk_end_in_an_error_and_not_in_a_panic() {
    const PAGE: usize = 4_096;
    let directory = TempDir::new();
    let mut planner = Planner::default();
    let writes = (0..2_000).flat_map(|suffix| planner.extend(suffix)).collect();
    Store::open(directory.path()).unwrap().trusting().commit(&[batch(writes)]).unwrap();
    let file = directory.path().join("chain.redb");
    let whole = std::fs::read(&file).unwrap();
    let mut failed = 0;
    // One page of records at a time loses its table of contents, which redb reads unchecked.
    for page in (0..whole.len()).step_by(PAGE).skip(1) {
        if !whole[page..][..PAGE].windows(6).any(|window| window == b"block ") {
            continue;
        }
        let mut damaged = whole.clone();
        damaged[page + 4..page + 64].fill(0xff);
        std::fs::write(&file, damaged).unwrap();
        let Ok(store) = Store::open(directory.path()) else {
            failed += 1;
            continue;
        };
        failed += u32::from((1..=2_000).any(|height| store.placed_at(height).is_err()));
    }
    assert!(failed > 10, "{failed} damaged pages were noticed");
}

#[test]
fn a_copy_that_a_crash_left_behind_goes_when_the_directory_is_opened() {
    let directory = TempDir::new();
    let left = directory.path().join("backup.redb.new");
    std::fs::create_dir_all(directory.path()).unwrap();
    std::fs::write(&left, "half").unwrap();
    Store::open(directory.path()).unwrap().trusting();
    assert!(!left.exists());
}

/// Another user may have made the directory, and put a link to a file of ours there.
#[cfg(unix)]
#[test]
fn a_lock_that_is_a_link_is_refused_and_what_it_leads_to_stays_as_it_is() {
    let directory = TempDir::new();
    std::fs::create_dir_all(directory.path()).unwrap();
    let ours = directory.path().join("ours");
    std::fs::write(&ours, "precious").unwrap();
    let lock = directory.path().join("lock");
    std::os::unix::fs::symlink(&ours, &lock).unwrap();
    let said = message(directory.path());
    assert!(said.contains("`lock` in it is a link to another file"), "{said}");
    assert_eq!(std::fs::read_to_string(&ours).unwrap(), "precious");
    assert_eq!(kusari_store::holder_of_directory(directory.path()), None);
    // One that leads nowhere makes no file there.
    std::fs::remove_file(&ours).unwrap();
    message(directory.path());
    assert!(!ours.exists());
    std::fs::remove_file(&lock).unwrap();
    // Nor a second name of it.
    std::fs::write(&ours, "precious").unwrap();
    std::fs::hard_link(&ours, &lock).unwrap();
    let said = message(directory.path());
    assert!(said.contains("`lock` in it is a link to another file"), "{said}");
    assert_eq!(std::fs::read_to_string(&ours).unwrap(), "precious");
    std::fs::remove_file(&lock).unwrap();
    Store::open(directory.path()).unwrap().trusting();
}

#[cfg(unix)]
#[test]
fn a_store_is_its_owners_to_read_whoever_may_look_into_its_directory() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new();
    std::fs::create_dir_all(directory.path()).unwrap();
    std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    let file = directory.path().join("chain.redb");
    let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
    Store::open(directory.path()).unwrap().trusting();
    assert_eq!(mode(), 0o600, "one that was made in a directory that was there");
    // One of an earlier version.
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    Store::open(directory.path()).unwrap().trusting();
    assert_eq!(mode(), 0o600, "one that was there");
    // What only looks like a store is left alone.
    std::fs::write(&file, "hello").unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    message(directory.path());
    assert_eq!(mode(), 0o644);
}
