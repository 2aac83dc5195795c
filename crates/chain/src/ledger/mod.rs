//! The ledger: signed transactions, what a block commits to, and the accounts that follow.
//!
//! Owns the values of a ledger chain and how they change; whether a block may hold them is up to
//! [`crate::rules::ledger`]. Knows neither fork choice nor peers.

pub mod accounts;
pub mod address;
pub mod commitment;
mod content;
pub mod keys;
pub mod spec;
pub mod transaction;
pub mod witness;

pub use crate::bytes::ParseBytesError;
pub use accounts::Account;
pub use address::Address;
pub use commitment::{BodyEntry, Commitment, LedgerPart};
pub use content::{ContentHash, FileRecord};
pub use keys::{PublicKey, Signature};
pub use spec::{ChainId, ChainSpec, SpecError};
pub use transaction::{Payload, PayloadHash, Salt, SignedTransaction, Txid, UnsignedTransaction};
pub use witness::{Equivocation, StatementHash, UnsignedStatement, WitnessStatement};
