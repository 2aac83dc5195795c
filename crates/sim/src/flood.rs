//! What it costs to bring blocks to every node of a random network.
//!
//! Owns the arrangement: nodes with six neighbours each, one line typed after another, each at a
//! machine drawn at random, and what is sent until all is quiet again, against the least that is
//! possible: one line of the block for each node but the first.

use std::collections::BTreeSet;

use crate::faults::Faults;
use crate::world::{Micros, SECOND, World};

/// Cycles through all nodes that the network is made of. Each gives a node two neighbours.
const CYCLES: usize = 3;
/// For all connections to be made, and for all that follows from one block.
const PATIENCE: Micros = 20 * SECOND;

/// What a block cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Bytes that nodes sent one another because of it.
    pub sent: u64,
    /// The least that would have done.
    pub least: u64,
}

/// A network, and chance to draw machines from.
pub struct Flood {
    world: World,
    nodes: usize,
}

impl Flood {
    /// Draws a network of so many nodes, and lets them find one another.
    #[must_use]
    pub fn new(seed: u64, nodes: usize) -> Self {
        let mut world = World::new(seed, false);
        let edges = draw_network(&mut world, nodes);
        for node in 0..nodes {
            let earlier = edges.iter().filter(|(_, later)| *later == node);
            let dials: Vec<usize> = earlier.map(|(earlier, _)| *earlier).collect();
            world.add_kusari(&dials, 0);
        }
        world.set_faults(Faults::default());
        world.run_until(PATIENCE);
        Self { world, nodes }
    }

    /// Has a user type a line of so many bytes, and says what its block cost.
    ///
    /// # Errors
    /// What went wrong.
    pub fn pass(&mut self, text_bytes: usize) -> Result<Cost, String> {
        let world = &mut self.world;
        let host = world.random.index(self.nodes);
        let mut text = world.lines.draw_text(host, "");
        text.push_str(&".".repeat(text_bytes.saturating_sub(text.len())));
        let before = world.counts.bytes;
        world.say(host, text);
        world.run_for(PATIENCE);
        world.must_agree_within(PATIENCE);
        if let Some(failure) = world.failure.take() {
            return Err(failure);
        }
        let bytes = world.best_chain(host).pop().map_or(0, |block| block.canonical_line_bytes());
        let receivers = self.nodes.saturating_sub(1);
        Ok(Cost { sent: world.counts.bytes - before, least: (bytes * receivers) as u64 })
    }
}

/// Joins all nodes by cycles in random order, none of which uses an edge of another one.
fn draw_network(world: &mut World, nodes: usize) -> BTreeSet<(usize, usize)> {
    let mut edges = BTreeSet::new();
    let mut cycles = 0;
    while cycles < CYCLES {
        let mut order: Vec<usize> = (0..nodes).collect();
        for place in (1..nodes).rev() {
            order.swap(place, world.random.index(place + 1));
        }
        let next = order.iter().cycle().skip(1);
        let cycle: BTreeSet<(usize, usize)> =
            order.iter().zip(next).map(|(&a, &b)| (a.min(b), a.max(b))).collect();
        if edges.is_disjoint(&cycle) {
            edges.extend(cycle);
            cycles += 1;
        }
    }
    edges
}
