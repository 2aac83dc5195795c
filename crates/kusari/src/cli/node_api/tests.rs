//! Blocks of a store, and a chain that changes while it is read.

use std::sync::Arc;

use kusari_chain::{Block, BlockStore, BlockWrite, StoredBlock, Work};
use kusari_node::store::StoreBatch;
use kusari_node::wire::{self, Message};
use kusari_store::Store;

use super::*;
use crate::cli::failure::Failure;
use crate::cli::named::HashName;
use crate::cli::scripted_node::BLOCKS;

/// A store with the first blocks of the tutorial's vectors, up to two.
fn chain(height: usize) -> EmbeddedNode {
    let store = Store::ephemeral().unwrap();
    let insert = |(order, line): (u64, &&str)| match wire::receive(line.as_bytes()) {
        Ok(Message::Block(checked)) => {
            let block = checked.block().clone();
            let work = Work::of_classic_blocks(block.index);
            let stored = StoredBlock { order, work, total_bytes: 0, block, ledger: None };
            BlockWrite::InsertBest(Arc::new(stored))
        }
        other => panic!("{other:?}"),
    };
    let blocks = (0..).zip(&BLOCKS[..height]).map(insert).collect();
    store.commit(&[StoreBatch { blocks, ..StoreBatch::default() }]).unwrap();
    EmbeddedNode { store, directory: None, running: None }
}

#[test]
fn a_block_is_found_by_height_and_by_hash() {
    let node = chain(2);
    let find = |name| node.block(&name).unwrap().block.block;
    assert_eq!(find(BlockName::Height(0)), Block::genesis());
    assert_eq!(find(BlockName::Hash(HashName::Whole(Block::genesis().hash))), Block::genesis());
    let second = node.store.best_at(2).unwrap().unwrap().block;
    assert_eq!(find(BlockName::Height(2)), second);
    assert_eq!(find(BlockName::Hash(HashName::Whole(second.hash))), second);
    for digits in ["0000b7f3", "0000b7f36eb555…", &second.hash.to_string()[..63]] {
        assert_eq!(find(BlockName::read(digits).unwrap()), second, "{digits}");
    }
    for (name, text) in [
        (BlockName::read("0000b7f4").unwrap(), "this node knows nothing of it"),
        (BlockName::Height(3), "there is no block at height 3; "),
        (BlockName::Hash(HashName::Whole(BlockHash::ZERO)), "there is no block with the hash 0"),
    ] {
        let Err(Failure::Failed(error)) = node.block(&name) else { panic!("{name:?} is found") };
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[test]
fn the_last_blocks_are_shown_oldest_first_and_end_at_genesis() {
    let shown = |height: u32, from| {
        let mut heights = Vec::new();
        let mut show = |whole: &WholeBlock| {
            heights.push(whole.block.index);
            Ok(true)
        };
        let Ok(()) = chain(height as usize).visit(from, height, None, &mut show) else {
            panic!("it fails")
        };
        heights
    };
    assert_eq!(shown(2, 1), [1, 2]);
    assert_eq!(shown(1, 0), [0, 1]);
    assert_eq!(shown(0, 0), [0]);
}

/// Blocks of the branch with this name, of which block 0 is shared by all.
fn branch(name: u8, heights: impl Iterator<Item = u32>) -> Vec<WholeBlock> {
    let hash = |height: u32| match height {
        0 => BlockHash::ZERO,
        _ => BlockHash([name + height.to_le_bytes()[0]; 32]),
    };
    let block = |height: u32| Block {
        index: height,
        hash: hash(height),
        prev_hash: hash(height.saturating_sub(1)),
        ..Block::genesis()
    };
    heights.map(|height| WholeBlock { block: block(height), ledger: None }).collect()
}

/// The heights that are shown where pages hold two blocks, and whether that went well.
fn shown(mut pages: Vec<Vec<WholeBlock>>) -> (Vec<u32>, bool) {
    pages.reverse();
    let mut heights = Vec::new();
    let page = |_, _| Ok(pages.pop().unwrap_or_default());
    let result = visit(1, 4, None, page, &mut |block| {
        heights.push(block.block.index);
        Ok(true)
    });
    (heights, result.is_ok())
}

#[test]
fn a_chain_that_changes_while_it_is_read_is_not_shown_as_one() {
    let whole = vec![branch(10, 1..=2), branch(10, 3..=4)];
    assert_eq!(shown(whole), (vec![1, 2, 3, 4], true));
    let torn = vec![branch(10, 1..=2), branch(90, 3..=4)];
    assert_eq!(shown(torn), (vec![1, 2], false));
    let shorter = vec![branch(10, 1..=2)];
    assert_eq!(shown(shorter), (vec![1, 2], false));
}

#[test]
fn a_node_whose_heights_do_not_rise_is_left() {
    let mut shown = 0;
    let read = visit(1, 9, None, |_, _| Ok(branch(1, [1].into_iter())), &mut |_| {
        shown += 1;
        Ok(true)
    });
    assert!(matches!(read, Err(Failure::Failed(why)) if why.to_string().contains("changed")));
    assert_eq!(shown, 1);
}
