//! The commitment: what a ledger block promises in the 51 characters of its data, and the body that
//! it promises.
//!
//! Owns their bytes and JSON, and the string that ties them to a block. Source: protocol, section 4.

use base64ct::{Base64UrlUnpadded, Encoding};
use borsh::{BorshDeserialize, BorshSerialize};

use super::keys::PublicKey;
use super::spec::{ChainId, borsh_hash};
use super::transaction::{Payload, SignedTransaction};
use crate::bytes::fixed_bytes;
use crate::merkle::MerkleBuilder;
use crate::object::object_only;
use crate::pow::CompactTarget;
use crate::prelude::*;

fixed_bytes!(
    /// The root of a Merkle tree, by RFC 9162, section 2.1.1.
    MerkleRoot,
    32,
    "a Merkle root",
    "f961b9192d32ae52137c15b4c35331966f20e3d4860453f7ca9d648fe371f4a8"
);

/// What the data of every ledger block begins with.
pub const DATA_PREFIX: &str = "kusari1:";

/// What a ledger block commits to beyond its seven keys. The order of the fields is the
/// order of the bytes.
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
#[serde(remote = "Self", expecting = "an object with the seven keys of a commitment")]
pub struct Commitment {
    /// The chain that the block belongs to.
    pub chain_id: ChainId,
    /// Root over the Borsh forms of the body's transactions, in order.
    pub body_root: MerkleRoot,
    /// Transactions in the body.
    pub body_count: u32,
    /// Root over the hashes of all blocks before this one, genesis first.
    pub history_root: MerkleRoot,
    /// At heights that are multiples of 1,024, root over the Borsh forms of all accounts in order of
    /// their keys, as they stand before this block; zero elsewhere.
    pub state_root: MerkleRoot,
    /// The greatest hash that the block may have, in compact form.
    #[schema(value_type = u32)]
    pub target: CompactTarget,
    /// Who receives the reward and the fees.
    pub miner: PublicKey,
}

object_only!(Commitment);

impl Commitment {
    /// The data of a block that makes this commitment. Two texts can decode to the same bytes, so
    /// this is what is compared.
    #[must_use]
    pub fn data(&self) -> String {
        // 32 bytes make 43 characters, so the room is enough and nothing can fail.
        let mut text = [0; 43];
        let text = Base64UrlUnpadded::encode(&borsh_hash(self), &mut text).unwrap_or_default();
        [DATA_PREFIX, text].concat()
    }
}

/// A transaction of a body, and its payload unless it has none or it was erased.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize, ToSchema,
)]
#[serde(remote = "Self", expecting = "an object with transaction and payload")]
pub struct BodyEntry {
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its payload; null where it has none or it was erased.
    #[serde(deserialize_with = "serde::Deserialize::deserialize")]
    #[schema(required)]
    pub payload: Option<Payload>,
}

object_only!(BodyEntry);

/// What a whole ledger block has beyond the seven keys of every block.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize, ToSchema,
)]
pub struct LedgerPart {
    /// What the block's data is the hash of; there on a ledger alone.
    pub commitment: Commitment,
    /// The transactions, in order; there on a ledger alone.
    pub body: Vec<BodyEntry>,
}

impl LedgerPart {
    /// The root that belongs to the body.
    #[must_use]
    pub fn body_root(&self) -> MerkleRoot {
        body_root(self.body.iter().map(|entry| &entry.transaction))
    }

    /// What the body counts for against its bound, in bytes.
    #[must_use]
    pub fn weight(&self) -> u64 {
        // A body that was read is bounded by its line, so the sum is far from any end.
        self.body.iter().map(|entry| entry.transaction.weight()).sum()
    }
}

/// The root over transactions in order.
pub fn body_root<'a>(transactions: impl Iterator<Item = &'a SignedTransaction>) -> MerkleRoot {
    let mut builder = MerkleBuilder::default();
    for transaction in transactions {
        // Writing numbers and bytes into memory has no way to fail.
        builder.push_leaf(&borsh::to_vec(transaction).unwrap_or_default());
    }
    MerkleRoot(builder.root())
}
