//! What a line costs: to find its end, to read, to act on, and to write.
#![allow(clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

#[path = "../tests/node/common/mod.rs"]
mod common;
mod fixture;

use std::sync::LazyLock;

use common::{Bench, hello};
use divan::{Bencher, black_box, counter::BytesCount, counter::ItemsCount};
use fixture::{LINES, READ_BYTES};
use kusari_chain::{BlockHash, CheckedBlock, Work};
use kusari_node::wire::{
    self, GetBlocks, Have, LineFramer, MAX_BLOCKS, MAX_LOCATOR, Message, encode, encode_block,
};
use kusari_node::{Input, NodeConfig};

/// Blocks that fill a little more than half a read: what arrives in a row where a peer catches up.
const IN_A_ROW: usize = 150;

static BLOCKS: LazyLock<Vec<CheckedBlock>> = LazyLock::new(fixture::blocks);

fn main() {
    // Read before the first measurement, so that no sample contains it.
    LazyLock::force(&BLOCKS);
    divan::main();
}

/// One read after another goes through the same framer, and each ends within a line.
#[divan::bench(sample_size = 16)]
fn frame_64_kib(bencher: Bencher) {
    let bytes = &LINES.as_bytes()[..READ_BYTES];
    let mut framer = LineFramer::default();
    framer.set_introduced();
    bencher.counter(BytesCount::new(READ_BYTES)).bench_local(|| {
        framer.push(black_box(bytes));
        let mut length = 0;
        while let Some(line) = framer.next_line().unwrap() {
            length += line.len();
        }
        length
    });
}

/// The stateless check of a block is a part of it. The locator of `GET_BLOCKS` is full.
#[divan::bench(args = ["BLOCK", "HELLO", "HAVE", "GET_BLOCKS"], sample_size = 64)]
fn decode(bencher: Bencher, verb: &str) {
    let hash = BLOCKS[0].block().hash;
    let line = encode::<CheckedBlock>(&match verb {
        "BLOCK" => Message::Block(BLOCKS[0].clone()),
        "HELLO" => Message::Hello(hello(7, 150)),
        "HAVE" => Message::Have(Have { hash, height: 1, work: Work::of_classic_blocks(1) }),
        _ => {
            let locator: Vec<BlockHash> =
                BLOCKS[..MAX_LOCATOR].iter().map(|block| block.block().hash).collect();
            Message::GetBlocks(GetBlocks::After { locator, limit: MAX_BLOCKS })
        }
    });
    let line = line.strip_suffix(b"\n").unwrap();
    bencher
        .counter(BytesCount::new(line.len()))
        .bench_local(|| wire::receive(black_box(line)).unwrap());
}

/// Behind others in one buffer, as when stored blocks are streamed.
#[divan::bench]
fn encode_one_block(bencher: Bencher) {
    let block = BLOCKS[0].block();
    let mut lines = Vec::new();
    encode_block(block, &mut lines);
    bencher.counter(BytesCount::new(lines.len())).bench_local(|| {
        lines.clear();
        encode_block(black_box(block), &mut lines);
        lines.len()
    });
}

/// A node takes 150 blocks from the peer that it asked, so many in one input. Every commit is
/// durable at once, in memory.
#[divan::bench(args = [1, IN_A_ROW], sample_count = 200)]
fn handle_blocks_in_inputs_of(bencher: Bencher, blocks: usize) {
    bencher
        .counter(ItemsCount::new(IN_A_ROW))
        .with_inputs(|| {
            let mut bench = Bench::new(NodeConfig::default());
            let (peer, _) = bench.introduced(7, 150);
            let inputs: Vec<Input> = BLOCKS[..IN_A_ROW]
                .chunks(blocks)
                .map(|blocks| Input::blocks(peer, blocks.to_vec()))
                .collect();
            (bench, inputs)
        })
        .bench_local_values(|(mut bench, inputs)| {
            let actions: Vec<_> = inputs.into_iter().map(|input| bench.give(input)).collect();
            (bench, actions)
        });
}
