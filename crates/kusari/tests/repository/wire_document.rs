//! `docs/formats/wire.md` and the suites say what the code does: every verb, limit, time and code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use kusari_chain::mempool::PoolRefusal;
use kusari_chain::rules::TransactionViolation;
use kusari_chain::{Block, RuleViolation, Target};
use kusari_node::wire::{Dialect, Message, Received, encode, receive};
use sha2::{Digest, Sha256};
use strum::VariantNames;

/// Where the verbs stand, each with what ends its one `match`: those of every chain, and those that
/// only a ledger has.
const DECODERS: [(&str, &str); 2] = [
    ("crates/node/src/wire/decode.rs", "UnknownVerb"),
    ("crates/node/src/wire/decode/ledger.rs", "return Ok(None)"),
];

/// Codes without a case, which no file can bring about: how fast a peer reads, a caller that mixes up
/// accounts, more money than all blocks together can create, and a transaction that fits in no body
/// though its payload is not too long, which the bounds of a chain exclude; and those of [`AT_THE_DOOR`].
const WITHOUT_CASE: [&str; 5] =
    ["already-connected", "busy", "other-account", "balance-overflow", "transaction-too-large"];

/// Why a connection is closed before it is heard, as the line says that it is sent first.
const AT_THE_DOOR: [&str; 5] =
    ["too-many-peers", "too-many-from-address", "too-many-from-group", "banned", "not-allowed"];

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

/// Verbs of one decoder: the patterns of its one `match`.
fn verbs_of((path, end): (&str, &str)) -> BTreeSet<String> {
    let decode = file(path);
    let (_, body) = decode.split_once("match verb {").unwrap();
    let (arms, _) = body.split_once(end).unwrap();
    let patterns = arms.lines().filter_map(quoted).filter(|verb| !verb.is_empty());
    let prefix = decode.split_once("text.starts_with(").and_then(|(_, rest)| quoted(rest));
    patterns.chain(prefix).collect()
}

fn verbs_of_the_code() -> BTreeSet<String> {
    DECODERS.into_iter().flat_map(verbs_of).collect()
}

/// Codes of rules, of which those of a transaction are the reason of one of a block.
fn codes_of_rules() -> BTreeSet<String> {
    let codes = [RuleViolation::VARIANTS, TransactionViolation::VARIANTS].concat();
    codes.into_iter().filter(|code| *code != "transaction").map(String::from).collect()
}

/// Codes that `ERROR` lines carry: those of rules and refusals, and those sent by name.
fn codes_of_the_code() -> BTreeSet<String> {
    let mut codes = codes_of_rules();
    let of_the_pool = PoolRefusal::VARIANTS.iter().filter(|code| **code != "transaction");
    codes.extend(of_the_pool.map(|code| (*code).to_owned()));
    let text = file("crates/node/src/wire/refusal.rs");
    let (_, body) = text.split_once("fn code(").unwrap();
    let (body, _) = body.split_once("\n    }\n").unwrap();
    codes.extend(body.lines().filter_map(|line| quoted(line.split_once("=>")?.1)));
    let names =
        ["compact", "connections", "follow_up", "headers", "ledger", "messages", "originals"];
    for name in names {
        let text = file(&format!("crates/node/src/node/{name}.rs"));
        let calls = text.split("send_error(").skip(1);
        codes.extend(calls.filter_map(|call| quoted(call.split_once(',')?.1)));
    }
    codes.extend(AT_THE_DOOR.map(String::from));
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
    let number = |digits: &str| digits.trim().replace('_', "").parse::<u64>().ok();
    let product = |factors: &str| -> Option<u64> {
        match factors.split_once("<<") {
            Some((number_of, bits)) => Some(number(number_of)? << number(bits)?),
            None => factors.split('*').map(number).product(),
        }
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
        "MAX_MEMPOOL_BYTES / 8" => kusari_chain::params::MAX_SENDER_BYTES.to_string(),
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

/// The chain of a whole block.
fn chain_of(message: &Received) -> Option<Dialect> {
    match message {
        Message::Block(block) => Some(Dialect::Ledger(block.ledger()?.commitment.chain_id)),
        _ => None,
    }
}

#[test]
fn every_example_line_is_the_canonical_form_of_a_verb() {
    let verbs = section("Verbs");
    let (_, examples) = verbs.split_once("```text\n").unwrap();
    let (examples, _) = examples.split_once("```").unwrap();
    let of_a_ledger = verbs_of(DECODERS[1]);
    let written = |line: &str| Dialect::Written.receive(line.as_bytes()).unwrap();
    let ledger = examples.lines().find_map(|line| chain_of(&written(line))).unwrap();
    let mut shown = BTreeSet::new();
    for line in examples.lines() {
        let verb = line.split(':').next().unwrap().to_owned();
        assert_eq!(String::from_utf8(encode(&written(line))).unwrap(), format!("{line}\n"));
        // Signatures and all else are right on the chain of the example.
        assert_eq!(ledger.receive(line.as_bytes()), Ok(written(line)));
        let classic = receive(line.as_bytes());
        if of_a_ledger.contains(&verb) {
            assert_eq!(classic.unwrap_err().code(), "unknown-verb");
        } else {
            assert!(classic.is_ok(), "{line}");
        }
        shown.insert(verb);
    }
    assert_eq!(shown, verbs_of_the_code(), "a verb without an example");
    assert!(matches!(receive(b"HELP:{}"), Ok(Message::Help)));
}

/// A reader has nothing but the document to make a hash by: its table, applied to its own examples and
/// to the genesis block that it describes.
#[test]
fn the_hash_rule_in_the_document_gives_the_hashes_of_its_blocks() {
    let rule: Vec<(String, String)> = section("Blocks")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let name = cells.next().unwrap().split('`').nth(1).unwrap();
            (name.to_owned(), cells.next().unwrap().to_owned())
        })
        // What is hashed on a ledger besides stands in another table, below this one.
        .take(8)
        .collect();
    assert_eq!(rule[7].0, "data", "{rule:?}");
    let verbs = section("Verbs");
    let examples = verbs.lines().filter_map(|line| line.strip_prefix("BLOCK:"));
    let mut blocks: Vec<serde_json::Value> =
        examples.map(|json| serde_json::from_str(json).unwrap()).collect();
    assert_eq!(blocks.len(), 2, "an example without a hash rule");
    blocks.push(serde_json::to_value(Block::genesis()).unwrap());
    for block in &blocks {
        let hash = hex(&Sha256::digest(preimage(block, &rule)));
        assert_eq!(block["hash"], hash, "by {rule:?}");
    }
}

/// The bytes that the document has hashed: each field in the width of its row, the fields of a transfer once for each.
fn preimage(block: &serde_json::Value, rule: &[(String, String)]) -> Vec<u8> {
    let bytes_of = |value: &serde_json::Value, width: &str| match (value, width.parse::<usize>()) {
        (serde_json::Value::Number(number), Ok(width)) => {
            number.as_u64().unwrap().to_le_bytes()[..width].to_vec()
        }
        (serde_json::Value::String(text), Ok(width)) => {
            let bytes = (0..width).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16));
            bytes.collect::<Result<_, _>>().unwrap()
        }
        (serde_json::Value::String(text), Err(_)) => text.clone().into_bytes(),
        // A row that fits no field leaves its bytes out, and the hash is another one.
        _ => Vec::new(),
    };
    let (of_transfers, of_block): (Vec<_>, Vec<_>) =
        rule.iter().partition(|(name, _)| block.get(name).is_none());
    assert_eq!(of_transfers.len(), 3, "a field that no block has: {rule:?}");
    let mut whole = Vec::new();
    for (name, width) in of_block {
        if name == "data" {
            for transfer in block["transactions"].as_array().unwrap() {
                whole.extend(of_transfers.iter().flat_map(|(n, w)| bytes_of(&transfer[n], w)));
            }
        }
        whole.extend(bytes_of(&block[name], width));
    }
    whole
}

fn hex(bytes: &[u8]) -> String {
    kusari_chain::hex::encode(bytes)
}

#[test]
fn the_document_says_which_branch_is_followed_and_what_a_block_weighs() {
    let blocks = section("Blocks");
    let genesis = Block::genesis();
    let work = Target::CLASSIC.work().to_string();
    for words in [
        "**Fork choice.**",
        "most work",
        "smaller number",
        &format!("nonce {}", genesis.nonce),
        &format!("timestamp {}", genesis.timestamp),
        &genesis.data,
        &genesis.hash.to_string(),
        &format!("{},{}", &work[..2], &work[2..]),
    ] {
        assert!(blocks.contains(words), "{words:?} is not in the document");
    }
    assert!(section("Verbs").contains("**newest first**"), "the order of a locator is not told");
}

#[test]
fn the_document_says_what_an_answer_that_is_a_question_too_is_taken_for() {
    assert!(matches!(receive(b"STATUS:"), Ok(Message::GetStatus)));
    assert!(matches!(receive(b"HELP:"), Ok(Message::GetHelp)));
    assert_eq!(receive(b"STATUS:x").unwrap_err().code(), "bad-json");
    assert!(matches!(receive(b"HELP:x"), Ok(Message::Help)));
    assert!(matches!(receive(b"GET_PEERS:x"), Ok(Message::GetPeers)));
    let framing = section("Framing");
    for words in ["`STATUS:x` is refused (`bad-json`)", "`HELP:x` is an answer"] {
        assert!(framing.contains(words), "{words:?} is not in the document");
    }
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
        "crates/runtime/src/net.rs",
        "crates/runtime/src/net/connection.rs",
        "crates/runtime/src/net/reader.rs",
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
    let at_home =
        ["REPORT_REFILL", "SHOWN_REFILL", "SUMMARY_INTERVAL", "HINDRANCE_AFTER", "UNMINED_AFTER"];
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
        let is_rule = code == "bad-statement-signature" || codes_of_rules().contains(&code);
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
    let mut verbs = BTreeSet::new();
    for suite in ["wire", "ledger-lines"] {
        let text = file(&format!("conformance/{suite}.json"));
        let suite: serde_json::Value = serde_json::from_str(&text).unwrap();
        let cases = suite["cases"].as_array().unwrap();
        let found = cases.iter().filter_map(|case| case["expected"]["verb"].as_str());
        verbs.extend(found.map(str::to_owned));
    }
    assert_eq!(verbs, verbs_of_the_code());

    let bad_input = file("conformance/bad-input.json");
    let limits = file("conformance/limits.json");
    let of_ledgers = ["lines", "pool", "blocks"]
        .map(|name| file(&format!("conformance/ledger-{name}.json")))
        .concat();
    for code in codes_of_the_code() {
        let found = bad_input.contains(&format!("\"ERROR {code}\""))
            || limits.contains(&format!("\"result\": \"{code}\""))
            || of_ledgers.contains(&format!("\"refused: {code}\""))
            || of_ledgers.contains(&format!("\"error\": \"{code}\""));
        let without = [&WITHOUT_CASE[..], &AT_THE_DOOR].concat();
        assert_eq!(found, !without.contains(&code.as_str()), "{code}");
    }
}
