//! Situations around original nodes whose lists can hold the best chain, and must do so in the end.

use crate::checks::ListRule;
use crate::mining;
use crate::scenarios::Scenario;
use crate::world::{SECOND, World};

/// Adds a node that has a chain, and how long that is.
fn node_with_chain(world: &mut World, dials: &[usize]) -> (usize, usize) {
    let node = world.add_kusari(dials, 0);
    let length = 1 + world.random.index(mining::LONG_CHAIN - 1);
    world.install(node, &mining::long_chain()[..length]);
    (node, length)
}

/// Users type here and there, one after another.
fn take_turns(world: &mut World, nodes: &[usize], originals: &[usize], rounds: usize) {
    for _ in 0..rounds {
        for &node in nodes {
            world.type_lines(&[node], 1, world.now, world.now);
            world.run_for(15 * SECOND);
        }
        for &original in originals {
            world.original_mines(original);
            world.run_for(15 * SECOND);
        }
    }
}

/// Lines were typed on an original while it had no connection; then a node dials it.
pub const ORIGINAL_IS_DIALLED_AGAIN: Scenario = Scenario {
    name: "original_is_dialled_again",
    build: |world| {
        // A gap in an answer that is longer than the silence after its end would be taken for that.
        (world.is_plain, world.is_steady) = (true, true);
        world.lists = Some(ListRule::EachOnce);
        let original = world.add_original(&[], None);
        let (node, length) = node_with_chain(world, &[original]);
        let other = world.add_kusari(&[node], 0);
        let had = world.random.index(length + 1);
        // Where it lacks some of the chain, no user typed there: those lines would be another branch.
        let lines = if had == length { 1 + world.random.below(4) } else { 0 };
        world.install_on_original(original, &mining::long_chain()[..had], lines);
        world.run_until(20 * SECOND);
        take_turns(world, &[node, other], &[original], 1);
    },
};

/// The same, but the original dials the node. It asks for the chain and appends it all, and so holds
/// what it had twice.
pub const ORIGINAL_DIALS_AGAIN: Scenario = Scenario {
    name: "original_dials_again",
    build: |world| {
        (world.is_plain, world.lists) = (true, Some(ListRule::EndWithTip));
        let (node, length) = node_with_chain(world, &[]);
        let other = world.add_kusari(&[node], 0);
        let original = world.add_original(&[node], None);
        let lines = 1 + world.random.below(4);
        world.install_on_original(original, &mining::long_chain()[..length], lines);
        world.run_until(20 * SECOND);
        take_turns(world, &[node, other], &[original], 1);
    },
};

/// Two originals in a ring with a node, which dials them or is dialled.
pub const ORIGINALS_IN_A_RING: Scenario = Scenario {
    name: "originals_in_a_ring",
    build: |world| {
        (world.is_plain, world.is_steady) = (true, true);
        world.lists = Some(ListRule::EachOnce);
        let one = world.add_original(&[], None);
        let other = world.add_original(&[one], None);
        let mut dials = Vec::new();
        let is_dialled = [world.random.chance(50), world.random.chance(50)];
        for (original, is_dialled) in [one, other].into_iter().zip(is_dialled) {
            if is_dialled {
                dials.push(original);
            }
        }
        let node = if dials.len() == 2 && world.random.chance(50) {
            // It has a history that both lack.
            node_with_chain(world, &dials).0
        } else {
            world.add_kusari(&dials, 0)
        };
        for (original, is_dialled) in [one, other].into_iter().zip(is_dialled) {
            if !is_dialled {
                world.original_dials(original, node);
            }
        }
        world.run_until(20 * SECOND);
        take_turns(world, &[node], &[one, other], 3);
    },
};

/// Every scenario.
pub const ALL: [Scenario; 3] =
    [ORIGINAL_IS_DIALLED_AGAIN, ORIGINAL_DIALS_AGAIN, ORIGINALS_IN_A_RING];
