//! `kusari import` and `kusari export` on a store that no node runs on.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Stdio;

use kusari_chain::Block;
use nix::pty::{Winsize, openpty};
use tempfile::TempDir;

use super::support::blocks::{line, lines, long_chain, mine, mine_many};
use super::support::command::{Ran, command, kusari, on, on_with};
use super::support::{Node, Setup};

/// A place for stores and files.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Imports from stdin into the store of this name.
    #[track_caller]
    fn import(&self, store: &str, content: impl AsRef<[u8]>) -> Ran {
        on_with(&self.path(store), "import -", content.as_ref())
    }

    #[track_caller]
    fn export(&self, store: &str) -> String {
        on(&self.path(store), "export -").printed()
    }
}

/// The blocks of a list in the vectors that all implementations share.
fn vectors(list: &str) -> Vec<Block> {
    let vectors = include_str!("../../../chain/tests/vectors/classic.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    serde_json::from_value(vectors[list].clone()).unwrap()
}

#[test]
fn the_vectors_that_all_implementations_share_are_imported_and_exported_byte_by_byte() {
    let place = Place::new();
    let (chain, fork) = (lines(&vectors("chain")), lines(&vectors("fork")));
    let file = place.file("chain.txt", &chain);
    let ran = on(&place.path("a"), &format!("import {file}"));
    assert_eq!(ran.printed(), "Imported 5 blocks, 0 known already, 0 refused; height is now 5\n");
    let ran = place.import("a", fork);
    assert_eq!(ran.printed(), "Imported 2 blocks, 0 known already, 0 refused; height is now 5\n");
    assert_eq!(place.export("a"), chain);

    let copy = place.path("copy.txt");
    let words = format!("export {}", copy.to_str().unwrap());
    let exported = on(&place.path("a"), &words).printed();
    assert_eq!(exported, format!("Exported 5 blocks to {}\n", copy.display()));
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), chain);
    assert!(on(&place.path("a"), &words).refused(1).contains("say --force to overwrite it"));
    on(&place.path("a"), &format!("{words} --force")).printed();
}

#[test]
fn an_import_that_is_run_again_takes_what_is_new() {
    let place = Place::new();
    let chain = long_chain();
    place.import("a", lines(&chain[..300])).printed();
    assert_eq!(
        place.import("a", lines(chain)).printed(),
        "Imported 100 blocks, 300 known already, 0 refused; height is now 400\n"
    );
    let exported = place.export("a");
    assert_eq!(exported, lines(chain));
    place.import("b", &exported).printed();
    assert_eq!(place.export("b"), exported);
}

#[test]
fn what_is_wrong_in_a_file_is_named_by_its_line_and_the_rest_is_imported() {
    let place = Place::new();
    let chain = long_chain();
    let (one, two, three) = (line(&chain[0]), line(&chain[1]), line(&chain[2]));
    let huge = "x".repeat(9 << 20);
    let forged = one.replace("n1", "n9");
    let mut input = format!("{one}\r\n\n{two}\njunk\nGET_CHAIN\n{huge}\n{forged}\n").into_bytes();
    input.extend_from_slice(b"ab\xffc\n");
    input.extend_from_slice(&three.as_bytes()[..100]);
    let ran = place.import("a", &input);
    assert_eq!(ran.out, "Imported 2 blocks, 0 known already, 6 refused; height is now 2\n");
    let errors = ran.refused(1);
    let errors: Vec<&str> = errors.lines().collect();
    for (said, words) in errors.iter().zip([
        "Line 4 is not imported: it is not a BLOCK line, and only those are imported",
        "Line 5 is not imported: it is not a BLOCK line",
        "Line 6 is not imported: it is longer than 8,388,608 bytes",
        "Line 7 is not imported: the hash is 0000",
        "Line 8 is not imported: the line is not UTF-8 from byte 2 on",
        "Line 9 is not imported: the input ends within it, or it is no block: ",
        "error: 6 lines are not imported; why stands above",
    ]) {
        assert!(said.starts_with(words), "{words}: {errors:?}");
    }
    assert_eq!(errors.len(), 7, "{errors:?}");
    // The last line is whole this time, though without its newline.
    let ran = place.import("a", three);
    assert_eq!(ran.printed(), "Imported 1 block, 0 known already, 0 refused; height is now 3\n");
}

#[test]
fn a_file_full_of_junk_is_refused_in_a_hundred_lines_and_a_count() {
    let place = Place::new();
    let ran = place.import("a", "\u{1b}[2J\n".repeat(1_000));
    assert!(ran.out.contains(" 1,000 refused; "), "{ran:?}");
    let errors = ran.refused(1);
    assert_eq!(errors.lines().count(), 102, "{errors}");
    assert!(errors.contains("\n… and 900 more lines like these\n"), "{errors}");
    assert!(!errors.contains('\u{1b}'));
}

#[test]
fn an_empty_file_is_the_export_of_an_empty_chain() {
    let place = Place::new();
    let none = "Imported 0 blocks, 0 known already, 0 refused; height is now 0\n";
    assert_eq!(place.import("a", "").printed(), none);
    assert_eq!(place.import("a", "\n\r\n").printed(), none);
    assert_eq!(place.export("a"), "");
}

#[test]
fn blocks_in_any_order_find_their_places_and_those_without_a_parent_are_named() {
    let place = Place::new();
    let chain = &long_chain()[..20];
    let mut backwards = chain.to_vec();
    backwards.reverse();
    assert_eq!(
        place.import("a", lines(&backwards)).printed(),
        "Imported 20 blocks, 0 known already, 0 refused; height is now 20\n"
    );
    assert_eq!(place.export("a"), lines(chain));
    let ran = place.import("b", lines(&chain[10..12]));
    assert_eq!(ran.out, "Imported 0 blocks, 0 known already, 2 refused; height is now 0\n");
    let errors = ran.refused(1);
    assert!(errors.starts_with("Line 1 is not imported: the blocks that it builds on"), "{errors}");
}

#[test]
fn a_block_that_breaks_a_rule_on_its_parent_is_refused_with_what_builds_on_it() {
    let place = Place::new();
    let chain = &long_chain()[..3];
    let mut wrong = mine(&chain[0], "wrong index");
    wrong.index = 7;
    let wrong = super::support::blocks::prove(wrong);
    let child = mine(&wrong, "child");
    let input = lines(&[chain[0].clone(), wrong, child, chain[1].clone()]);
    let ran = place.import("a", input);
    assert_eq!(ran.out, "Imported 2 blocks, 0 known already, 2 refused; height is now 2\n");
    let errors = ran.refused(1);
    assert!(errors.contains("Line 2 is not imported: the index is 7, but"), "{errors}");
    assert!(errors.contains("Line 3 is not imported: it builds on 0000"), "{errors}");
}

#[test]
fn an_interrupted_import_leaves_a_store_that_the_next_one_completes() {
    let place = Place::new();
    let chain = lines(long_chain());
    let directory = place.path("a");
    let words = format!("import - --data-dir {}", directory.to_str().unwrap());
    let (_home, mut command) = command(&words);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    // It has taken all of this, save what a pipe and a buffer hold, and waits for more.
    child.stdin.as_mut().unwrap().write_all(chain.as_bytes()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = place.import("a", &chain);
    assert!(ran.printed().ends_with("0 refused; height is now 400\n"));
    assert_eq!(place.export("a"), chain);
}

#[test]
fn an_import_that_reorganises_opens_the_lines_of_this_node_again() {
    let mut node = Node::start("A");
    node.say("mine");
    node.wait_for("Added new block index=1, ");
    node.terminate();
    let branch = mine_many(&Block::genesis(), "longer", 3);
    let ran = on_with(&node.directory(), "import -", lines(&branch).as_bytes());
    assert!(ran.err.contains("Reorganised 1 block deep: from tip "), "{ran:?}");
    assert!(ran.err.contains("The block of line 1 is no longer in the best chain"), "{ran:?}");
    assert_eq!(ran.out, "Imported 3 blocks, 0 known already, 0 refused; height is now 3\n");
    node.restart();
    node.wait_for("Data       : mine");
    assert_eq!(node.chain().data(), ["longer1", "longer2", "longer3", "mine"]);
}

#[test]
fn what_cannot_be_read_or_written_is_named_with_what_to_do() {
    let place = Place::new();
    let directory = place.path("a");
    let directory = directory.to_str().unwrap();
    for (words, said) in [
        (format!("import missing --data-dir {directory}"), "missing cannot be read"),
        (format!("import {} --data-dir {directory}", place.0.path().display()), "cannot be read"),
        (format!("export file --data-dir {directory}"), "there is no chain in "),
        (format!("export no/where --data-dir {directory}"), "cannot be written"),
    ] {
        let errors = kusari(&words).refused(1);
        assert!(errors.contains(said) && errors.lines().count() == 1, "{words}: {errors}");
    }
    // Nothing was created by any of them.
    assert!(!place.path("a").exists());
}

#[test]
fn a_reader_that_goes_away_ends_an_export_quietly() {
    let place = Place::new();
    place.import("a", lines(long_chain())).printed();
    let (_home, mut command) =
        command(&format!("export - --data-dir {}", place.path("a").to_str().unwrap()));
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_disk_that_is_full_leaves_no_half_an_export() {
    let place = Place::new();
    place.import("a", lines(long_chain())).printed();
    let words = format!("export chain.txt --data-dir {}", place.path("a").to_str().unwrap());
    let setup = Setup::bare("export").with_file_limit(16).args(words.split(' '));
    let output = setup.command().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot be written"));
    let left = std::fs::read_dir(setup.home()).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn at_a_terminal_progress_is_shown_and_taken_away_again() {
    let place = Place::new();
    let file = place.file("chain.txt", lines(long_chain()));
    let directory = place.path("a");
    let words = format!("import {file} --data-dir {}", directory.to_str().unwrap());
    let size = Winsize { ws_row: 50, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    let pair = openpty(&size, None).unwrap();
    let (_home, mut command) = command(&words);
    command.env("TERM", "xterm").stderr(pair.slave);
    let child = command.spawn().unwrap();
    // Our copy of the program's end is closed, so that its end is the end of what is shown.
    drop(command);
    let (mut shown, mut bytes) = (Vec::new(), [0; 4_096]);
    let mut terminal = File::from(pair.master);
    while let Ok(count @ 1..) = terminal.read(&mut bytes) {
        shown.extend_from_slice(&bytes[..count]);
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.stdout,
        b"Imported 400 blocks, 0 known already, 0 refused; height is now 400\n"
    );
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("Importing ") && shown.contains("KiB"), "{shown:?}");
    assert!(shown.ends_with("\r\u{1b}[2K"), "{shown:?}");
}
