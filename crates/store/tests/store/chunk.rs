//! Serving the best chain in chunks while it changes. `model` compares chunks in random trees.

use kusari_chain::BlockHash;
use kusari_store::{ChainPosition, Store};

use crate::support::{Planner, batch};

fn heights(store: &Store, after: ChainPosition, max: usize) -> Vec<u32> {
    let chunk = store.best_chain_chunk(after, None, max).unwrap();
    chunk.blocks.iter().map(|stored| stored.block.index).collect()
}

#[test]
fn empty_store_serves_nothing_and_names_the_genesis_block_its_tip() {
    let store = Store::ephemeral().unwrap().trusting();
    let chunk = store.best_chain_chunk(ChainPosition::genesis(), None, 256).unwrap();
    assert!(chunk.blocks.is_empty());
    assert_eq!(chunk.tip, ChainPosition::genesis());
}

#[test]
fn reading_goes_on_from_the_fork_point_after_a_reorganisation() {
    let mut planner = Planner::default();
    let mut writes: Vec<_> = (0..6).flat_map(|suffix| planner.extend(suffix)).collect();
    let store = Store::ephemeral().unwrap().trusting();
    store.commit(&[batch(std::mem::take(&mut writes))]).unwrap();
    let chunk = store.best_chain_chunk(ChainPosition::genesis(), None, 4).unwrap();
    let after = ChainPosition::from(chunk.blocks.last().unwrap());
    assert_eq!(after.height, 4);

    // Blocks 3, 4, 5 and 6 are replaced; block 2, of order 1, stays.
    writes.extend(planner.branch(Some(1), 9));
    for order in 6..10 {
        writes.extend(planner.branch(Some(order), 9));
    }
    writes.extend(planner.switch_to(10));
    store.commit(&[batch(writes)]).unwrap();

    let chunk = store.best_chain_chunk(after, None, 256).unwrap();
    let heights: Vec<u32> = chunk.blocks.iter().map(|stored| stored.block.index).collect();
    assert_eq!(heights, [3, 4, 5, 6, 7]);
    assert_eq!(chunk.blocks[0].block.prev_hash, planner.ever[1].hash);
    assert_eq!(chunk.tip, ChainPosition::from(chunk.blocks.last().unwrap()));
}

#[test]
fn unknown_position_starts_from_genesis_and_the_tip_ends_reading() {
    let mut planner = Planner::default();
    let writes = (0..3).flat_map(|suffix| planner.extend(suffix)).collect();
    let store = Store::ephemeral().unwrap().trusting();
    store.commit(&[batch(writes)]).unwrap();

    let unknown = ChainPosition { height: 3, hash: BlockHash([9; 32]) };
    assert_eq!(heights(&store, unknown, 2), [1, 2]);
    let genesis_of_another = ChainPosition { height: 0, hash: BlockHash([9; 32]) };
    assert_eq!(heights(&store, genesis_of_another, 256), [1, 2, 3]);
    let tip = ChainPosition { height: 3, hash: planner.ever[2].hash };
    assert!(heights(&store, tip, 256).is_empty());
}
