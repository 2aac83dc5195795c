//! The JSON of a whole ledger block: the seven keys, then the commitment and the body.
//!
//! Owns that form. The seven keys are read and written by [`crate::block`].

use serde::Deserializer;

use crate::block::Block;
use crate::checked::WholeBlock;
use crate::hash::BlockHash;
use crate::ledger::{BodyEntry, Commitment, LedgerPart};
use crate::object::ObjectOnly;
use crate::prelude::*;
use crate::transaction::Transaction;

/// Every key that counts. One of the last two alone is a fault, and neither is a block of seven keys.
#[derive(Deserialize)]
#[serde(expecting = "an object with the keys of a block")]
struct WholeObject {
    index: u32,
    timestamp: u64,
    nonce: u64,
    data: String,
    prev_hash: BlockHash,
    hash: BlockHash,
    transactions: Vec<Transaction>,
    #[serde(default, deserialize_with = "present")]
    commitment: Option<Commitment>,
    #[serde(default, deserialize_with = "present")]
    body: Option<Vec<BodyEntry>>,
}

/// A key that may be left out, but is not null where it stands.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for WholeBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = WholeObject::deserialize(ObjectOnly(deserializer))?;
        let WholeObject { index, timestamp, nonce, data, prev_hash, hash, transactions, .. } =
            object;
        let ledger = match (object.commitment, object.body) {
            (Some(commitment), Some(body)) => Some(Box::new(LedgerPart { commitment, body })),
            (None, None) => None,
            (Some(_), None) => return Err(serde::de::Error::missing_field("body")),
            (None, Some(_)) => return Err(serde::de::Error::missing_field("commitment")),
        };
        let block = Block { index, timestamp, nonce, data, prev_hash, hash, transactions };
        Ok(Self { block, ledger })
    }
}

impl WholeBlock {
    /// Reads a JSON object that says a block with what a ledger adds, or a block of seven keys:
    /// keys in any order, white space, hexadecimal in any case, and unknown keys, which are ignored.
    ///
    /// # Errors
    /// What the JSON reader says: no JSON, or a key that is missing, doubled or of the wrong kind.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        match crate::canonical::read(json) {
            Some(block) => Ok(Self { block, ledger: None }),
            None => serde_json::from_str(json),
        }
    }

    /// The JSON in the one canonical form: seven keys, and what a ledger adds behind them.
    #[must_use]
    pub fn to_canonical_json(&self) -> String {
        let mut json = Vec::new();
        write_json(&self.block, self.ledger.as_deref(), &mut json);
        // Text between ASCII is all that was written, so this never falls back.
        String::from_utf8(json).unwrap_or_default()
    }
}

/// Appends the JSON of a header: the seven keys and the commitment.
pub fn write_header_json(block: &Block, commitment: &Commitment, out: &mut Vec<u8>) {
    block.write_canonical_json(out);
    // The closing brace comes last again.
    out.pop();
    out.extend_from_slice(b",\"commitment\":");
    // Numbers, text and lists of them have no way to fail.
    out.extend_from_slice(&serde_json::to_vec(commitment).unwrap_or_default());
    out.push(b'}');
}

/// Appends the JSON of a block with what a ledger adds to it, in the one canonical form.
pub fn write_json(block: &Block, ledger: Option<&LedgerPart>, out: &mut Vec<u8>) {
    let Some(part) = ledger else { return block.write_canonical_json(out) };
    write_header_json(block, &part.commitment, out);
    out.pop();
    out.extend_from_slice(b",\"body\":");
    out.extend_from_slice(&serde_json::to_vec(&part.body).unwrap_or_default());
    out.push(b'}');
}
