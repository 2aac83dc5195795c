//! A store that is as large as it may be.

use super::support::Setup;
use super::support::command::on;

#[test]
fn a_full_store_takes_no_lines_and_says_what_to_do() {
    // A new store takes more than that.
    let node = Setup::new("A").args(["--max-store", "1KiB"]).start();
    let directory = node.directory();
    let refused = on(&directory, "say hello").refused(1);
    for words in ["as large as it may be", "--max-store"] {
        assert!(refused.contains(words), "{refused}");
    }
    let status = on(&directory, "status").printed();
    assert!(status.contains("- Note: the store takes "), "{status}");
    assert!(status.contains("- Lines : 0 lines to be mined"), "{status}");
}
