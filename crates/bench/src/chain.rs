//! What a long chain costs a node that has it.
//!
//! Owns the arrangement: one data directory with the chain, a process of this program over it that
//! is started several times, the store read directly, and a rival branch that replaces the last
//! blocks.

use std::path::Path;
use std::time::Duration;

use kusari_chain::{Block, BlockHash, CheckedBlock, Target};
use kusari_miner::Search;
use kusari_node::wire::encode_block;
use serde::Serialize;

use super::long_chain::LongChain;
use super::observer::Observer;
use super::process::NodeProcess;
use super::sync::{bytes_below, fill};
use super::{BenchError, median, now};
use kusari_store::Store;

/// How often a node is started.
const STARTS: usize = 7;
/// Blocks that are looked up by height, and as many by hash.
const LOOK_UPS: usize = 20_000;
/// How deep the reorganisation goes, in blocks.
const DEPTH: u32 = 100;
/// How long the reorganisation may take at the most.
const DEADLINE: Duration = Duration::from_secs(60);

/// What was measured.
#[derive(Debug, Serialize)]
pub struct ChainFigures {
    /// Length of the chain.
    pub blocks: u32,
    /// From the start of the process until it said that it listens: the median, in milliseconds.
    pub start_ms: f64,
    /// Memory of a node that was started and not asked for anything, in MiB.
    pub idle_rss_mib: f64,
    /// Bytes that its data directory takes on the disk.
    pub disk_bytes: u64,
    /// Bytes that `kusari export` writes of the chain.
    pub export_bytes: u64,
    /// The former divided by the latter.
    pub disk_ratio: f64,
    /// One look-up of a stored block by its height: the mean, in microseconds.
    pub lookup_by_height_us: f64,
    /// One look-up by its hash: the mean, in microseconds.
    pub lookup_by_hash_us: f64,
    /// How many blocks were replaced by a rival branch.
    pub reorganisation_depth: u32,
    /// From the first byte of the branch sent until its tip is the node's and durable, in
    /// milliseconds.
    pub reorganisation_ms: f64,
    /// Memory of the node after that, in MiB.
    pub rss_after_mib: f64,
}

/// Measures with this chain. The data of nodes goes to `scratch`, and stays there.
///
/// # Errors
/// Where a process, a file or a node does not do its part.
pub fn measure(chain: &LongChain, scratch: &Path) -> Result<ChainFigures, BenchError> {
    let blocks = chain.height();
    let directory = scratch.join("chain");
    fill(&directory, chain)?;
    let disk_bytes = bytes_below(&directory);
    let fork_height = blocks.saturating_sub(DEPTH);
    let (export_bytes, fork, sample) = walk(chain, fork_height);
    let (by_height, by_hash) = look_up(&directory, &sample)?;

    let mut starts = Vec::new();
    let mut idle = 0;
    for _ in 0..STARTS {
        let node = NodeProcess::start(Some(&directory), &[])?;
        starts.push(node.time_to_listen().as_secs_f64() * 1_000.0);
        idle = node.usage().resident_kib;
        node.stop()?;
    }

    let node = NodeProcess::start(Some(&directory), &[])?;
    let reorganisation = reorganise(&node, &rival(&fork, DEPTH + 1))?;
    let rss_after = node.usage().resident_kib;
    node.stop()?;
    Ok(ChainFigures {
        blocks,
        start_ms: median(&mut starts),
        idle_rss_mib: idle as f64 / 1_024.0,
        disk_bytes,
        export_bytes,
        disk_ratio: disk_bytes as f64 / export_bytes as f64,
        lookup_by_height_us: by_height,
        lookup_by_hash_us: by_hash,
        reorganisation_depth: blocks - fork_height,
        reorganisation_ms: reorganisation.as_secs_f64() * 1_000.0,
        rss_after_mib: rss_after as f64 / 1_024.0,
    })
}

/// Bytes of all lines of the chain, the block at `fork_height`, and a sample of heights and hashes in
/// no order.
fn walk(chain: &LongChain, fork_height: u32) -> (u64, Block, Vec<(u32, BlockHash)>) {
    let mut bytes = 0;
    let mut fork = Block::genesis();
    let mut sample = Vec::new();
    let each = (chain.height() as usize / LOOK_UPS).max(1);
    for (place, block) in chain.blocks().enumerate() {
        bytes += u64::from(block.line_bytes());
        let block = block.block();
        if block.index == fork_height {
            fork = block.clone();
        }
        if place.is_multiple_of(each) {
            sample.push((block.index, block.hash));
        }
    }
    // The ends of hashes spread evenly, so sorting by them mixes the heights.
    sample.sort_unstable_by_key(|(_, hash)| hash.suffix());
    (bytes, fork, sample)
}

/// Microseconds of a look-up by height and of one by hash.
fn look_up(directory: &Path, sample: &[(u32, BlockHash)]) -> Result<(f64, f64), BenchError> {
    let store = Store::open(directory).map_err(BenchError::store)?;
    let mean = |look_up: &dyn Fn(u32, &BlockHash) -> bool| {
        let began = now();
        for (height, hash) in sample {
            if !look_up(*height, hash) {
                let lost = format!("the block at height {height} is not found in the store");
                return Err(BenchError::store(lost));
            }
        }
        Ok(began.elapsed().as_secs_f64() * 1e6 / sample.len().max(1) as f64)
    };
    let found = |placed: Result<Option<kusari_store::Placed>, _>, hash: &BlockHash| {
        placed.is_ok_and(|placed| placed.is_some_and(|placed| placed.block.block.hash == *hash))
    };
    Ok((
        mean(&|height, hash| found(store.placed_at(height), hash))?,
        mean(&|_, hash| found(store.placed(hash), hash))?,
    ))
}

/// Blocks on `fork` that say something else.
fn rival(fork: &Block, count: u32) -> Vec<CheckedBlock> {
    let mut parent = fork.clone();
    let next = |_| {
        let data = String::from("a rival");
        let block = Block::template(parent.index + 1, parent.timestamp + 1, data, parent.hash);
        let nonce = Search::new(&block, Target::CLASSIC).try_nonces(0, u64::MAX)?;
        parent = block.with_nonce(nonce);
        CheckedBlock::check(parent.clone()).ok()
    };
    (0..count).map_while(next).collect()
}

/// Sends the branch, and says how long it took until it was the best chain.
fn reorganise(node: &NodeProcess, branch: &[CheckedBlock]) -> Result<Duration, BenchError> {
    let lost = || BenchError::node("was given no branch");
    let tip = branch.last().ok_or_else(lost)?.block();
    let mut lines = Vec::new();
    for block in branch {
        encode_block(block.block(), &mut lines);
    }
    let mut observer = Observer::connect(node.address())?;
    observer.wait_for_height(0, tip.prev_hash, now() + DEADLINE)?;
    let began = now();
    observer.send(&lines)?;
    let done = observer.wait_for_height(tip.index, tip.prev_hash, began + DEADLINE)?;
    Ok(done.duration_since(began))
}
