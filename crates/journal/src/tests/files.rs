//! Names, permissions, and disks that fail.

use std::fs;

use super::bench::Bench;
use super::replay_bytes;
use crate::{JournalFile, OpenError};
use kusari_store::Store;

#[test]
fn nothing_but_a_journal_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("thesis.txt");
    fs::write(&file, "my thesis").unwrap();
    let error = JournalFile::create(&file).unwrap_err();
    assert!(matches!(error, OpenError::Foreign(_)), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"my thesis");
    // Nor is the file that the one before would replace.
    let journal = directory.path().join("journal");
    let foreign = directory.path().join("journal.1");
    drop(JournalFile::create(&journal).unwrap());
    fs::write(&foreign, "my diary").unwrap();
    let error = JournalFile::create(&journal).unwrap_err();
    assert!(error.to_string().contains("journal.1 is there and is no journal"), "{error}");
    fs::remove_file(&journal).unwrap();
    assert!(JournalFile::create(&journal).is_err(), "the diary would go with the first rotation");
    assert_eq!(fs::read(&foreign).unwrap(), b"my diary");
    assert!(JournalFile::create(directory.path()).is_err(), "a directory is no file");
}

#[test]
fn a_node_that_fails_at_every_start_does_not_push_the_journal_of_the_crash_away() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal");
    let mut bench = Bench::new(&file, u64::MAX);
    bench.ping();
    bench.stop();
    let evidence = fs::read(&file).unwrap();
    // Each of these starts ends before the node is made.
    for _ in 0..3 {
        drop(JournalFile::create(&file).unwrap());
    }
    assert_eq!(fs::read(directory.path().join("journal.1")).unwrap(), evidence);
}

#[test]
fn two_nodes_do_not_share_a_journal() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal");
    let first = JournalFile::create(&file).unwrap();
    assert!(matches!(JournalFile::create(&file), Err(OpenError::InUse(_))));
    drop(first);
    assert!(JournalFile::create(&file).is_ok());
}

#[cfg(unix)]
#[test]
fn only_this_user_may_read_a_journal_and_its_first_line_says_why() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal");
    let mut bench = Bench::new(&file, 1);
    while !directory.path().join("journal.1").exists() {
        bench.ping();
        bench.journal.flush();
    }
    bench.stop();
    for name in ["journal", "journal.1"] {
        let path = directory.path().join(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        let text = fs::read_to_string(&path).unwrap();
        let header: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        for words in ["private data", "addresses of peers", "typed", "seed", "before you send"] {
            assert!(header["private"].as_str().unwrap().contains(words), "{words}");
        }
        assert_eq!(header["config"]["seed"], 7);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_node_goes_on_without_its_journal_where_the_disk_is_full() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let file = JournalFile::over("/dev/full".into(), full);
    let mut bench = Bench::over(Store::ephemeral().unwrap(), file, 1);
    // Far more than all buffers hold.
    for _ in 0..30 {
        bench.live();
        bench.journal.flush();
    }
    let height = bench.node.snapshot().tip.height;
    assert!(height > 90, "{height}");
    assert!(!bench.journal.is_recording());
    bench.stop();
}

#[test]
fn what_is_no_journal_is_told_apart() {
    for (bytes, words) in [
        (&b""[..], "before there is anything"),
        (b"BLOCK:{}\n", "no journal"),
        (b"{\"journal\":\"kusari\"}\n", "missing field `version`"),
        (b"{\"journal\":\"kusari\",\"version\":1}\n", "version 1"),
    ] {
        let error = replay_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let long = vec![b'x'; 3 * 1024 * 1024];
    assert!(replay_bytes(&long).unwrap_err().to_string().contains("no journal"));
}
