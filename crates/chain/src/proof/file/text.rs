//! How numbers stand in proof files: each u64 as decimal digits in a string, since readers that keep
//! numbers as floating point would round it.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::hash::BlockHash;
use crate::ledger::{
    PayloadHash, PublicKey, Signature, SignedTransaction, StatementHash, WitnessStatement,
};

/// What `format` says in a proof of a transaction.
pub(super) const FORMAT: &str = "kusari-proof-1";
/// What it says in a proof that one block is an ancestor of another.
pub(super) const FORMAT_OF_CONSISTENCY: &str = "kusari-consistency-1";

/// A transaction with its keys in order. The numbers are text.
#[derive(Serialize, Deserialize)]
#[serde(remote = "SignedTransaction")]
pub(super) struct TransactionText {
    sender: PublicKey,
    receiver: PublicKey,
    #[serde(with = "decimal")]
    amount: u64,
    #[serde(with = "decimal")]
    fee: u64,
    #[serde(with = "decimal")]
    sequence: u64,
    payload: PayloadHash,
    payload_len: u32,
    signature: Signature,
}

/// A statement with its keys in order. The numbers are text.
#[derive(Serialize, Deserialize)]
#[serde(remote = "WitnessStatement")]
pub(super) struct StatementText {
    key: PublicKey,
    #[serde(with = "decimal")]
    sequence: u64,
    previous: StatementHash,
    height: u32,
    hash: BlockHash,
    #[serde(with = "decimal")]
    time: u64,
    signature: Signature,
}

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
