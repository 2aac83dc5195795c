//! The evidence page: one file that checks a proof in any browser.
//!
//! Owns how the page is put together of `assets/evidence.html`, a proof, and what it shares with the explorer.

const PAGE: &str = include_str!("../assets/evidence.html");
/// Where the proof goes, once in the page.
const PROOF: &str = "@PROOF@";
/// The explorer's modules that the page shares, and where each goes: the page is one file and imports nothing.
const SHARED: [(&str, &str); 2] = [
    ("@ADDRESS@", include_str!("../assets/explorer/address.js")),
    ("@STRANGER@", include_str!("../assets/explorer/stranger.js")),
];

/// The page about a proof, whose text the browser reads back byte for byte.
#[must_use]
pub fn page(proof: &str) -> String {
    let proof = proof.trim_end_matches('\n');
    let escaped = proof.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let whole = SHARED.iter().fold(PAGE.to_owned(), |page, (place, module)| {
        page.replacen(place, &module.trim_end().replace("\nexport ", "\n"), 1)
    });
    whole.replacen(PROOF, &escaped, 1)
}
