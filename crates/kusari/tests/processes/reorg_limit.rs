//! A branch that would take back more than a node takes back by itself: held, told of, and accepted.

use std::path::Path;

use kusari_chain::Block;
use serde_json::Value;

use super::support::blocks::{lines, mine_many};
use super::support::command::{on, on_with};
use super::support::{Node, RawPeer, Setup, eventually};

fn json(directory: &Path, words: &str) -> Value {
    serde_json::from_str(&on(directory, words).printed()).unwrap()
}

/// Five blocks, and seven that others have on the first of them.
fn histories() -> (Vec<Block>, Vec<Block>) {
    let ours = mine_many(&Block::genesis(), "ours ", 5);
    let theirs = mine_many(&ours[0], "theirs ", 7);
    (ours, theirs)
}

/// A node that had the first history before it was started and was then sent the other one.
fn parted(ours: &[Block], theirs: &[Block]) -> Node {
    let setup = Setup::new("A").args(["--max-reorg-depth", "3", "--quiet"]);
    on_with(&setup.directory(), "import -", lines(ours).as_bytes()).printed();
    let node = setup.start();
    RawPeer::bring(node.port, theirs);
    node
}

#[test]
fn a_longer_history_is_held_shown_and_followed_once_it_is_accepted() {
    let (ours, theirs) = histories();
    let mut node = parted(&ours, &theirs);
    let directory = node.directory();
    let (tip, last) = (ours[4].hash.to_string(), theirs[6].hash.to_string());
    // The alarm is a moment behind the blocks, and stands on stderr as well.
    for _ in 0..2 {
        let alarm = node.wait_for("ALARM: ");
        assert!(alarm.contains("would take back 4 blocks"), "{alarm}");
        node.wait_for(&format!("- Here : block 5, {tip}"));
        node.wait_for(&format!("- There: block 8, {last}"));
        let accept = format!("`kusari accept-branch {last}` follows the other one");
        node.wait_for(&accept);
        assert!(
            node.err.wait(|lines| lines.iter().find(|l| l.contains(&accept)).cloned()).is_some()
        );
        // What is held is held across a restart, and said again.
        node.terminate();
        node.restart();
    }
    assert_eq!(node.chain().0, ours);

    let list = json(&directory, "branches --json");
    assert_eq!((&list["tip"], &list["count"]), (&tip.as_str().into(), &1.into()));
    let branch = &list["branches"][0];
    assert_eq!((&branch["hash"], &branch["ahead"]), (&last.as_str().into(), &true.into()));
    let numbers = ["height", "blocks", "fork_height", "reverts"].map(|key| branch[key].as_u64());
    assert_eq!(numbers, [8, 7, 1, 4].map(Some));
    assert!(branch["held_since"].as_u64() > Some(1_700_000_000), "{branch}");
    let shown = on(&directory, "branches").printed();
    assert!(shown.contains("it has more work and is held since "), "{shown}");
    let status = json(&directory, "status --json");
    assert_eq!(status["held_branches"][0]["hash"], last.as_str());
    assert!(
        on(&directory, "status")
            .printed()
            .contains(&format!("- HELD  : a branch with more work: block 8, {last}"))
    );
    assert!(on(&directory, "audit").printed().contains("The store is sound."));

    // What is said meanwhile goes on the chain that this node has, and is not lost with it.
    node.say("meanwhile");
    eventually("it is mined", || (node.chain().0.len() == 6).then_some(()));
    let zeros = "0".repeat(64);
    let unknown = on(&directory, &format!("accept-branch {zeros}")).refused(1);
    assert!(unknown.contains("no branch beside the best chain has a block 0000"), "{unknown}");
    let accepted = on(&directory, &format!("accept-branch {}", theirs[3].hash)).printed();
    assert_eq!(
        accepted,
        format!(
            "Followed the branch of {}: 5 blocks were taken back; the best chain ends with block 8, \
             {last}\n",
            theirs[3].hash
        )
    );
    eventually("the line is mined again", || {
        (node.chain().data().last().map(String::as_str) == Some("meanwhile")).then_some(())
    });
    assert_eq!(node.chain().0[7], theirs[6]);
    let again = on(&directory, &format!("accept-branch {last}")).refused(1);
    assert!(again.contains("there is nothing to accept"), "{again}");
    assert!(json(&directory, "status --json").get("held_branches").is_none());
    node.terminate();
    assert!(on(&directory, "audit").printed().contains("The store is sound."));
}

#[test]
fn a_held_branch_is_shown_and_accepted_where_no_node_runs_and_nothing_else_follows_it() {
    let (ours, theirs) = histories();
    let mut node = parted(&ours, &theirs);
    node.wait_for("ALARM: ");
    let directory = node.directory();
    node.terminate();
    for words in ["status", "branches", "say later", "audit"] {
        on(&directory, words).printed();
        assert_eq!(json(&directory, "status --json")["height"], 5, "after {words}");
    }
    on_with(&directory, "import -", lines(&theirs).as_bytes()).printed();
    let list = json(&directory, "branches --json");
    assert!(list["branches"][0]["held_since"].is_u64(), "{list}");
    let receipt = json(&directory, &format!("accept-branch {} --json", theirs[0].hash));
    assert_eq!((&receipt["height"], &receipt["followed"]), (&8.into(), &true.into()));
    assert_eq!((&receipt["reverted"], &receipt["refused"]), (&4.into(), &Value::Null));
    let list = json(&directory, "branches --json");
    let branch = &list["branches"][0];
    assert_eq!(
        (&branch["hash"], &branch["held_since"]),
        (&ours[4].hash.to_string().into(), &Value::Null)
    );
}

#[test]
fn a_limit_that_is_raised_or_lifted_lets_the_branch_be_followed_at_the_next_start() {
    let (ours, theirs) = histories();
    let mut node = parted(&ours, &theirs);
    node.wait_for("ALARM: ");
    node.terminate();
    let directory = node.directory();
    let args = ["--listen", "127.0.0.1:0", "--max-reorg-depth", "4", "--miner-threads", "1"];
    let raised = Setup::bare("B").args(args).args(["--data-dir", directory.to_str().unwrap()]);
    let raised = raised.start();
    let said = raised.wait_for("Reorganised ");
    assert!(said.contains("Reorganised 4 blocks deep"), "{said}");
    assert_eq!(raised.chain().0[7], theirs[6]);
}
