//! What a record is about: a text, or a file that it names by hash, size and name.
//!
//! Owns the form of such a text, and by which hash a content is looked up. Reads no files.

use sha2::{Digest, Sha256};

use crate::bytes::fixed_bytes;
use crate::hex;
use crate::prelude::*;

fixed_bytes!(
    /// SHA-256 of what a record is about: of the file that it names, or of its text.
    ContentHash,
    32,
    "a content hash",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
);

/// Sizes of files are below this, so that readers that keep numbers as floating point see the same.
const MAX_FILE_BYTES: u64 = 1 << 53;

/// What is recorded of a file, as JSON in the text of a payload. The order of the keys is part of the
/// form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// SHA-256 of its bytes, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its name, without directories.
    pub name: String,
}

impl FileRecord {
    /// The record that a text is, if it is one in the one form that is written.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let record: Self = serde_json::from_str(text).ok()?;
        let canonical = serde_json::to_string(&record).ok()? == text;
        (canonical && record.size < MAX_FILE_BYTES && record.hash().is_some()).then_some(record)
    }

    fn hash(&self) -> Option<ContentHash> {
        let is_lower = !self.sha256.bytes().any(|digit| digit.is_ascii_uppercase());
        hex::decode_array(&self.sha256).filter(|_| is_lower).map(ContentHash)
    }
}

impl ContentHash {
    /// Of a text that is recorded as it is, or as what is said of a file.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let of_file = FileRecord::of_text(text).and_then(|record| record.hash());
        of_file.unwrap_or_else(|| Self(Sha256::digest(text).into()))
    }
}
