//! The evidence page in a real browser, opened as a file, as whoever was handed it opens it.
//!
//! Needs chromium and chromium-driver. Where they are missing these tests say so and do nothing,
//! save with `KUSARI_BROWSER=required` in the environment: then they fail.

pub(crate) mod driver;
pub(crate) mod page;
mod source;

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::{Value, json};

use driver::Browser;
use page::{as_characters, bytes_of, cases, file_with, page_of, proof};

/// A proof with all that a proof can have.
const WHOLE: &str = "statements-about-earlier-blocks-this-one-and-later-ones";

/// Waits until the page has come to its verdict, and tells what it shows.
const SEEN: &str = "
    while (!document.body.className) await new Promise((again) => setTimeout(again, 10));
    const isSeen = (element) => element.checkVisibility();
    return {
        verdict: document.body.className,
        title: document.querySelector('h1').textContent,
        summary: document.getElementById('summary').textContent,
        steps: [...document.querySelectorAll('#steps li')].map((step) => step.className || 'open'),
        marks: [...document.querySelectorAll('.mark')].map((mark) => mark.textContent),
        text: document.getElementById('text').textContent,
        seen: [...document.querySelectorAll('section[id]')].filter(isSeen).map((part) => part.id),
        facts: document.getElementById('facts').innerText,
        elements: document.querySelectorAll('main :not(.unseen, wbr)').length,
        isWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    };";

/// Opens the page of a proof and tells what it shows in the end.
#[track_caller]
fn seen(browser: &Browser, proof: &str) -> Value {
    let (_place, address) = file_with(&page_of(proof));
    browser.open(&address);
    let seen = browser.run_async(SEEN, &json!([]));
    assert_eq!(browser.console(), [] as [&str; 0], "the console has something to say");
    seen
}

#[test]
fn a_proof_that_holds_turns_every_step_green_and_is_told_in_words() {
    let Some(browser) = Browser::start("en-US") else { return };
    for name in
        [WHOLE, "record-of-a-file", "transfer-with-a-note", "erased-text", "block-at-the-tip"]
    {
        let shown = seen(&browser, &proof(name));
        assert_eq!(shown["verdict"], "good", "{name}: {shown}");
        assert_eq!(shown["steps"], json!(vec!["good"; 9]), "{name}");
        assert_eq!(shown["marks"], json!(vec!["holds"; 9]), "{name}");
    }
    let shown = seen(&browser, &proof(WHOLE));
    browser.keep_picture("evidence.png");
    // Browsers differ in the space before PM.
    let facts = shown["facts"].as_str().unwrap().replace('\u{202f}', " ");
    for words in [
        "text 2 of block 8",
        "ks132yw8ht5p8cetl2jmvknewjawt9xwzdlrk2pyxlnwjyqrdq0dawqt2wr73",
        "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
        "November 14, 2023 at 10:14:40 PM UTC, as the block says",
        "Not yet at November 14, 2023 at 10:14:04 PM UTC, a witness says",
        "In the chain at November 14, 2023 at 10:14:45 PM UTC, a witness says",
        "Block 8",
        "tries, on average",
        "0.024 milliseconds",
    ] {
        assert!(facts.contains(words), "{words:?} is not in {facts:?}");
    }
    assert_eq!(shown["seen"], json!(["facts", "blocks", "witnesses"]));
    let transfer = seen(&browser, &proof("transfer-with-a-note"));
    assert!(transfer["facts"].as_str().unwrap().contains("1,152,921,504,606,846,977 to"));
}

#[test]
fn a_proof_that_does_not_hold_turns_red_at_its_step_and_shows_nothing_of_what_it_says() {
    let Some(browser) = Browser::start("en-US") else { return };
    for (name, code, step) in [
        ("space-inside", "form", 0),
        ("too-many-earlier-blocks", "too-many", 0),
        ("payload-with-another-text", "payload", 1),
        ("signature-with-another-bit", "signature", 2),
        ("another-place", "body-path", 3),
        ("block-with-another-nonce", "block-hash", 4),
        ("block-without-work", "block-target", 5),
        ("later-block-with-another-miner", "later-hash", 6),
        ("later-block-without-work", "later-target", 6),
        ("earlier-block-with-another-hash", "earlier-path", 7),
        ("statement-about-another-hash", "statement-block", 8),
        ("statement-with-another-time", "statement-signature", 8),
    ] {
        let shown = seen(&browser, &proof(name));
        let after = |at: usize, green, red, rest| match at.cmp(&step) {
            std::cmp::Ordering::Less => green,
            std::cmp::Ordering::Equal => red,
            std::cmp::Ordering::Greater => rest,
        };
        let steps: Vec<_> = (0..9).map(|at| after(at, "good", "bad", "open")).collect();
        let marks: Vec<_> =
            (0..9).map(|at| after(at, "holds", "does not hold", "not checked")).collect();
        assert_eq!(shown["verdict"], "bad", "{name}");
        assert_eq!((&shown["steps"], &shown["marks"]), (&json!(steps), &json!(marks)), "{name}");
        let summary = shown["summary"].as_str().unwrap();
        assert!(summary.ends_with(&format!(" ({code})")), "{name}: {summary}");
        assert_eq!((&shown["seen"], &shown["text"]), (&json!([]), &json!("")), "{name}");
    }
}

#[test]
fn a_text_that_looks_like_a_part_of_a_page_stays_a_text() {
    let Some(browser) = Browser::start("en-US") else { return };
    let nasty = proof("text-that-a-page-must-not-obey");
    let shown = seen(&browser, &nasty);
    let data: Value = serde_json::from_str(&nasty).unwrap();
    assert_eq!(shown["verdict"], "good", "{shown}");
    // What is not seen is named.
    let named = |text: String, (raw, name): (&str, &str)| text.replace(raw, name);
    let expected = [
        ("\u{8}\u{c}", "U+0008 U+000C"),
        ("\r", "U+000D"),
        ("\0\u{1f}\u{7f}\u{85}\u{2028}\u{202e}", "U+0000 U+001F U+007F U+0085 U+2028 U+202E"),
    ];
    let text = data["payload"]["data"].as_str().unwrap().to_owned();
    assert_eq!(shown["text"], expected.into_iter().fold(text, named));
    assert_eq!(
        shown["elements"],
        seen(&browser, &proof("block-14-with-63-64-65-later"))["elements"]
            .as_u64()
            .map(|count| count - 9)
            .unwrap()
    );
}

#[test]
fn a_chosen_file_is_told_from_every_other_one() {
    let Some(browser) = Browser::start("en-US") else { return };
    let cases = cases();
    let recorded = cases.iter().find(|case| case["name"] == "file-that-was-recorded").unwrap();
    let content = bytes_of(&recorded["input"]["recorded"]);
    let mut changed = content.clone();
    changed[7] ^= 1;
    let (place, address) = file_with(&page_of(&proof("record-of-a-file")));
    browser.open(&address);
    assert_eq!(browser.run_async(SEEN, &json!([]))["seen"], json!(["facts", "compare", "blocks"]));
    for (name, bytes, words) in [
        ("contract.pdf", &content[..], "Yes: contract.pdf is the recorded file, to the last bit."),
        ("changed.pdf", &changed[..], "No: changed.pdf is another file, or not as it was."),
        ("shorter.pdf", &content[1..], "No: shorter.pdf is another file, or not as it was."),
        ("copy.pdf", &content[..], "Yes: copy.pdf is the recorded file, to the last bit."),
    ] {
        let path = place.path().join(name);
        fs::write(&path, bytes).unwrap();
        browser.type_into("#file", path.to_str().unwrap());
        let answer = browser.run_async(
            "const answer = document.getElementById('file-answer');
             while (!answer.textContent.includes(arguments[0])) {
                 await new Promise((again) => setTimeout(again, 10));
             }
             return [answer.textContent, answer.className];",
            &json!([name]),
        );
        let class = if words.starts_with("Yes") { "answer good" } else { "answer bad" };
        // The name of a file keeps its direction to itself.
        let words = words.replace(name, &format!("\u{2068}{name}\u{2069}"));
        assert_eq!(answer, json!([words, class]));
    }
    assert_eq!(browser.console(), [] as [&str; 0]);
}

#[test]
fn a_hash_that_the_reader_knows_is_found_among_the_blocks_or_not() {
    let Some(browser) = Browser::start("en-US") else { return };
    let text = proof(WHOLE);
    let whole: Value = serde_json::from_str(&text).unwrap();
    let (_place, address) = file_with(&page_of(&text));
    browser.open(&address);
    browser.run_async(SEEN, &json!([]));
    let hash = |part: &Value| part["hash"].as_str().unwrap().to_owned();
    for (hash, words) in [
        (hash(&whole["block"]), "Yes: it is one of these blocks."),
        (hash(&whole["later"][1]).to_uppercase(), "Yes: it is one of these blocks."),
        (hash(&whole["earlier"][1]), "No: it is none of these blocks."),
    ] {
        browser.run("document.getElementById('trust').value = ''", &json!([]));
        browser.type_into("#trust", &format!(" {hash} "));
        let answer =
            browser.run("return document.getElementById('trust-answer').innerText", &json!([]));
        assert_eq!(answer, words, "{hash}");
    }
}

/// What the page's checks make of a file in the words of the suite.
const JUDGED: &str = "
    const bytesOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
    const [file, trust, recorded] = arguments;
    try {
        const proof = await verify(bytesOf(file));
        if (trust !== null && !isTrusted(proof, trust)) return { verdict: 'not-trusted' };
        const holds = recorded === null || await isRecordOf(proof.payload, bytesOf(recorded));
        if (!holds) return { verdict: 'other-file' };
        return { block: proof.block.hash, work: String(workShown(proof)), verdict: 'ok' };
    } catch (error) {
        return { verdict: error.code ?? `threw ${error}` };
    }";

#[test]
fn the_page_comes_to_the_verdict_of_every_case_of_the_suite() {
    let Some(browser) = Browser::start("en-US") else { return };
    let (_place, address) = file_with(&page_of(&proof("block-at-the-tip")));
    browser.open(&address);
    for case in cases() {
        let input = &case["input"];
        let characters = |key: &str| match &input[key] {
            Value::Null => Value::Null,
            part => json!(as_characters(&bytes_of(part))),
        };
        let arguments = json!([characters("proof"), input["trust"], characters("recorded")]);
        let found = browser.run_async(JUDGED, &arguments);
        assert_eq!(found, case["expected"], "{}", case["name"]);
    }
    assert_eq!(browser.console(), [] as [&str; 0]);
}

/// How many bits are tried in the browser. In Python all are; here each costs some milliseconds.
const BITS: usize = 500;

#[test]
fn a_proof_with_one_bit_changed_is_refused_by_the_page() {
    let Some(browser) = Browser::start("en-US") else { return };
    let file = proof(WHOLE);
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    let seed = u64::from_le_bytes(seed);
    println!("seed {seed}");
    // The generator splitmix64, which needs no more than its seed.
    let mut state = seed;
    let bits: Vec<u64> = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % (8 * file.len() as u64)
    })
    .take(BITS)
    .collect();
    let (_place, address) = file_with(&page_of(&file));
    browser.open(&address);
    let kept = browser.run_async(
        "const [file, bits] = arguments, kept = [];
         for (const bit of bits) {
             const bytes = utf8(file);
             bytes[bit >> 3] ^= 1 << (bit & 7);
             await verify(bytes).then(() => kept.push(bit), (error) => error.code || kept.push(bit));
         }
         return kept;",
        &json!([file, bits]),
    );
    assert_eq!(kept, json!([]), "seed {seed}: with these bits changed it was not refused");
}

#[test]
fn the_page_can_reach_no_network() {
    let Some(browser) = Browser::start("en-US") else { return };
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    seen(&browser, &proof(WHOLE));
    let tried = browser.run_async(
        "const refused = (promise) => promise.then(() => 'reached', () => 'refused');
         const picture = new Promise((done, failed) => {
             Object.assign(new Image(), { onload: done, onerror: failed, src: arguments[0] });
         });
         const script = document.createElement('script');
         script.textContent = 'globalThis.isObeyed = true';
         document.body.append(script);
         return [await refused(fetch(arguments[0])), await refused(picture), !!globalThis.isObeyed];",
        &json!([format!("http://{}/", server.local_addr().unwrap())]),
    );
    assert_eq!(tried, json!(["refused", "refused", false]));
    let connected = server.accept();
    assert_eq!(connected.err().map(|error| error.kind()), Some(ErrorKind::WouldBlock));
}

#[test]
fn a_page_that_is_given_no_sha_256_says_that_nothing_was_checked() {
    let Some(browser) = Browser::start("en-US") else { return };
    // A page of this kind of address is of no origin that the browser trusts.
    let page = page_of(&proof("block-at-the-tip"));
    let encoded: String = page.bytes().map(|byte| format!("%{byte:02x}")).collect();
    browser.open(&format!("data:text/html;charset=utf-8,{encoded}"));
    let shown = browser.run_async(SEEN, &json!([]));
    assert_eq!(
        (&shown["verdict"], &shown["title"]),
        (&json!("bad"), &json!("Nothing has been checked"))
    );
    assert!(shown["summary"].as_str().unwrap().contains("SHA-256"), "{shown}");
    assert_eq!((&shown["steps"], &shown["seen"]), (&json!(vec!["open"; 9]), &json!([])));
}

#[test]
fn the_page_fits_a_phone_in_light_and_dark() {
    let Some(browser) = Browser::start("en-US") else { return };
    for (name, scheme) in [(WHOLE, "light"), ("record-of-a-file", "dark"), ("space-inside", "dark")]
    {
        browser.show_on(340, scheme);
        let shown = seen(&browser, &proof(name));
        assert_eq!(shown["isWide"], false, "{name}");
        let colour =
            browser.run("return getComputedStyle(document.body).backgroundColor", &json!([]));
        assert_eq!(colour == "rgb(247, 246, 242)", scheme == "light", "{colour}");
    }
}

#[test]
fn a_japanese_reader_is_told_in_japanese_and_can_change_to_english() {
    let Some(browser) = Browser::start("ja") else { return };
    let (_place, address) = file_with(&page_of(&proof(WHOLE)));
    for (end, language, title) in [
        ("", "ja", "この証明は正しい"),
        ("#en", "en", "This proof holds"),
        ("#ja", "ja", "この証明は正しい"),
    ] {
        browser.open("about:blank");
        browser.open(&format!("{address}{end}"));
        let shown = browser.run_async(SEEN, &json!([]));
        assert_eq!(shown["title"], title);
        assert_eq!(browser.run("return document.documentElement.lang", &json!([])), language);
    }
    assert_eq!(browser.console(), [] as [&str; 0]);
}
