//! The evidence page: one file that checks a proof in any browser.
//!
//! Owns how the page is put together of `assets/evidence.html`, a proof, and what it shares with the explorer.

const PAGE: &str = include_str!("../assets/evidence.html");
/// Where the proof goes, once in the page.
const PROOF: &str = "@PROOF@";
/// Where the explorer's module of addresses goes: the page is one file and imports nothing.
const ADDRESS: &str = "@ADDRESS@";

/// The page about a proof, whose text the browser reads back byte for byte.
#[must_use]
pub fn page(proof: &str) -> String {
    let proof = proof.trim_end_matches('\n');
    let escaped = proof.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let address =
        include_str!("../assets/explorer/address.js").trim_end().replacen("export ", "", 1);
    PAGE.replacen(ADDRESS, &address, 1).replacen(PROOF, &escaped, 1)
}
