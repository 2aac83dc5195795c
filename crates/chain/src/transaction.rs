//! The unsigned transfer of a classic block.
//!
//! Owns the value type; what it means is up to the people who read it, since no rule checks it.

use alloc::string::String;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize};

use crate::object::ObjectOnly;

/// An unsigned transfer: names and an amount, exactly as an original node writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Transaction {
    /// Who pays.
    pub sender: String,
    /// Who is paid.
    pub receiver: String,
    /// How much, in whole units.
    pub amount: u64,
}

/// The fields of [`Transaction`] once more: the derived reader alone would take a list for an
/// object.
#[derive(Deserialize)]
#[serde(remote = "Transaction", expecting = "an object with sender, receiver and amount")]
struct TransactionObject {
    sender: String,
    receiver: String,
    amount: u64,
}

impl<'de> Deserialize<'de> for Transaction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TransactionObject::deserialize(ObjectOnly(deserializer))
    }
}
