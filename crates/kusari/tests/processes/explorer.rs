//! The explorer in a real browser, served by real nodes, as people look at it.
//!
//! Needs chromium and chromium-driver, as the tests of the evidence page do. Pictures of what it looks
//! like go to `screenshots` in the directory that Cargo gives to these tests.

mod page;
mod parts;
mod strangers;
mod tabs;

use std::net::TcpListener;

use kusari_chain::Block;
use serde_json::{Value, json};

use super::api::client;
use super::support::blocks::mine_many;
use super::support::{Node, RawPeer, Setup};
use page::Page;

/// The most that the page may load, in bytes, without what it asks of the API.
const MOST_BYTES: u64 = 160_000;

#[test]
fn a_line_typed_on_one_node_is_seen_as_a_block_on_the_page_of_another() {
    let mut a = Node::start("A");
    let b = Setup::new("B").connect(a.port).start();
    let Some(page) = Page::of(&b, "en-US") else { return };
    page.until_shown("#peers", "127.0.0.1");
    a.say("typed on A");
    page.until_shown("#blocks li:first-child", "typed on A");
    // And the other way round, from the page.
    page.record("typed into the page of B");
    page.until_shown("#receipt", "It stands in block 2.");
    a.wait_for("Data       : typed into the page of B");
    page.until_shown("#blocks li:first-child", "typed into the page of B");
    page.open("block/2");
    page.until_shown("#block .said", "typed into the page of B");
    page.assert_calm();
}

#[test]
fn a_reorganisation_is_seen_as_it_happens_and_leaves_a_branch_in_the_tree() {
    let node = Node::start("node");
    let ours = mine_many(&Block::genesis(), "ours ", 2);
    RawPeer::bring(node.port, &ours);
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.until_shown("#blocks li:first-child", "ours 2");
    let theirs = mine_many(&Block::genesis(), "theirs ", 4);
    RawPeer::bring(node.port, &theirs);
    page.until_shown("#reorganisation", "Reorganisation");
    // Which way it went: from the old tip to the new one.
    let told = page.texts("#reorganisation").concat();
    let short = |block: &Block| format!("{}…", &block.hash.to_string()[..12]);
    assert!(told.contains(&format!("from block 2 {}", short(&ours[1]))), "{told}");
    // The tip that overtook: of equal height, or higher.
    let is_to =
        |block: &Block| told.contains(&format!("to block {} {}", block.index, short(block)));
    assert!(theirs.iter().any(is_to), "{told}");
    assert!(told.ends_with("Blocks that left the best chain: 2."), "{told}");
    page.until_shown("#blocks li:first-child", "theirs 4");
    let dot = |kind: &str, hash: &dyn std::fmt::Display| {
        page.until(&format!(
            "document.querySelector('svg circle.{kind}[data-hash=\"{hash}\"]') && 1"
        ));
    };
    ours.iter().for_each(|block| dot("side", &block.hash));
    theirs.iter().for_each(|block| dot("best", &block.hash));
    page.until_shown("#forks li", "2 blocks beside the chain since height 0");
    page.browser.keep_picture("fork.png");
    page.open(&format!("block/{}", ours[1].hash));
    page.until_shown("#block", "beside the best chain");
    page.assert_calm();
}

#[test]
fn whoever_goes_is_seen_to_go_and_a_node_that_comes_back_is_found_again() {
    let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut a = Setup::new("A").args(["--http", &http]).start();
    let mut b = Setup::new("B").connect(a.port).start();
    let Some(page) = Page::of(&a, "en-US") else { return };
    page.until_shown("#peers table", "kusari/");
    b.terminate();
    page.until_shown("#peers", "No peers are connected");
    page.assert_calm();
    a.terminate();
    page.until_shown(".banner[role=alert]", "The node does not answer");
    a.restart();
    page.until(
        "!document.querySelector('.banner[role=alert]') && document.querySelector('#blocks')",
    );
    client(&a).record("after it came back", &mut |detail| panic!("{detail}")).unwrap();
    page.until_shown("#blocks li:first-child", "after it came back");
}

#[test]
fn a_record_of_a_ledger_is_found_by_its_words_and_its_proof_is_checked_in_the_browser() {
    let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.record("minutes were approved");
    page.until_shown("#receipt", "It stands in block 1.");
    page.until_shown("#meter", "NVIDIA H100");
    page.browser.type_into("header input", "MINUTES\n");
    page.until("document.querySelector('#found li a') && 1");
    page.browser.run("document.querySelector('#found li a').click()", &json!([]));
    page.until_shown("#transaction .said", "minutes were approved");
    page.until("document.querySelector('#verify') && 1");
    page.browser.run("document.querySelector('#verify').click()", &json!([]));
    page.until("document.querySelector('#evidence')?.contentDocument?.body?.className === 'good'");
    page.browser.keep_picture("proof.png");
    // By the id of the transaction, the height of its block, and the address of who signed it.
    let txid = page.browser.run("return location.hash.split('/')[2]", &json!([]));
    let wallet = node.wait_for("Wallet: ks1");
    let address = wallet.trim_start_matches("Wallet: ");
    for (wanted, shown) in
        [(txid.as_str().unwrap(), "#transaction"), ("1", "#block"), (address, "#account")]
    {
        page.open(&format!("search/{wanted}"));
        page.until_shown(shown, "minutes were approved");
    }
    page.until_shown("#account", address);
    page.open("search/nobody%20says%20this");
    page.until_shown("#found", "Nothing was found");
    page.assert_calm();
}

#[test]
fn a_text_that_looks_like_a_part_of_a_page_stays_a_text() {
    let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let nasty = "<img src=x onerror=\"document.title='owned'\"><script>owned()</script>";
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.record(nasty);
    page.until_shown("#receipt", "It stands in block 1.");
    page.until_shown("#blocks li:first-child", nasty);
    for view in ["block/1", "search/onerror"] {
        page.open(view);
        page.until_shown(".said", nasty);
    }
    let added =
        page.browser.run("return document.querySelectorAll('img, main script').length", &json!([]));
    assert_eq!(added, 0);
    assert!(!page.until("document.title").as_str().unwrap().contains("owned"));
    page.assert_calm();
}

#[test]
fn only_whoever_may_write_can_record() {
    let node = Node::start("node");
    let base = client(&node).base().to_owned();
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.until("document.querySelector('#say input') && 1");
    // The cookie is out of reach of scripts.
    assert_eq!(page.browser.run("return document.cookie", &json!([])), "");
    // By another name the browser has no cookie of it.
    let elsewhere = base.replace("127.0.0.1", "localhost");
    page.browser.open(&format!("{elsewhere}/explorer/icon.svg"));
    let answer = page.browser.run_async(
        "const answer = await fetch('/v1/records', { method: 'POST', body: '{\"text\":\"x\"}',
             headers: { 'Content-Type': 'application/json' } });
         return answer.status;",
        &json!([]),
    );
    assert_eq!(answer, 401);
    // The token opens it again.
    let token = kusari_client::read_node_file(&node.directory()).unwrap().unwrap().token;
    let answer = page.browser.run_async(
        &format!(
            "const headers = {{ 'Content-Type': 'application/json' }};
             await fetch('/v1/session', {{ method: 'POST', headers: {{ ...headers, Authorization: 'Bearer {token}' }} }});
             const answer = await fetch('/v1/records', {{ method: 'POST', headers, body: '{{\"text\":\"by cookie\"}}' }});
             return answer.status;"
        ),
        &json!([]),
    );
    assert_eq!(answer, 202);
    node.wait_for("Data       : by cookie");
}

#[test]
fn a_browser_may_write_after_a_link_or_the_token_and_not_by_loading_the_page_again() {
    let node = Node::start("node");
    let Some(page) = Page::of_a_stranger(&node, "en-US") else { return };
    for _ in 0..2 {
        page.browser.open("about:blank");
        page.open("");
        page.until_shown("main", "open the link that this command prints");
        page.until_shown("main p code", "kusari open");
        page.until("!document.querySelector('#say') && document.querySelector('#unlock') && 1");
    }
    let (link, _) = client(&node).page_link().unwrap();
    page.browser.open(&link);
    page.record("by a link");
    page.until_shown("#receipt", "It stands in block 1.");
    // The key is in no history.
    assert_eq!(page.browser.run("return location.hash", &json!([])), "#/");
    drop(page);
    // It is used up: another browser is told so, and is admitted by the token.
    let Some(other) = Page::of_a_stranger(&node, "en-US") else { return };
    other.browser.open(&link);
    other.until_shown("#unlock ~ [role=alert]", "`kusari open` prints a new link");
    let token = kusari_client::read_node_file(&node.directory()).unwrap().unwrap().token;
    other.unlock(&token);
    other.record("by the token");
    other.until_shown("#receipt", "It stands in block 2.");
    other.browser.open("about:blank");
    other.open("");
    other.until("document.querySelector('#say input') && 1");
}

/// What a screen-reader and a keyboard need: every control and picture has a name, headings are there, and
/// text stands out from what is behind it.
const FLAWS: &str = r"
    const flaws = [];
    const named = (element) => element.getAttribute('aria-label') || element.textContent.trim()
        || element.labels?.length || element.getAttribute('title');
    for (const element of document.querySelectorAll('a, button, input, iframe, [role=img]')) {
        if (!named(element)) flaws.push(`no name: ${element.outerHTML.slice(0, 120)}`);
    }
    for (const part of document.querySelectorAll('main > section')) {
        if (!part.querySelector('h1, h2') && !part.getAttribute('aria-label')) flaws.push(`no heading: ${part.id}`);
    }
    const light = (colour) => {
        const parts = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
        const [r, g, b] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (!/, 0\)$/.test(colour) && colour !== 'transparent') return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    for (const element of document.querySelectorAll('h1, h2, p, dt, dd, a, td, th, li, button, span')) {
        if (!element.checkVisibility() || !element.textContent.trim() || element.closest('svg')) continue;
        const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5 && !element.disabled) flaws.push(`contrast ${contrast.toFixed(1)}: ${element.outerHTML.slice(0, 120)}`);
    }
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) flaws.push('too wide');
    return flaws;";

#[test]
fn the_page_is_usable_on_a_phone_in_the_dark_by_ear_and_in_two_languages() {
    let a = Setup::new("A").args(["--chain", "ledger"]).start();
    let _b = Setup::new("B").args(["--chain", "ledger"]).connect(a.port).start();
    for (language, lang, heading) in
        [("en-US", "en", "The chain, live"), ("ja-JP", "ja", "チェイン(ライブ)")]
    {
        let Some(page) = Page::of(&a, language) else { return };
        page.record("rack 7 rewired");
        page.until_shown("#receipt", if lang == "en" { "It stands in block" } else { "ブロック" });
        for (width, scheme) in [(1_280, "light"), (1_280, "dark"), (360, "light"), (360, "dark")] {
            page.browser.show_on(width, scheme);
            for view in ["", "block/1", "search/rack"] {
                page.open(view);
                page.until(if view.is_empty() {
                    "document.querySelector('#meter td') && 1"
                } else {
                    "document.querySelector('.said') && 1"
                });
                if view.is_empty() {
                    page.until_shown("main", heading);
                    page.until("document.querySelector('#peers svg') && 1");
                    page.browser.keep_picture(&format!("explorer-{lang}-{scheme}-{width}.png"));
                }
                let flaws = page.browser.run(FLAWS, &json!([]));
                assert_eq!(flaws, json!([]), "{language} {width} {scheme} {view:?}");
                assert_eq!(
                    page.browser.run("return document.documentElement.lang", &json!([])),
                    lang
                );
            }
        }
        page.assert_calm();
    }
}

#[test]
fn the_page_loads_little_and_nothing_from_elsewhere() {
    let node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    page.until("document.querySelector('#meter') && document.querySelector('#charts canvas, #charts p') && 1");
    let loaded = page.browser.run(
        "return performance.getEntries().filter((entry) => entry.decodedBodySize !== undefined)
             .map((entry) => [entry.name, entry.decodedBodySize])",
        &json!([]),
    );
    let loaded = loaded.as_array().unwrap();
    let of = |entry: &Value| (entry[0].as_str().unwrap().to_owned(), entry[1].as_u64().unwrap());
    assert!(loaded.iter().map(of).all(|(name, _)| name.starts_with(&page.base)), "{loaded:?}");
    let parts = loaded.iter().map(of).filter(|(name, _)| !name.contains("/v1/"));
    let (count, bytes) = parts.fold((0, 0), |(count, all), (_, bytes)| (count + 1, all + bytes));
    assert!(count > 10, "{loaded:?}");
    assert!(bytes < MOST_BYTES, "{bytes} bytes: {loaded:?}");
    page.assert_calm();
}
