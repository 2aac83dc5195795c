//! Signed transactions and the payloads beside them.
//!
//! Owns their bytes: what is signed, what is hashed, and how large they count. Source: protocol,
//! section 4.1. Whether a transaction may stand in a block is up to the rules.

use borsh::{BorshDeserialize, BorshSerialize};

use super::keys::{PublicKey, Signature};
use super::spec::{ChainId, borsh_hash};
use crate::bytes::fixed_bytes;
use crate::object::object_only;
use crate::prelude::*;

fixed_bytes!(
    /// The id of a transaction: SHA-256 over its Borsh form, signature included.
    Txid,
    32,
    "a transaction id",
    "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
);
fixed_bytes!(
    /// The SHA-256 of a payload in its Borsh form; zero where a transaction has none.
    PayloadHash,
    32,
    "a payload hash",
    "0000000000000000000000000000000000000000000000000000000000000000"
);
fixed_bytes!(
    /// Random bytes that keep the text of an erased payload from being found by trying.
    Salt,
    16,
    "a salt",
    "00000000000000000000000000000000"
);
fixed_bytes!(
    /// Random bytes that keep two chains with the same parameters apart.
    ChainSalt,
    32,
    "a chain's salt",
    "0000000000000000000000000000000000000000000000000000000000000000"
);

/// What is signed before anything else, so that no signature means something elsewhere.
const SIGNING_DOMAIN: &str = "kusari-tx-1";

/// A transaction before it is signed. The order of the fields is the order of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize)]
pub struct UnsignedTransaction {
    /// Who pays, and signs.
    pub sender: PublicKey,
    /// Who is paid.
    pub receiver: PublicKey,
    /// How much, in whole units.
    pub amount: u64,
    /// What the miner gets, in whole units.
    pub fee: u64,
    /// How many transactions of this sender came before.
    pub sequence: u64,
    /// The payload, by its hash; zero where there is none.
    pub payload: PayloadHash,
    /// Bytes of the payload's text; zero where there is none.
    pub payload_len: u32,
}

impl UnsignedTransaction {
    /// A record: nothing is paid, and a payload is carried.
    #[must_use]
    pub fn record(author: PublicKey, sequence: u64, fee: u64, payload: &Payload) -> Self {
        Self::transfer(author, author, 0, sequence, fee, Some(payload))
    }

    /// A transfer from the first key to the second, with or without a note.
    #[must_use]
    pub fn transfer(
        sender: PublicKey,
        receiver: PublicKey,
        amount: u64,
        sequence: u64,
        fee: u64,
        note: Option<&Payload>,
    ) -> Self {
        let (payload, payload_len) = match note {
            Some(note) => (note.hash(), u32::try_from(note.data.len()).unwrap_or(u32::MAX)),
            None => (PayloadHash::ZERO, 0),
        };
        Self { sender, receiver, amount, fee, sequence, payload, payload_len }
    }

    /// The bytes that the sender signs.
    #[must_use]
    pub fn signing_bytes(&self, chain: &ChainId) -> Vec<u8> {
        // Writing numbers and bytes into memory has no way to fail.
        borsh::to_vec(&(SIGNING_DOMAIN, chain, self)).unwrap_or_default()
    }

    /// The transaction with its signature, as its holder made it.
    #[must_use]
    pub fn signed(self, signature: Signature) -> SignedTransaction {
        let Self { sender, receiver, amount, fee, sequence, payload, payload_len } = self;
        SignedTransaction {
            sender,
            receiver,
            amount,
            fee,
            sequence,
            payload,
            payload_len,
            signature,
        }
    }
}

/// A transaction: who pays whom, what it carries, and the signature over all of it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
    ToSchema,
)]
#[serde(remote = "Self", expecting = "an object with the eight keys of a transaction")]
pub struct SignedTransaction {
    /// Who pays, and signs.
    pub sender: PublicKey,
    /// Who is paid.
    pub receiver: PublicKey,
    /// How much, in whole units.
    #[schema(maximum = 18446744073709551615u64)]
    pub amount: u64,
    /// What the miner gets, in whole units.
    #[schema(maximum = 18446744073709551615u64)]
    pub fee: u64,
    /// How many transactions of this sender came before.
    #[schema(maximum = 18446744073709551615u64)]
    pub sequence: u64,
    /// The payload, by its hash; zero where there is none.
    pub payload: PayloadHash,
    /// Bytes of the payload's text; zero where there is none.
    #[schema(maximum = 4294967295u32)]
    pub payload_len: u32,
    /// The sender's signature.
    pub signature: Signature,
}

object_only!(SignedTransaction);

impl SignedTransaction {
    /// Bytes of its Borsh form, the same for all.
    pub const BYTES: usize = 32 + 32 + 8 + 8 + 8 + 32 + 4 + 64;

    /// What was signed.
    #[must_use]
    pub fn unsigned(&self) -> UnsignedTransaction {
        let Self { sender, receiver, amount, fee, sequence, payload, payload_len, .. } = *self;
        UnsignedTransaction { sender, receiver, amount, fee, sequence, payload, payload_len }
    }

    /// The transaction's id.
    #[must_use]
    pub fn txid(&self) -> Txid {
        Txid(borsh_hash(self))
    }

    /// Whether it says that it carries a payload.
    #[must_use]
    pub fn has_payload(&self) -> bool {
        self.payload != PayloadHash::ZERO
    }

    /// Whether it is a record: nothing is paid but to itself, and a payload is carried.
    #[must_use]
    pub fn is_record(&self) -> bool {
        self.amount == 0 && self.sender == self.receiver && self.has_payload()
    }

    /// What counts against the bound of a body, and what a fee is weighed against, in bytes: Borsh
    /// and the payload's text, whether it is present or was erased.
    #[must_use]
    pub fn weight(&self) -> u64 {
        Self::BYTES as u64 + u64::from(self.payload_len)
    }

    /// What the sender's balance must hold; `None` where no number can say it.
    #[must_use]
    pub fn cost(&self) -> Option<u64> {
        self.amount.checked_add(self.fee)
    }
}

/// What a transaction carries and only commits to, so that it can be erased.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize, ToSchema,
)]
#[serde(remote = "Self", expecting = "an object with salt and data")]
pub struct Payload {
    /// Random.
    pub salt: Salt,
    /// The text.
    pub data: String,
}

object_only!(Payload);

impl Payload {
    /// What a transaction commits to.
    #[must_use]
    pub fn hash(&self) -> PayloadHash {
        PayloadHash(borsh_hash(self))
    }
}
