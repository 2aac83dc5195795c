//! The evidence page: one file that checks a proof in any browser.
//!
//! Owns how a proof gets into the page. The page itself, `assets/evidence.html`, is all that the browser
//! needs.

const PAGE: &str = include_str!("../assets/evidence.html");
/// Where the proof goes, once in the page.
const MARK: &str = "@PROOF@";

/// The page about a proof, whose text the browser reads back byte for byte.
#[must_use]
pub fn page(proof: &str) -> String {
    let mut escaped = String::with_capacity(proof.len());
    for character in proof.trim_end_matches('\n').chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    PAGE.replacen(MARK, &escaped, 1)
}
