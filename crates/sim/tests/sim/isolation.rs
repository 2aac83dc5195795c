//! Situations in which a node may lose its links.

use kusari_sim::isolation::{ALTERED_BLOCK_IS_SERVED, BOTH_DIAL, SIEGE_OF_A_NODE};

/// Seeds of the short scenario, where the environment does not say otherwise.
const SEEDS: u64 = 1_000;
/// Those of the one with a long chain.
const ALTERED: u64 = 40;
/// Those of the long one.
const SIEGES: u64 = 3;

#[test]
fn two_nodes_that_dial_each_other_at_once_have_one_link_within_five_seconds() {
    crate::common::run(BOTH_DIAL, SEEDS);
}

#[test]
fn a_node_whose_altered_block_is_refused_finds_it_and_goes_on_once_it_is_mended() {
    crate::common::run(ALTERED_BLOCK_IS_SERVED, ALTERED);
}

/// 200 machines of three groups, in any mix of `HELP`, silence and dripping, for an hour. Each wants two
/// connections. It costs the crowd 71,000 connections, and 6 to 20 MB where all of those that get a place say
/// `HELLO`; it costs the node as many choices of whom to close.
#[test]
fn a_crowd_of_three_groups_keeps_no_newcomer_out_and_takes_no_useful_peer_its_place() {
    for outcome in crate::common::run(SIEGE_OF_A_NODE, SIEGES) {
        let counts = outcome.counts;
        println!(
            "{} connections, {} bytes of the crowd, {} evictions",
            counts.connections, counts.hostile_bytes, counts.evictions
        );
        assert!(counts.evictions > 100, "there was no siege");
    }
}
