//! The unsigned transfer of a classic block.
//!
//! Owns the value type; what it means is up to the people who read it, since no rule checks it.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::object::object_only;
use crate::prelude::*;

/// An unsigned transfer: names and an amount, exactly as an original node writes them.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize, ToSchema,
)]
#[serde(remote = "Self", expecting = "an object with sender, receiver and amount")]
pub struct Transaction {
    /// Who pays.
    pub sender: String,
    /// Who is paid.
    pub receiver: String,
    /// How much, in whole units.
    pub amount: u64,
}

object_only!(Transaction);
