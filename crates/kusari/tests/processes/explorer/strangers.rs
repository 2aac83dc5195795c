//! Values that a stranger chose: texts, numbers and times, whatever they are.

use kusari_api_types::LedgerRecordRequest;
use kusari_chain::Block;
use serde_json::{Value, json};

use super::super::api::client;
use super::super::browser::page::{file_with, page_of};
use super::super::support::blocks::mine;
use super::super::support::{Node, RawPeer, Setup, hello};
use super::page::Page;

/// Characters that turn the text around them, or that are not seen.
const FORGING: &str = "pay eve \u{202e}001\u{2069}\u{200b}\u{ad} \u{7}end";
/// The same as the page shows it.
const SHOWN: &str = "pay eve U+202E001U+2069 U+200B U+00AD U+0007end";

/// What is shown of the controls of direction, and what is not isolated of what a stranger wrote.
const FORGED: &str = r"
    // The page isolates its title by two of these itself.
    const shown = document.title.replace(/^.*\u2068|\u2069.*$/g, '') + document.body.innerText;
    const open = [...document.querySelectorAll('bdi')].filter((one) => getComputedStyle(one).unicodeBidi !== 'isolate');
    return [...shown.matchAll(/[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\u00ad\u0007]/g)].map(String)
        .concat(open.map((one) => one.outerHTML));";

fn record_on(node: &Node, text: &str) {
    let request = LedgerRecordRequest { text: text.to_owned(), fee: None };
    client(node).record_on_ledger(&request).unwrap();
}

#[test]
fn the_text_of_a_stranger_turns_nothing_around_it_and_hides_no_character() {
    let node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    let mut peer = RawPeer::connect(node.port);
    let agent = "good/1\u{202e}evil\u{200b}";
    peer.send(&hello(7, "classic", &Block::genesis()).replace("test/1", agent));
    RawPeer::bring(node.port, &[mine(&Block::genesis(), FORGING)]);
    page.until_shown("#blocks li:first-child", "pay eve U+202E001");
    page.until_shown("#peers table", "good/1U+202EevilU+200B");
    let forged = || page.browser.run(FORGED, &json!([]));
    assert_eq!(forged(), json!([]));
    for (view, place) in [("block/1", "#block .said"), ("search/pay%20eve", "#found .said")] {
        page.open(view);
        page.until_shown(place, SHOWN);
        assert!(page.texts(&format!("{place} .unseen")).concat().contains("U+202E"));
        assert_eq!(forged(), json!([]), "{view}");
    }
    // What the address of a link says is a stranger's as well.
    page.open(&format!("search/{}", "none\u{202e}here"));
    page.until_shown("#found h1", "noneU+202Ehere");
    assert_eq!(forged(), json!([]));
    page.assert_calm();
}

#[test]
fn emoji_and_accents_are_shown_as_they_are_written_and_heaps_of_accents_are_not() {
    let node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    let whole = "👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} cafe\u{301} 日本語\u{3000}か\u{3099}";
    let heap = format!("x{}y", "\u{301}".repeat(80));
    RawPeer::bring(node.port, &[mine(&Block::genesis(), &format!("{whole} {heap}"))]);
    page.open("block/1");
    page.until_shown("#block .said", &format!("{whole} xU+0301 ×80y"));
    page.assert_calm();
}

/// Turns to a view or clicks on something, and tells after how many milliseconds the page is drawn again.
const DRAWN_AFTER: &str = "
    const [act, sign] = arguments;
    const began = performance.now();
    if (act.startsWith('#/')) location.hash = act; else document.querySelector(act).click();
    while (!document.querySelector(sign)) await new Promise((next) => setTimeout(next, 5));
    document.body.getBoundingClientRect();
    await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
    return performance.now() - began;";
/// In milliseconds. Before such a word was cut, it took ten times as long.
const FLUENT: f64 = 1_500.0;

#[test]
fn a_word_of_64_kib_holds_up_no_view_and_is_there_whole_on_demand() {
    let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let Some(page) = Page::of(&node, "en-US") else { return };
    record_on(&node, "marker");
    page.until_shown("#blocks li:first-child", "marker");
    // Latin, joined letters, both directions by turns, characters that are not seen, lines.
    for character in ["w", "\u{628}", "a\u{5d0}", "a\u{200b}", "\n"] {
        let text = character.repeat((64 << 10) / character.len());
        page.answer_with(&format!(
            "async (path, options) => {{
                 if (!path.startsWith('/v1/blocks/') && !path.startsWith('/v1/search')) return undefined;
                 const text = await (await asked(path, options)).text();
                 return new Response(text.replaceAll('\"marker\"', JSON.stringify({}.repeat({}))));
             }}",
            json!(character),
            text.len() / character.len()
        ));
        for view in ["#/block/1", "#/search/marker"] {
            let took = page.browser.run_async(DRAWN_AFTER, &json!([view, ".said button"]));
            assert!(took.as_f64().unwrap() < FLUENT, "{character:?} in {view}: {took} ms");
            let took = page.browser.run_async(DRAWN_AFTER, &json!([".said button", ".piece"]));
            assert!(took.as_f64().unwrap() < FLUENT, "{character:?} in {view}: {took} ms");
            if character != "a\u{200b}" {
                assert!(page.texts(".said").concat() == text, "{character:?} is not whole");
            }
            page.turn_to("");
            page.until("document.querySelector('#blocks') && 1");
        }
    }
    page.assert_calm();
}

/// Writes the largest number of 64 bits into every field that can have it, as the API writes numbers.
const LARGEST: &str = r#"async (path, options) => {
    if (!path.startsWith("/v1/") || path === "/v1/events") return undefined;
    const answer = await asked(path, options);
    const fields = /"(timestamp|nonce|amount|fee|sequence|balance|since|held_since|latency_us|tries|tries_per_second|bytes|machine)":(\d+|null)/g;
    const text = (await answer.text()).replace(fields, '"$1":18446744073709551615');
    return new Response(text, { status: answer.status });
}"#;
const U64_MAX: &str = "18,446,744,073,709,551,615";

#[test]
fn no_number_of_64_bits_and_no_time_breaks_a_view() {
    let a = Setup::new("A").args(["--chain", "ledger"]).start();
    // It does not mine: a branch beside the chain would be shown as held since the end of time.
    let _b = Setup::new("B").args(["--chain", "ledger", "--mine", "off"]).connect(a.port).start();
    let Some(page) = Page::of(&a, "en-US") else { return };
    record_on(&a, "first");
    page.until_shown("#blocks li:first-child", "first");
    page.answer_with(LARGEST);
    record_on(&a, "second");
    page.until_shown("#blocks li:first-child", "second");
    page.until_shown("#blocks li:first-child", "ahead of this clock");
    page.until("document.querySelector('#charts .u-wrap, #charts p') && 1");
    let address = a.wait_for("Wallet: ks1");
    let address = address.trim_start_matches("Wallet: ").to_owned();
    for (view, place, shown) in [
        ("block/2", "#block", format!("{U64_MAX} (not a date)")),
        ("block/2", "#block", String::from("Nonce18446744073709551615")),
        (&format!("account/{address}"), "#account", format!("Balance{U64_MAX}")),
        ("search/second", "#found", format!("{U64_MAX} (not a date)")),
    ] {
        page.turn_to(view);
        page.until_shown(place, &shown);
    }
    page.turn_to(&format!("account/{address}"));
    page.until("document.querySelector('#account li a') && 1");
    let link = "document.querySelector('#account li a').click()";
    page.browser.run(link, &json!([]));
    page.until_shown("#transaction", &format!("Amount{U64_MAX}"));
    page.turn_to("");
    page.until("document.querySelector('#meter td') && 1");
    assert_eq!(page.texts("main .bad"), [] as [&str; 0]);
    page.assert_calm();
}

#[test]
fn numbers_of_the_api_keep_all_their_digits_in_any_browser() {
    let node = Node::start("node");
    let Some(page) = Page::of(&node, "en-US") else { return };
    let text = r#"{"a":18446744073709551615,"b":[9007199254740991,9007199254740993,-9007199254740993],"c":0.12345678901234567890,
        "d":"18446744073709551615","e":"a \" 18446744073709551615 \\","18446744073709551615":[1e300,null,true,12345678901234567890]}"#;
    let read = page.browser.run_async(
        "const { parse } = await import('/explorer/exact.js');
         const named = (_, value) => typeof value === 'bigint' ? `exactly ${value}` : value;
         return JSON.stringify(parse(arguments[0]), named);",
        &json!([text]),
    );
    let read: Value = serde_json::from_str(read.as_str().unwrap()).unwrap();
    assert_eq!(
        read,
        json!({"a": "exactly 18446744073709551615",
            "b": [9_007_199_254_740_991_u64, "exactly 9007199254740993", "exactly -9007199254740993"],
            "c": 0.123_456_789_012_345_68, "d": "18446744073709551615", "e": "a \" 18446744073709551615 \\",
            "18446744073709551615": [1e300, null, true, "exactly 12345678901234567890"]})
    );
}

#[test]
fn a_block_with_thousands_of_transactions_is_shown_in_steps() {
    let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let Some(page) = Page::of(&node, "en-US") else { return };
    record_on(&node, "one of many");
    page.until_shown("#blocks li:first-child", "one of many");
    page.answer_with(
        r#"async (path, options) => {
            if (path !== "/v1/blocks/1") return undefined;
            const found = await (await asked(path, options)).json();
            const { transaction, payload } = found.block.body[0];
            found.block.body = Array.from({ length: 6000 }, (_, sequence) => ({ transaction: { ...transaction, sequence }, payload }));
            return Response.json(found);
        }"#,
    );
    page.turn_to("block/1");
    page.until_shown("#block", "Show more of 6,000");
    assert_eq!(page.texts("#block li").len(), 200);
    page.browser.run("document.querySelector('#block button').click()", &json!([]));
    page.until("document.querySelectorAll('#block li').length === 400");
}

#[test]
fn the_evidence_page_marks_what_is_not_seen_in_a_text_and_cuts_a_long_one() {
    let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let Some(page) = Page::of(&node, "en-US") else { return };
    record_on(&node, &format!("{FORGING} {}", "x".repeat(24 << 10)));
    page.until_shown("#blocks li:first-child", "pay eve");
    let client = client(&node);
    let address = node.wait_for("Wallet: ks1").replace("Wallet: ", "by=");
    let found = client.search(&address, None, 1).unwrap();
    let proof = client.proof(&found.transactions[0].txid).unwrap();
    let (_place, address) = file_with(&page_of(proof.trim_end()));
    page.browser.open(&address);
    page.until("document.body.className === 'good'");
    page.until_shown("#text", SHOWN);
    assert_eq!(page.texts("#text button").len(), 1);
    page.browser.run("document.querySelector('details').open = true", &json!([]));
    page.until_shown("#shown", "kusari-proof-1");
    assert_eq!(page.browser.run(FORGED, &json!([])), json!([]));
    // What is saved is the proof itself, to the last bit.
    let saved = page.browser.run(
        "return decodeURIComponent(document.getElementById('save').href.split(',').slice(1).join(','))",
        &json!([]),
    );
    assert_eq!(saved.as_str().unwrap(), proof.trim_end());
    page.assert_calm();
}
