//! What nodes send one another to bring a block to all of them.
//!
//! Simulated, so a seed names a whole run and its bytes. The bounds follow from the rule of
//! passing on; `docs/performance.md` derives them.

use kusari_sim::flood::{Cost, Flood};

/// Nodes of the network, with six neighbours each.
const NODES: usize = 50;
/// Networks that are tried.
const SEEDS: u64 = 3;

fn pass(flood: &mut Flood, seed: u64, text_bytes: usize) -> Cost {
    let cost = flood.pass(text_bytes).unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
    let Cost { sent, least } = cost;
    println!("seed {seed}: {sent} bytes, {:.2} times the least", sent as f64 / least as f64);
    cost
}

/// Every connection carries a small block at most once in each direction, and those by which a node
/// got it first carry it once: 2 × 150 - 49 lines where 49 would do.
#[test]
fn a_small_block_goes_over_no_connection_twice_in_one_direction() {
    for seed in 0..SEEDS {
        let mut flood = Flood::new(seed, NODES);
        for _ in 0..3 {
            let Cost { sent, least } = pass(&mut flood, seed, 40);
            assert!(sent * 49 <= least * 251, "seed {seed}: {sent} bytes, the least is {least}");
        }
    }
}

/// The first large block finds the tree that later ones take. From then on it costs little more
/// than one line for each node: announcements on the other connections, and now and then a block
/// that was asked for and comes twice.
#[test]
fn large_blocks_come_to_cost_little_more_than_one_line_for_each_node() {
    for seed in 0..SEEDS {
        let mut flood = Flood::new(seed, NODES);
        let first = pass(&mut flood, seed, 3_000);
        assert!(first.sent * 49 <= first.least * 251, "seed {seed}: {first:?}");
        let (mut sent, mut least) = (0, 0);
        for _ in 0..6 {
            let cost = pass(&mut flood, seed, 3_000);
            (sent, least) = (sent + cost.sent, least + cost.least);
        }
        assert!(sent * 2 <= least * 3, "seed {seed}: {sent} bytes, the least is {least}");
    }
}
