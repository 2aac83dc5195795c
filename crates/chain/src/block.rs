//! The block: its seven fields, hash rule and canonical line.
//!
//! Owns the value types and how they are written; which blocks are valid is up to [`crate::rules`].

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};

use crate::canonical;
use crate::hash::BlockHash;
use crate::object::object_only;
use crate::params;
use crate::prelude::*;
use crate::transaction::Transaction;

/// One block, as written on the wire. The order of the fields is the order of the canonical line.
///
/// Reading refuses missing, duplicate and out-of-range fields; it ignores unknown ones.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize, ToSchema,
)]
#[serde(remote = "Self", expecting = "an object with the seven keys of a block")]
pub struct Block {
    /// Height; the genesis block is 0.
    pub index: u32,
    /// Unix time in seconds. Classic rules do not check it.
    pub timestamp: u64,
    /// What mining changes.
    pub nonce: u64,
    /// Free text; on a ledger `kusari1:` and the hash of the commitment.
    pub data: String,
    /// Hash of the parent.
    pub prev_hash: BlockHash,
    /// Hash of this block, as its sender claims.
    pub hash: BlockHash,
    /// Unsigned transfers; none on a ledger.
    pub transactions: Vec<Transaction>,
}

object_only!(Block);

impl Block {
    /// The first block of every chain. It is never sent and never stored.
    #[must_use]
    pub fn genesis() -> Self {
        let data = String::from(params::GENESIS_DATA);
        let mut genesis = Self::template(0, params::GENESIS_TIMESTAMP, data, BlockHash::ZERO);
        genesis.transactions.push(Transaction {
            sender: String::from("Alice"),
            receiver: String::from("Bob"),
            amount: 100,
        });
        genesis.with_nonce(params::GENESIS_NONCE)
    }

    /// What mining begins with: no transfers, and neither nonce nor hash.
    #[must_use]
    pub fn template(index: u32, timestamp: u64, data: String, prev_hash: BlockHash) -> Self {
        let (nonce, hash, transactions) = (0, BlockHash::ZERO, Vec::new());
        Self { index, timestamp, nonce, data, prev_hash, hash, transactions }
    }

    /// The block with this nonce, and the hash that follows from it.
    #[must_use]
    pub fn with_nonce(mut self, nonce: u64) -> Self {
        self.nonce = nonce;
        self.hash = self.compute_hash();
        self
    }

    /// The hash that the hash rule gives for the other six fields: SHA-256 over index, timestamp
    /// and nonce (little-endian), parent hash, transactions and data.
    #[must_use]
    pub fn compute_hash(&self) -> BlockHash {
        let mut hasher = Sha256::new();
        self.write_preimage(|part| hasher.update(part));
        BlockHash(hasher.finalize().into())
    }

    /// Bytes that are hashed, as a miner needs them: the nonce stands at
    /// [`Block::NONCE_OFFSET`]` .. + 8`, little-endian.
    #[must_use]
    pub fn preimage(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(52 + self.data.len());
        self.write_preimage(|part| bytes.extend_from_slice(part));
        bytes
    }

    /// Where the nonce stands in the preimage, in bytes: after a u32 index and a u64 timestamp.
    pub const NONCE_OFFSET: usize = 4 + 8;

    /// The one place that states the hash rule's order.
    fn write_preimage(&self, mut write: impl FnMut(&[u8])) {
        write(&self.index.to_le_bytes());
        write(&self.timestamp.to_le_bytes());
        write(&self.nonce.to_le_bytes());
        write(&self.prev_hash.0);
        for transaction in &self.transactions {
            write(transaction.sender.as_bytes());
            write(transaction.receiver.as_bytes());
            write(&transaction.amount.to_le_bytes());
        }
        write(self.data.as_bytes());
    }

    /// The canonical JSON object: seven keys in order, no spaces, the fewest escapes.
    #[must_use]
    pub fn to_canonical_json(&self) -> String {
        let mut json = Vec::new();
        self.write_canonical_json(&mut json);
        // Text between ASCII is all that was written, so this never falls back.
        String::from_utf8(json).unwrap_or_default()
    }

    /// Appends the canonical JSON object, for callers that write many.
    pub fn write_canonical_json(&self, out: &mut Vec<u8>) {
        canonical::write(self, out);
    }

    /// Reads a JSON object that says a block: seven keys in any order, white space, hexadecimal in
    /// any case, and unknown keys, which are ignored.
    ///
    /// # Errors
    /// What the JSON reader says: no JSON, or a key that is missing, doubled or of the wrong kind.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        canonical::read(json).map_or_else(|| serde_json::from_str(json), Ok)
    }

    /// Length of the canonical line in bytes, with `BLOCK:` and the newline, without writing it.
    #[must_use]
    pub fn canonical_line_bytes(&self) -> usize {
        const TRANSFER_FRAME: usize = r#"{"sender":"","receiver":"","amount":}"#.len();
        let transfers: usize = self
            .transactions
            .iter()
            .map(|transaction| {
                TRANSFER_FRAME
                    + escaped_bytes(&transaction.sender)
                    + escaped_bytes(&transaction.receiver)
                    + decimal_digits(transaction.amount)
            })
            .sum();
        params::LINE_FRAME_BYTES
            + decimal_digits(u64::from(self.index))
            + decimal_digits(self.timestamp)
            + decimal_digits(self.nonce)
            + escaped_bytes(&self.data)
            + transfers
            + self.transactions.len().saturating_sub(1)
    }
}

/// Bytes that `text` takes between the quotes of a canonical JSON string.
#[must_use]
pub fn escaped_bytes(text: &str) -> usize {
    canonical::escaped_bytes(text)
}

fn decimal_digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}
