//! Proof files: what stands in them, and their one canonical form.
//!
//! Owns the keys, their order and how they are read; what they prove is up to the checks beside it.
//! Source: `docs/formats/proof.md`, whose tables these types follow key by key.

mod form;
mod text;

use super::ProofFault;
use super::path::Siblings;
use crate::block::Block;
use crate::hash::BlockHash;
use crate::ledger::commitment::{Commitment, MerkleRoot};
use crate::ledger::{ChainId, Payload, PublicKey, SignedTransaction, WitnessStatement};
use crate::merkle::NodeHash;
use crate::pow::CompactTarget;
use crate::prelude::*;

#[cfg(feature = "schema")]
use self::text::Decimal;
use self::text::{FORMAT, FORMAT_OF_CONSISTENCY, StatementText, TransactionText, decimal};

/// Most bytes of a proof file: a payload of 64 KiB takes six times as many where every character of it
/// is escaped, and the rest takes less than half of that.
pub const MAX_PROOF_BYTES: usize = 1 << 20;
/// Most later blocks, and most earlier ones.
pub const MAX_PROOF_BLOCKS: usize = 64;
/// Most statements of witnesses.
pub const MAX_PROOF_STATEMENTS: usize = 256;

/// The hashes of a path in a file, by level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiblingList(Vec<Option<MerkleRoot>>);

impl SiblingList {
    /// The hashes.
    #[must_use]
    pub fn hashes(&self) -> Siblings {
        self.0.iter().map(|sibling| sibling.map(|root| root.0)).collect()
    }
}

impl From<Siblings> for SiblingList {
    fn from(siblings: Siblings) -> Self {
        Self(siblings.into_iter().map(|sibling| sibling.map(MerkleRoot)).collect())
    }
}

/// A proof that a transaction stands in a block. Claims nothing until it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionProof {
    /// `kusari-proof-1`.
    #[schema(pattern = "^kusari-proof-1$")]
    format: String,
    /// The chain.
    pub chain_id: ChainId,
    /// The transaction.
    #[serde(with = "TransactionText")]
    #[schema(value_type = TransactionText)]
    pub transaction: SignedTransaction,
    /// Its payload; null where it has none or it was erased.
    #[serde(deserialize_with = "present")]
    #[schema(required)]
    pub payload: Option<Payload>,
    /// Where it stands in its block's body.
    pub body: BodyPath,
    /// The block.
    pub block: ProvenHeader,
    /// What the paths from the block to the later ones share, by level.
    #[schema(value_type = Vec<Option<MerkleRoot>>)]
    pub siblings: SiblingList,
    /// Blocks that have it among their ancestors, by rising height.
    #[schema(max_items = 64)]
    pub later: Vec<LaterHeader>,
    /// Ancestors of it, by rising height.
    #[schema(max_items = 64)]
    pub earlier: Vec<EarlierBlock>,
    /// What witnesses said about these blocks.
    #[schema(value_type = Vec<StatementText>, max_items = 256)]
    pub statements: Vec<ProvenStatement>,
}

/// A proof that one block is an ancestor of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsistencyProof {
    /// `kusari-consistency-1`.
    #[schema(pattern = "^kusari-consistency-1$")]
    format: String,
    /// The chain.
    pub chain_id: ChainId,
    /// The ancestor.
    pub earlier: EarlierBlock,
    /// The descendant.
    pub later: ProvenHeader,
}

/// A transaction's place in a body, and its path to the body's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BodyPath {
    /// The place, from 0.
    pub place: u32,
    /// Hashes by level.
    #[schema(value_type = Vec<Option<MerkleRoot>>)]
    pub siblings: SiblingList,
    /// The root over what follows.
    #[serde(deserialize_with = "present")]
    #[schema(required)]
    pub rest: Option<MerkleRoot>,
}

/// A block without its body: everything that its hash follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProvenHeader {
    /// Its height.
    pub index: u32,
    /// Unix time in seconds, as its miner says.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    pub timestamp: u64,
    /// What mining found.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    pub nonce: u64,
    /// Its parent.
    pub prev_hash: BlockHash,
    /// Its hash.
    pub hash: BlockHash,
    /// Root over its transactions.
    pub body_root: MerkleRoot,
    /// How many there are.
    pub body_count: u32,
    /// Root over its ancestors' hashes.
    pub history_root: MerkleRoot,
    /// Root over the accounts, or zero.
    pub state_root: MerkleRoot,
    /// What its hash must meet, in compact form.
    #[schema(value_type = u32)]
    pub target: CompactTarget,
    /// Who mined it.
    pub miner: PublicKey,
}

/// A later block: its history root follows from the path that leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LaterHeader {
    /// Its height.
    pub index: u32,
    /// Unix time in seconds, as its miner says.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    pub timestamp: u64,
    /// What mining found.
    #[serde(with = "decimal")]
    #[schema(value_type = Decimal)]
    pub nonce: u64,
    /// Its parent.
    pub prev_hash: BlockHash,
    /// Its hash.
    pub hash: BlockHash,
    /// Root over its transactions.
    pub body_root: MerkleRoot,
    /// How many there are.
    pub body_count: u32,
    /// Root over the accounts, or zero.
    pub state_root: MerkleRoot,
    /// What its hash must meet, in compact form.
    #[schema(value_type = u32)]
    pub target: CompactTarget,
    /// Who mined it.
    pub miner: PublicKey,
    /// The root over the history behind the largest whole subtree that the proven block is in.
    #[serde(deserialize_with = "present")]
    #[schema(required)]
    pub rest: Option<MerkleRoot>,
}

/// An ancestor, and its path to the history root of its descendant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EarlierBlock {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// Hashes by level.
    #[schema(value_type = Vec<Option<MerkleRoot>>)]
    pub siblings: SiblingList,
    /// The root over what follows.
    #[serde(deserialize_with = "present")]
    #[schema(required)]
    pub rest: Option<MerkleRoot>,
}

/// A witness's statement, as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProvenStatement(#[serde(with = "StatementText")] pub WitnessStatement);

/// What a proof file proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofFile {
    /// That a transaction stands in a block.
    Transaction(Box<TransactionProof>),
    /// That a block is an ancestor of another.
    Consistency(Box<ConsistencyProof>),
}

/// A key that must be there, although it may hold null.
fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}

/// The one key by which the two forms are told apart.
#[derive(Deserialize)]
struct AnyProof {
    format: String,
}

impl ProofFile {
    /// Reads a file in its canonical form. One newline may follow it.
    ///
    /// # Errors
    /// [`ProofFault::Form`] where it has another form.
    pub fn read(text: &str) -> Result<Self, ProofFault> {
        let form = |reason: String| ProofFault::Form { reason };
        if text.len() > MAX_PROOF_BYTES {
            return Err(ProofFault::TooLarge);
        }
        let text = text.strip_suffix('\n').unwrap_or(text);
        let unreadable = |error: serde_json::Error| form(alloc::format!("{error}"));
        let any: AnyProof = serde_json::from_str(text).map_err(unreadable)?;
        let proof = match any.format.as_str() {
            FORMAT => Self::Transaction(serde_json::from_str(text).map_err(unreadable)?),
            FORMAT_OF_CONSISTENCY => {
                Self::Consistency(serde_json::from_str(text).map_err(unreadable)?)
            }
            _ => return Err(form(String::from("its format is none that this program knows"))),
        };
        // Whatever another way of writing might hide, a reader of the same file would hide it too.
        if proof.to_text() != text {
            return Err(form(String::from(
                "it is not in the canonical form, so it was changed since it was written",
            )));
        }
        proof.check_order()?;
        Ok(proof)
    }

    /// Reads the bytes of a file in the same way.
    ///
    /// # Errors
    /// [`ProofFault::Form`] where it has another form, or is no text.
    pub fn read_bytes(bytes: &[u8]) -> Result<Self, ProofFault> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(ProofFault::TooLarge);
        }
        match core::str::from_utf8(bytes) {
            Ok(text) => Self::read(text),
            Err(_) => Err(ProofFault::Form { reason: String::from("it is no text in UTF-8") }),
        }
    }

    /// The file, without a newline at its end.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Numbers, text and lists of them have no way to fail.
        match self {
            Self::Transaction(proof) => serde_json::to_string(proof).unwrap_or_default(),
            Self::Consistency(proof) => serde_json::to_string(proof).unwrap_or_default(),
        }
    }
}

impl TransactionProof {
    /// A proof of a transaction in a block, without any other block yet.
    #[must_use]
    pub fn new(
        chain_id: ChainId,
        transaction: SignedTransaction,
        payload: Option<Payload>,
        body: BodyPath,
        block: ProvenHeader,
    ) -> Self {
        Self {
            format: FORMAT.into(),
            chain_id,
            transaction,
            payload,
            body,
            block,
            siblings: SiblingList::default(),
            later: Vec::new(),
            earlier: Vec::new(),
            statements: Vec::new(),
        }
    }
}

impl ConsistencyProof {
    /// A proof that the first block is an ancestor of the second.
    #[must_use]
    pub fn new(chain_id: ChainId, earlier: EarlierBlock, later: ProvenHeader) -> Self {
        Self { format: FORMAT_OF_CONSISTENCY.into(), chain_id, earlier, later }
    }
}

impl ProvenHeader {
    /// The header of a whole block.
    #[must_use]
    pub fn of(block: &Block, commitment: &Commitment) -> Self {
        Self {
            index: block.index,
            timestamp: block.timestamp,
            nonce: block.nonce,
            prev_hash: block.prev_hash,
            hash: block.hash,
            body_root: commitment.body_root,
            body_count: commitment.body_count,
            history_root: commitment.history_root,
            state_root: commitment.state_root,
            target: commitment.target,
            miner: commitment.miner,
        }
    }

    /// The same without its history root, which follows from `rest`.
    #[must_use]
    pub fn as_later(&self, rest: Option<NodeHash>) -> LaterHeader {
        LaterHeader {
            index: self.index,
            timestamp: self.timestamp,
            nonce: self.nonce,
            prev_hash: self.prev_hash,
            hash: self.hash,
            body_root: self.body_root,
            body_count: self.body_count,
            state_root: self.state_root,
            target: self.target,
            miner: self.miner,
            rest: rest.map(MerkleRoot),
        }
    }

    /// What the block commits to.
    #[must_use]
    pub fn commitment(&self, chain_id: ChainId) -> Commitment {
        Commitment {
            chain_id,
            body_root: self.body_root,
            body_count: self.body_count,
            history_root: self.history_root,
            state_root: self.state_root,
            target: self.target,
            miner: self.miner,
        }
    }
}

impl LaterHeader {
    /// The same with its history root.
    #[must_use]
    pub fn with_history(&self, history_root: MerkleRoot) -> ProvenHeader {
        ProvenHeader {
            index: self.index,
            timestamp: self.timestamp,
            nonce: self.nonce,
            prev_hash: self.prev_hash,
            hash: self.hash,
            body_root: self.body_root,
            body_count: self.body_count,
            history_root,
            state_root: self.state_root,
            target: self.target,
            miner: self.miner,
        }
    }
}
