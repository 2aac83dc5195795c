//! What a proof file proves.
//!
//! Owns the order of the checks and the fault of each. Whom to trust is up to the caller: this tells
//! what follows from what. Source: `docs/formats/proof.md`.

use super::file::{ConsistencyProof, EarlierBlock, ProvenHeader, TransactionProof};
use super::path;
use super::work::work_shown;
use crate::block::Block;
use crate::hash::BlockHash;
use crate::ledger::commitment::MerkleRoot;
use crate::ledger::{ChainId, Txid, WitnessStatement};
use crate::merkle::leaf_hash;
use crate::pow::{CompactTarget, Work};
use crate::prelude::*;
use crate::rules::transaction::{check_payload, check_payload_length, check_signature};

/// The first step of a proof that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
#[non_exhaustive]
pub enum ProofFault {
    /// The file has more bytes than a proof may have.
    #[error("this file is longer than a proof may be, 1 MiB")]
    TooLarge,
    /// A list has more entries than it may have.
    #[error("this proof has too many {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
    },
    /// It is no proof file.
    #[error("this is no proof file in its one form: {reason}")]
    Form {
        /// What is wrong, in words.
        reason: String,
    },
    /// The payload is not the one that was recorded.
    #[error("the payload is not the one that the transaction commits to")]
    Payload,
    /// The signature is not of this.
    #[error("the signature is not the sender's over this transaction on this chain")]
    Signature,
    /// The transaction is not in the body.
    #[error("the transaction's path does not lead to the root of the block's body")]
    BodyPath,
    /// The block is not what its hash says.
    #[error("the hash of block {height} does not follow from its content")]
    BlockHash {
        /// Which.
        height: u32,
    },
    /// The block lacks the work that it claims.
    #[error("the hash of block {height} does not meet its target")]
    BlockTarget {
        /// Which.
        height: u32,
    },
    /// A later block is not what its hash says, or is no descendant.
    #[error("the hash of later block {height} does not follow from its content and its history")]
    LaterHash {
        /// Which.
        height: u32,
    },
    /// A later block lacks the work that it claims.
    #[error("the hash of later block {height} does not meet its target")]
    LaterTarget {
        /// Which.
        height: u32,
    },
    /// An earlier block is no ancestor.
    #[error("the path of earlier block {height} does not lead to the history root")]
    EarlierPath {
        /// Which.
        height: u32,
    },
    /// A statement is about something else.
    #[error("a statement names a block of height {height} that this proof does not show")]
    StatementBlock {
        /// Which.
        height: u32,
    },
    /// A statement was not made by its key.
    #[error("a statement about block {height} is not signed by its key")]
    StatementSignature {
        /// Which.
        height: u32,
    },
}

impl ProofFault {
    /// Short name of the step, the same in every program that checks proofs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

/// What holds of a proof of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedProof {
    /// The transaction's id.
    pub txid: Txid,
    /// Tries that the blocks in it took on average.
    pub work: Work,
    /// Hashes of the block and of the later ones: a reader that trusts one of them can trust the
    /// transaction.
    pub blocks: Vec<(u32, BlockHash)>,
    /// Statements about these blocks: each key saw the transaction in its best chain.
    pub seen: Vec<WitnessStatement>,
    /// Statements about earlier blocks: each key had that tip.
    pub before: Vec<WitnessStatement>,
}

impl TransactionProof {
    /// Checks everything in it.
    ///
    /// # Errors
    /// The first step that does not hold.
    pub fn check(&self) -> Result<CheckedProof, ProofFault> {
        let Self { chain_id, transaction, block, .. } = self;
        check_payload_length(transaction).map_err(|_| ProofFault::Payload)?;
        if let Some(payload) = &self.payload {
            check_payload(transaction, payload).map_err(|_| ProofFault::Payload)?;
        }
        check_signature(transaction, chain_id).map_err(|_| ProofFault::Signature)?;
        self.check_body()?;
        let height = block.index;
        let faults = [ProofFault::BlockHash { height }, ProofFault::BlockTarget { height }];
        check_header(block, chain_id, faults)?;
        self.check_later()?;
        for earlier in &self.earlier {
            check_earlier(earlier, block)?;
        }
        let (before, seen) = self.check_statements()?;
        let later = self.later.iter().map(|later| (later.index, later.hash));
        let blocks: Vec<_> = core::iter::once((block.index, block.hash)).chain(later).collect();
        let work = work_shown(blocks.iter().map(|(_, hash)| *hash));
        Ok(CheckedProof { txid: transaction.txid(), work, blocks, seen, before })
    }

    fn check_body(&self) -> Result<(), ProofFault> {
        // Writing numbers and bytes into memory has no way to fail.
        let leaf = leaf_hash(&borsh::to_vec(&self.transaction).unwrap_or_default());
        let (place, leaves) = (self.body.place.into(), self.block.body_count.into());
        let siblings = self.body.siblings.hashes();
        let rest = self.body.rest.as_ref().map(|rest| &rest.0);
        match path::root(leaf, place, leaves, &siblings, rest) == Some(self.block.body_root.0) {
            true => Ok(()),
            false => Err(ProofFault::BodyPath),
        }
    }

    fn check_later(&self) -> Result<(), ProofFault> {
        let leaf = u64::from(self.block.index);
        let siblings = self.siblings.hashes();
        for later in &self.later {
            let height = later.index;
            let rest = later.rest.as_ref().map(|rest| &rest.0);
            let hash = leaf_hash(&self.block.hash.0);
            let root = path::root(hash, leaf, u64::from(height), &siblings, rest);
            let root = root.ok_or(ProofFault::LaterHash { height })?;
            check_later_header(&later.with_history(MerkleRoot(root)), &self.chain_id)?;
        }
        Ok(())
    }

    /// The statements about earlier blocks, and those about the block and later ones.
    fn check_statements(
        &self,
    ) -> Result<(Vec<WitnessStatement>, Vec<WitnessStatement>), ProofFault> {
        let (mut before, mut seen) = (Vec::new(), Vec::new());
        for statement in self.statements.iter().map(|statement| statement.0) {
            let named = (statement.height, statement.hash);
            let height = statement.height;
            if named == (self.block.index, self.block.hash)
                || self.later.iter().any(|later| named == (later.index, later.hash))
            {
                seen.push(statement);
            } else if self.earlier.iter().any(|earlier| named == (earlier.height, earlier.hash)) {
                before.push(statement);
            } else {
                return Err(ProofFault::StatementBlock { height });
            }
            if !statement.is_signed(&self.chain_id) {
                return Err(ProofFault::StatementSignature { height });
            }
        }
        Ok((before, seen))
    }
}

impl ConsistencyProof {
    /// Checks everything in it.
    ///
    /// # Errors
    /// The first step that does not hold.
    pub fn check(&self) -> Result<(), ProofFault> {
        check_later_header(&self.later, &self.chain_id)?;
        check_earlier(&self.earlier, &self.later)
    }
}

fn check_later_header(header: &ProvenHeader, chain: &ChainId) -> Result<(), ProofFault> {
    let height = header.index;
    let faults = [ProofFault::LaterHash { height }, ProofFault::LaterTarget { height }];
    check_header(header, chain, faults)
}

/// Whether the hash follows from the content, and meets the target; each has its fault.
fn check_header(
    header: &ProvenHeader,
    chain: &ChainId,
    [hash_fault, target_fault]: [ProofFault; 2],
) -> Result<(), ProofFault> {
    let block = Block {
        index: header.index,
        timestamp: header.timestamp,
        nonce: header.nonce,
        data: header.commitment(*chain).data(),
        prev_hash: header.prev_hash,
        hash: header.hash,
        transactions: Vec::new(),
    };
    if block.compute_hash() != header.hash {
        return Err(hash_fault);
    }
    let limit = CompactTarget::LIMIT.target();
    match header.target.target() {
        Some(target) if Some(target) <= limit && target.is_met_by(&header.hash) => Ok(()),
        _ => Err(target_fault),
    }
}

fn check_earlier(earlier: &EarlierBlock, later: &ProvenHeader) -> Result<(), ProofFault> {
    let (place, leaves) = (earlier.height.into(), later.index.into());
    let siblings = earlier.siblings.hashes();
    let rest = earlier.rest.as_ref().map(|rest| &rest.0);
    let leaf = leaf_hash(&earlier.hash.0);
    match path::root(leaf, place, leaves, &siblings, rest) == Some(later.history_root.0) {
        true => Ok(()),
        false => Err(ProofFault::EarlierPath { height: earlier.height }),
    }
}
