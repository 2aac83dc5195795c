//! What goes wrong in one part of the page, and what is wrong with the node.

use kusari_api_types::HindranceReport;
use kusari_node::Hindrance;
use serde_json::json;

use super::super::support::Node;
use super::page::Page;

#[test]
fn a_part_that_fails_shows_an_error_in_its_place_and_the_rest_lives() {
    let mut node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.until_shown("#peers", "No peers are connected");
    page.answer_with(
        r#"async (path) => {
            if (path === "/v1/peers") return Response.json({ peers: [null] });
            if (path.startsWith("/v1/branches")) return new Response("<h1>Bad gateway</h1>", { status: 502 });
            if (!path.startsWith("/v1/mempool")) return undefined;
            return Response.json({ title: "Store", status: 500, detail: "the store\u202e cannot be read" }, { status: 500 });
        }"#,
    );
    node.say("goes on");
    page.until_shown("#blocks li:first-child", "goes on");
    page.until_shown("#mempool [role=alert]", "the storeU+202E cannot be read");
    page.until_shown("#forks [role=alert]", "status 502");
    page.until_shown("#peers [role=alert]", "This part of the page failed");
    node.say("and on");
    page.until_shown("#blocks li:first-child", "and on");
    assert_eq!(page.texts("#meter h2"), ["How safe is it?"]);
    // Each is tried again, without anything happening on the node.
    page.answer_with("async () => undefined");
    page.until_shown("#mempool", "Nothing waits.");
    page.until_shown("#forks", "No branches");
    page.until_shown("#peers", "No peers are connected");
    assert_eq!(page.texts("main [role=alert]"), [] as [&str; 0]);
}

#[test]
fn a_question_that_is_not_answered_ends_and_says_so() {
    let node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.until_shown("#forks", "No branches");
    page.answer_with(
        r#"(path, { signal }) => path.startsWith("/v1/branches")
            ? new Promise((_, failed) => signal.addEventListener("abort", () => failed(signal.reason))) : undefined"#,
    );
    page.until_shown("#forks [role=alert]", "the node did not answer within 6 s");
    assert_eq!(page.texts("#silent"), [] as [&str; 0]);
    page.answer_with("async () => undefined");
    page.until_shown("#forks", "No branches");
}

#[test]
fn no_address_that_a_stranger_made_breaks_the_page() {
    let node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    for (view, shown) in [
        ("search/%E0%A4%A", "Found for “%E0%A4%A”"),
        ("constructor/1", "The chain, live"),
        ("__proto__/1", "The chain, live"),
        ("block/%00", "There is no such thing on this node."),
        ("search/%3Cimg%20src=x%3E", "Found for “<img src=x>”"),
    ] {
        page.turn_to(view);
        page.until_shown("main", shown);
        page.browser.open("about:blank");
        page.open(view);
        page.until_shown("main", shown);
    }
    page.turn_to("");
    page.until_shown("#blocks", "Genesis block");
}

#[test]
fn what_hinders_the_node_stands_above_all_as_long_as_it_lasts() {
    let node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    let full = Hindrance::StoreFillsUp { used_bytes: 95, limit_bytes: 100 };
    let damaged = Hindrance::DamagedStore { finding: "block 7 is \u{202e}another one".into() };
    let told = [&full, &damaged].map(HindranceReport::from);
    page.answer_with(&format!(
        "async (path, options) => {{
             if (path !== '/v1/status') return undefined;
             return Response.json({{ ...await (await asked(path, options)).json(), hindrances: {} }});
         }}",
        json!(told)
    ));
    page.until_shown(".banner", "block 7 is U+202Eanother one");
    let said = page.texts("main > .banner");
    assert!(
        said[0].contains("an audit of the store found a fault") && said[1] == full.to_string(),
        "{said:?}"
    );
    assert_eq!(page.texts(".banner.grave").len(), 1);
    page.browser.keep_picture("hindrances.png");
    page.answer_with("async () => undefined");
    page.until("!document.querySelector('.banner')");
    page.assert_calm();
}
