//! Paths from a leaf to a root.
//!
//! Owns their one form, how they are followed and how they are made. A path is not the list of RFC 9162,
//! section 2.1.3, but the same hashes by the level of the tree that they stand on, with what depends
//! on the number of leaves apart: so the paths of one leaf to the roots of many trees that grew from
//! one another share nearly all of their hashes. Source: `docs/formats/proof.md`.

use crate::merkle::{NodeHash, node_hash};
use crate::prelude::*;

/// The roots beside a leaf's subtrees, by level; `None` at a level that is not used.
pub type Siblings = Vec<Option<NodeHash>>;

/// Roots of whole subtrees: where a path is made from.
pub trait Subtrees {
    /// Why one cannot be had.
    type Error;

    /// The root over the `2^level` leaves from `index * 2^level` on, all of which exist.
    ///
    /// # Errors
    /// Where it cannot be had.
    fn subtree(&mut self, level: u32, index: u64) -> Result<NodeHash, Self::Error>;
}

/// The highest bit in which the two differ: above it, the tree of `leaves` and the leaf's place agree.
fn parting(leaf: u64, leaves: u64) -> u32 {
    (leaf ^ leaves).checked_ilog2().unwrap_or_default()
}

/// Whether the path of a leaf uses the sibling of this level.
fn uses(leaf: u64, leaves: u64, level: u32) -> bool {
    let parting = parting(leaf, leaves);
    level < parting || (level > parting && level < u64::BITS && leaf >> level & 1 == 1)
}

/// Whether the tree has leaves behind the largest whole subtree that the leaf is in: whether the path
/// has a rest.
#[must_use]
pub fn has_rest(leaf: u64, leaves: u64) -> bool {
    leaves & ((1 << parting(leaf, leaves)) - 1) != 0
}

/// Follows a path: the root over `leaves` leaves, of which the one in this place, counted from 0,
/// has this hash. `None` where there is no such leaf, or where the path lacks a hash that it needs
/// or has a rest that it does not.
#[must_use]
pub fn root(
    hash: NodeHash,
    leaf: u64,
    leaves: u64,
    siblings: &[Option<NodeHash>],
    rest: Option<&NodeHash>,
) -> Option<NodeHash> {
    if leaf >= leaves || rest.is_some() != has_rest(leaf, leaves) {
        return None;
    }
    let parting = parting(leaf, leaves);
    let sibling = |level: u32| siblings.get(level as usize).copied().flatten();
    let mut root = hash;
    for level in 0..parting {
        root = match leaf >> level & 1 {
            0 => node_hash(&root, &sibling(level)?),
            _ => node_hash(&sibling(level)?, &root),
        };
    }
    if let Some(rest) = rest {
        root = node_hash(&root, rest);
    }
    for level in parting + 1..u64::BITS {
        if leaf >> level & 1 == 1 {
            root = node_hash(&sibling(level)?, &root);
        }
    }
    Some(root)
}

/// Whether the siblings are those that the paths of a leaf to trees of these sizes use, all of which
/// have that leaf, and no more.
pub fn is_exact(leaf: u64, sizes: impl Iterator<Item = u64> + Clone, siblings: &Siblings) -> bool {
    let used = |level| sizes.clone().any(|leaves| uses(leaf, leaves, level));
    let end = (0..u64::BITS).rev().find(|level| used(*level)).map_or(0, |level| level + 1);
    siblings.len() == end as usize
        && siblings.iter().zip(0..).all(|(sibling, level)| sibling.is_some() == used(level))
}

/// The siblings that the paths of a leaf to trees of these sizes use together.
///
/// # Errors
/// Where a subtree cannot be had.
pub fn siblings<S: Subtrees>(
    leaf: u64,
    sizes: impl Iterator<Item = u64> + Clone,
    subtrees: &mut S,
) -> Result<Siblings, S::Error> {
    let used = |level| sizes.clone().any(|leaves| uses(leaf, leaves, level));
    let end = (0..u64::BITS).rev().find(|level| used(*level)).map_or(0, |level| level + 1);
    (0..end)
        .map(|level| match used(level) {
            true => subtrees.subtree(level, (leaf >> level) ^ 1).map(Some),
            false => Ok(None),
        })
        .collect()
}

/// The rest that the path of a leaf to the root of `leaves` leaves has, if it has one.
///
/// # Errors
/// Where a subtree cannot be had.
pub fn rest<S: Subtrees>(
    leaf: u64,
    leaves: u64,
    subtrees: &mut S,
) -> Result<Option<NodeHash>, S::Error> {
    let mut rest = None;
    for level in 0..parting(leaf, leaves) {
        if leaves >> level & 1 == 1 {
            let peak = subtrees.subtree(level, (leaves >> level) - 1)?;
            rest = Some(rest.map_or(peak, |right| node_hash(&peak, &right)));
        }
    }
    Ok(rest)
}

/// Leaves that are all in memory.
impl Subtrees for &[NodeHash] {
    type Error = MissingLeaf;

    fn subtree(&mut self, level: u32, index: u64) -> Result<NodeHash, MissingLeaf> {
        if level == 0 {
            let leaf = usize::try_from(index).ok().and_then(|index| self.get(index));
            return leaf.copied().ok_or(MissingLeaf);
        }
        let left = self.subtree(level - 1, index * 2)?;
        Ok(node_hash(&left, &self.subtree(level - 1, index * 2 + 1)?))
    }
}

/// There are not that many leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tree has fewer leaves than the path needs")]
pub struct MissingLeaf;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{MerkleBuilder, leaf_hash};

    fn leaves(count: u64) -> Vec<NodeHash> {
        (0..count).map(|number| leaf_hash(&number.to_le_bytes())).collect()
    }

    fn builder_root(leaves: &[NodeHash]) -> NodeHash {
        let mut builder = MerkleBuilder::default();
        leaves.iter().for_each(|leaf| builder.push_hash(*leaf, |_, _| ()));
        builder.root()
    }

    #[test]
    fn every_leaf_of_every_tree_leads_to_its_root_in_one_form_only() {
        let all = leaves(70);
        for count in 1..=all.len() as u64 {
            let tree = &all[..count as usize];
            let expected = builder_root(tree);
            for leaf in 0..count {
                let place = (leaf, count);
                let siblings = siblings(leaf, [count].into_iter(), &mut &*tree).unwrap();
                let rest = rest(place.0, place.1, &mut &*tree).unwrap();
                let found = root(tree[leaf as usize], place.0, place.1, &siblings, rest.as_ref());
                assert_eq!(found, Some(expected), "{place:?}");
                assert!(is_exact(leaf, [count].into_iter(), &siblings), "{place:?}");
                let mut longer = siblings.clone();
                longer.push(None);
                assert!(!is_exact(leaf, [count].into_iter(), &longer), "{place:?}");
                longer.pop();
                longer.push(Some([0; 32]));
                assert!(!is_exact(leaf, [count].into_iter(), &longer), "{place:?}");
            }
        }
    }

    #[test]
    fn the_paths_of_one_leaf_to_trees_that_grew_share_their_siblings() {
        let all = leaves(300);
        for leaf in [0, 1, 5, 63, 64, 100, 255] {
            let sizes = [leaf + 1, leaf + 2, 129, 256, 257, 299, 300];
            let sizes = sizes.into_iter().filter(|size| *size > leaf);
            let shared = siblings(leaf, sizes.clone(), &mut &*all).unwrap();
            assert!(is_exact(leaf, sizes.clone(), &shared));
            for count in sizes {
                let rest = rest(leaf, count, &mut &*all).unwrap();
                let found = root(all[leaf as usize], leaf, count, &shared, rest.as_ref());
                assert_eq!(found, Some(builder_root(&all[..count as usize])), "{leaf} {count}");
            }
        }
    }

    #[test]
    fn a_path_that_lacks_a_hash_or_has_one_too_many_leads_nowhere() {
        let all = leaves(6);
        let siblings = siblings(4, [6].into_iter(), &mut &*all).unwrap();
        assert_eq!(root(all[4], 4, 6, &siblings, Some(&all[0])), None);
        assert_eq!(root(all[4], 4, 6, &siblings[..1], None), None);
        assert_eq!(root(all[4], 6, 6, &siblings, None), None);
        assert_eq!((&*all).subtree(1, 3), Err(MissingLeaf));
    }
}
