//! `docs/commands.md`, word by word: its commands are run in a shell, and what they print compared.

use std::path::Path;
use std::process::Command;

use super::pages::matches;
use super::support::{Node, Setup, eventually};

const DOCS: &str = include_str!("../../../../docs/commands.md");

/// From here on the page speaks of a store without a node.
const WITHOUT_NODE: &str = "## Where no node runs";

/// From here on it speaks of a ledger.
const ON_A_LEDGER: &str = "## On a ledger";

/// Each command of the console blocks in a part of the page, with the lines that it prints.
fn examples(part: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut inside = false;
    for line in part.lines() {
        match (line, line.strip_prefix("$ ")) {
            ("```console", _) => inside = true,
            ("```", _) => inside = false,
            (_, Some(command)) if inside => found.push((command, Vec::new())),
            _ if inside => found.last_mut().unwrap().1.push(line),
            _ => {}
        }
    }
    found
}

/// What a command prints, stdout first, where `kusari` means the node or the store of `directory`
/// unless it says otherwise.
fn run(command: &str, home: &Path, directory: &Path) -> String {
    let program = env!("CARGO_BIN_EXE_kusari");
    let script = format!(
        "kusari() {{ case \"$*\" in *--data-dir*|man*|completions*|chain-spec*|sya*|verify*) '{program}' \"$@\";; \
         *) '{program}' \"$@\" --data-dir '{}';; esac; }}\n{command}",
        directory.display()
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(home).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// Runs a command, and holds what it prints to what the page shows.
fn check((command, shown): &(&str, Vec<&str>), home: &Setup, node: &Node, directory: &Path) {
    let printed = run(command, home.home(), directory);
    let printed: Vec<&str> = printed.lines().collect();
    assert_eq!(printed.len(), shown.len(), "{command}\nprints {printed:#?}");
    for (line, shown) in printed.into_iter().zip(shown) {
        let shown = shown.replace("127.0.0.1:8080", &format!("127.0.0.1:{}", node.port));
        assert!(matches(line, &shown), "{command}\nshows {shown}\nbut prints {line}");
    }
}

#[test]
fn the_commands_of_the_page_print_what_it_shows() {
    let mut node = Setup::new("docs").start();
    let home = Setup::bare("home");
    let directory = node.directory();
    let (classic, _) = DOCS.split_once(ON_A_LEDGER).unwrap();
    let (with_node, without) = classic.split_once(WITHOUT_NODE).unwrap();
    for (part, count) in [(with_node, 17), (without, 19)] {
        let examples = examples(part);
        assert!(examples.len() >= count, "{} examples", examples.len());
        for example in examples {
            check(&example, &home, &node, &directory);
            // What a line says it will be, it is before the next command.
            eventually("what was said is mined", || {
                let state = || run("kusari status", home.home(), &directory);
                (part == without || state().contains("\n- Lines : 0 ")).then_some(())
            });
        }
        if part == with_node {
            node.terminate();
        }
    }
}

#[test]
fn the_commands_for_a_ledger_print_what_the_page_shows() {
    let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let home = Setup::bare("home");
    let (_, part) = DOCS.split_once(ON_A_LEDGER).unwrap();
    let examples = examples(part);
    assert!(examples.len() >= 48, "{} examples", examples.len());
    for example in examples {
        check(&example, &home, &node, &node.directory());
    }
}
