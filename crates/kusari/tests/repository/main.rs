//! The rules of the repository, each a test.
//!
//! What can be read off the source is checked here, so that a review need not. A failure names the
//! rule and every place that breaks it. Forbidden words are spelled in two halves, so that this
//! file does not break its own rules.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

mod books;
mod layers;
mod lints;
mod people;
mod seeds;
mod wire_document;

/// Longest source file, in lines: a file is one idea.
const MAX_FILE_LINES: usize = 400;

/// Largest file in the repository, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Directories that hold what was built or found, not what was written.
const SKIPPED_DIRECTORIES: [&str; 5] = [".git", "target", "artifacts", "corpus", "coverage"];

/// Crates that are free of I/O, clock, threads and randomness.
const CORE_CRATES: [&str; 2] = ["chain", "node"];

/// Which modules of `chain` each of its modules must not name.
const CHAIN_ABSENCES: [(&str, &[&str]); 8] = [
    ("params", &["accept", "block", "hash", "pow", "rules", "store", "transaction", "tree"]),
    ("hash", &["accept", "block", "pow", "rules", "store", "transaction", "tree"]),
    ("pow", &["accept", "block", "rules", "store", "transaction", "tree"]),
    ("transaction", &["accept", "rules", "store", "tree"]),
    ("block", &["accept", "store", "tree"]),
    ("rules", &["accept", "store", "tree"]),
    ("store", &["accept", "rules", "tree"]),
    ("tree", &["rules"]),
];

/// The modules of `node` that each own one concern and do not know one another.
const NODE_CONCERNS: [&str; 4] = ["downloads", "gossip", "outbox", "peers"];

/// Where the tests of a source file begin.
const TEST_MODULE: &str = "#[cfg(test)]\nmod tests {";

struct File {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

impl File {
    /// `path:line: text` for each line that `broken` holds for.
    fn offenders(&self, broken: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.text.split('\n').enumerate();
        lines
            .filter(|(_, line)| broken(line))
            .map(|(at, line)| format!("{}:{}: {}", self.path, at + 1, line.trim()))
            .collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            if !SKIPPED_DIRECTORIES.iter().any(|skipped| name == *skipped) {
                collect(&entry.path(), found);
            }
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

fn all_paths() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root(), &mut found);
    found.sort();
    assert!(found.len() > 20, "the repository was not found at {}", root().display());
    found
}

/// Files whose name ends in one of `extensions`.
fn files(extensions: &[&str]) -> Vec<File> {
    let root = root();
    all_paths()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ext| extensions.iter().any(|e| ext == *e)))
        .map(|path| File {
            path: path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
            text: fs::read_to_string(&path).unwrap(),
        })
        .collect()
}

fn sources() -> Vec<File> {
    files(&["rs"])
}

/// Sources of one crate's module: `module.rs` and everything below `module/`, tests left out.
fn module_sources(of_crate: &str, module: &str) -> Vec<File> {
    let stem = format!("crates/{of_crate}/src/{module}");
    let belongs = |file: &File| {
        let rest = file.path.strip_prefix(&stem);
        rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            && !rest.is_some_and(|rest| rest.contains("tests"))
    };
    let mut found: Vec<File> = sources().into_iter().filter(belongs).collect();
    for file in &mut found {
        let tests = file.text.find(TEST_MODULE).unwrap_or(file.text.len());
        file.text.truncate(tests);
    }
    found
}

fn code(line: &str) -> &str {
    line.find("//").map_or(line, |comment| &line[..comment])
}

/// Whether `word` stands in `line` with no letter, digit or underscore right before or after it.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(joins) && !line[at + word.len()..].starts_with(joins))
}

#[track_caller]
fn assert_none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n  {}\n", offenders.join("\n  "));
}

#[test]
fn a_source_file_is_one_idea() {
    let long: Vec<String> = sources()
        .iter()
        .map(|file| (file.text.lines().count(), &file.path))
        .filter(|(lines, _)| *lines > MAX_FILE_LINES)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert_none("a source file has at most 400 lines; find the second idea and move it", &long);
}

#[test]
fn the_core_is_without_std() {
    for name in CORE_CRATES {
        let library = root().join(format!("crates/{name}/src/lib.rs"));
        let text = fs::read_to_string(library).unwrap();
        assert!(text.contains("#![no_std]"), "crates/{name} must be #![no_std]");
    }
}

#[test]
fn the_core_touches_no_io_clock_or_thread() {
    let mut offenders = Vec::new();
    for file in sources() {
        if !CORE_CRATES.iter().any(|name| file.path.starts_with(&format!("crates/{name}/src/"))) {
            continue;
        }
        let outside = ["env", "fs", "io", "net", "process", "thread", "time"];
        offenders.extend(file.offenders(|line| {
            outside.iter().any(|module| has_word(code(line), &format!("std::{module}")))
                || has_word(code(line), "tokio")
        }));
    }
    assert_none("chain and node take what is outside as input and name none of it", &offenders);
}

/// Places where `file`, part of `module`, names another module of its crate, `other`.
fn mentions(file: &File, of_crate: &str, module: &str, other: &str) -> Vec<String> {
    let inner = file.path.trim_start_matches(&format!("crates/{of_crate}/src/{module}"));
    let depth = if inner.ends_with("/mod.rs") { 1 } else { inner.matches('/').count() + 1 };
    let relative = format!("{}{other}", "super::".repeat(depth));
    let mut group = false;
    let mut found = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        let line = code(line);
        group = group || line.contains("use crate::{");
        let named = has_word(line, &format!("crate::{other}"))
            || (has_word(line, &relative) && !line.contains(&format!("super::{relative}")))
            || (group && has_word(line, other));
        if named {
            found.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
        }
        group = group && !line.contains(';');
    }
    found
}

#[test]
fn modules_of_chain_know_what_their_documentation_says() {
    let mut offenders = Vec::new();
    for (module, absent) in CHAIN_ABSENCES {
        let files = module_sources("chain", module);
        assert!(!files.is_empty(), "chain::{module} is gone; correct the table in this test");
        for (file, other) in files.iter().flat_map(|file| absent.iter().map(move |o| (file, o))) {
            offenders.extend(mentions(file, "chain", module, other));
        }
    }
    assert_none("a module of chain names one that it must not know", &offenders);
}

#[test]
fn concerns_of_the_node_do_not_know_one_another() {
    let mut offenders = Vec::new();
    for module in NODE_CONCERNS {
        for file in module_sources("node", module) {
            for other in NODE_CONCERNS.iter().filter(|other| **other != module) {
                offenders.extend(mentions(&file, "node", module, other));
            }
        }
    }
    assert_none("only the dispatcher joins peers, downloads, gossip and outbox", &offenders);
}

#[test]
fn no_row_of_the_store_is_read_or_written_without_its_checksum() {
    let mut sources = sources();
    sources.retain(|file| file.path.starts_with("crates/store/src/"));
    sources.retain(|file| !file.path.ends_with("src/checksummed.rs"));
    assert!(sources.len() > 20, "{} sources", sources.len());
    let opens = |line: &str| code(line).contains(".open_table(");
    let offenders: Vec<String> = sources.iter().flat_map(|file| file.offenders(opens)).collect();
    assert_none("a table is opened beside `store::checksummed`", &offenders);
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = [
        concat!("to", "do!"),
        concat!("unimpl", "emented!"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
        concat!("d", "bg!"),
    ];
    let offenders: Vec<String> = sources()
        .iter()
        .flat_map(|file| file.offenders(|line| marks.iter().any(|mark| has_word(line, mark))))
        .collect();
    assert_none("unfinished work does not go into the repository", &offenders);
}

/// Whether the whole file is test code, by its place.
fn is_test_file(path: &str) -> bool {
    ["/tests", "/testing", "crates/sim/"].iter().any(|place| path.contains(place))
}

#[test]
fn tests_neither_sleep_nor_are_skipped() {
    let ignored = concat!("#[", "ignore");
    let blocking = concat!("thread::", "sleep");
    let pause = concat!("time::", "sleep");
    let mut offenders = Vec::new();
    for mut file in sources() {
        offenders.extend(file.offenders(|line| line.contains(ignored) || has_word(line, blocking)));
        // A driver may pause by the runtime's timer, say after a failed accept; a test may not.
        if !is_test_file(&file.path) {
            let tests = file.text.find(TEST_MODULE).unwrap_or(file.text.len());
            file.text = "\n".repeat(file.text[..tests].matches('\n').count()) + &file.text[tests..];
        }
        offenders.extend(file.offenders(|line| has_word(line, pause)));
    }
    assert_none("wait for an event with a deadline, and run every test", &offenders);
}

#[test]
fn text_files_are_tidy() {
    let mut offenders = Vec::new();
    for file in files(&["rs", "md", "toml"]) {
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            offenders.push(format!("{}: no newline at the end", file.path));
        }
        offenders.extend(
            file.offenders(|line| line.contains('\t') || line.ends_with(char::is_whitespace)),
        );
    }
    assert_none("no tabs, no white space at the end of a line, a newline at the end", &offenders);
}

#[test]
fn no_file_is_large() {
    let offenders: Vec<String> = all_paths()
        .iter()
        .map(|path| (fs::metadata(path).unwrap().len(), path.display()))
        .filter(|(bytes, _)| *bytes > MAX_FILE_BYTES)
        .map(|(bytes, path)| format!("{path}: {bytes} bytes"))
        .collect();
    assert_none("a file has at most 1 MiB; what is larger is made by a test", &offenders);
}
