//! What a block costs: to read, to check, to accept and to write.
#![allow(clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

#[path = "../tests/chain/common.rs"]
mod common;

use std::sync::LazyLock;

use common::{Rig, checked, draft};
use divan::{Bencher, black_box, counter::BytesCount, counter::ItemsCount};
use kusari_chain::{Block, CheckedBlock, Target, TreeLimits};
use kusari_miner::Search;

/// Long enough to leave the window behind, short enough to be mined in seconds.
const BLOCKS: usize = 2_000;

static CHAIN: LazyLock<Vec<CheckedBlock>> =
    LazyLock::new(|| mine_chain(BLOCKS, "a line as long as people tend to type"));

/// Mines with the kernels of the miner: the plain search of the tests would take half a minute.
fn mine_chain(length: usize, text: &str) -> Vec<CheckedBlock> {
    let mut parent = Block::genesis();
    let next = |_| {
        let mut block = draft(&parent, text, Vec::new());
        block.nonce = Search::new(&block, Target::CLASSIC).try_nonces(0, u64::MAX).unwrap();
        block.hash = block.compute_hash();
        parent = block;
        checked(&parent)
    };
    (0..length).map(next).collect()
}

fn main() {
    // Mined before the first measurement, so that no sample contains it.
    LazyLock::force(&CHAIN);
    divan::main();
}

/// Accepts the whole chain; the memory store follows each so many blocks.
#[divan::bench(args = [1, 100, 1_000], sample_count = 20)]
fn accept_chain_committing_each(bencher: Bencher, blocks: usize) {
    bencher
        .counter(ItemsCount::new(BLOCKS))
        .with_inputs(|| (Rig::new(TreeLimits::default()), CHAIN.clone()))
        .bench_local_values(|(mut rig, chain)| {
            for (number, block) in (1..).zip(chain) {
                rig.deliver(block);
                if number % blocks == 0 {
                    rig.commit_all();
                }
            }
            rig
        });
}

/// A rival as long takes the place of the whole chain, which is in the store. Which of its last
/// two blocks makes the change depends on the hashes, so both are measured.
#[divan::bench(sample_count = 20)]
fn reorganise_whole_chain(bencher: Bencher) {
    let rival = mine_chain(BLOCKS + 1, "rival");
    let (below, last) = rival.split_at(BLOCKS - 1);
    bencher
        .counter(ItemsCount::new(BLOCKS))
        .with_inputs(|| {
            let mut rig = Rig::new(TreeLimits::default());
            for block in CHAIN.iter().chain(below) {
                rig.deliver(block.clone());
            }
            rig.commit_all();
            rig
        })
        .bench_local_values(|mut rig| {
            for block in last {
                rig.deliver(block.clone());
            }
            rig
        });
}

#[divan::bench(sample_size = 64)]
fn check_block(bencher: Bencher) {
    bencher
        .with_inputs(|| CHAIN[0].block().clone())
        .bench_local_values(|block| CheckedBlock::check(black_box(block)));
}

#[divan::bench(sample_size = 64)]
fn decode_block(bencher: Bencher) {
    let json = CHAIN[0].block().to_canonical_json();
    bencher
        .counter(BytesCount::new(json.len()))
        .bench_local(|| serde_json::from_str::<Block>(black_box(&json)));
}

#[divan::bench(sample_size = 64)]
fn encode_block(bencher: Bencher) {
    let block = CHAIN[0].block();
    bencher
        .counter(BytesCount::new(block.to_canonical_json().len()))
        .bench_local(|| black_box(block).to_canonical_json());
}
