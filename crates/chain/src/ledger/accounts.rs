//! Accounts: what a transaction does to them, and how it is taken back.
//!
//! Owns the arithmetic. Every step can be undone from the transaction alone, so a reorganisation
//! needs no record of former balances. Knows nothing of where accounts are kept.

use borsh::{BorshDeserialize, BorshSerialize};

use super::keys::PublicKey;
use crate::prelude::*;

/// What a key owns. The order of the fields is the order of the bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
pub struct Account {
    /// Whose it is.
    pub key: PublicKey,
    /// In whole units.
    pub balance: u64,
    /// Transactions of this sender so far: the sequence of its next one.
    pub sequence: u64,
}

impl Account {
    /// The account of a key that nothing was ever paid to and that never paid.
    #[must_use]
    pub fn empty(key: PublicKey) -> Self {
        Self { key, balance: 0, sequence: 0 }
    }

    /// Whether there is nothing to remember: such an account is kept nowhere and has no leaf in
    /// the state root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.balance == 0 && self.sequence == 0
    }
}
