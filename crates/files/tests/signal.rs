//! What a signal interrupts. A test program of its own: every file of the process that is not whole goes.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use kusari_files::{Readers, WholeFile, remove_unfinished};

#[test]
fn what_a_signal_interrupts_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(directory.path()).unwrap().count();
    let target = directory.path().join("file");
    let file = WholeFile::create(&target, Readers::Default, false).unwrap();
    assert_eq!(files(), 1);
    remove_unfinished();
    assert_eq!(files(), 0);
    drop(file);
}
