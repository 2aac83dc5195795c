//! The README's commands, run in order against a node, and their outputs compared.
//!
//! `8080` stands for the port of that node, so where the README relies on the default port, the
//! port is said here.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use super::readme::{blocks_of, expect_in_order, matches};
use super::support::{Node, Setup};

/// Commands that are about a node.
const ABOUT_A_NODE: [&str; 15] = [
    "say", "status", "peers", "chain", "block", "export", "import", "audit", "backup", "record",
    "send", "balance", "prove", "evidence", "wallet",
];

/// A command of the README with the lines it shows.
struct Example {
    command: String,
    shown: Vec<String>,
}

fn examples(section: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for line in blocks_of(section, "console").into_iter().flatten() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                examples.push(Example { command: command.to_owned(), shown: Vec::new() });
            }
            None => examples.last_mut().unwrap().shown.push(line),
        }
    }
    assert!(!examples.is_empty(), "the section {section} shows no command");
    examples
}

/// The words of a command, as a shell takes them, where quotes stand around whole words alone.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in command.split('"').enumerate() {
        match place % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Runs a command in the node's surroundings, compares what it prints, and returns it.
fn run(setup: &Setup, port: u16, example: &Example) -> Vec<String> {
    let mut words = words(&example.command);
    assert_eq!(words.remove(0), "kusari", "{}", example.command);
    if ABOUT_A_NODE.contains(&words[0].as_str()) && !words.contains(&"--data-dir".to_owned()) {
        words.extend(["--port".to_owned(), port.to_string()]);
    }
    let command = setup.clone().args(words.iter().map(String::as_str));
    let output = command.command().stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{}: {errors}", example.command);
    compare(output.stdout, port, example)
}

/// Compares what was printed with what is shown.
fn compare(stdout: Vec<u8>, port: u16, example: &Example) -> Vec<String> {
    let printed = String::from_utf8(stdout).unwrap();
    let printed: Vec<String> = printed.lines().map(str::to_owned).collect();
    let shown: Vec<String> = example
        .shown
        .iter()
        .map(|line| line.replace("0.0.0.0:8080", &format!("127.0.0.1:{port}")))
        .collect();
    let same = printed.len() == shown.len()
        && printed.iter().zip(&shown).all(|(printed, shown)| matches(printed, shown));
    assert!(
        same,
        "{}\nthe README shows\n{}\nbut it prints\n{}",
        example.command,
        shown.join("\n"),
        printed.join("\n")
    );
    printed
}

/// A node as `kusari --listen 8080` starts it, on a port that is free: the place of its chain
/// follows from the port.
fn node_by_port(setup: &Setup, more: &[&str]) -> Node {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    setup.clone().args(["--listen", &listen]).args(more.iter().copied()).start()
}

#[test]
fn commands_from_a_shell_print_what_the_readme_shows() {
    let setup = Setup::bare("shell");
    let node = node_by_port(&setup, &[]);
    for example in examples("From a shell") {
        run(&setup, node.port, &example);
    }
}

#[test]
fn a_ledger_is_kept_as_the_readme_shows() {
    let setup = Setup::bare("ledger");
    let mut nodes: Vec<Node> = Vec::new();
    for example in examples("A ledger") {
        let Some(rest) = example.command.strip_prefix("kusari --listen ") else {
            run(&setup, nodes[0].port, &example);
            continue;
        };
        let (port, more) = rest.split_once(' ').unwrap();
        let node = node_by_port(&setup, &more.split(' ').collect::<Vec<_>>());
        let (shown, here) = (format!("0.0.0.0:{port}"), format!("127.0.0.1:{}", node.port));
        let lines = example.shown.iter().map(|line| line.replace(&shown, &here));
        expect_in_order(&node, 0, &lines.collect::<Vec<_>>());
        nodes.push(node);
    }
    assert_eq!(nodes.len(), 2);
}

#[test]
fn a_proof_is_made_and_checked_as_the_readme_shows() {
    let setup = Setup::bare("proof");
    let node = node_by_port(&setup, &["--chain", "ledger", "--witness", "off"]);
    std::fs::write(setup.home().join("lease.txt"), "the rent is 800 a month\n").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    std::os::unix::fs::symlink(root.join("conformance"), setup.home().join("conformance")).unwrap();
    let mut block = String::new();
    for mut example in examples("Proof for anyone") {
        if let Some(arguments) = example.command.strip_prefix("python3 ") {
            let mut python = Command::new("python3");
            python.args(arguments.split(' ')).current_dir(setup.home());
            match python.output() {
                Ok(output) => drop(compare(output.stdout, node.port, &example)),
                Err(error) => println!("SKIPPED: python3 cannot be run: {error}"),
            }
            continue;
        }
        example.command = example.command.replace("0000…", &block);
        let printed = run(&setup, node.port, &example);
        let placed = printed.iter().find_map(|line| line.strip_prefix("It stands in block "));
        if let Some(placed) = placed {
            block = placed.split(' ').next().unwrap().to_owned();
        }
    }
}

#[test]
fn a_journal_is_replayed_as_the_readme_shows() {
    let setup = Setup::bare("journal");
    let mut node = node_by_port(&setup, &["--journal", "node.journal"]);
    node.say("hi");
    node.wait_for("Data       : hi");
    node.terminate();
    for example in examples("When something is wrong") {
        run(&setup, node.port, &example);
    }
}

#[test]
fn the_suites_pass_as_the_readme_shows() {
    for example in examples("Another implementation") {
        run(&Setup::bare("suites"), 0, &example);
    }
}

#[test]
fn the_table_of_commands_is_the_one_of_the_program() {
    let help = Setup::bare("help").args(["-h"]).command().output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let in_help: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    let rows = super::readme::README.lines().filter_map(|line| line.strip_prefix("| `kusari "));
    let in_readme: Vec<&str> = rows.filter_map(|row| row.split([' ', '`']).next()).collect();
    assert_eq!(in_help, in_readme);
}
