//! The stream of events in the page: many tabs, a node that hangs, and one that refuses.

use nix::sys::signal::Signal;
use serde_json::json;

use super::super::api::client;
use super::super::support::{Node, Proxy};
use super::page::Page;

/// More tabs than a browser opens connections to one node.
const TABS: usize = 8;

#[test]
fn more_tabs_than_a_browser_has_connections_follow_the_chain_whichever_of_them_closes() {
    let mut node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    while page.browser.tabs().len() < TABS {
        page.browser.new_tab();
        page.open("");
        page.until_shown("#blocks", "Genesis block");
    }
    let mut tabs = page.browser.tabs();
    let see = |tabs: &[String], line: &str| {
        for tab in tabs {
            page.browser.turn_to_tab(tab);
            page.until_shown("#blocks li:first-child", line);
        }
    };
    node.say("told to all");
    see(&tabs, "told to all");
    // The first one reads the stream. Then the next does, and so on.
    while tabs.len() > 1 {
        page.browser.turn_to_tab(&tabs.remove(0));
        page.browser.close_tab();
        let line = format!("told to {}", tabs.len());
        node.say(&line);
        see(&tabs, &line);
    }
    page.assert_calm();
}

#[test]
fn a_node_that_hangs_is_seen_within_ten_seconds_in_every_tab() {
    let node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.until_shown("#blocks", "Genesis block");
    page.browser.new_tab();
    page.open("");
    page.until_shown("#blocks", "Genesis block");
    let tabs = page.browser.tabs();
    let watch = "const began = performance.now();
        const look = () => {
            if (document.querySelector('#silent')) window.seenAfter = performance.now() - began;
            else setTimeout(look, 50);
        };
        window.seenAfter = 0;
        look();";
    for tab in &tabs {
        page.browser.turn_to_tab(tab);
        page.browser.run(watch, &json!([]));
    }
    node.signal(Signal::SIGSTOP);
    for tab in &tabs {
        page.browser.turn_to_tab(tab);
        let after = page.until("window.seenAfter").as_f64().unwrap();
        assert!(after < 10_500.0, "seen after {after} ms");
        page.until_shown("#silent", "The node does not answer since");
    }
    node.signal(Signal::SIGCONT);
    for tab in &tabs {
        page.browser.turn_to_tab(tab);
        page.until("!document.querySelector('#silent')");
    }
    client(&node).record("after it hung", &mut |detail| panic!("{detail}")).unwrap();
    for tab in &tabs {
        page.browser.turn_to_tab(tab);
        page.until_shown("#blocks li:first-child", "after it hung");
        assert_eq!(page.texts("main [role=alert]"), [] as [&str; 0]);
    }
}

#[test]
fn a_stream_that_is_refused_is_said_so_and_opened_again() {
    let node = Node::start("node");
    let port = client(&node).base().rsplit_once(':').unwrap().1.parse().unwrap();
    let proxy = Proxy::new(port);
    let Some(page) = Page::at(format!("http://127.0.0.1:{}", proxy.port)) else { return };
    page.until_shown("#blocks", "Genesis block");
    page.answer_with(
        r#"async (path) => {
            if (path !== "/v1/events") return undefined;
            window.refusals = (window.refusals ?? 0) + 1;
            return window.refusals > 3 ? undefined : Response.json(
                { type: "urn:kusari:problem:too-many-streams", title: "Too many", status: 503, detail: "too many streams" }, { status: 503 });
        }"#,
    );
    proxy.cut();
    proxy.mend();
    page.until_shown("#refusal", "too many streams");
    page.until("window.refusals > 3 && !document.querySelector('#refusal')");
    client(&node).record("after the refusals", &mut |detail| panic!("{detail}")).unwrap();
    page.until_shown("#blocks li:first-child", "after the refusals");
    assert_eq!(page.texts("main [role=alert]"), [] as [&str; 0]);
}

#[test]
fn a_browser_without_locks_has_a_stream_for_each_tab() {
    let mut node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.until_shown("#blocks", "Genesis block");
    let script = "
        delete Navigator.prototype.locks;
        const { follow } = await import('/explorer/tabs.js');
        window.heard = [];
        follow(({ kind, name }) => window.heard.push(name ?? kind));";
    page.browser.run_async(script, &json!([]));
    page.until("window.heard.includes('opened')");
    node.say("by its own stream");
    page.until("window.heard.includes('block')");
}
