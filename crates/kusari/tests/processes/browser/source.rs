//! What can be read off the source of the page.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::page::template;

/// What stands between two marks, wherever they stand.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let parts = text.split(open).skip(1);
    parts.map(|part| part.split_once(close).unwrap().0).collect()
}

/// Base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let number = number << (8 * (3 - three.len()));
        for place in 0..4 {
            let six = number >> (18 - 6 * place) & 63;
            text.push(if place > three.len() { '=' } else { char::from(ALPHABET[six as usize]) });
        }
    }
    text
}

#[test]
fn the_pages_policy_allows_its_own_script_and_style_and_no_network() {
    let page = template();
    let hash_of = |tag: &str| {
        let inner = between(&page, &format!("<{tag}>\n"), &format!("</{tag}>"));
        assert_eq!(inner.len(), 1, "there is one {tag}");
        format!("'sha256-{}'", base64(&Sha256::digest(format!("\n{}", inner[0]))))
    };
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash_of("script"),
        hash_of("style")
    );
    let found = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assert_eq!(found, [policy], "whoever changes the page writes its hashes into its policy");
}

#[test]
fn the_page_has_no_way_to_take_a_proof_for_a_part_of_itself() {
    let page = template();
    let script = between(&page, "<script>", "</script>")[0];
    for way in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "setAttribute",
        "srcdoc",
        "DOMParser",
        "createContextualFragment",
    ] {
        assert!(!script.contains(way), "the page uses {way}");
    }
    for reference in ["src=", "http://", "https://", "@import", "url(", "<link", "<img", "<iframe"]
    {
        assert!(!page.contains(reference), "the page names something outside: {reference}");
    }
}

#[test]
fn the_script_can_be_read_in_one_sitting() {
    let page = template();
    let lines = between(&page, "<script>", "</script>")[0].lines().map(str::trim);
    let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    assert!(code.count() < 400);
}

#[test]
fn every_word_of_the_page_is_there_in_japanese() {
    let page = template();
    let data = |id: &str| -> BTreeMap<String, String> {
        let open = format!("<script type=\"application/json\" id=\"{id}\">");
        serde_json::from_str(between(&page, &open, "</script>")[0]).unwrap()
    };
    let (japanese, codes) = (data("japanese"), data("codes"));
    let marked = between(&page, " data-word>", "<").into_iter().map(str::to_owned);
    let mut words: Vec<String> = marked.chain(codes.into_values()).collect();
    let script = between(&page, "<script>", "</script>")[0];
    // A text of the script that begins like a sentence is one that is shown.
    let texts = script.split('"').skip(1).step_by(2);
    let is_sentence = |text: &&str| text.contains(' ') && text.starts_with(char::is_uppercase);
    words.extend(texts.filter(is_sentence).map(str::to_owned));
    for word in &words {
        assert!(japanese.contains_key(word), "there is no Japanese for {word:?}");
    }
    for (word, translated) in &japanese {
        assert!(page.matches(word.as_str()).count() > 1, "nothing shows {word:?}");
        for value in ["{0}", "{1}"] {
            assert_eq!(word.contains(value), translated.contains(value), "{word:?}");
        }
    }
}
