//! The history root of any branch, from whatever is kept, stored or remembered, is that of the
//! definition; and the tree that makes it is the one that others make.

use std::sync::LazyLock;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::merkle::{MerkleBuilder, leaf_hash};
use kusari_chain::{AcceptError, Accepted, RuleViolation, TreeLimits};
use proptest::prelude::*;
use sha2::Sha256;

use crate::ledger::definition;
use crate::ledger::naive::Forest;
use crate::ledger::people::PEOPLE;
use crate::ledger::support::{Rig, SPEC};

#[test]
fn builder_makes_the_roots_of_another_implementation_and_of_the_definition() {
    let mut builder = MerkleBuilder::default();
    let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut leaves: Vec<Vec<u8>> = Vec::new();
    for size in 0..=300_u64 {
        assert_eq!(builder.root()[..], other.root().as_bytes()[..], "{size} leaves");
        assert_eq!(builder.root(), definition::merkle(&leaves), "{size} leaves");
        assert_eq!((builder.leaves(), other.len()), (size, size));
        assert_eq!(builder.peaks().len(), size.count_ones() as usize);
        let again = MerkleBuilder::from_peaks(size, builder.peaks().to_vec());
        assert_eq!(again.as_ref(), Some(&builder));
        // Leaves of many lengths, some of them empty.
        let leaf = vec![size as u8; (size % 70) as usize];
        builder.push_leaf(&leaf);
        other.push(leaf.clone());
        leaves.push(leaf);
    }
}

#[test]
fn subtrees_that_a_leaf_completes_are_those_that_others_make_of_its_last_leaves() {
    let mut builder = MerkleBuilder::default();
    let leaves: Vec<_> = (0..256_u32).map(|number| number.to_le_bytes().to_vec()).collect();
    for end in 1..=leaves.len() {
        builder.push_hash(leaf_hash(&leaves[end - 1]), |level, root| {
            let part = &leaves[end - (1 << level)..end];
            assert_eq!(*root, definition::merkle(part), "{level} below {end}");
        });
    }
}

/// Blocks of the longest branch.
const LENGTH: usize = 205;

/// A long branch, and branches from below, at and above multiples of 64, short ones and such that
/// reach over the next multiple. The last fork leaves a branch that left another.
static FOREST: LazyLock<Forest> = LazyLock::new(|| {
    let mut forest = Forest::new(&SPEC);
    let mut trunk = vec![0];
    trunk.extend(forest.grow(0, LENGTH, PEOPLE[0].key));
    for (fork, length) in [
        (0, 3),
        (1, 66),
        (61, 4),
        (62, 2),
        (63, 2),
        (64, 3),
        (65, 66),
        (126, 3),
        (127, 70),
        (128, 1),
        (190, 15),
        (191, 1),
        (192, 2),
    ] {
        forest.grow(trunk[fork], length, PEOPLE[1].key);
    }
    let below = forest.path(forest.nodes.len() - 1)[40];
    let branch = forest.grow(below, 30, PEOPLE[2].key);
    forest.grow(branch[22], 70, PEOPLE[3].key);
    forest
});

/// The history root that the chain expects of a block on this one. Asked by a block that is right
/// but for its root.
fn expected(rig: &mut Rig, parent: usize, salt: u64) -> MerkleRoot {
    let forest = &*FOREST;
    let time = forest.nodes[parent].block.timestamp + 1 + salt;
    let mut draft = forest.draft(parent, time, PEOPLE[0].key, Vec::new());
    draft.part.commitment.history_root = MerkleRoot([0xee; 32]);
    match rig.accept(draft.complete(&forest.id)) {
        Err(AcceptError::Rule(RuleViolation::BadHistoryRoot { computed, .. })) => computed,
        other => panic!("{other:?}"),
    }
}

fn take(rig: &mut Rig, place: usize) {
    let accepted = rig.accept(FOREST.checked(place));
    assert!(matches!(accepted, Ok(Accepted::Added(_) | Accepted::Known(_))), "{accepted:?}");
}

fn new_rig(window_blocks: usize) -> Rig {
    Rig::new(&SPEC, TreeLimits { window_blocks, ..TreeLimits::default() })
}

#[test]
fn every_block_of_every_branch_has_the_history_of_the_definition_after_reopening() {
    let mut rig = new_rig(1);
    for place in 1..FOREST.nodes.len() {
        take(&mut rig, place);
    }
    rig.commit_all();
    // Far apart from one to the next, so that what was kept for the last is of no use, and opened
    // anew now and then, so that nothing is kept.
    let count = FOREST.nodes.len();
    for step in 0..count {
        let place = step * 89 % count;
        if step % 5 == 0 {
            rig.reopen();
        }
        assert_eq!(expected(&mut rig, place, 0), FOREST.history_root(place), "{place}");
    }
}

#[test]
fn history_survives_reorganisations_over_stored_subtrees() {
    // The shorter branches come first and lead for a while, so that blocks with subtrees move from
    // the best chain to the side and back.
    let mut rig = new_rig(2);
    for place in (LENGTH + 1..FOREST.nodes.len()).filter(|place| FOREST.path(*place)[1] == 1) {
        for at in FOREST.path(place).into_iter().skip(1) {
            take(&mut rig, at);
            while rig.step().is_some() {}
        }
        if place % 7 == 0 {
            rig.commit_all();
        }
    }
    for place in 1..=LENGTH {
        take(&mut rig, place);
        while rig.step().is_some() {}
        if place % 50 == 0 {
            rig.commit_all();
            rig.reopen();
        }
        if place % 16 == 15 {
            assert_eq!(expected(&mut rig, place, 0), FOREST.history_root(place), "{place}");
        }
    }
    assert_eq!(rig.chain.tip().hash, FOREST.hash(FOREST.best(|_| true)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn history_of_random_known_blocks_is_that_of_the_definition(
        window_blocks in 1..80_usize,
        asked in proptest::collection::vec((any::<prop::sample::Index>(), 0..6_u8), 40),
    ) {
        let mut rig = new_rig(window_blocks);
        for (salt, (index, event)) in (0..).zip(asked) {
            let place = index.index(FOREST.nodes.len());
            for at in FOREST.path(place).into_iter().skip(1) {
                take(&mut rig, at);
            }
            match event {
                0 => rig.write(30),
                1 => rig.commit_all(),
                2 => rig.restore(),
                3 => {
                    rig.commit_all();
                    rig.reopen();
                }
                _ => {}
            }
            prop_assert_eq!(expected(&mut rig, place, salt), FOREST.history_root(place));
        }
    }
}
