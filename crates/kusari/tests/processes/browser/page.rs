//! The page with a proof in it, and the suite of proofs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

/// Where the program puts the proof.
const PLACE: &str = "@PROOF@";

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The page as it is part of the program.
pub(crate) fn template() -> String {
    kusari_api::evidence::page(PLACE)
}

/// The page with a proof.
pub(crate) fn page_of(proof: &str) -> String {
    let template = template();
    assert_eq!(template.matches(PLACE).count(), 1, "there is one place for the proof");
    let escaped = proof.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    template.replace(PLACE, &escaped)
}

/// A directory with a page, and the address of the page.
pub(crate) fn file_with(page: &str) -> (TempDir, String) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("evidence.html");
    fs::write(&path, page).unwrap();
    let address = format!("file://{}", path.display());
    (place, address)
}

/// The cases of the suite.
pub(crate) fn cases() -> Vec<Value> {
    let text = fs::read_to_string(root().join("conformance/proofs.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file["cases"].as_array().unwrap().clone()
}

/// A proof of the suite that stands there as a text.
pub(crate) fn proof(name: &str) -> String {
    let case = cases().into_iter().find(|case| case["name"] == name);
    let case = case.unwrap_or_else(|| panic!("there is no case {name}"));
    case["input"]["proof"].as_str().unwrap().to_owned()
}

/// Bytes in the notation of the suites.
pub(crate) fn bytes_of(part: &Value) -> Vec<u8> {
    match part {
        Value::String(text) => text.as_bytes().to_vec(),
        Value::Array(parts) => parts.iter().flat_map(bytes_of).collect(),
        part if part["hex"].is_string() => {
            let digits = part["hex"].as_str().unwrap().as_bytes();
            let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
        }
        part => {
            let times = usize::try_from(part["times"].as_u64().unwrap()).unwrap();
            bytes_of(&part["repeat"]).repeat(times)
        }
    }
}

/// Bytes as a page can be given them: one character each.
pub(crate) fn as_characters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
