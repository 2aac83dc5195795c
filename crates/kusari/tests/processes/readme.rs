//! The README, word by word: its commands are run and its outputs compared.
//!
//! In the README `…` stands for what differs from run to run. Ports and addresses are drawn anew
//! here, so that the test disturbs nobody: `8080` and `8081` stand for the ports of A and B.

use super::support::{Node, Setup, get_chain};

pub(crate) const README: &str = include_str!("../../../../README.md");

/// The fenced blocks of one language, in order.
fn blocks(language: &str) -> Vec<Vec<String>> {
    blocks_in(README, language)
}

/// The same, of the section below a heading of the second level alone.
pub(crate) fn blocks_of(section: &str, language: &str) -> Vec<Vec<String>> {
    let heading = format!("## {section}\n");
    let (_, text) = README.split_once(&heading).unwrap_or_else(|| panic!("no section {section}"));
    blocks_in(text.split("\n## ").next().unwrap_or(text), language)
}

fn blocks_in(text: &str, language: &str) -> Vec<Vec<String>> {
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

/// The words of `$ kusari …` after the address to listen on.
fn arguments_after_listen(command: &str) -> Vec<&str> {
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[..3], ["$", "kusari", "--listen"], "{command}");
    words[4..].to_vec()
}

/// Whether a line is what the README shows, `…` standing for anything.
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

#[track_caller]
pub(crate) fn expect_in_order(node: &Node, from: usize, shown: &[String]) -> usize {
    let count = shown.len();
    let found = node.out.wait(|lines| (lines.len() >= from + count).then(|| lines.to_vec()));
    let lines = found.unwrap_or_else(|| node.out.lines());
    for (place, shown) in shown.iter().enumerate() {
        let line = lines.get(from + place).map_or("nothing", String::as_str);
        assert!(matches(line, shown), "the README shows {shown:?}, but there is {line:?}");
    }
    from + count
}

#[test]
fn the_first_two_commands_run_a_node_and_all_tests() {
    let commands = blocks("sh");
    assert_eq!(commands[0], ["cargo run --release -- --listen 8080"]);
    assert_eq!(commands[1], ["cargo test --workspace"]);
}

#[test]
fn the_walkthrough_shows_what_happens() {
    let [on_a, on_b, asked, ..] = &blocks("console")[..] else { panic!("a block is missing") };
    let a = Setup::new("A").args(arguments_after_listen(&on_a[0])).start();
    let shown = |shown: &String, b: u16| {
        let shown = shown.replace("0.0.0.0", "127.0.0.1").replace("8081", &b.to_string());
        shown.replace("8080", &a.port.to_string())
    };
    let lines: Vec<String> = on_a[1..].iter().map(|line| shown(line, 0)).collect();
    expect_in_order(&a, 0, &lines);

    let arguments = shown(&arguments_after_listen(&on_b[0]).join(" "), 0);
    let mut b = Setup::new("B").args(arguments.split(' ')).start();
    let lines: Vec<String> = on_b[1..].iter().map(|line| shown(line, b.port)).collect();
    let typed = lines.iter().position(|line| line.starts_with("msg> ")).unwrap();
    let place = expect_in_order(&b, 0, &lines[..typed]);
    b.say(lines[typed].trim_start_matches("msg> "));
    expect_in_order(&b, place, &lines[typed + 1..]);
    a.wait_for("Added new block index=1, ");

    for (command, answer, port) in [(&asked[0], &asked[1], a.port), (&asked[2], &asked[3], b.port)]
    {
        assert!(command.starts_with("$ printf 'GET_CHAIN\\n' | nc -N 127.0.0.1 808"), "{command}");
        let chain = String::from_utf8(get_chain(port)).unwrap();
        assert!(matches(chain.trim_end(), answer), "the README shows {answer:?}, not {chain:?}");
    }
    assert_eq!(get_chain(a.port), get_chain(b.port));
}

#[test]
fn every_line_of_a_pipe_is_recorded_as_shown() {
    let block = &blocks_of("Using it", "console")[0];
    let (printf, kusari) = block[0].split_once(" | ").unwrap();
    let text = printf.strip_prefix("$ printf '").and_then(|text| text.strip_suffix('\'')).unwrap();
    let command = format!("$ {kusari}");
    let mut node = Setup::new("pipe").args(arguments_after_listen(&command)).start();
    node.type_bytes(text.replace("\\n", "\n").as_bytes());
    node.end_of_input();
    let shown: Vec<String> = block[1..]
        .iter()
        .map(|line| line.replace("0.0.0.0:8082", &format!("127.0.0.1:{}", node.port)))
        .collect();
    expect_in_order(&node, 0, &shown);
}

#[test]
fn the_table_of_options_is_the_one_of_the_program() {
    let help = Setup::bare("help").args(["--help"]).command().output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options = |text: &str, before: &str| {
        let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix(before));
        let names = lines.filter_map(|line| line.split([' ', '`']).next().map(str::to_owned));
        let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
        names.sort();
        names
    };
    let in_help = options(&help, "--");
    let in_readme = options(README, "| `--");
    assert_eq!(in_help, in_readme);
}
