//! The README and the guide, word by word: what they show at a terminal is run, and what comes out
//! is compared.
//!
//! A block of `console` holds commands behind `$` and the lines that they print. `…` stands for what
//! differs from run to run, and on a line of its own for any number of lines. `kusari --listen …`
//! starts a node that goes on in a terminal of its own, where `msg>` is a line that is typed. Ports are drawn anew, so that the tests disturb no node of the person who runs them.

mod session;
mod text;

use self::session::Session;
pub(crate) use self::text::matches;
use self::text::{blocks, page, section};
use super::support::Setup;

/// Does all that a page, or one section of it, shows.
fn follow(name: &str, heading: Option<&str>) {
    let page = page(name);
    let text = heading.map_or(page.as_str(), |heading| section(&page, heading));
    let mut session = Session::new(name);
    for block in blocks(text, "console") {
        session.follow(&block);
    }
    assert!(session.steps > 0, "{name} shows no command");
}

#[test]
fn the_first_two_commands_run_a_node_and_all_tests() {
    let commands = blocks(&page("README.md"), "sh");
    assert_eq!(commands[0], ["cargo run --release -- --listen 8080"]);
    assert_eq!(commands[1], ["cargo test --workspace"]);
}

#[test]
fn the_readme_teaches_with_two_nodes_and_a_line() {
    follow("README.md", Some("Learn: two nodes and a line of text"));
}

#[test]
fn the_readme_keeps_a_log_for_a_group() {
    follow("README.md", Some("A log for a group"));
}

#[test]
fn the_readme_runs_a_chain_in_a_test() {
    follow("README.md", Some("A chain in your tests"));
}

#[test]
fn the_guide_takes_first_steps() {
    follow("docs/guide/first-steps.md", None);
}

#[test]
fn the_guide_keeps_a_log_for_a_group() {
    follow("docs/guide/group.md", None);
}

#[test]
fn the_guide_uses_a_chain_in_tests() {
    follow("docs/guide/testing.md", None);
}

#[test]
fn the_guide_shows_how_a_chain_works() {
    follow("docs/guide/how-it-works.md", None);
}

#[test]
fn the_guide_keeps_a_node_running() {
    follow("docs/guide/running.md", None);
}

#[test]
fn the_guide_holds_another_implementation_to_the_suites() {
    follow("docs/guide/implementing.md", None);
}

/// What stands between the first two backquotes of each row of a table that begins with `before`.
fn rows(text: &str, before: &str) -> Vec<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix(before));
    rows.filter_map(|row| row.split([' ', '`']).next().map(str::to_owned)).collect()
}

#[test]
fn the_table_of_options_is_the_one_of_the_program() {
    let help = Setup::bare("help").args(["--help"]).command().output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let help: String = help.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    let mut in_help = rows(&help, "--");
    let mut on_page = rows(&page("docs/commands.md"), "| `--");
    in_help.sort();
    on_page.sort();
    assert_eq!(in_help, on_page);
}

#[test]
fn the_table_of_commands_is_the_one_of_the_program() {
    let help = Setup::bare("help").args(["-h"]).command().output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let in_help: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(in_help, rows(&page("docs/commands.md"), "| `kusari "));
}
