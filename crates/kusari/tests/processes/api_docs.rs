//! `docs/api.md`, word by word: its examples are asked of a node, and the answers compared.

use std::net::SocketAddr;

use kusari_api_types::NodeFile;
use kusari_api_types::problem;

use super::pages::matches;
use super::support::{Node, Setup, eventually, http};

const DOCS: &str = include_str!("../../../../docs/api.md");

/// The page but for what is about a ledger, and that.
fn parts() -> (String, &'static str) {
    let (before, rest) = DOCS.split_once("\n## A ledger\n").unwrap();
    let (ledger, after) = rest.split_once("\n## ").unwrap();
    (format!("{before}\n## {after}"), ledger)
}

/// Each command of the console blocks, with the line that answers it.
fn examples(part: &str) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = part.lines().collect();
    let commands = lines.windows(2).filter(|pair| pair[0].starts_with("$ curl -s "));
    commands.map(|pair| (pair[0], pair[1])).collect()
}

/// Does what the command says, and returns the body of the answer.
fn run(command: &str, address: SocketAddr, token: &str) -> String {
    let path = command.split("$api").nth(1).unwrap().split([' ', '"']).next().unwrap();
    let body = command.split("-d '").nth(1).map_or("", |rest| rest.trim_end_matches('\''));
    let method = if body.is_empty() { "GET" } else { "POST" };
    let with_token = command.contains("-H \"Authorization: Bearer $token\"");
    let headers =
        if with_token { format!("Authorization: Bearer {token}\r\n") } else { String::new() };
    let answer = http(address, &format!("{method} {path}"), &headers, body).body;
    // A terminal shows the end of a line, and the page has it.
    answer.strip_suffix('\n').map(str::to_owned).unwrap_or(answer)
}

#[test]
fn the_examples_of_the_local_api_show_what_happens() {
    let a = Node::start("A");
    let _b = Setup::new("B").connect(a.port).start();
    a.wait_for("introduced itself");
    let NodeFile { http: address, token, .. } =
        kusari_client::read_node_file(&a.directory()).unwrap().unwrap();
    let ask = |command: &str| run(command, address.unwrap(), &token);
    eventually("A lists B", || ask("$api/v1/peers").contains("introduced").then_some(()));
    let (classic, _) = parts();
    let examples = examples(&classic);
    assert!(examples.len() >= 26, "{} examples", examples.len());
    for (command, shown) in examples {
        let answer = ask(command);
        let shown = shown.replace("127.0.0.1:8080", &format!("127.0.0.1:{}", a.port));
        assert!(matches(&answer, &shown), "{command}\nthe page shows {shown}\nbut it is {answer}");
        if command.contains("\"text\":\"hi\"") && command.contains("$token") {
            a.wait_for("Data       : hi");
        }
    }
}

#[test]
fn the_examples_for_a_ledger_show_what_happens() {
    let mut node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let wallet = node.wait_for("Wallet: ks1");
    let own_address = wallet.trim_start_matches("Wallet: ");
    node.say("hi");
    let mined = node.wait_for("Your transaction ");
    let txid = mined.split(' ').nth(2).unwrap();
    node.wait_for("Added new block index=1, ");
    let NodeFile { http: address, token, .. } =
        kusari_client::read_node_file(&node.directory()).unwrap().unwrap();
    let (_, ledger) = parts();
    let examples = examples(ledger);
    assert!(examples.len() >= 13, "{} examples", examples.len());
    for (command, shown) in examples {
        let asked = command.replace("$address", own_address).replace("$txid", txid);
        let answer = run(&asked.replace('…', txid), address.unwrap(), &token);
        let shown = shown.replace("127.0.0.1:8080", &format!("127.0.0.1:{}", node.port));
        assert!(matches(&answer, &shown), "{command}\nthe page shows {shown}\nbut it is {answer}");
    }
}

/// The row of the page for each number of a text of OpenMetrics, in its order.
fn rows_for(metrics: &str) -> Vec<String> {
    let mut rows = Vec::new();
    let (mut help, mut kind) = ("", "");
    for line in metrics.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", _, words] => help = words.trim_end_matches('.'),
            ["#", "TYPE", _, word] => kind = word,
            ["#", ..] => {}
            _ => {
                let name = line.split(['{', ' ']).next().unwrap_or_default();
                rows.push(format!("| `{name}` | {kind} | {help} |"));
            }
        }
    }
    // The samples of one number follow one another.
    rows.dedup();
    rows
}

#[test]
fn every_number_of_a_node_is_listed_in_its_words() {
    let node = Setup::new("ledger").args(["--chain", "ledger", "--mine", "off"]).start();
    let address = kusari_client::read_node_file(&node.directory()).unwrap().unwrap().http.unwrap();
    eventually("it runs", || (run("$api/readyz", address, "") == "ready").then_some(()));
    let shown = rows_for(&run("$api/metrics", address, ""));
    let is_row = |line: &&str| ["| `kusari_", "| `process_"].iter().any(|s| line.starts_with(s));
    let listed: Vec<&str> = DOCS.lines().filter(is_row).collect();
    // Only Linux tells the memory of a process in a file.
    let is_told = |row: &&str| cfg!(target_os = "linux") || !row.contains("_resident_memory_");
    let listed: Vec<&str> = listed.into_iter().filter(is_told).collect();
    assert_eq!(listed, shown);
}

#[test]
fn every_kind_of_problem_is_listed_with_its_status() {
    let (_, problems) = DOCS.split_once("\n## Problems\n").unwrap();
    for kind in problem::ALL {
        let name = format!("`{}`", kind.name());
        let row = problems.lines().find(|line| line.starts_with("| ") && line.contains(&name));
        let row = row.unwrap_or_else(|| panic!("{} is not listed", kind.name()));
        assert!(row.starts_with(&format!("| {} |", kind.status())), "{row}");
    }
}
