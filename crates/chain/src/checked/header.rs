//! Headers of a ledger's blocks: a block without its body.
//!
//! Owns the rules that need neither the body nor another block. What a chain of headers proves is counted
//! in [`crate::accept`].

use serde::Deserializer;

use super::CheckedBlock;
use crate::block::Block;
use crate::hash::BlockHash;
use crate::ledger::{ChainId, Commitment};
use crate::object::ObjectOnly;
use crate::prelude::*;
use crate::rules::{RuleViolation, ledger as rules};
use crate::transaction::Transaction;

/// A block without its body, as it was received: claims nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// The seven keys.
    #[serde(flatten)]
    pub block: Block,
    /// What the data is the hash of.
    pub commitment: Commitment,
}

/// The keys of a [`Header`] once more: a flattened reader would take a list, and doubled keys.
#[derive(Deserialize)]
#[serde(expecting = "an object with the seven keys of a block and its commitment")]
struct HeaderObject {
    index: u32,
    timestamp: u64,
    nonce: u64,
    data: alloc::string::String,
    prev_hash: BlockHash,
    hash: BlockHash,
    transactions: Vec<Transaction>,
    commitment: Commitment,
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let HeaderObject {
            index,
            timestamp,
            nonce,
            data,
            prev_hash,
            hash,
            transactions,
            commitment,
        } = HeaderObject::deserialize(ObjectOnly(deserializer))?;
        let block = Block { index, timestamp, nonce, data, prev_hash, hash, transactions };
        Ok(Self { block, commitment })
    }
}

/// A header that keeps every rule which needs no other block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CheckedHeader(Header);

impl CheckedHeader {
    /// Checks a header by itself. Costs two hashes.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(header: Header, chain: &ChainId) -> Result<Self, RuleViolation> {
        let Header { block, commitment } = &header;
        rules::check_chain(commitment, chain)?;
        rules::check_no_transfers(block)?;
        rules::check_data(block, commitment)?;
        CheckedBlock::check(block.clone())?;
        rules::check_claimed_target(block, commitment.target)?;
        Ok(Self(header))
    }

    /// The header, no longer marked as checked.
    #[must_use]
    pub fn into_header(self) -> Header {
        self.0
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.0
    }
}
