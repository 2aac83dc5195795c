//! The history of a block in an audit: the tree over its ancestors, made again from the stored hashes.
//!
//! Owns how the tree is found for a block of any branch. Those that were asked for last are kept, so a
//! branch that is walked costs a few hashes a block; where none is kept, it is made again from what is
//! stored with ancestors that were found right before.

use std::collections::VecDeque;

use kusari_chain::merkle::{MerkleBuilder, NodeHash, leaf_hash};
use kusari_chain::params::HISTORY_STEP;
use kusari_chain::{BestPoint, Block, BlockHash, StoredBlock};

use super::AuditFault;
use super::blocks::BlockTables;

/// Trees that are kept at once.
const KEPT: usize = 8;
/// Leaves of the smallest subtrees that are stored, as a power of two.
const STEP_LEVEL: u32 = HISTORY_STEP.trailing_zeros();

/// Trees over a block and all its ancestors.
#[derive(Default)]
pub(super) struct Histories(VecDeque<(BlockHash, MerkleBuilder)>);

impl Histories {
    /// The tree over a block and its ancestors, all of which were found right.
    pub(super) fn through(
        &mut self,
        block: &BlockHash,
        tables: &BlockTables,
    ) -> Result<MerkleBuilder, AuditFault> {
        let mut above: Vec<BlockHash> = Vec::new();
        let mut at = *block;
        let mut builder = loop {
            if let Some((_, builder)) = self.0.iter().find(|(kept, _)| *kept == at) {
                break builder.clone();
            }
            if at == BestPoint::genesis().hash {
                let mut builder = MerkleBuilder::default();
                builder.push_leaf(&at.0);
                break builder;
            }
            let stored = tables.find(&at)?.ok_or(AuditFault::UnknownParent { parent: at })?;
            if ends_step(&stored.block) {
                break from_subtrees(stored, tables)?;
            }
            above.push(at);
            at = stored.block.prev_hash;
        };
        for hash in above.iter().rev() {
            builder.push_leaf(&hash.0);
        }
        Ok(builder)
    }

    /// Adds a block to its parent's tree, which is kept. Returns what is stored with the block.
    pub(super) fn extend(&mut self, mut builder: MerkleBuilder, block: BlockHash) -> Vec<NodeHash> {
        let mut subtrees = Vec::new();
        builder.push_hash(leaf_hash(&block.0), |level, root| {
            if level >= STEP_LEVEL {
                subtrees.push(*root);
            }
        });
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((block, builder));
        subtrees
    }
}

/// Whether subtrees are stored with the block.
fn ends_step(block: &Block) -> bool {
    (u64::from(block.index) + 1).is_multiple_of(u64::from(HISTORY_STEP))
}

/// The tree over a block that ends a step, from what is stored with it and its ancestors.
fn from_subtrees(base: StoredBlock, tables: &BlockTables) -> Result<MerkleBuilder, AuditFault> {
    let leaves = u64::from(base.block.index) + 1;
    let mut peaks = Vec::new();
    let mut end = leaves;
    let mut at = base;
    while end > 0 {
        let level = end.trailing_zeros();
        // At most the height of `base`.
        let height = u32::try_from(end - 1).unwrap_or(u32::MAX);
        at = ancestor(at, height, tables)?;
        let subtrees = at.ledger.as_ref().map_or(&[][..], |ledger| &ledger.subtrees);
        let place = level.checked_sub(STEP_LEVEL).map(|place| place as usize);
        let peak = place.and_then(|place| subtrees.get(place));
        peaks.push(*peak.ok_or(AuditFault::BadSubtrees)?);
        end -= 1 << level;
    }
    peaks.reverse();
    MerkleBuilder::from_peaks(leaves, peaks).ok_or(AuditFault::BadSubtrees)
}

/// The ancestor of a block at a height, itself included. In the best chain it is found by its height.
fn ancestor(
    mut at: StoredBlock,
    height: u32,
    tables: &BlockTables,
) -> Result<StoredBlock, AuditFault> {
    while at.block.index > height {
        if tables.is_best(&at)? {
            return tables
                .best_at(height)?
                .ok_or(AuditFault::MissingHeight { next: at.block.index });
        }
        let parent = at.block.prev_hash;
        at = tables.find(&parent)?.ok_or(AuditFault::UnknownParent { parent })?;
    }
    Ok(at)
}
