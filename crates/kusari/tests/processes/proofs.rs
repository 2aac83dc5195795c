//! Proofs as people make and check them: with a node, after it has stopped, and where there never was
//! one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::support::command::{kusari, on};
use super::support::{Node, Setup, eventually};

const TEXT: &str = "minutes-were-approved";
const CONTENT: &str = "not much of a contract\n";

/// A ledger's node that has recorded a text, a file and that file again, each in a block of its own.
struct Recorded {
    node: Node,
    /// Ids, in order.
    txids: Vec<String>,
    /// Hashes of the blocks that they stand in.
    blocks: Vec<String>,
}

fn recorded() -> Recorded {
    let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let mut all = Recorded { txids: Vec::new(), blocks: Vec::new(), node };
    let file = all.file("contract.txt", CONTENT);
    let of_file = format!("--file {}", file.display());
    for what in ["minutes-were-approved", &of_file, &of_file] {
        let words = format!("record {what} --confirmations 1 --json");
        let report = all.json(&words);
        all.txids.push(report["txid"].as_str().unwrap().to_owned());
        all.blocks.push(report["block"]["hash"].as_str().unwrap().to_owned());
    }
    all
}

impl Recorded {
    fn place(&self) -> PathBuf {
        self.node.directory().parent().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let file = self.place().join(name);
        fs::write(&file, content).unwrap();
        file
    }

    #[track_caller]
    fn on(&self, words: &str) -> String {
        on(&self.node.directory(), words).printed()
    }

    #[track_caller]
    fn json(&self, words: &str) -> Value {
        serde_json::from_str(&self.on(words)).unwrap()
    }

    /// Writes what a command makes to a new file.
    #[track_caller]
    fn made(&self, words: &str, name: &str) -> PathBuf {
        let file = self.place().join(name);
        self.on(&format!("{words} -o {}", file.display()));
        file
    }
}

/// What a check without any node prints, and its exit code.
#[track_caller]
fn verify(words: &str) -> (String, Option<i32>) {
    let ran = kusari(&format!("verify {words}"));
    (format!("{}{}", ran.out, ran.err), ran.code)
}

/// What the second implementation says of a proof.
fn python(proof: &Path, more: &[&str]) -> Option<(String, bool)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/verify.py");
    let output = Command::new("python3").arg(script).arg(proof).args(more).output().ok()?;
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    Some((said, output.status.success()))
}

#[test]
fn whoever_has_a_proof_and_knows_a_block_needs_no_node() {
    let all = recorded();
    let contract = all.place().join("contract.txt");
    let of_file = all.made(&format!("prove --file {}", contract.display()), "file.json");
    let (said, code) = verify(&format!("{}", of_file.display()));
    assert_eq!(code, Some(0), "{said}");
    // The first record of the file is the one that is proven.
    assert!(said.starts_with(&format!("Proven: transaction {}\n", all.txids[1])), "{said}");
    for part in [
        "- Recorded : the file contract.txt, 23 bytes, with the SHA-256 ",
        &format!("- Block    : {} at height ", all.blocks[1]),
        "- Newest   : block 0000",
        "- Trusted  : nothing yet",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let good = all.file("copy.txt", CONTENT);
    let other = all.file("other.txt", "another content\n");
    for (words, holds, word) in [
        (format!("--trust {}", all.blocks[1]), true, "Holds"),
        (format!("--trust {}", all.blocks[2]), true, "Holds"),
        (format!("--trust {}", all.blocks[0]), false, "FAILS"),
        (format!("--trust {} --trust {}", all.blocks[2], all.blocks[0]), false, "FAILS"),
        (format!("--file {}", good.display()), true, "Holds"),
        (format!("--file {}", other.display()), false, "FAILS"),
    ] {
        let (said, code) = verify(&format!("{} {words}", of_file.display()));
        assert_eq!(code, Some(i32::from(!holds)), "{words}: {said}");
        assert!(said.contains(word), "{words}: {said}");
    }

    if let Some((said, holds)) = python(&of_file, &["--trust", &all.blocks[2]]) {
        assert!(holds && said.contains("signatures"), "{said}");
        let (said, holds) = python(&of_file, &["--trust", &all.blocks[0]]).unwrap();
        assert!(!holds && said.contains("not-trusted"), "{said}");
    }

    let text = fs::read_to_string(&of_file).unwrap();
    fs::write(&of_file, text.replacen("contract.txt", "contracts.tx", 1)).unwrap();
    let (said, code) = verify(&format!("{}", of_file.display()));
    assert_eq!(code, Some(1));
    assert!(said.contains("NOT PROVEN"), "{said}");
}

#[test]
fn a_proof_leads_to_a_block_that_is_known_later_by_a_proof_of_consistency() {
    let all = recorded();
    let proof = all.made(&format!("prove {}", all.txids[0]), "proof.json");
    all.json("record later --confirmations 1 --json");
    let tip = all.json("status --json")["tip"].as_str().unwrap().to_owned();
    let (said, code) = verify(&format!("{} --trust {tip}", proof.display()));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`kusari consistency`"), "{said}");
    let link = all.made(&format!("consistency {} {tip}", all.blocks[2]), "link.json");
    let (said, code) = verify(&format!("{} {} --trust {tip}", proof.display(), link.display()));
    assert_eq!(code, Some(0), "{said}");
    let (said, code) = verify(&format!("{} --trust {tip}", link.display()));
    assert!(
        code == Some(0) && said.contains(&format!("extends block {}", all.blocks[2])),
        "{said}"
    );
    // The other way round there is none.
    let refused = format!("consistency {tip} {}", all.blocks[2]);
    let said = on(&all.node.directory(), &refused).refused(1);
    assert!(said.contains("not an ancestor"), "{said}");
}

#[test]
fn witnesses_who_saw_a_record_are_in_its_proof_and_can_be_asked_for() {
    let all = recorded();
    let key = eventually("the node witnesses its tip", || {
        let (list, tip) = (all.json("witnesses --json"), &all.json("status --json")["tip"]);
        let newest = &list["witnesses"][0]["newest"];
        (newest["hash"] == *tip).then(|| list["own"].as_str().unwrap().to_owned())
    });
    let proof = all.made("prove --text minutes-were-approved", "proof.json");
    let (said, code) = verify(&format!("{} --witness {key}", proof.display()));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("by witness {key} with block ")), "{said}");
    assert!(said.contains("Clocks"), "a time is its own claim: {said}");
    let stranger = "01".repeat(32);
    let both = format!("{} --witness {key} --witness {stranger}", proof.display());
    assert_eq!(verify(&both).1, Some(1), "two were asked for");
    assert_eq!(verify(&format!("{both} --threshold 1")).1, Some(0));
    assert_eq!(verify(&format!("{both} --threshold 3")).1, Some(2), "there are not so many");
}

#[test]
fn a_stopped_node_finds_and_proves_the_same_and_what_was_erased_is_proven_without_its_text() {
    let mut all = recorded();
    let find = "find --text minutes-were-approved --json";
    assert_eq!(all.json(find)["txid"], all.txids[0].as_str());
    let of_file = format!("find --file {}", all.place().join("contract.txt").display());
    let found = all.on(&of_file);
    let at = |txid: &str| found.find(txid).unwrap();
    assert!(at(&all.txids[2]) < at(&all.txids[1]), "the youngest comes first: {found}");
    let prove = format!("prove {}", all.txids[0]);
    let running = all.on(&prove);
    let page = all.on(&format!("evidence {}", all.txids[0]));
    assert!(page.contains("<script>") && page.contains(TEXT), "the page has the proof");

    all.on(&format!("erase {}", all.txids[0]));
    let said = on(&all.node.directory(), find).refused(1);
    assert!(said.contains("no such transaction"), "{said}");
    all.node.terminate();
    assert!(running.contains(TEXT));
    let stopped = all.on(&prove);
    assert!(!stopped.contains(TEXT));
    let file = all.file("erased.json", &stopped);
    let (said, code) = verify(&format!("{}", file.display()));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("21 bytes of text that was erased"), "{said}");
    assert_eq!(on(&all.node.directory(), &of_file).printed(), found);
    let said = on(&all.node.directory(), &format!("prove {}", "9".repeat(64))).refused(1);
    assert!(said.contains("has no transaction"), "{said}");
}

#[test]
fn both_implementations_hold_to_the_suite_of_proofs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new("python3");
    command.current_dir(&root).args([
        "conformance/verify.py",
        "--suite",
        "conformance/proofs.json",
    ]);
    let Ok(output) = command.output() else {
        println!("SKIPPED, as there is no python3");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(" 0 failed"), "{said}");
}

#[test]
fn whatever_bit_of_a_proof_is_changed_the_second_implementation_refuses_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new("python3");
    let Ok(output) = command.current_dir(&root).arg("conformance/check_proofs.py").output() else {
        println!("SKIPPED, as there is no python3");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(", 0 elsewhere"), "{said}");
}
