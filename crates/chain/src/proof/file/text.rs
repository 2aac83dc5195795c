//! How numbers stand in proof files: each u64 as decimal digits in a string, since readers that keep
//! numbers as floating point would round it.

use crate::hash::BlockHash;
use crate::ledger::{
    PayloadHash, PublicKey, Signature, SignedTransaction, StatementHash, WitnessStatement,
};
use crate::prelude::*;

/// What `format` says in a proof of a transaction.
pub(super) const FORMAT: &str = "kusari-proof-1";
/// What it says in a proof that one block is an ancestor of another.
pub(super) const FORMAT_OF_CONSISTENCY: &str = "kusari-consistency-1";

/// A transaction whose numbers are text.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(remote = "SignedTransaction")]
#[schema(as = ProvenTransaction)]
pub(super) struct TransactionText {
    /// Who pays, and signs.
    sender: PublicKey,
    /// Who is paid.
    receiver: PublicKey,
    /// How much, in whole units.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    amount: u64,
    /// What the miner gets, in whole units.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    fee: u64,
    /// How many transactions of this sender came before.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    sequence: u64,
    /// The payload, by its hash.
    payload: PayloadHash,
    /// Bytes of the payload's text; zero where there is none.
    payload_len: u32,
    /// The sender's signature.
    signature: Signature,
}

/// A witness's statement whose numbers are text.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(remote = "WitnessStatement")]
#[schema(as = ProvenStatement)]
pub(super) struct StatementText {
    /// Whose statement it is.
    key: PublicKey,
    /// Statements of this key before this one.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    sequence: u64,
    /// The last of them.
    previous: StatementHash,
    /// Height of the block.
    height: u32,
    /// The block.
    hash: BlockHash,
    /// When the key saw it, in Unix seconds by its own clock.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    time: u64,
    /// The key's signature.
    signature: Signature,
}

/// A number in the document of an API, as the module below writes it.
#[cfg(feature = "schema")]
pub(super) enum Decimal {}

crate::bytes::described!(
    Decimal,
    "A number of 64 bits as decimal digits.",
    "^(0|[1-9][0-9]{0,19})$",
    "1795548049"
);

/// A number as decimal digits. What else a reader of numbers takes (a plus sign, leading zeros) is
/// not what would be written again, and so refused.
pub(super) mod decimal {
    use super::{Deserialize, String};

    pub(in super::super) fn serialize<S: serde::Serializer>(
        number: &u64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(in super::super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
