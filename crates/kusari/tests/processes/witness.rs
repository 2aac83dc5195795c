//! A node that is a witness, and what becomes of its key when its store is lost.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::command::on;
use super::support::{Node, Setup, eventually};

const LEDGER: [&str; 2] = ["--chain", "ledger"];

fn json(directory: &Path, words: &str) -> Value {
    serde_json::from_str(&on(directory, words).printed()).unwrap()
}

/// Records a text, so that there is a new tip.
#[track_caller]
fn record(node: &Node, text: &str) {
    on(&node.directory(), &format!("record {text} --confirmations 1")).printed();
}

/// What a node knows of a key, once it knows a statement with at least this sequence.
#[track_caller]
fn said(node: &Node, key: &str, sequence: u64) -> Value {
    eventually(&format!("statement {sequence} is known"), || {
        let list = json(&node.directory(), "witnesses --json");
        let witness = list["witnesses"].as_array()?.iter().find(|one| one["key"] == key)?.clone();
        (witness["newest"]["sequence"].as_u64()? >= sequence).then_some(witness)
    })
}

fn own_key(node: &Node) -> String {
    json(&node.directory(), "witnesses --json")["own"].as_str().unwrap().to_owned()
}

/// Damages a store, reads the advice of a node that does not start on it, and moves that file alone away.
fn damage_and_move_away(node: &mut Node) {
    node.terminate();
    let store = node.directory().join("chain.redb");
    let mut bytes = fs::read(&store).unwrap();
    bytes.truncate(bytes.len() - 1);
    fs::write(&store, bytes).unwrap();
    let advice = on(&node.directory(), "status").refused(1);
    for words in ["chain.redb is damaged", "restore it from a backup", "leave the files beside it"]
    {
        assert!(advice.contains(words), "{words} is not in {advice}");
    }
    fs::rename(&store, store.with_file_name("damaged")).unwrap();
}

#[test]
fn a_witness_that_follows_the_advice_on_a_damaged_store_never_says_two_things() {
    let mut witness = Setup::new("witness").args(LEDGER).start();
    let mut other =
        Setup::new("other").args(LEDGER).args(["--witness", "off"]).connect(witness.port).start();
    record(&witness, "before");
    let key = own_key(&witness);
    let first = said(&other, &key, 0)["newest"]["sequence"].as_u64().unwrap();
    other.terminate();
    damage_and_move_away(&mut witness);
    // Nobody is there who knows what it said, and it mines a chain of its own.
    witness.restart();
    record(&witness, "after");
    assert_eq!(own_key(&witness), key);
    let second = said(&witness, &key, 0)["newest"]["sequence"].as_u64().unwrap();
    assert!(second > first, "{second} comes after {first}");
    other = reconnected(other, &witness);
    let known = said(&other, &key, second);
    assert_eq!(known["equivocation"], Value::Null, "{known}");
    let known = said(&witness, &key, second);
    assert_eq!(known["equivocation"], Value::Null, "{known}");
}

/// The same node, which dials another one where that listens now.
fn reconnected(node: Node, target: &Node) -> Node {
    let store = node.directory();
    let port = target.port;
    let setup = Setup::new("again").args(LEDGER).args(["--witness", "off"]).connect(port);
    fs::create_dir_all(setup.directory()).unwrap();
    fs::rename(store.join("chain.redb"), setup.directory().join("chain.redb")).unwrap();
    setup.start()
}

#[test]
fn a_witness_that_lost_its_state_as_well_is_silent_until_it_has_a_new_key() {
    let mut witness = Setup::new("witness").args(LEDGER).start();
    record(&witness, "before");
    let key = own_key(&witness);
    let directory = witness.directory();
    witness.terminate();
    fs::rename(directory.join("chain.redb"), directory.join("lost")).unwrap();
    fs::rename(directory.join("witness.state"), directory.join("state")).unwrap();
    let why = "what this node's witness key said before is not known";
    witness.restart();
    witness.wait_for(why);
    let check_silence = |stopped: bool| {
        let list = json(&directory, "witnesses --json");
        assert_eq!((&list["own"], list["witnessing"] == true), (&Value::from(&*key), false));
        assert!(list["stopped"].as_str().unwrap().starts_with(why), "{list}");
        let status = on(&directory, "status").printed();
        assert!(status.contains(why) && status.contains("kusari witness-key new"), "{status}");
        let list = on(&directory, "witnesses").printed();
        assert!(list.contains(why), "{list}, node stopped: {stopped}");
    };
    check_silence(false);
    let refused = on(&directory, "witness-key new").refused(1);
    assert!(refused.contains("is in use by process"), "{refused}");
    witness.terminate();
    check_silence(true);

    let made = on(&directory, "witness-key new").printed();
    assert!(made.contains("others list this node as ") && made.contains(&key), "{made}");
    assert!(directory.join("witness.key.1").exists());
    witness.restart();
    assert_ne!(own_key(&witness), key);
    let list = json(&directory, "witnesses --json");
    assert_eq!((&list["witnessing"], &list["stopped"]), (&Value::from(true), &Value::Null));
    let status = on(&directory, "status").printed();
    assert!(!status.contains("makes no statements"), "{status}");
}

#[test]
fn a_backup_has_neither_the_witness_key_nor_what_it_said() {
    let witness = Setup::new("witness").args(LEDGER).start();
    let directory = witness.directory();
    let copy = directory.with_file_name("copy");
    fs::create_dir(&copy).unwrap();
    on(&directory, &format!("backup {}", copy.join("chain.redb").display())).printed();
    let key = own_key(&witness);
    let names: Vec<_> =
        fs::read_dir(&copy).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["chain.redb"]);
    let secret = fs::read_to_string(directory.join("witness.key")).unwrap();
    let secret = secret.trim_end().rsplit(' ').next().unwrap().as_bytes().to_vec();
    let bytes = fs::read(copy.join("chain.redb")).unwrap();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    assert_eq!(json(&copy, "witnesses --json")["own"], Value::Null, "{key}");
}

/// A node that lists itself has its own key twice, and its proofs hold all the same.
#[test]
fn a_witness_that_lists_its_own_key_makes_proofs_that_hold() {
    let setup = Setup::new("witness").args(LEDGER);
    let mut witness = setup.clone().start();
    let key = own_key(&witness);
    witness.terminate();
    let witness = setup.args(["--witness-key", &key]).start();
    record(&witness, "minutes");
    said(&witness, &key, 0);
    let proof = on(&witness.directory(), "prove --text minutes").printed();
    let file = witness.directory().join("proof.json");
    fs::write(&file, proof).unwrap();
    let words = format!("verify {} --witness {key}", file.display());
    super::support::command::kusari(&words).printed();
}
