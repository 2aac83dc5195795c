//! Does one thing to a chain of 256 blocks, so many times, for whoever counts its instructions.
//!
//! ```text
//! hot_path frame|decode|accept|handle|encode PASSES
//! ```
//!
//! Whatever `PASSES` is, up to nine, the same things are made ready for it. So the difference
//! between a run of nine and a run of one is eight passes and nothing else: `benches/instructions.sh`
//! takes it under callgrind. The last line of output says how many blocks the passes took.
#![allow(clippy::unwrap_used, reason = "a measurement may stop at the first surprise")]

#[path = "../tests/node/common/mod.rs"]
mod common;
#[path = "../benches/fixture/mod.rs"]
mod fixture;

use std::hint::black_box;
use std::process::ExitCode;

use common::Bench;
use fixture::LINES;
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{Chain, TreeLimits};
use kusari_node::wire::{LineFramer, encode_block, receive};
use kusari_node::{Input, NodeConfig};

/// Passes that things are made ready for.
const MOST_PASSES: usize = 9;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asked = match &words[..] {
        [part, passes] => passes.parse().ok().and_then(|passes| Some((pass(part)?, passes))),
        _ => None,
    };
    let Some((mut pass, passes @ 0..=MOST_PASSES)) = asked else {
        eprintln!(
            "usage: hot_path frame|decode|accept|handle|encode PASSES, at most {MOST_PASSES}"
        );
        return ExitCode::FAILURE;
    };
    for _ in 0..passes {
        pass();
    }
    // What is dropped depends on what was used, so nothing is.
    std::mem::forget(pass);
    println!("{} blocks", passes * LINES.lines().count());
    ExitCode::SUCCESS
}

/// One pass over the chain, with everything that it needs made ready.
fn pass(part: &str) -> Option<Box<dyn FnMut()>> {
    Some(match part {
        "frame" => frame(),
        "decode" => decode(),
        "accept" => accept(),
        "handle" => handle(),
        "encode" => encode(),
        _ => return None,
    })
}

/// From bytes to lines.
fn frame() -> Box<dyn FnMut()> {
    let mut framer = LineFramer::default();
    framer.set_introduced();
    Box::new(move || {
        framer.push(black_box(LINES.as_bytes()));
        while let Some(line) = framer.next_line().unwrap() {
            black_box(line);
        }
    })
}

/// From lines to blocks that keep every rule which needs no other block.
fn decode() -> Box<dyn FnMut()> {
    Box::new(|| {
        for line in LINES.lines() {
            // Dropped here, as room for all of them would grow with the passes.
            black_box(receive(black_box(line.as_bytes())).unwrap());
        }
    })
}

/// From blocks to a chain, of which nothing is committed.
fn accept() -> Box<dyn FnMut()> {
    let open = || Chain::open(Box::new(MemoryBlocks::default()), TreeLimits::default()).unwrap();
    let blocks = fixture::blocks();
    let mut ready: Vec<_> = (0..MOST_PASSES).map(|_| (open(), blocks.clone())).collect();
    Box::new(move || {
        let (mut chain, blocks) = ready.pop().unwrap();
        for block in blocks {
            black_box(chain.accept(block, 0).unwrap());
        }
        std::mem::forget(chain);
    })
}

/// From blocks in one input to a node that has them, in memory.
fn handle() -> Box<dyn FnMut()> {
    let blocks = fixture::blocks();
    let meet = || {
        let mut bench = Bench::new(NodeConfig::default());
        let (peer, _) = bench.introduced(7, 255);
        (bench, Input::blocks(peer, blocks.clone()))
    };
    let mut ready: Vec<_> = (0..MOST_PASSES).map(|_| meet()).collect();
    Box::new(move || {
        let (mut bench, input) = ready.pop().unwrap();
        std::mem::forget(bench.give(input));
        std::mem::forget(bench);
    })
}

/// From blocks to lines.
fn encode() -> Box<dyn FnMut()> {
    let blocks = fixture::blocks();
    let mut lines = Vec::with_capacity(LINES.len());
    Box::new(move || {
        lines.clear();
        for block in &blocks {
            encode_block(black_box(block.block()), &mut lines);
        }
        black_box(&lines);
    })
}
