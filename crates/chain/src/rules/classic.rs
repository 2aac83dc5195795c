//! The classic rules, as an original node means them. Source: protocol sections 1 and 2.
//!
//! Timestamps, text and transactions are free; nothing else is.

use super::RuleViolation;
use super::refuse_if;
use crate::block::Block;
use crate::hash::BlockHash;
use crate::params::MAX_LINE_BYTES;
use crate::pow::Target;

/// The canonical line fits an original node's buffer. Returns its length in bytes.
pub(crate) fn check_line_length(block: &Block) -> Result<u32, RuleViolation> {
    let bytes = block.canonical_line_bytes();
    match u32::try_from(bytes) {
        Ok(short) if bytes <= MAX_LINE_BYTES => Ok(short),
        _ => Err(RuleViolation::BlockTooLong { bytes, limit: MAX_LINE_BYTES }),
    }
}

/// Height 0 belongs to the one genesis block.
pub(crate) fn check_genesis_is_not_replaced(block: &Block) -> Result<(), RuleViolation> {
    refuse_if(block.index == 0 && *block != Block::genesis(), RuleViolation::BadGenesis)
}

/// The hash is the hash of the content.
pub(crate) fn check_hash(block: &Block) -> Result<(), RuleViolation> {
    let computed = block.compute_hash();
    refuse_if(computed != block.hash, RuleViolation::BadHash { claimed: block.hash, computed })
}

/// The hash meets the classic target.
pub(crate) fn check_work(block: &Block) -> Result<(), RuleViolation> {
    refuse_if(
        !Target::CLASSIC.is_met_by(&block.hash),
        RuleViolation::TooLittleWork { hash: block.hash },
    )
}

/// The index is the parent's plus one. The link itself holds because the parent was found by it.
pub(crate) fn check_index(block: &Block, parent: u32) -> Result<(), RuleViolation> {
    refuse_if(
        parent.checked_add(1) != Some(block.index),
        RuleViolation::BadIndex { index: block.index, parent },
    )
}

/// The parent is this one.
pub(crate) fn check_link(block: &Block, parent: &BlockHash) -> Result<(), RuleViolation> {
    refuse_if(
        block.prev_hash != *parent,
        RuleViolation::BadLink { parent: block.prev_hash, expected: *parent },
    )
}

/// Nothing builds on a block that was refused.
pub(crate) fn check_parent_stands(parent: &BlockHash, refused: bool) -> Result<(), RuleViolation> {
    refuse_if(refused, RuleViolation::RefusedParent { parent: *parent })
}
