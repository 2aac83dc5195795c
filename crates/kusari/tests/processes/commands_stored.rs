//! Commands on a store that no node runs on.

use std::path::Path;

use kusari_chain::Block;

use super::support::blocks::{lines, long_chain};
use super::support::command::{command, on, on_with, without_costs};
use super::support::{Node, Setup, eventually};

/// A store with the first `count` blocks of the long chain.
#[track_caller]
fn store(count: usize) -> (Setup, std::path::PathBuf) {
    let setup = Setup::bare("store");
    let directory = setup.directory();
    on_with(&directory, "import -", lines(&long_chain()[..count]).as_bytes()).printed();
    (setup, directory)
}

fn json(directory: &Path, words: &str) -> serde_json::Value {
    serde_json::from_str(&on(directory, words).printed()).unwrap()
}

#[test]
fn a_line_that_is_said_while_no_node_runs_is_mined_by_the_next_one() {
    let mut node = Node::start("A");
    node.terminate();
    let directory = node.directory();
    let ran = on_with(&directory, "say -", b"one\n\ntwo\r\n");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "2 acknowledged, 0 mined\n"), "{ran:?}");
    assert_eq!(
        ran.out,
        "Saved as line 1; it will be mined into a block when a node runs\n\
         Saved as line 2; it will be mined into a block when a node runs\n"
    );
    let report = json(&directory, "say three --json");
    assert_eq!(
        report,
        serde_json::json!({ "id": 3, "text": "three", "state": "waiting", "block": null })
    );
    let errors = on(&directory, "say four --wait").refused(1);
    assert!(errors.contains("no node runs that would mine it"), "{errors}");
    let status = on(&directory, "status").printed();
    assert!(status.contains("\n- Lines : 3 lines to be mined\n"), "{status}");
    node.restart();
    eventually("all are mined", || (node.chain().data() == ["one", "two", "three"]).then_some(()));
}

#[test]
fn lines_that_cannot_be_said_are_named_and_the_others_are_saved() {
    let (_home, directory) = store(0);
    let long = "x".repeat(3_827);
    let input = [b"one\n", long.as_bytes(), b"\na\xff\nfour"].concat();
    let ran = on_with(&directory, "say -", &input);
    assert_eq!(ran.out.lines().count(), 2, "{ran:?}");
    let errors = ran.refused(1);
    assert_eq!(
        errors,
        "Line 2 of the input is not saved: it takes 3,827 bytes and at most 3,826 fit a block; \
         shorten it or split it (1 acknowledged before it)\nLine 3 of the input is not saved: its \
         byte 2 is not UTF-8; convert the input to UTF-8 (1 acknowledged before it)\n\
         2 acknowledged, 0 mined\nerror: 2 lines are not saved; why stands above\n"
    );
    let errors = on(&directory, &format!("say {long}")).refused(1);
    assert!(errors.contains("at most 3826 fit a block"), "{errors}");
}

#[test]
fn more_lines_are_kept_than_a_node_holds_in_memory() {
    let (_home, directory) = store(0);
    let ran = on_with(&directory, "say -", "line\n".repeat(1_002).as_bytes());
    assert_eq!((ran.code, ran.out.lines().count()), (Some(0), 1_002));
    assert_eq!(ran.err, "1,002 acknowledged, 0 mined\n");
    assert_eq!(json(&directory, "status --json")["outbox_entries"], 1_002);
}

#[test]
fn the_state_of_a_store_is_told_in_the_words_of_the_prompt() {
    let (_home, directory) = store(12);
    let tip = long_chain()[11].hash;
    assert_eq!(
        without_costs(&on(&directory, "status --cost").printed()),
        format!(
            "Current chain state:\n- Height: 12 blocks\n- Tip   : {tip}\n- Work  : 786,432\n\
             - To rewrite\n\
             - Lines : 0 lines to be mined\n\
             - Beside: 0 of 67,108,864 bytes of side branches, 0 blocks waiting for parents\n\
             - No node runs on it\n- Data directory: {}\n",
            directory.display()
        )
    );
    let status = json(&directory, "status --json");
    assert_eq!((&status["height"], &status["listen"]), (&12.into(), &serde_json::Value::Null));
    assert_eq!(status["tip"], tip.to_string());
    let peers = on(&directory, "peers").printed();
    assert!(peers.starts_with("No node runs on "), "{peers}");
    assert_eq!(json(&directory, "peers --json"), serde_json::json!({ "peers": [] }));
}

#[test]
fn blocks_are_shown_as_cards_or_in_the_form_of_the_protocol() {
    let (_home, directory) = store(300);
    let indices = |words: &str| -> Vec<u32> {
        let text = on(&directory, words).printed();
        let lines = text.lines().filter_map(|line| line.strip_prefix("Block index: "));
        lines.map(|index| index.parse().unwrap()).collect()
    };
    assert_eq!(indices("chain"), (291..=300).collect::<Vec<_>>());
    assert_eq!(indices("chain --to 2"), [0, 1, 2]);
    assert_eq!(indices("chain --from 299"), [299, 300]);
    assert_eq!(indices("chain --from 7 --to 7"), [7]);
    assert_eq!(indices("block 0"), [0]);
    // More than one page.
    let all: String = on(&directory, "chain --json --from 1").printed();
    let expected: String = lines(&long_chain()[..300]).replace("BLOCK:", "");
    assert_eq!(all, expected);

    let hash = long_chain()[299].hash;
    let report = json(&directory, &format!("block {hash} --json"));
    assert_eq!(report["block"]["index"], 300);
    assert_eq!((&report["best_chain"], &report["confirmations"]), (&true.into(), &1.into()));
    let genesis = json(&directory, &format!("block {} --json", Block::genesis().hash));
    assert_eq!(genesis["confirmations"], 301);
}

#[test]
fn blocks_that_are_not_there_and_questions_that_make_no_sense_are_answered_with_what_to_do() {
    let (_home, directory) = store(1);
    let zeros = "0".repeat(64);
    for (words, code, said) in [
        ("block 2", 1, "there is no block at height 2; `kusari status` shows"),
        (&format!("block {zeros}"), 1, "there is no block with the hash 0000"),
        ("block one", 2, "`one` is neither a height nor a hash"),
        ("chain --from 2", 1, "there is no block at height 2; the chain ends at height 1"),
        ("chain --to 9", 1, "there is no block at height 9; the chain ends at height 1"),
        ("chain --from 3 --to 2", 2, "--from 3 is above --to 2"),
        ("chain --from x", 2, "invalid value 'x' for '--from <N>'"),
    ] {
        let errors = on(&directory, words).refused(code);
        assert!(errors.contains(said) && errors.lines().count() == 1, "{words}: {errors}");
    }
}

#[test]
fn where_there_is_no_store_none_is_made() {
    let setup = Setup::bare("nothing");
    for words in ["status", "peers", "chain", "block 0", "say hi", "export -"] {
        let errors = on(&setup.directory(), words).refused(1);
        assert!(errors.contains("there is no chain in "), "{words}: {errors}");
        assert!(!setup.directory().exists(), "{words}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_every_command_quietly() {
    let (_home, directory) = store(20);
    for words in ["chain", "chain --json", "status", "block 1", "say hi", "man", "--help"] {
        let on_store = match words {
            "man" | "--help" => String::from(words),
            _ => format!("{words} --data-dir {}", directory.to_str().unwrap()),
        };
        let (_home, mut command) = command(&on_store);
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{words}");
    }
}
