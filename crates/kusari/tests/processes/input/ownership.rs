//! Root on the data of a service's user.

use std::os::unix::fs::{MetadataExt, chown};

use super::super::support::Node;
use super::*;

/// A user that is neither root nor whoever runs this test.
const SERVICE: u32 = 65_534;

/// Gives all of a directory to the service's user. Says whether this user may do so.
fn give_away(directory: &Path) -> bool {
    all_below(directory).iter().all(|path| chown(path, Some(SERVICE), Some(SERVICE)).is_ok())
}

#[track_caller]
fn is_all_of_the_service(directory: &Path, after: &str) {
    let taken: Vec<PathBuf> = all_below(directory)
        .into_iter()
        .filter(|path| fs::symlink_metadata(path).unwrap().uid() != SERVICE)
        .collect();
    assert!(taken.is_empty(), "after {after} root has {taken:?}");
}

#[test]
fn what_root_does_takes_no_file_away_from_the_user_of_a_service() {
    for chain in ["classic", "ledger"] {
        let mut node = Setup::new("service").args(["--chain", chain]).start();
        let data = node.directory();
        node.terminate();
        // As a directory is that a package has made, and one that has been in use.
        for kept in [false, true] {
            if !kept {
                fs::remove_dir_all(&data).unwrap();
                fs::create_dir(&data).unwrap();
            }
            if !give_away(&data) {
                println!("skipped: only root can give files to another user");
                return;
            }
            node = node_on(node);
            is_all_of_the_service(&data, "the start of a node");
            for words in ["status", "peers", "say hello", "record hello"] {
                run(&data, words);
                is_all_of_the_service(&data, words);
            }
            node.terminate();
            is_all_of_the_service(&data, "its end");
            for words in [
                "audit",
                "say hello",
                "wallet new w",
                "witness-key new",
                "backup ../copy --force",
                LABEL,
            ] {
                run(&data, words);
                is_all_of_the_service(&data, words);
            }
            if let Ok(wallet) = fs::metadata(data.join("wallet/w.json")) {
                assert_eq!(wallet.mode() & 0o777, 0o600);
                fs::remove_file(data.join("wallet/w.json")).unwrap();
            }
        }
    }
}

const LABEL: &str =
    "wallet label ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3 ann";

fn node_on(mut node: Node) -> Node {
    node.restart();
    node
}

/// Whatever comes of it.
fn run(data: &Path, words: &str) {
    let setup =
        Setup::bare("root").args(words.split(' ')).args(["--data-dir", data.to_str().unwrap()]);
    let mut command = setup.command();
    command.current_dir(data).env("KUSARI_PASSPHRASE", "").stdin(std::process::Stdio::null());
    command.output().unwrap();
}
