//! The history root: the Merkle tree over the hashes of a block's ancestors, in whatever branch.
//!
//! Owns how the tree is found again for any known block. Each block whose number is a multiple of
//! [`HISTORY_STEP`] is stored with the roots of the subtrees that end with it; the rest follows from at
//! most that many hashes. The trees that were asked for last are kept, so that a chain that grows costs
//! a few hashes a block.

use crate::hash::BlockHash;
use crate::merkle::{MerkleBuilder, NodeHash, leaf_hash};
use crate::params::HISTORY_STEP;
use crate::prelude::*;
use crate::store::{StoreError, StoreResult};
use crate::tree::{BestPoint, Tree};

/// Trees that are kept: that of the tip, and of a few branches that grow beside it.
const KEPT: usize = 8;
/// Leaves of the smallest subtrees that are stored, as a power of two.
const STEP_LEVEL: u32 = HISTORY_STEP.trailing_zeros();

/// Trees over a block and all its ancestors.
#[derive(Default)]
pub(crate) struct Histories(VecDeque<(BlockHash, MerkleBuilder)>);

impl Histories {
    /// The tree over a known block and all its ancestors.
    pub(crate) fn through(&mut self, block: &BestPoint, tree: &Tree) -> StoreResult<MerkleBuilder> {
        let kept = |hash: &BlockHash| self.0.iter().find(|(kept, _)| kept == hash);
        let points = tree.points_down_to(&block.hash, |point| {
            ends_step(point.height) || point.height == 0 || kept(&point.hash).is_some()
        })?;
        let mut builder = match points.last().and_then(|base| kept(&base.hash)) {
            Some((_, builder)) => builder.clone(),
            None => match points.last() {
                Some(base) if ends_step(base.height) => stored(base, tree)?,
                _ => {
                    let mut builder = MerkleBuilder::default();
                    builder.push_leaf(&BestPoint::genesis().hash.0);
                    builder
                }
            },
        };
        for point in points.iter().rev().skip(1) {
            builder.push_leaf(&point.hash.0);
        }
        if builder.leaves() != u64::from(block.height) + 1 {
            return Err(StoreError(alloc::format!("block {} has no whole history", block.height)));
        }
        self.keep(block.hash, builder.clone());
        Ok(builder)
    }

    fn keep(&mut self, hash: BlockHash, builder: MerkleBuilder) {
        self.0.retain(|(kept, _)| *kept != hash);
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((hash, builder));
    }

    /// Adds a block to the tree of its parent, which is kept from now on. Returns what is stored
    /// with it.
    pub(crate) fn extend(&mut self, mut builder: MerkleBuilder, hash: BlockHash) -> Vec<NodeHash> {
        let mut subtrees = Vec::new();
        builder.push_hash(leaf_hash(&hash.0), |level, root| {
            if level >= STEP_LEVEL {
                subtrees.push(*root);
            }
        });
        self.keep(hash, builder);
        subtrees
    }
}

/// Whether subtrees are stored with the block of this height.
fn ends_step(height: u32) -> bool {
    (u64::from(height) + 1).is_multiple_of(u64::from(HISTORY_STEP))
}

/// The tree over a block that ends a step and its ancestors, from what is stored with it and with
/// the ancestors where its larger subtrees end.
fn stored(base: &BestPoint, tree: &Tree) -> StoreResult<MerkleBuilder> {
    let leaves = u64::from(base.height) + 1;
    let mut peaks = Vec::new();
    let mut end = leaves;
    while end > 0 {
        let level = end.trailing_zeros();
        let missing = || StoreError(alloc::format!("block {end} lacks its part of the history"));
        // At most 2^32, as heights go.
        let height = u32::try_from(end - 1).map_err(|_| missing())?;
        let subtrees = tree.ancestor_header(&base.hash, height)?.ok_or_else(missing)?.subtrees;
        let place = (level.checked_sub(STEP_LEVEL)).ok_or_else(missing)? as usize;
        peaks.push(*subtrees.get(place).ok_or_else(missing)?);
        end -= 1 << level;
    }
    peaks.reverse();
    let whole = MerkleBuilder::from_peaks(leaves, peaks);
    whole.ok_or_else(|| StoreError(alloc::format!("block {} has no whole history", base.height)))
}
