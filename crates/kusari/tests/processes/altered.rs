//! A node whose store somebody altered behind its back.

use std::path::Path;

use kusari_store::Store;

use super::support::blocks::{lines, long_chain};
use super::support::command::{kusari, on, on_with};
use super::support::{Setup, eventually, http};

/// Alters the text of block 17 in the file.
fn alter(directory: &Path) {
    let file = directory.join("chain.redb");
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<usize> =
        (0..bytes.len() - 3).filter(|at| bytes[*at..].starts_with(b"n17")).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] = b'N';
    }
    std::fs::write(&file, bytes).unwrap();
}

#[test]
fn an_altered_block_is_shown_to_nobody_and_sent_to_no_peer_and_the_node_goes_on() {
    let setup = Setup::new("altered").args(["--http", "127.0.0.1:0"]);
    let directory = setup.directory();
    on_with(&directory, "import -", lines(&long_chain()[..20]).as_bytes()).printed();
    alter(&directory);

    let mut node = setup.start();
    let address = kusari_client::read_node_file(&directory).unwrap().unwrap().http.unwrap();
    let data: Vec<String> = long_chain()[..16].iter().map(|block| block.data.clone()).collect();
    assert_eq!(node.chain().data(), data);
    let hash = long_chain()[16].hash.to_string();
    for (which, name) in [("17", "block 17"), (hash.as_str(), hash.as_str())] {
        let answer = http(address, &format!("GET /v1/blocks/{which}"), "", "");
        assert_eq!(answer.status, 500, "{answer:?}");
        for words in [name, "`kusari audit`", "`kusari salvage`"] {
            assert!(answer.body.contains(words), "{answer:?}");
        }
        assert!(!answer.body.contains("N17"), "{answer:?}");
    }
    for height in [16, 18, 20] {
        let answer = http(address, &format!("GET /v1/blocks/{height}"), "", "");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    eventually("the node says that it is not to be relied on", || {
        let answer = http(address, "GET /readyz", "", "");
        (answer.status == 503 && answer.body.contains("block 17")).then_some(())
    });
    let status = on(&directory, "status").printed();
    assert!(status.contains("- NOT READY: block 17"), "{status}");

    // It goes on with what is sound.
    node.say("after");
    node.wait_for("Added new block index=21");
    node.terminate();
    let refused = on(&directory, "audit").refused(1);
    assert!(refused.contains("block 17 is bad"), "{refused}");

    let new = directory.with_file_name("new");
    let said = kusari(&format!("salvage {} -o {}", directory.display(), new.display())).printed();
    assert!(said.contains("Blocks     : 16 blocks, the best chain ends at height 16"), "{said}");
    assert!(said.contains("Not taken  : 4 blocks, because one below is lost"), "{said}");
    assert!(said.contains("Outbox     : 1 record"), "{said}");
    let said = on(&new, "audit").printed();
    assert!(said.ends_with("The store is sound.\n"), "{said}");
}

#[test]
fn a_ledger_whose_last_block_was_altered_goes_on_below_it_and_mines_its_own_record_again() {
    let setup = Setup::new("altered").args(["--chain", "ledger", "--http", "127.0.0.1:0"]);
    let mut node = setup.clone().start();
    let directory = node.directory();
    on(&directory, "record hello --confirmations 1 --json").printed();
    node.terminate();
    let store = Store::open_existing(&directory).unwrap();
    let tip = store.last_sound().unwrap();
    drop(store);
    let file = directory.join("chain.redb");
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<usize> =
        (0..bytes.len() - 32).filter(|at| bytes[*at..].starts_with(&tip.hash.0)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + 31] ^= 1;
    }
    std::fs::write(&file, bytes).unwrap();

    let new = directory.with_file_name("new");
    let said = kusari(&format!("salvage {} -o {}", directory.display(), new.display())).printed();
    let ends = format!("the best chain ends at height {}", tip.height - 1);
    assert!(said.contains(&ends) && said.contains("Outbox     : 1 record"), "{said}");

    let mut node = setup.start();
    let address = kusari_client::read_node_file(&directory).unwrap().unwrap().http.unwrap();
    let answer = http(address, "GET /readyz", "", "");
    let altered = format!("block {}", tip.height);
    assert!(answer.status == 503 && answer.body.contains(&altered), "{answer:?}");
    let records = eventually("the record stands in the chain again", || {
        let answer = http(address, "GET /v1/search?text=hello", "", "");
        (answer.status == 200 && answer.body.contains("hello")).then_some(answer.body)
    });
    assert_eq!(records.matches("\"hello\"").count(), 1, "{records}");
    node.terminate();
    let refused = on(&directory, "audit").refused(1);
    assert!(refused.contains("is bad"), "{refused}");
}
