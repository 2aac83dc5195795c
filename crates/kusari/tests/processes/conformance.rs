//! The conformance suites: this program keeps them, a failure is seen, and files are rewritten only
//! as far as they may be.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kusari_conformance::{self, Place};
use serde_json::Value;
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text_of(suite: &str) -> String {
    fs::read_to_string(root().join(format!("conformance/{suite}.json"))).unwrap()
}

fn cases_of(suite: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(&text_of(suite)).unwrap();
    file["cases"].as_array().unwrap().clone()
}

/// A place with its own copy of the suites, in which one text of one of them is replaced.
fn copy_with(suite: &str, from: &str, to: &str) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("conformance");
    fs::create_dir(&directory).unwrap();
    for name in kusari_conformance::suite_names() {
        let mut text = text_of(name);
        if name == suite {
            assert!(text.contains(from), "{from} is not in {suite}");
            text = text.replacen(from, to, 1);
        }
        fs::write(directory.join(format!("{name}.json")), text).unwrap();
    }
    place
}

fn copy() -> TempDir {
    copy_with("", "", "")
}

fn file_in(place: &TempDir, suite: &str) -> String {
    fs::read_to_string(place.path().join(format!("conformance/{suite}.json"))).unwrap()
}

fn run_in(place: &TempDir, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kusari"))
        .arg("--conformance")
        .args(args)
        .current_dir(place.path())
        .output()
        .unwrap()
}

fn words(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn this_program_keeps_every_suite_in_the_repository_and_in_itself() {
    for place in [Place::near(&root()), Place::Program] {
        for name in kusari_conformance::suite_names() {
            let report = kusari_conformance::run(name, &place, false).unwrap();
            assert_eq!(report.failures, [], "{name} in {place:?}");
            assert_eq!(report.passed, cases_of(name).len());
        }
    }
    assert_eq!(Place::near(&root()), Place::Directory(root().join("conformance")));
}

#[test]
fn all_suites_run_one_after_another_and_are_summed_up() {
    let (code, out, errors) = words(&run_in(&copy(), &["all"]));
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "Suites: the files in ./conformance");
    let mut total = 0;
    for (name, line) in kusari_conformance::suite_names().iter().zip(&lines[1..]) {
        let count = cases_of(name).len();
        assert_eq!(*line, format!("{name:14} {count} passed, 0 failed"));
        total += count;
    }
    assert_eq!(lines[lines.len() - 1], format!("{total} passed, 0 failed"));
    assert_eq!(lines.len(), kusari_conformance::suite_names().len() + 2);
}

#[test]
fn an_altered_expectation_is_shown_as_a_diff_and_fails() {
    let place = copy_with("genesis", "\"line_bytes\": 305", "\"line_bytes\": 306");
    let (code, out, errors) = words(&run_in(&place, &["genesis"]));
    assert_eq!((code, errors.as_str()), (Some(1), ""));
    for line in [
        "genesis        5 passed, 1 failed",
        "genesis: genesis-block",
        "  -  \"line_bytes\": 306",
        "  +  \"line_bytes\": 305",
    ] {
        assert!(out.lines().any(|shown| shown == line), "no line {line:?} in {out}");
    }
    assert_eq!(out.lines().last(), Some("5 passed, 1 failed"));
}

#[test]
fn a_failure_in_one_suite_fails_all_of_them() {
    let place = copy_with("wire", "\"error\": \"bad-utf8\"", "\"error\": \"bad-utf9\"");
    let (code, out, _) = words(&run_in(&place, &["all"]));
    assert_eq!(code, Some(1));
    assert!(out.lines().last().unwrap().ends_with(" passed, 1 failed"), "{out}");
    assert!(out.contains("\nprinted-sample "), "the suites behind it did not run: {out}");
}

#[test]
fn rewriting_changes_no_byte_where_nothing_changed() {
    let place = copy();
    let (code, out, errors) = words(&run_in(&place, &["all", "--update"]));
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(!out.contains("rewritten"), "{out}");
    for name in kusari_conformance::suite_names() {
        assert!(file_in(&place, name) == text_of(name), "{name} was changed");
    }
    let files = fs::read_dir(place.path().join("conformance")).unwrap().count();
    assert_eq!(files, kusari_conformance::suite_names().len(), "something was left behind");
}

#[test]
fn rewriting_repairs_what_was_altered_and_fills_in_what_is_new() {
    let altered = copy_with("wire", "\"error\": \"bad-utf8\"", "\"error\": \"bad-utf9\"");
    let missing = copy_with(
        "wire",
        ",\n      \"expected\": {\n        \"error\": \"empty-line\"\n      }",
        "",
    );
    let untidy = copy_with("wire", "\n  \"about\"", "\"about\"");
    for (place, rewritten) in [(altered, "not-utf-8\n"), (missing, "empty-line\n"), (untidy, "")] {
        let (code, out, _) = words(&run_in(&place, &["wire", "--update"]));
        assert_eq!(code, Some(0), "{out}");
        assert_eq!(out.split_once("  rewritten: ").is_some(), !rewritten.is_empty(), "{out}");
        assert!(out.contains(rewritten), "{out}");
        assert!(file_in(&place, "wire") == text_of("wire"));
    }
}

#[test]
fn an_expectation_from_outside_is_never_rewritten() {
    let place = copy_with("genesis", "\"line_bytes\": 305", "\"line_bytes\": 306");
    let before = file_in(&place, "genesis");
    let (code, out, _) = words(&run_in(&place, &["genesis", "--update"]));
    assert_eq!(code, Some(1));
    assert!(out.contains("came from outside and is not rewritten: crates/chain/tests"), "{out}");
    assert_eq!(out.lines().last(), Some("5 passed, 1 failed"));
    assert!(file_in(&place, "genesis") == before);
}

#[test]
fn an_input_that_cannot_be_used_fails_by_itself() {
    let place = copy_with("wire", "\"line\": \"PING:7\"", "\"lines\": \"PING:7\"");
    let (code, out, _) = words(&run_in(&place, &["wire"]));
    assert_eq!(code, Some(1));
    assert!(out.contains("wire: ping\n  the input cannot be used: "), "{out}");
    assert!(out.lines().last().unwrap().ends_with(" passed, 1 failed"), "{out}");
}

#[test]
fn what_a_terminal_would_obey_in_a_file_is_printed_escaped() {
    let place = copy_with("wire", "\"error\": \"bad-utf8\"", "\"error\": \"\\u202e\u{9b}31m\"");
    let (_, out, _) = words(&run_in(&place, &["wire"]));
    assert!(out.contains("\\u{202e}\\u{9b}31m") && !out.contains(['\u{202e}', '\u{9b}']), "{out}");
}

#[test]
fn suites_that_cannot_be_run_are_an_error_with_the_remedy() {
    let nowhere = tempfile::tempdir().unwrap();
    let broken = copy_with("hash", "\"cases\"", "\"case\"");
    let lost = copy();
    fs::remove_file(lost.path().join("conformance/hash.json")).unwrap();
    for (place, args, code, remedy) in [
        (&nowhere, &["sha"][..], 2, "genesis, hash, wire, limits, bad-input, fork-choice, printed"),
        (&nowhere, &["all", "--update"], 1, "root of the source"),
        (&broken, &["hash"], 1, "hash.json is no suite: unknown field `case`"),
        (&lost, &["all"], 1, "hash.json cannot be read"),
    ] {
        let (found, _, errors) = words(&run_in(place, args));
        assert_eq!(found, Some(code), "{errors}");
        assert!(errors.starts_with("error: ") && errors.contains(remedy), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}

#[test]
fn an_installed_program_needs_no_files() {
    let (code, out, errors) = words(&run_in(&tempfile::tempdir().unwrap(), &["all"]));
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(out.starts_with("Suites: part of this program"), "{out}");
}

#[test]
fn every_vector_from_outside_is_in_a_suite_and_marked() {
    let path = root().join("crates/chain/tests/vectors/classic.json");
    let vectors: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let [chain, fork] = ["chain", "fork"].map(|branch| vectors[branch].as_array().unwrap());
    let cases = [cases_of("genesis"), cases_of("hash")].concat();
    for block in chain.iter().chain(fork).chain([&vectors["genesis"]]) {
        let of_block = |case: &&Value| {
            case["input"]["block"] == *block && case["expected"]["verdict"] == "valid"
        };
        let case = cases.iter().find(of_block).unwrap();
        assert_eq!(case["expected"]["hash"], block["hash"]);
        assert!(case["source"].is_string(), "{} is not marked", case["name"]);
    }
    // Both branches together end in the longer one, whichever comes first.
    let ends: BTreeSet<String> = cases_of("fork-choice")
        .iter()
        .filter(|case| case["source"].is_string())
        .filter(|case| {
            case["input"]["blocks"].as_object().unwrap().len() == chain.len() + fork.len()
        })
        .map(|case| case["expected"]["after"].as_array().unwrap().last().unwrap().to_string())
        .collect();
    assert_eq!(ends.len(), 2);
    assert!(ends.iter().all(|end| end.contains("\"tip\":\"chain5\"")), "{ends:?}");
}

/// Runs the independent script; `None` where there is no Python.
fn check(directory: &Path) -> Option<Output> {
    let script = root().join("conformance/check.py");
    let result = Command::new("python3").arg(script).arg(directory).output();
    if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        println!("skipped: there is no python3 here");
        return None;
    }
    Some(result.unwrap())
}

#[test]
fn a_script_without_code_of_ours_comes_to_the_same_results() {
    let Some(output) = check(&root().join("conformance")) else { return };
    let (code, out, errors) = words(&output);
    assert_eq!(code, Some(0), "{out}{errors}");
    let suites = ["genesis", "hash", "printed-sample", "fork-choice", "ledger-bytes"];
    let count: usize = suites.map(|name| cases_of(name).len()).iter().sum();
    assert_eq!(out, format!("{count} passed, 0 failed\n"));

    let altered = copy_with("fork-choice", "\"reverted\": 12", "\"reverted\": 11");
    let Some(output) = check(&altered.path().join("conformance")) else { return };
    let (code, out, _) = words(&output);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.starts_with("fork-choice: deep-reorganisation\n"), "{out}");
}
