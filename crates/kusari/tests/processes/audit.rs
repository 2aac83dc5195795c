//! Audits and backups, of nodes that run and of stores that nobody has open.

use std::path::{Path, PathBuf};

use kusari_store::checksummed::{ReadableTable, TableDefinition, WriteTables};
use redb::Database;
use tempfile::TempDir;

use super::support::blocks::{lines, long_chain};
use super::support::command::{command, on, on_with};
use super::support::{Node, Setup, eventually, http};

/// A store with the first `count` blocks of the long chain.
#[track_caller]
fn store(count: usize) -> (Setup, PathBuf) {
    let setup = Setup::bare("store");
    let directory = setup.directory();
    on_with(&directory, "import -", lines(&long_chain()[..count]).as_bytes()).printed();
    (setup, directory)
}

fn backup(directory: &Path, file: &Path) -> String {
    on(directory, &format!("backup {}", file.display())).printed()
}

/// Files in a directory whose names contain a word.
fn names(directory: &Path, word: &str) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(word)).collect()
}

#[test]
fn a_store_is_audited_with_and_without_a_node() {
    let (_home, directory) = store(20);
    on(&directory, "say waits").printed();
    let file = directory.join("chain.redb");
    let before = std::fs::read(&file).unwrap();
    let said = on(&directory, "audit").printed();
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said[0], format!("Reading {}", file.display()));
    assert!(said[1].starts_with("File       : ") && said[1].ends_with(" pages hold"), "{said:?}");
    assert_eq!(
        said[2..],
        [
            "Best chain : 20 blocks, every hash, link, index and work recomputed",
            "Side       : 0 blocks",
            "Outbox     : 1 record, 1 waits",
            "The store is sound."
        ]
    );
    assert_eq!(std::fs::read(&file).unwrap(), before, "the audit changed the file");

    let mut node = Node::start("A");
    node.say("one");
    node.wait_for("Added new block index=1");
    eventually("the block is stored and found sound", || {
        let said = on(&node.directory(), "audit").printed();
        assert!(said.starts_with("Reading the store of the node at http://127.0.0.1:"), "{said}");
        assert!(said.contains("File       : its pages were left out"), "{said}");
        assert!(said.ends_with("The store is sound.\n"), "{said}");
        said.contains("Best chain : 1 block,").then_some(())
    });
    let report = on(&node.directory(), "audit --json").printed();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report,
        serde_json::json!({
            "sound": true, "file": null, "best_blocks": 1, "side_blocks": 0,
            "outbox_entries": 1, "waiting_entries": 0, "finding": null,
        })
    );
    node.terminate();
}

#[test]
fn a_damaged_store_is_named_by_its_first_bad_block_and_is_no_success() {
    const BLOCKS: TableDefinition<u64, &'static [u8]> = TableDefinition::new("blocks");
    let (_home, directory) = store(20);
    {
        let database = Database::open(directory.join("chain.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut table = transaction.table(BLOCKS).unwrap();
            let mut record = table.get(16).unwrap().unwrap().value().to_vec();
            let text = record.windows(3).position(|window| window == b"n17").unwrap();
            record[text] = b'm';
            table.insert(16, record.as_slice()).unwrap();
        }
        transaction.commit().unwrap();
    }
    let ran = on(&directory, "audit");
    assert!(ran.out.contains("Best chain : 16 blocks,"), "{ran:?}");
    assert!(ran.out.ends_with("The rest was not looked at.\n"), "{ran:?}");
    let error = ran.refused(1);
    let hash = long_chain()[16].hash;
    let expected =
        format!("error: block 17 is bad: the hash is {hash}, but the content hashes to ");
    assert!(error.starts_with(&expected) && error.contains("; restore `chain.redb`"), "{error}");

    let ran = on(&directory, "audit --json");
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["sound"], false);
    assert_eq!(report["finding"]["code"], "bad-hash");
    assert_eq!(report["finding"]["height"], 17);
    assert_eq!(report["finding"]["place"], "block 17");
    ran.refused(1);

    // A copy of it would be as bad, and is not kept.
    let file = directory.join("copy");
    let error = on(&directory, &format!("backup {}", file.display())).refused(1);
    assert!(error.contains("does not read back") && error.contains("block 17 "), "{error}");
    assert_eq!(names(&directory, "copy"), [""; 0]);
}

#[test]
fn a_directory_without_a_store_is_neither_audited_nor_created() {
    let setup = Setup::bare("nothing");
    let directory = setup.directory();
    for words in ["audit".to_owned(), format!("backup {}", setup.home().join("copy").display())] {
        let error = on(&directory, &words).refused(1);
        assert!(error.contains("there is no chain in "), "{error}");
        assert!(!directory.exists());
    }
    assert_eq!(names(setup.home(), "copy"), [""; 0]);
}

#[test]
fn a_backup_is_a_store_and_replaces_nothing_unasked() {
    let (_home, directory) = store(30);
    on(&directory, "say waits").printed();
    let copies = TempDir::new().unwrap();
    let file = copies.path().join("chain.redb");
    let said = backup(&directory, &file);
    assert_eq!(
        said,
        format!("Backed up 30 blocks and 1 record to {}; every row read back.\n", file.display())
    );
    let status = on(copies.path(), "status").printed();
    assert!(status.contains("30"), "{status}");
    assert!(on(copies.path(), "audit").printed().ends_with("The store is sound.\n"));

    let other = copies.path().join("mine");
    std::fs::write(&other, "mine").unwrap();
    let error = on(&directory, &format!("backup {}", other.display())).refused(1);
    assert!(error.contains("is there already") && error.contains("--force"), "{error}");
    assert_eq!(std::fs::read(&other).unwrap(), b"mine");
    on(&directory, &format!("backup --force {}", other.display())).printed();
    assert!(std::fs::metadata(&other).unwrap().len() > 4);
    assert_eq!(names(copies.path(), "unfinished"), [""; 0]);
}

#[test]
fn a_node_is_backed_up_while_it_writes_and_leaves_nothing_behind() {
    let mut node = Node::start("A");
    let copies = TempDir::new().unwrap();
    let mut most = 0;
    for number in 1..=5 {
        for line in 0..5 {
            node.say(&format!("line {number}.{line}"));
        }
        let file = copies.path().join(format!("copy{number}"));
        let said = backup(&node.directory(), &file);
        assert!(said.ends_with("; every row read back.\n"), "{said}");
        // A node over the copy has no fewer blocks than the one before.
        let restored = copies.path().join(format!("restored{number}"));
        std::fs::create_dir(&restored).unwrap();
        std::fs::rename(&file, restored.join("chain.redb")).unwrap();
        let report = on(&restored, "audit --json").printed();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["sound"], true, "{report}");
        let records = report["outbox_entries"].as_u64().unwrap();
        assert!(records >= most, "{records} records after {most}");
        most = records;
    }
    eventually("the temporary copy is gone", || {
        names(&node.directory(), "backup").is_empty().then_some(())
    });
    node.terminate();
}

#[test]
fn audit_and_backup_of_a_node_need_its_token() {
    let mut node = Node::start("A");
    let file = kusari_client::read_node_file(&node.directory()).unwrap().unwrap();
    let address = file.http.unwrap();
    for path in ["/v1/audit", "/v1/backup"] {
        let answer = http(address, &format!("GET {path}"), "", "");
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    let token = format!("Authorization: Bearer {}\r\n", file.token);
    let answer = http(address, "GET /v1/audit", &token, "");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.starts_with("{\"sound\":true,"), "{answer:?}");
    node.terminate();
}

#[test]
fn a_backup_that_is_killed_leaves_no_half_file_under_its_name() {
    let (_home, directory) = store(400);
    let copies = TempDir::new().unwrap();
    let file = copies.path().join("copy");
    for _ in 0..5 {
        let words = format!("backup {} --data-dir {}", file.display(), directory.display());
        let (_home, mut command) = command(&words);
        let mut child = command.spawn().unwrap();
        eventually("the copy is begun, or done", || {
            let begun = !names(copies.path(), "copy").is_empty();
            (begun || child.try_wait().unwrap().is_some()).then_some(())
        });
        let _ = child.kill();
        child.wait().unwrap();
        if file.exists() {
            let restored = TempDir::new().unwrap();
            std::fs::rename(&file, restored.path().join("chain.redb")).unwrap();
            assert!(on(restored.path(), "audit").printed().contains("400 blocks"));
        }
    }
    // What was left under other names is in nobody's way.
    assert!(backup(&directory, &file).starts_with("Backed up 400 blocks"));
}
