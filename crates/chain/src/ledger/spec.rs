//! The chain spec: what people hand each other to share a ledger, and the id that follows from it.
//!
//! Owns the parameters of a ledger chain and their bounds. Source: protocol, section 4.3.

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};

use super::transaction::ChainSalt;
use crate::bytes::fixed_bytes;
use crate::params;
use crate::params::CLASSIC_CHAIN;
use crate::pow::AsertParams;
use crate::prelude::*;

fixed_bytes!(
    /// The id of a ledger chain: SHA-256 over the Borsh form of its parameters. A block is valid on one
    /// chain only, since it commits to this.
    ChainId,
    32,
    "a chain id",
    "e747cfe63965f4633749bb1a5dbb199033c5a744789deff8dfd73ffc70747fac"
);

/// The parameters of a ledger chain.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize, ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ChainSpec {
    /// For people, 1 to 64 printable characters.
    pub name: String,
    /// What keeps two groups with the same parameters apart: 64 hexadecimal digits.
    pub salt: ChainSalt,
    /// Seconds between two blocks that difficulty aims at; 1 to 3,600.
    #[schema(minimum = 1, maximum = 3600)]
    pub block_time_s: u32,
    /// Seconds behind schedule that double the target; at least the block time.
    pub half_life_s: u32,
    /// What the miner of a block is credited, below 2^32.
    pub reward: u64,
    /// Most bytes of a body: Borsh of its transactions and the text of their payloads; at most 1 MiB.
    pub max_body_bytes: u32,
    /// Most bytes of text in one payload; at most 64 KiB.
    pub max_data_bytes: u32,
    /// Least fee of a transaction.
    pub min_fee: u64,
}

/// Why parameters make no chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The name is empty, long, or cannot be shown.
    #[error("the name must have 1 to 64 printable characters, and must not be `classic`")]
    Name,
    /// The block time is out of range.
    #[error("block_time_s is {0}: it must be 1 to 3600")]
    BlockTime(u32),
    /// The half-life is out of range.
    #[error("half_life_s is {half_life_s}: it must be at least the block time, {block_time_s}")]
    HalfLife {
        /// What was given.
        half_life_s: u32,
        /// The block time beside it.
        block_time_s: u32,
    },
    /// The reward is out of range.
    #[error("reward is {0}: it must be below 4294967296")]
    Reward(u64),
    /// The body is out of range.
    #[error("max_body_bytes is {0}: it must be 1024 to 1048576")]
    BodyBytes(u32),
    /// The payload is out of range.
    #[error(
        "max_data_bytes is {data}: it must be at least 1, at most 65536, and at most the \
             {body} of max_body_bytes less 256 for the transaction around it"
    )]
    DataBytes {
        /// What was given.
        data: u32,
        /// The bound of the body beside it.
        body: u32,
    },
    /// No first transaction could ever be paid.
    #[error(
        "min_fee is {min_fee} and reward {reward}: with a fee and no reward nobody can ever pay"
    )]
    Fee {
        /// The fee.
        min_fee: u64,
        /// The reward beside it.
        reward: u64,
    },
}

impl ChainSpec {
    /// What it says of difficulty.
    #[must_use]
    pub fn asert(&self) -> AsertParams {
        AsertParams { block_time_s: self.block_time_s, half_life_s: self.half_life_s }
    }

    /// The spec named `ledger` that is built in: a public playground with a block each ten seconds.
    /// Nothing costs a fee, so that the first record can be made by an account that owns nothing.
    #[must_use]
    pub fn ledger() -> Self {
        Self {
            name: String::from("ledger"),
            salt: ChainSalt::ZERO,
            block_time_s: 10,
            half_life_s: 600,
            reward: 1_000,
            max_body_bytes: params::MAX_BODY_BYTES,
            max_data_bytes: params::MAX_DATA_BYTES,
            min_fee: 0,
        }
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`SpecError`] names the first parameter that is out of its bounds.
    pub fn check(&self) -> Result<(), SpecError> {
        let characters = self.name.chars().count();
        let is_shown = !self.name.chars().any(char::is_control) && self.name.trim() == self.name;
        if !(1..=64).contains(&characters) || !is_shown || self.name == CLASSIC_CHAIN {
            return Err(SpecError::Name);
        }
        if !(1..=3_600).contains(&self.block_time_s) {
            return Err(SpecError::BlockTime(self.block_time_s));
        }
        if self.half_life_s < self.block_time_s {
            let Self { half_life_s, block_time_s, .. } = *self;
            return Err(SpecError::HalfLife { half_life_s, block_time_s });
        }
        if self.reward >= 1 << 32 {
            return Err(SpecError::Reward(self.reward));
        }
        if !(1_024..=params::MAX_BODY_BYTES).contains(&self.max_body_bytes) {
            return Err(SpecError::BodyBytes(self.max_body_bytes));
        }
        let (data, body) = (self.max_data_bytes, self.max_body_bytes);
        if !(1..=params::MAX_DATA_BYTES).contains(&data) || data > body - 256 {
            return Err(SpecError::DataBytes { data, body });
        }
        if self.min_fee > 0 && self.reward == 0 {
            return Err(SpecError::Fee { min_fee: self.min_fee, reward: self.reward });
        }
        Ok(())
    }

    /// The id of the chain with these parameters.
    #[must_use]
    pub fn chain_id(&self) -> ChainId {
        let mut hasher = HashWriter(Sha256::new());
        // Writing into a hasher has no way to fail.
        let _ = borsh::to_writer(&mut hasher, self);
        ChainId(hasher.0.finalize().into())
    }
}

/// A hasher that Borsh writes to.
pub(crate) struct HashWriter(pub(crate) Sha256);

impl borsh::io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> borsh::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> borsh::io::Result<()> {
        Ok(())
    }
}

/// SHA-256 over the Borsh form of a value.
pub(crate) fn borsh_hash(value: &impl BorshSerialize) -> [u8; 32] {
    let mut hasher = HashWriter(Sha256::new());
    // Writing into a hasher has no way to fail.
    let _ = borsh::to_writer(&mut hasher, value);
    hasher.0.finalize().into()
}
