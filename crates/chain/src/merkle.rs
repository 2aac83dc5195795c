//! Merkle trees as RFC 9162 defines them, section 2.1.1: SHA-256, with a prefix that tells leaves
//! from nodes.
//!
//! Owns how a root grows leaf by leaf. Knows nothing of what the leaves are, nor of paths and proofs.

use sha2::{Digest, Sha256};

use crate::prelude::*;

/// A hash in the tree.
pub type NodeHash = [u8; 32];

/// Hash of a leaf.
#[must_use]
pub fn leaf_hash(content: &[u8]) -> NodeHash {
    Sha256::new().chain_update([0x00]).chain_update(content).finalize().into()
}

/// Hash of a node over its two children.
#[must_use]
pub fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    Sha256::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree that leaves are added to at its right end, and of which only the hashes are kept that the
/// next leaf may need: one for each bit of the number of leaves that is set, so at most 64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerkleBuilder {
    leaves: u64,
    /// Roots of the whole subtrees that the tree is made of, the largest first.
    peaks: Vec<NodeHash>,
}

impl MerkleBuilder {
    /// A tree of so many leaves, of which these are the whole subtrees, the largest first. `None`
    /// where their number does not fit.
    #[must_use]
    pub fn from_peaks(leaves: u64, peaks: Vec<NodeHash>) -> Option<Self> {
        (peaks.len() == leaves.count_ones() as usize).then_some(Self { leaves, peaks })
    }

    /// Leaves so far.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The whole subtrees that the tree is made of, the largest first.
    #[must_use]
    pub fn peaks(&self) -> &[NodeHash] {
        &self.peaks
    }

    /// Adds a leaf with this content.
    pub fn push_leaf(&mut self, content: &[u8]) {
        self.push_hash(leaf_hash(content), |_, _| ());
    }

    /// Adds a leaf with this hash, and shows `completed` each subtree of two leaves or more that
    /// it completes: the power of two of its leaves, and its root.
    pub fn push_hash(&mut self, leaf: NodeHash, mut completed: impl FnMut(u32, &NodeHash)) {
        let mut root = leaf;
        for level in 1..=self.leaves.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            root = node_hash(&left, &root);
            completed(level, &root);
        }
        self.peaks.push(root);
        self.leaves += 1;
    }

    /// Adds a whole subtree of this power of two of leaves, by its root. Their number so far must be a
    /// multiple of it.
    pub(crate) fn push_subtree(&mut self, level: u32, mut root: NodeHash) {
        let before = self.leaves >> level;
        for _ in 0..before.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            root = node_hash(&left, &root);
        }
        self.peaks.push(root);
        self.leaves += 1 << level;
    }

    /// Adds all leaves of another tree, which has fewer than any of the subtrees here.
    pub(crate) fn push_all(&mut self, other: &Self) {
        self.peaks.extend_from_slice(&other.peaks);
        self.leaves += other.leaves;
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> NodeHash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Sha256::digest([]).into() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word for word: split at the largest power of two below the number of leaves.
    fn defined(leaves: &[NodeHash]) -> NodeHash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            more => {
                let split = 1 << (more.len() - 1).ilog2();
                node_hash(&defined(&more[..split]), &defined(&more[split..]))
            }
        }
    }

    #[test]
    fn a_root_that_grew_is_the_root_of_the_definition_at_every_size() {
        let mut leaves = Vec::new();
        let mut builder = MerkleBuilder::default();
        assert_eq!(builder.root(), defined(&leaves));
        for number in 0..300_u32 {
            builder.push_leaf(&number.to_le_bytes());
            leaves.push(leaf_hash(&number.to_le_bytes()));
            assert_eq!(builder.root(), defined(&leaves), "{number}");
            assert_eq!(builder.leaves(), u64::from(number) + 1);
        }
    }

    #[test]
    fn completed_subtrees_are_those_that_end_with_the_leaf() {
        let mut leaves = Vec::new();
        let mut builder = MerkleBuilder::default();
        for number in 0..130_u32 {
            let leaf = leaf_hash(&number.to_le_bytes());
            leaves.push(leaf);
            let mut completed = Vec::new();
            builder.push_hash(leaf, |level, root| completed.push((level, *root)));
            assert_eq!(completed.len(), leaves.len().trailing_zeros() as usize);
            for (level, root) in completed {
                assert_eq!(root, defined(&leaves[leaves.len() - (1 << level)..]));
            }
        }
    }

    #[test]
    fn a_tree_of_whole_subtrees_and_a_rest_is_the_tree_of_their_leaves() {
        let hash = |number: u32| leaf_hash(&number.to_le_bytes());
        for (chunks, rest) in [(0, 3), (1, 0), (1, 7), (2, 1), (3, 6), (7, 5)] {
            let leaves: Vec<NodeHash> = (0..chunks * 8 + rest).map(hash).collect();
            let mut builder = MerkleBuilder::default();
            for chunk in leaves.chunks_exact(8) {
                builder.push_subtree(3, defined(chunk));
            }
            let mut last = MerkleBuilder::default();
            leaves
                .chunks_exact(8)
                .remainder()
                .iter()
                .for_each(|leaf| last.push_hash(*leaf, |_, _| ()));
            builder.push_all(&last);
            assert_eq!(builder.root(), defined(&leaves));
            assert_eq!(builder.leaves(), leaves.len() as u64);
        }
    }

    #[test]
    fn a_tree_goes_on_from_its_peaks() {
        let mut builder = MerkleBuilder::default();
        (0..77_u8).for_each(|number| builder.push_leaf(&[number]));
        let peaks = builder.peaks().to_vec();
        let again = MerkleBuilder::from_peaks(77, peaks.clone());
        assert_eq!(again, Some(builder));
        assert_eq!(MerkleBuilder::from_peaks(78, peaks[1..].to_vec()), None);
    }
}
