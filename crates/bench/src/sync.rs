//! How fast a fresh node takes a long chain from another one.
//!
//! Owns the arrangement: two processes of this program, each with a data directory of its own, one
//! connection between them over loopback. Time counts from the start of the fresh node's process
//! until the last block is durable there.

use std::path::Path;
use std::time::Duration;

use kusari_chain::{Block, BlockHash};
use serde::Serialize;

use super::long_chain::LongChain;
use super::observer::Observer;
use super::process::{NodeProcess, Usage};
use super::{BenchError, now};
use kusari_node::wire::Message;
use kusari_runtime::offline::Offline;
use kusari_store::Store;

/// How long it may take at the most.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// What was measured.
#[derive(Debug, Serialize)]
pub struct SyncFigures {
    /// Length of the chain.
    pub blocks: u32,
    /// Time that counted, in seconds.
    pub seconds: f64,
    /// Blocks in a second of it.
    pub blocks_per_s: f64,
    /// Most memory of the fresh node, in MiB.
    pub peak_rss_mib: f64,
    /// Most memory of the node that it took the chain from, in MiB.
    pub source_peak_rss_mib: f64,
    /// Blocks in a second that a reader of the original dialect is sent, who only counts lines.
    pub get_chain_blocks_per_s: f64,
    /// Processor time of both, in seconds.
    pub cpu_s: f64,
    /// The part of it that the serving node used.
    pub source_cpu_s: f64,
    /// Bytes that the fresh node's data takes on the disk in the end.
    pub disk_bytes: u64,
}

/// Measures with this chain. The data of nodes goes to `scratch`, and stays there.
///
/// # Errors
/// Where a process, a file or a node does not do its part.
pub fn measure(chain: &LongChain, scratch: &Path) -> Result<SyncFigures, BenchError> {
    let blocks = chain.height();
    let (source_dir, fresh_dir) = (scratch.join("source"), scratch.join("fresh"));
    let (before_tip, _) = fill(&source_dir, chain)?;
    let source = NodeProcess::start(Some(&source_dir), &[])?;
    let before = source.usage();
    let address = source.address().to_string();
    let fresh = NodeProcess::start(Some(&fresh_dir), &["--connect", &address])?;
    let mut observer = Observer::connect(fresh.address())?;
    // Blocks that are passed on to it would be counted as well.
    observer.introduce()?;
    let done = observer.wait_for_height(blocks, before_tip, now() + DEADLINE)?;
    let seconds = done.duration_since(fresh.started()).as_secs_f64();
    let (source_usage, fresh_usage) = (source.usage(), fresh.usage());
    let began = now();
    Observer::connect(source.address())?.read_chain(blocks)?;
    let get_chain = began.elapsed().as_secs_f64();
    let source_peak = mib(source.usage());
    fresh.stop()?;
    source.stop()?;
    let source_cpu = source_usage.processor.saturating_sub(before.processor);
    Ok(SyncFigures {
        blocks,
        seconds,
        blocks_per_s: f64::from(blocks) / seconds,
        peak_rss_mib: mib(fresh_usage),
        source_peak_rss_mib: source_peak,
        get_chain_blocks_per_s: f64::from(blocks) / get_chain,
        cpu_s: (source_cpu + fresh_usage.processor).as_secs_f64(),
        source_cpu_s: source_cpu.as_secs_f64(),
        disk_bytes: bytes_below(&fresh_dir),
    })
}

pub(crate) fn mib(usage: Usage) -> f64 {
    usage.peak_kib as f64 / 1_024.0
}

/// Stores the chain in a new data directory. Returns the hash of the block before its tip, and of
/// the tip.
pub(crate) fn fill(
    directory: &Path,
    chain: &LongChain,
) -> Result<(BlockHash, BlockHash), BenchError> {
    let opened = Store::open(directory).map_err(BenchError::store)?;
    let mut node = Offline::open(opened).map_err(BenchError::store)?;
    let genesis = Block::genesis().hash;
    let mut last = (genesis, genesis);
    for block in chain.blocks() {
        last = (last.1, block.block().hash);
        node.receive(Ok(Message::Block(block))).map_err(BenchError::store)?;
    }
    node.flush().map_err(BenchError::store)?;
    Ok(last)
}

/// Bytes that all files directly in a directory take on the disk. The database asks for room in
/// large steps, and what it has not written to yet takes none.
pub(crate) fn bytes_below(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|file| taken(&file)).sum()
}

#[cfg(unix)]
fn taken(file: &std::fs::Metadata) -> u64 {
    // The unit is 512 bytes on every system. Source: stat(2).
    std::os::unix::fs::MetadataExt::blocks(file) * 512
}

#[cfg(not(unix))]
fn taken(file: &std::fs::Metadata) -> u64 {
    file.len()
}
