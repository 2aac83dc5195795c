//! Pages as text: their sections and blocks, and when a line is what a page shows.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A page of the repository.
#[track_caller]
pub(crate) fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands below a heading of the second level, up to the next one.
#[track_caller]
pub(crate) fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, text) = page
        .split_once(&format!("## {heading}\n"))
        .unwrap_or_else(|| panic!("there is no section {heading}"));
    text.split("\n## ").next().unwrap_or(text)
}

/// The fenced blocks of one language, in order.
pub(crate) fn blocks(text: &str, language: &str) -> Vec<Vec<String>> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{language}") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            blocks.push(block.map(str::to_owned).collect());
        }
    }
    blocks
}

/// Whether a line is what a page shows, `…` standing for anything.
pub(crate) fn matches(line: &str, shown: &str) -> bool {
    let mut rest = line;
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let mut ends_open = false;
    for part in parts {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
        ends_open = part.is_empty();
    }
    ends_open || rest.is_empty()
}

/// Whether lines are what a page shows, a line `…` standing for any number of them.
pub(crate) fn all_match(lines: &[&str], shown: &[String]) -> bool {
    match (shown.split_first(), lines.split_first()) {
        (None, first) => first.is_none(),
        (Some((dots, rest)), _) if dots == "…" => {
            (0..=lines.len()).any(|skipped| all_match(&lines[skipped..], rest))
        }
        (Some((shown, rest)), Some((line, lines))) => {
            matches(line, shown) && all_match(lines, rest)
        }
        (Some(_), None) => false,
    }
}

/// The words of a command, as a shell takes them where quotes stand around whole words.
pub(crate) fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in command.split(['"', '\'']).enumerate() {
        match place % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[test]
fn a_line_of_dots_stands_for_any_number_of_lines() {
    let shown: Vec<String> = ["a", "…", "block … of 5"].map(str::to_owned).into();
    assert!(all_match(&["a", "block 1 of 5"], &shown));
    assert!(all_match(&["a", "b", "c", "block 1 of 5"], &shown));
    assert!(!all_match(&["a", "b", "block 1 of 50"], &shown));
    assert!(!all_match(&["block 1 of 5"], &shown));
}
