//! What people submit to a node before it is signed, and what becomes of it where two machines have one
//! wallet.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::support::command::{Ran, on, on_with};
use super::support::{DEADLINE, Node, Setup, eventually, now};

const WORDS: &str = "void come effort suffer camp survey warrior heavy shoot primary clutch crush \
                     open amazing screen patrol group space point ten exist slush involve unfold";
const OTHER: &str = "ks10ta8ryxe7hdw4fzajegw6088cztnhv8rtaekr0u9swy63ncu8u7qc72ce5";

/// A node of a ledger whose wallet has these words, on a machine of its own.
fn machine(name: &str) -> Setup {
    let setup = Setup::new(name).args(["--chain", "ledger", "--witness", "off"]);
    let empty = passphrase(&setup, "");
    let import = format!("wallet import --passphrase-file {empty}");
    on_with(&setup.directory(), &import, WORDS.as_bytes()).printed();
    setup
}

fn passphrase(setup: &Setup, secret: &str) -> String {
    let file = setup.home().join(format!("passphrase{}", secret.len()));
    fs::write(&file, format!("{secret}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file.display().to_string()
}

#[track_caller]
fn json(node: &Node, words: &str) -> Value {
    serde_json::from_str(&on(&node.directory(), &format!("{words} --json")).printed()).unwrap()
}

/// How often the best chain of a node says a text.
#[track_caller]
fn said(node: &Node, text: &str) -> usize {
    let chain = on(&node.directory(), "chain --from 0 --json").printed();
    chain.matches(&format!("\"data\":\"{text}\"")).count()
}

/// A command that runs on while the test does.
fn spawned(node: &Node, words: &str) -> Node {
    let directory = node.directory();
    let words = words.split(' ').chain(["--data-dir", directory.to_str().unwrap()]);
    Setup::bare("command").args(words).spawn()
}

#[test]
fn what_two_machines_with_one_wallet_record_apart_stands_once_and_is_found_by_either_id() {
    let a = machine("a").start();
    json(&a, "record a-one --confirmations 3");
    let there = machine("b");
    let mut b = there.clone().start();
    let former = json(&b, "record b-one --confirmations 1")["txid"].as_str().unwrap().to_owned();
    b.terminate();
    // They meet, and the chain of `a` has more work.
    let b = there.connect(a.port).start();
    let line = b.wait_for(&format!("Your transaction {former} was signed again as "));
    let last = line.split("signed again as ").nth(1).unwrap();
    let last = last.split(',').next().unwrap().to_owned();
    assert!(b.out.count(&format!("Your transaction {former}")) >= 2, "the loss itself is told");
    let found = eventually("the text is mined", || {
        let found = json(&b, &format!("tx {former}"));
        (found["block"]["confirmations"].as_u64() >= Some(1)).then_some(found)
    });
    assert_eq!(
        (&found["txid"], &found["former_txid"]),
        (&last.clone().into(), &former.clone().into())
    );
    assert_eq!(json(&b, &format!("tx {last}")), found);
    let words = on(&b.directory(), &format!("tx {former}")).printed();
    assert!(words.contains(&format!("- Former: {former}, whose place another one")), "{words}");
    for text in ["a-one", "b-one"] {
        eventually("each text stands once on both", || {
            (said(&a, text) == 1 && said(&b, text) == 1).then_some(())
        });
    }
    let outbox = on(&b.directory(), "outbox").printed();
    assert_eq!(outbox, "Nothing waits to be mined, and nothing was displaced\n");
}

#[test]
fn a_payment_that_is_displaced_ends_the_command_that_waits_and_is_shown_until_a_person_acts() {
    let there = machine("a");
    let mut a = there.clone().start();
    json(&a, "record first --confirmations 1");
    // The other machine has what both know, and no peer when it pays.
    let mine_off = machine("b").args(["--mine", "off", "--offline"]);
    let mut b = mine_off.clone().connect(a.port).start();
    b.wait_for("Added new block index=1");
    b.terminate();
    json(&a, "record second --confirmations 2");
    a.terminate();
    let b = mine_off.start();
    let mut waiting = spawned(&b, &format!("send {OTHER} 5 --confirmations 1"));
    let line = waiting.wait_for("Saved as transaction ");
    let txid = line.split_whitespace().nth(3).unwrap().trim_end_matches(';').to_owned();
    // Less than the ten minutes that it would wait.
    let began = now();
    let _a = there.connect(b.port).start();
    assert_eq!(waiting.wait_for_end().code(), Some(1));
    assert!(began.elapsed() < DEADLINE);
    let error = waiting.err.lines().join("\n");
    assert!(
        error.contains(&format!("transaction {txid} cannot be mined: transaction ")),
        "{error}"
    );
    assert!(error.contains("a payment is never signed again by itself"), "{error}");
    let found = json(&b, &format!("tx {txid}"));
    let by = found["displaced_by"].as_str().unwrap();
    assert_eq!((&found["waits"], &found["block"]), (&false.into(), &Value::Null));
    let status = on(&b.directory(), "status").printed();
    assert!(status.contains("- Displaced: 1 record is not mined, since"), "{status}");
    let listed = json(&b, "outbox")["records"][0].clone();
    assert_eq!((&listed["state"], &listed["displaced_by"]), (&"displaced".into(), &by.into()));
    assert_eq!(listed["payment"]["amount"], 5);
    let outbox = on(&b.directory(), "outbox").printed();
    assert!(outbox.contains(&format!("Displaced as {txid}: {by} of the same account")), "{outbox}");
}

#[test]
fn a_node_that_knew_a_peer_signs_nothing_until_one_is_back_or_it_is_told_that_none_is() {
    let mut a = machine("a").start();
    json(&a, "record shared --confirmations 1");
    let there = machine("b");
    let mut b = there.clone().connect(a.port).start();
    b.wait_for("Added new block index=1");
    b.terminate();
    a.terminate();
    let mut b = there.clone().start();
    let receipt = on(&b.directory(), "record alone").printed();
    assert!(receipt.starts_with("Saved as draft 1; it is signed once this node has caught up"));
    assert!(receipt.contains("`--offline`"), "{receipt}");
    let status = on(&b.directory(), "status").printed();
    assert!(
        status.contains("- Drafts: 1 draft is signed once this node has caught up"),
        "{status}"
    );
    // Another wallet writes nothing before.
    on(&b.directory(), &format!("wallet new other --passphrase-file {}", passphrase(&there, "")))
        .printed();
    let mut other = spawned(&b, "record of-another --wallet other");
    let waits = other.err.wait(|lines| {
        lines.iter().find(|line| line.contains("Waiting until the node has caught up")).cloned()
    });
    assert!(waits.is_some(), "{:?}", other.err.lines());
    // What is acknowledged survives, and still waits.
    b.kill();
    assert_ne!(other.wait_for_end().code(), Some(0));
    let stored = on(&b.directory(), "outbox").printed();
    assert_eq!(stored, "Record 1: alone\n  Draft; it is signed when a node runs\n");
    b.restart();
    let listed = json(&b, "outbox")["records"][0].clone();
    assert_eq!((&listed["state"], &listed["waits_for"]), (&"draft".into(), &"peer".into()));
    let mut other = spawned(&b, "record of-another --wallet other");
    // The peer comes back.
    a = Setup::clone(&machine("c")).connect(b.port).start();
    b.wait_for("Draft 1 was signed as transaction ");
    assert_eq!(other.wait_for_end().code(), Some(0));
    eventually("both are mined", || {
        (said(&b, "alone") == 1 && said(&b, "of-another") == 1).then_some(())
    });
    drop(a);
}

#[test]
fn offline_says_that_nobody_else_uses_the_wallet() {
    let mut a = machine("a").start();
    json(&a, "record shared --confirmations 1");
    let there = machine("b");
    let mut b = there.clone().connect(a.port).start();
    b.wait_for("Added new block index=1");
    b.terminate();
    a.terminate();
    let b = there.args(["--offline"]).start();
    let receipt = on(&b.directory(), "record alone").printed();
    assert!(receipt.starts_with("Saved as transaction "), "{receipt}");
}

#[test]
fn drafts_of_a_locked_wallet_survive_a_kill_and_are_signed_once_it_is_unlocked() {
    let setup = Setup::new("locked").args(["--chain", "ledger"]);
    let secret = passphrase(&setup, "secret");
    on(&setup.directory(), &format!("wallet new --passphrase-file {secret}")).printed();
    let wrong = passphrase(&setup, "wrong");
    let mut node = setup.start();
    node.say("typed");
    node.wait_for(
        "Saved as draft 1; it is signed once the wallet is unlocked: `kusari wallet unlock`",
    );
    let receipt = on(&node.directory(), "record told").printed();
    assert!(receipt.starts_with("Saved as draft 2; it is signed once the wallet is"), "{receipt}");
    node.kill();
    node.restart();
    let unlock = |file: &str| -> Ran {
        on(&node.directory(), &format!("wallet unlock --passphrase-file {file}"))
    };
    assert!(unlock(&wrong).refused(1).contains("the passphrase is wrong"));
    assert!(unlock(&secret).printed().starts_with("Unlocked the wallet ks1"));
    for draft in [1, 2] {
        node.wait_for(&format!("Draft {draft} was signed as transaction "));
    }
    eventually("both are mined", || {
        (said(&node, "typed") == 1 && said(&node, "told") == 1).then_some(())
    });
    let text = node.out.lines().join("\n");
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn a_command_that_has_the_passphrase_unlocks_the_node_for_its_draft() {
    let setup = Setup::new("locked").args(["--chain", "ledger"]);
    let secret = passphrase(&setup, "secret");
    on(&setup.directory(), &format!("wallet new --passphrase-file {secret}")).printed();
    let node = setup.start();
    let words = format!("record told --confirmations 1 --passphrase-file {secret}");
    let printed = on(&node.directory(), &words).printed();
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("Saved as draft 1; it is signed once the wallet"), "{printed}");
    assert!(lines[1].starts_with("Signed as transaction "), "{printed}");
    assert!(lines[2].starts_with("It stands in block "), "{printed}");
}
