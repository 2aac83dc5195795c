//! `docs/formats/wire.md` and the suites say what the code does: every verb, limit, time and code.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use kusari_node::wire::{Message, encode, receive};

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The part of the document below a heading.
fn section(heading: &str) -> String {
    let document = file("docs/formats/wire.md");
    let (_, rest) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap().to_owned()
}

/// Rows of a section's table: the first cell without its quotes, and the other cells.
fn table(heading: &str) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::new();
    for line in section(heading).lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        let name = cells.next().unwrap().replace('`', "");
        assert!(rows.insert(name, cells.collect()).is_none(), "twice in the document: {line}");
    }
    assert!(!rows.is_empty(), "no table below {heading}");
    rows
}

fn names<T>(rows: &BTreeMap<String, T>) -> BTreeSet<String> {
    rows.keys().cloned().collect()
}

/// The string at the beginning of a text, if there is one.
fn quoted(text: &str) -> Option<String> {
    let (word, _) = text.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(word.to_owned())
}

/// Verbs that the decoder knows: the patterns of its one `match`.
fn verbs_of_the_code() -> BTreeSet<String> {
    let decode = file("crates/node/src/wire/decode.rs");
    let (_, body) = decode.split_once("match verb {").unwrap();
    let (arms, _) = body.split_once("UnknownVerb").unwrap();
    let patterns = arms.lines().filter_map(quoted).filter(|verb| !verb.is_empty());
    let prefix = decode.split_once("text.starts_with(").and_then(|(_, rest)| quoted(rest));
    patterns.chain(prefix).collect()
}

/// Codes that `ERROR` lines carry: the arms of every `fn code`, and those sent by name.
fn codes_of_the_code() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for path in ["crates/node/src/wire/decode.rs", "crates/chain/src/rules/mod.rs"] {
        let text = file(path);
        let (_, body) = text.split_once("fn code(").unwrap();
        let (body, _) = body.split_once("\n    }\n").unwrap();
        codes.extend(body.lines().filter_map(|line| quoted(line.split_once("=>")?.1)));
    }
    for name in ["blocks", "connections", "follow_up", "messages"] {
        let text = file(&format!("crates/node/src/node/{name}.rs"));
        let calls = text.split("send_error(").skip(1);
        codes.extend(calls.filter_map(|call| quoted(call.split_once(',')?.1)));
    }
    codes
}

/// Constants of a source file, by name, as the document writes them.
fn constants(path: &str) -> BTreeMap<String, String> {
    let text = file(path);
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let Some((head, value)) = line.strip_prefix("const ").and_then(|l| l.split_once(" = "))
        else {
            continue;
        };
        let name = head.split(':').next().unwrap().to_owned();
        found.extend(written(value.trim_end_matches(';')).map(|value| (name, value)));
    }
    assert!(!found.is_empty(), "no constants in {path}");
    found
}

/// A constant's value as the document writes it; `None` where it is no number and no time.
fn written(value: &str) -> Option<String> {
    let product = |factors: &str| -> Option<u64> {
        factors
            .split('*')
            .map(|factor| factor.trim().replace('_', "").parse::<u64>().ok())
            .product()
    };
    for (call, unit) in [("Duration::from_secs(", "s"), ("Duration::from_millis(", "ms")] {
        if let Some(inner) = value.strip_prefix(call) {
            return Some(format!("{} {unit}", product(inner.trim_end_matches(')'))?));
        }
    }
    let digits = match value {
        "kusari_chain::params::MAX_LINE_BYTES" => kusari_chain::params::MAX_LINE_BYTES.to_string(),
        "MAX_LINE_BYTES - LINE_FRAME_BYTES - MAX_NUMBER_DIGITS" => {
            kusari_chain::params::MAX_TEXT_BYTES.to_string()
        }
        value => product(value)?.to_string(),
    };
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    let groups = groups.iter().map(|group| std::str::from_utf8(group).unwrap());
    Some(groups.collect::<Vec<_>>().join(","))
}

#[test]
fn the_document_lists_every_verb_and_no_other() {
    assert_eq!(names(&table("Verbs")), verbs_of_the_code());
}

#[test]
fn every_example_line_is_the_canonical_form_of_a_verb() {
    let verbs = section("Verbs");
    let (_, examples) = verbs.split_once("```text\n").unwrap();
    let (examples, _) = examples.split_once("```").unwrap();
    let mut shown = BTreeSet::new();
    for line in examples.lines() {
        let message = receive(line.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(encode(&message)).unwrap(), format!("{line}\n"));
        shown.insert(line.split(':').next().unwrap().to_owned());
    }
    assert_eq!(shown, verbs_of_the_code(), "a verb without an example");
    assert!(matches!(receive(b"HELP:{}"), Ok(Message::Help)));
}

#[test]
fn the_document_lists_every_error_code_and_no_other() {
    assert_eq!(names(&table("Error codes")), codes_of_the_code());
}

#[test]
fn limits_and_times_in_the_document_are_those_of_the_code() {
    let mut code = BTreeMap::new();
    for path in [
        "crates/chain/src/params.rs",
        "crates/node/src/wire.rs",
        "crates/node/src/limits.rs",
        "crates/kusari/src/net.rs",
        "crates/kusari/src/net/connection.rs",
    ] {
        code.extend(constants(path));
    }
    let mut document = table("Limits");
    document.extend(table("Timing"));
    for (name, cells) in &document {
        assert_eq!(code.get(name), Some(&cells[0]), "{name}");
    }
    for name in constants("crates/node/src/wire.rs").keys() {
        assert!(document.contains_key(name), "{name} is not in the document");
    }
    // Times that only the person at this node notices.
    let at_home = ["REPORT_REFILL", "CONNECTION_REPORT_REFILL"];
    for (name, value) in constants("crates/node/src/limits.rs") {
        let seen = value.ends_with('s') && !at_home.contains(&name.as_str());
        assert!(!seen || document.contains_key(&name), "{name} is not in the document");
    }
}

#[test]
fn scores_in_the_document_are_those_of_the_code() {
    let limits = constants("crates/node/src/limits.rs");
    let malformed = ["empty-line", "bad-utf8", "bad-json", "bad-field", "too-many"];
    for (code, cells) in table("Error codes") {
        let is_rule = file("crates/chain/src/rules/mod.rs").contains(&format!("\"{code}\""));
        let score = if is_rule {
            &limits["INVALID_BLOCK_SCORE"]
        } else if malformed.contains(&code.as_str()) || code == "line-without-end" {
            &limits["MALFORMED_SCORE"]
        } else {
            "0"
        };
        assert_eq!(cells[1], score, "{code}");
    }
    let text = section("Error codes");
    assert!(text.contains(&format!("at {} it is closed", limits["BAN_SCORE"])));
}

#[test]
fn the_suites_have_a_case_for_every_verb_and_every_error_code() {
    let wire: serde_json::Value = serde_json::from_str(&file("conformance/wire.json")).unwrap();
    let cases = wire["cases"].as_array().unwrap();
    let verbs = cases.iter().filter_map(|case| case["expected"]["verb"].as_str());
    assert_eq!(verbs.map(str::to_owned).collect::<BTreeSet<_>>(), verbs_of_the_code());

    let bad_input = file("conformance/bad-input.json");
    for code in codes_of_the_code() {
        // How fast a peer reads is nothing that a file can say.
        let in_dialogue = bad_input.contains(&format!("\"ERROR {code}\""));
        let found = in_dialogue
            || file("conformance/limits.json").contains(&format!("\"result\": \"{code}\""));
        assert_eq!(found, code != "busy", "{code}");
    }
}
