//! Journals of real nodes: killed, restarted, reorganised, damaged, and replayed elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::blocks;
use super::support::{Node, Proxy, RawPeer, Setup, eventually, one_chain_of};

fn with_journal(name: &str) -> Setup {
    Setup::new(name).args(["--journal", "journal"])
}

fn journal(node: &Node) -> PathBuf {
    node.directory().with_file_name("journal")
}

/// What `kusari replay` prints, or its error.
fn replay(file: &Path, json: bool) -> Result<String, String> {
    // In a home directory of its own: it has nothing but the file.
    let setup = Setup::bare("replay").args(["replay", file.to_str().unwrap()]);
    let setup = if json { setup.args(["--json"]) } else { setup };
    let output = setup.command().output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    match output.status.code() {
        Some(0) => Ok(out),
        code => {
            assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1), "{err}");
            Err(err)
        }
    }
}

#[track_caller]
fn replayed(file: &Path) -> Value {
    serde_json::from_str(&replay(file, true).unwrap()).unwrap()
}

fn tip(node: &Node) -> String {
    node.chain().0.last().unwrap().hash.to_string()
}

/// Waits until the journal of a running node has come as far as the node, and replays it.
#[track_caller]
fn replayed_to(node: &Node, tip: &str) -> Value {
    eventually("the journal replays to the tip", || {
        Some(replayed(&journal(node))).filter(|replayed| replayed["tip"] == tip)
    })
}

#[test]
fn journals_of_nodes_that_are_killed_replay_to_their_tip_and_state() {
    let mut a = with_journal("A").start();
    let cable = Proxy::new(a.port);
    let mut b = with_journal("B").connect(cable.port).start();
    a.say("before");
    b.wait_for("Added new block index=1, ");
    cable.cut();
    b.wait_for("Disconnected from ");
    let mut said = vec![String::from("before")];
    for number in 1..=3 {
        said.push(format!("winner {number}"));
        a.say(said.last().unwrap());
    }
    said.push(String::from("loser"));
    b.say("loser");
    a.wait_for("Added new block index=4, ");
    b.wait_for("Added new block index=2, ");
    cable.mend();
    b.wait_for("Reorganised ");
    one_chain_of(&[&a, &b], &said);

    let tip_then = tip(&a);
    for node in [&mut a, &mut b] {
        let running = replayed_to(node, &tip_then);
        node.kill();
        let killed = replayed(&journal(node));
        assert_eq!((&killed["tip"], &killed["height"]), (&running["tip"], &Value::from(5)));
        assert_ne!(killed["ending"], "stopped");
        assert_eq!(killed["first_input"], 1);
    }

    // The next life begins over a store that is not empty, and has a journal of its own.
    let first_life = replayed(&journal(&b));
    b.restart();
    b.say("after");
    b.wait_for("Added new block index=6, ");
    let tip_now = tip(&b);
    b.terminate();
    let second_life = replayed(&journal(&b));
    assert_eq!((&second_life["tip"], &second_life["ending"]), (&tip_now.into(), &"stopped".into()));
    assert_eq!(replayed(&journal(&b).with_file_name("journal.1")), first_life);
}

#[test]
fn a_replay_says_what_a_journal_holds_and_names_the_first_difference() {
    let mut node = with_journal("A").start();
    RawPeer::bring(node.port, blocks::long_chain());
    let mut peer = RawPeer::connect(node.port);
    peer.send("NON\u{1b}[2JSENSE");
    peer.wait_for("ERROR:");
    node.say("a private line");
    eventually("the line is mined", || (node.chain().0.len() == 401).then_some(()));
    let tip = tip(&node);
    node.terminate();

    let file = journal(&node);
    let text = replay(&file, false).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    let inputs = lines[0].strip_prefix("Journal of kusari/0.1.0, ").unwrap();
    let inputs = inputs.split_once(" inputs from 20").unwrap().0;
    let same = format!("Replayed {inputs} inputs: every action and state is the same");
    assert_eq!(lines[1], same);
    assert_eq!(lines[2], format!("Tip {tip}, height 401"));
    assert_eq!(lines[3].len(), "State ".len() + 64);

    let journal = fs::read_to_string(&file).unwrap();
    let place = journal.find("a private line").unwrap();
    fs::write(&file, journal.replacen("a private line", "a privete line", 1)).unwrap();
    let number = journal[..place].rsplit("\"number\":").next().unwrap();
    let number = number.split(',').next().unwrap();
    let error = replay(&file, false).unwrap_err();
    assert!(error.contains(&format!("input {number} (a line was typed: a privete")), "{error}");

    // What a stranger put into a journal does nothing to a terminal.
    fs::write(&file, journal.replacen("[2JSENSE", "[2JSENCE", 1)).unwrap();
    let error = replay(&file, false).unwrap_err();
    assert!(!error.contains('\u{1b}') && error.contains("[2JSENCE"), "{error}");
}

#[test]
fn a_file_that_is_no_journal_is_neither_written_over_nor_replayed() {
    let setup = with_journal("A");
    let file = setup.home().join("journal");
    fs::write(&file, "my diary").unwrap();
    let error = replay(&file, false).unwrap_err();
    assert!(
        error.starts_with("error: ") && error.contains("no journal of kusari; name"),
        "{error}"
    );
    let mut node = setup.spawn();
    assert_eq!(node.wait_for_end().code(), Some(1));
    let errors = node.err.lines().join("\n");
    assert!(errors.contains("journal is there and is no journal; choose another"), "{errors}");
    assert_eq!(fs::read(&file).unwrap(), b"my diary");
    let error = replay(Path::new("nowhere/at/all"), false).unwrap_err();
    assert!(error.contains("cannot be read"), "{error}");
}
