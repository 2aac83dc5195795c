//! Random networks in which every node has as many neighbours.

use std::collections::BTreeSet;

use kusari_node::Random;

/// Pairs of nodes, each named once, smaller number first.
pub type Edges = BTreeSet<(usize, usize)>;

/// Whether there is a connected graph of `nodes` nodes with `degree` neighbours each: not with fewer
/// nodes than that, nor with an odd number of ends, nor in pairs.
#[must_use]
pub fn is_possible(nodes: usize, degree: usize) -> bool {
    let pairs_only = nodes > 2 && degree == 1;
    degree > 0 && nodes > degree && (nodes * degree).is_multiple_of(2) && !pairs_only
}

/// Draws such a graph; `None` where there is none.
pub(super) fn regular(nodes: usize, degree: usize, chance: &mut Random) -> Option<Edges> {
    if !is_possible(nodes, degree) {
        return None;
    }
    // The ends of all edges in a row, shuffled by swapping partners until no edge is a loop or
    // there twice; a graph that falls apart is drawn again.
    loop {
        if let Some(edges) = pair_up(nodes, degree, chance)
            && is_connected(nodes, &edges)
        {
            return Some(edges);
        }
    }
}

/// A place in a list of so many.
pub(super) fn place(chance: &mut Random, length: usize) -> usize {
    usize::try_from(chance.below(length as u64)).unwrap_or(0)
}

/// Joins free ends at random, two nodes that are not joined at a time. `None` where the last ends
/// found no partner.
fn pair_up(nodes: usize, degree: usize, chance: &mut Random) -> Option<Edges> {
    let mut ends: Vec<usize> = (0..nodes).flat_map(|node| [node].repeat(degree)).collect();
    let mut edges = Edges::new();
    let mut failures = 0;
    while !ends.is_empty() {
        let (a, b) = (place(chance, ends.len()), place(chance, ends.len()));
        let (first, second) = (ends[a], ends[b]);
        let edge = (first.min(second), first.max(second));
        if first == second || edges.contains(&edge) {
            failures += 1;
            if failures > 100 * nodes {
                return None;
            }
            continue;
        }
        edges.insert(edge);
        ends.swap_remove(a.max(b));
        ends.swap_remove(a.min(b));
    }
    Some(edges)
}

fn is_connected(nodes: usize, edges: &Edges) -> bool {
    let mut reached = BTreeSet::from([0]);
    let mut waiting = vec![0];
    while let Some(node) = waiting.pop() {
        for &(a, b) in edges {
            for (from, to) in [(a, b), (b, a)] {
                if from == node && reached.insert(to) {
                    waiting.push(to);
                }
            }
        }
    }
    reached.len() == nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_of_a_drawn_network_has_as_many_neighbours_and_reaches_all() {
        for (nodes, degree) in [(2, 1), (4, 3), (7, 6), (10, 3), (50, 6)] {
            let edges = regular(nodes, degree, &mut Random::new(7)).unwrap();
            for node in 0..nodes {
                assert_eq!(edges.iter().filter(|(a, b)| *a == node || *b == node).count(), degree);
            }
            assert!(is_connected(nodes, &edges) && edges.iter().all(|(a, b)| a < b));
        }
        for (nodes, degree) in [(6, 6), (5, 3), (0, 0), (4, 1)] {
            assert_eq!(regular(nodes, degree, &mut Random::new(7)), None);
        }
    }

    #[test]
    fn a_seed_names_a_network() {
        let draw = |seed| regular(20, 4, &mut Random::new(seed));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
