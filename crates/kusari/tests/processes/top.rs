//! The dashboard, at a terminal and without one.

use super::support::command::{kusari, on};
use super::support::{Node, Setup, Terminal};

/// What a terminal is told before and after a program draws on all of it.
const OWN_SCREEN: &str = "\u{1b}[?1049h";
const SCREEN_BEFORE: &str = "\u{1b}[?1049l";

#[test]
fn one_picture_is_printed_without_a_terminal_and_more_need_one() {
    let mut node = Node::start("A");
    node.say("what is shown");
    node.wait_for("Data       : what is shown");
    let picture = on(&node.directory(), "top --once").printed();
    for words in ["LIVE", "Height 1", "what is", "No peers are connected"] {
        assert!(picture.contains(words), "{words} is not in\n{picture}");
    }
    assert!(!picture.contains('\u{1b}'), "{picture}");
    let http = kusari_client::read_node_file(&node.directory()).unwrap().unwrap().http.unwrap();
    let by_url = kusari(&format!("top --once http://{http}")).printed();
    assert!(by_url.contains(&format!("http://{http}  chain classic")), "{by_url}");
    let refusal = on(&node.directory(), "top").refused(1);
    assert!(refusal.contains("kusari top --once") && refusal.contains("/v1/events"), "{refusal}");
    let directory = node.directory();
    node.terminate();
    let refusal = on(&directory, "top --once").refused(1);
    assert!(refusal.contains("no node runs on"), "{refusal}");
}

#[test]
fn the_dashboard_follows_a_node_through_a_restart_and_leaves_the_terminal_as_it_was() {
    // Its local API is at another port after the restart.
    let mut node = Setup::new("A").args(["--http", "127.0.0.1:0"]).start();
    let directory = node.directory();
    let words = ["top", "--data-dir", directory.to_str().unwrap()];
    let mut terminal = Terminal::start(&Setup::bare("top").args(words));
    let mut at = terminal.wait_for(0, OWN_SCREEN);
    at = terminal.wait_for(at, "LIVE");
    // Of what is drawn only what differs is sent, so no character of it may stand there already.
    node.say("12345-67890");
    at = terminal.wait_for(at, "12345-67890");
    terminal.press("\r");
    at = terminal.wait_for(at, "Nonce");
    terminal.press("\u{1b}");
    node.kill();
    at = terminal.wait_for(at, "AWAY");
    node.restart();
    at = terminal.wait_for(at, "LIVE");
    terminal.press("q");
    assert!(terminal.wait_for_end().success());
    terminal.wait_for(at, SCREEN_BEFORE);
}
