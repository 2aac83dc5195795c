//! More lines than a node holds in memory, poured into it while it is killed again and again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::ExitStatus;
use std::sync::Arc;

use kusari_client::Client;

use super::support::command::{command, on_with};
use super::support::{Node, Output, Setup, eventually};

/// What was poured in, and what of it is acknowledged.
#[derive(Default)]
struct Poured {
    acknowledged: Vec<String>,
    others: Vec<String>,
}

impl Poured {
    /// Pours lines in through `words`, and kills the node once so many receipts were printed.
    #[track_caller]
    fn pour_and_kill(&mut self, node: &mut Node, words: &str, lines: Vec<String>, receipts: usize) {
        let (status, out, err) = pour(node, words, &lines, |node, out| {
            let enough = out.wait(|lines| (saved(lines) >= receipts).then_some(()));
            assert!(enough.is_some(), "{receipts} receipts were never printed");
            node.kill();
        });
        // The node may have taken all of it before it was killed.
        let count = saved(&out.lines());
        assert!(count == lines.len() || status.code() == Some(1), "{:?}", err.lines());
        let counts = format!("{} acknowledged", grouped(count));
        let told = err.lines().iter().any(|line| line.starts_with(&counts));
        assert!(told, "{counts}: {:?}", err.lines());
        let mut lines = lines;
        let others = lines.split_off(count);
        self.acknowledged.extend(lines);
        self.others.extend(others);
    }

    #[track_caller]
    fn check(&self, found: &BTreeMap<String, u32>) {
        for line in &self.acknowledged {
            assert_eq!(found.get(line), Some(&1), "{line:?} was acknowledged");
        }
        for line in &self.others {
            assert!(found.get(line).is_none_or(|times| *times == 1), "{line:?} stands there twice");
        }
    }
}

fn saved(lines: &[String]) -> usize {
    lines.iter().filter(|line| line.starts_with("Saved as ")).count()
}

fn grouped(count: usize) -> String {
    match count {
        0..1_000 => count.to_string(),
        _ => format!("{},{:03}", count / 1_000, count % 1_000),
    }
}

/// Runs a command on the node with these lines as its input, and something else meanwhile.
#[track_caller]
fn pour(
    node: &mut Node,
    words: &str,
    lines: &[String],
    meanwhile: impl FnOnce(&mut Node, &Output),
) -> (ExitStatus, Arc<Output>, Arc<Output>) {
    let words = format!("{words} --data-dir {}", node.directory().display());
    let (_home, mut command) = command(&words);
    let mut child = command.spawn().unwrap();
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    // It ends before it has read everything where the node is gone.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let out = Output::collect(child.stdout.take().unwrap());
    let err = Output::collect(child.stderr.take().unwrap());
    meanwhile(node, &out);
    assert!(out.wait_for_end() && err.wait_for_end(), "it did not end");
    writer.join().unwrap();
    (child.wait().unwrap(), out, err)
}

fn lines(round: usize, count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("round {round} line {number}")).collect()
}

fn client(node: &Node) -> Client {
    let file = kusari_client::read_node_file(&node.directory()).unwrap().unwrap();
    Client::new(&format!("http://{}", file.http.unwrap()), None).unwrap()
}

/// Waits until nothing waits any more.
#[track_caller]
fn wait_until_mined(node: &Node) {
    let client = client(node);
    eventually("all of it is mined", || {
        (client.status().unwrap().outbox_entries == 0).then_some(())
    });
}

/// How often each text stands in the best chain of a ledger.
#[track_caller]
fn texts_of(node: &Node) -> BTreeMap<String, u32> {
    let (client, mut next, mut found) = (client(node), Some(1), BTreeMap::new());
    while let Some(from) = next {
        let page = client.blocks(from, 256).unwrap();
        let parts = page.blocks.iter().filter_map(|block| block.ledger.as_ref());
        for payload in parts.flat_map(|part| &part.body).filter_map(|one| one.payload.as_ref()) {
            *found.entry(payload.data.clone()).or_default() += 1;
        }
        next = page.next;
    }
    found
}

fn ledger_setup(name: &str) -> Setup {
    let setup = Setup::new(name);
    let file = setup.home().join("passphrase");
    fs::write(&file, "secret\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    setup.args(["--chain", "ledger", "--passphrase-file", file.to_str().unwrap()])
}

#[test]
fn no_acknowledged_line_of_a_pipe_is_lost_or_mined_twice_by_kill() {
    let mut node = Node::start("victim");
    let mut poured = Poured::default();
    for round in 0..4 {
        poured.pour_and_kill(&mut node, "say -", lines(round, 300), 1 + 40 * round);
        node.restart();
    }
    wait_until_mined(&node);
    let mut found = BTreeMap::new();
    for text in node.chain().data() {
        *found.entry(text.to_owned()).or_default() += 1;
    }
    poured.check(&found);
}

#[test]
fn no_acknowledged_record_of_twenty_thousand_is_lost_or_mined_twice_by_kill() {
    let mut node = ledger_setup("victim").start();
    let mut poured = Poured::default();
    for round in 0..5 {
        poured.pour_and_kill(&mut node, "record --lines -", lines(round, 4_000), 1 + 900 * round);
        node.restart();
    }
    wait_until_mined(&node);
    poured.check(&texts_of(&node));
}

#[test]
fn what_is_acknowledged_and_what_is_mined_of_a_pipe_are_told_apart() {
    let node = ledger_setup("A").start();
    let input = "one\n\ntwo\n";
    let words = "record --lines - --confirmations 1 --json";
    let ran = on_with(&node.directory(), words, input.as_bytes());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let counts = ran.err.lines().next().unwrap();
    assert!(counts.starts_with("2 acknowledged, ") && counts.ends_with(" mined"), "{ran:?}");
    let reports = ran.out.lines().map(|line| serde_json::from_str(line).unwrap());
    let reports: Vec<serde_json::Value> = reports.collect();
    assert_eq!((&reports[0]["text"], &reports[1]["text"]), (&"one".into(), &"two".into()));
    assert!(reports.iter().all(|report| report["block"]["confirmations"].as_u64() >= Some(1)));
    // Lines of a ledger are signed, and `say` signs nothing.
    let refused = on_with(&node.directory(), "say -", b"three\n").refused(1);
    assert!(refused.contains("kusari record --lines -"), "{refused}");
}

#[test]
fn another_wallet_signs_the_lines_of_a_pipe_in_order() {
    let node = ledger_setup("A").start();
    let file = node.directory().parent().unwrap().join("passphrase");
    let passphrase = format!("--passphrase-file {}", file.display());
    on_with(&node.directory(), &format!("wallet new other {passphrase}"), b"");
    let words = format!("record --lines - --wallet other --json {passphrase}");
    let ran = on_with(&node.directory(), &words, b"one\ntwo\nthree\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    wait_until_mined(&node);
    let (client, mut texts) = (client(&node), Vec::new());
    for block in client.blocks(1, 256).unwrap().blocks {
        for one in &block.ledger.unwrap().body {
            texts.push((one.transaction.sequence, one.payload.as_ref().unwrap().data.clone()));
        }
    }
    let wanted = ["one", "two", "three"].map(str::to_owned);
    assert_eq!(texts, (0..).zip(wanted).collect::<Vec<_>>());
}
