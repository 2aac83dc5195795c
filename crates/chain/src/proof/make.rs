//! Making proofs from what a chain knows: bodies, headers, and the tree over the history.

use super::file::{BodyPath, EarlierBlock, ProvenHeader, ProvenStatement, TransactionProof};
use super::path::{self, Subtrees};
use crate::hash::BlockHash;
use crate::ledger::commitment::MerkleRoot;
use crate::ledger::{LedgerPart, WitnessStatement};
use crate::merkle::{NodeHash, leaf_hash};
use crate::prelude::*;

impl BodyPath {
    /// The path of a transaction of this body; `None` where there is none in this place.
    #[must_use]
    pub fn of(part: &LedgerPart, place: u32) -> Option<Self> {
        let count = u32::try_from(part.body.len()).ok()?;
        let leaf = (u64::from(place), u64::from(count));
        if place >= count {
            return None;
        }
        let leaves: Vec<NodeHash> = part
            .body
            .iter()
            // Writing numbers and bytes into memory has no way to fail.
            .map(|entry| leaf_hash(&borsh::to_vec(&entry.transaction).unwrap_or_default()))
            .collect();
        let mut tree = leaves.as_slice();
        let siblings = path::siblings(leaf.0, [leaf.1].into_iter(), &mut tree).ok()?;
        let rest = path::rest(leaf.0, leaf.1, &mut tree).ok()?;
        Some(Self { place, siblings: siblings.into(), rest: rest.map(MerkleRoot) })
    }
}

impl EarlierBlock {
    /// The block of this height and hash, and its path to the root over the first `leaves` blocks.
    ///
    /// # Errors
    /// Where the history cannot be read.
    pub fn of<S: Subtrees>(
        height: u32,
        hash: BlockHash,
        leaves: u32,
        history: &mut S,
    ) -> Result<Self, S::Error> {
        let (leaf, leaves) = (u64::from(height), u64::from(leaves));
        let siblings = path::siblings(leaf, [leaves].into_iter(), history)?.into();
        let rest = path::rest(leaf, leaves, history)?.map(MerkleRoot);
        Ok(Self { height, hash, siblings, rest })
    }
}

impl TransactionProof {
    /// Puts these descendants of the block into the proof, in place of all that it had. They come
    /// by rising height.
    ///
    /// # Errors
    /// Where the history cannot be read.
    pub fn set_later<S: Subtrees>(
        &mut self,
        later: &[ProvenHeader],
        history: &mut S,
    ) -> Result<(), S::Error> {
        let leaf = u64::from(self.block.index);
        let sizes = later.iter().map(|header| u64::from(header.index));
        self.siblings = path::siblings(leaf, sizes, history)?.into();
        self.later = later
            .iter()
            .map(|header| {
                let rest = path::rest(leaf, u64::from(header.index), history)?;
                Ok(header.as_later(rest))
            })
            .collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Puts these statements into the proof, in place of all that it had: in the order that it needs,
    /// and each once.
    pub fn set_statements(&mut self, statements: impl IntoIterator<Item = WitnessStatement>) {
        let placed = statements
            .into_iter()
            .map(|statement| ((statement.height, statement.key, statement.sequence), statement));
        let placed: BTreeMap<_, _> = placed.collect();
        self.statements = placed.into_values().map(ProvenStatement).collect();
    }
}
