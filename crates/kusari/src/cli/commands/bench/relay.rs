//! `kusari bench relay`.

use super::workshop::Workshop;
use crate::cli::prelude::*;
use kusari_bench::relay::graph::is_possible;
use kusari_bench::relay::network::{Flood, NetworkBench, NetworkFigures};
use kusari_bench::relay::{PairBench, RelayFigures, WatchedFigures};

/// Most blocks of each size that go through a network: large ones take long to mine.
const MOST_NETWORK_BLOCKS: u32 = 20;

/// How fast a block goes from one node to the next, and what it costs in a network
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Blocks that are passed on from one node to another
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    blocks: u32,

    /// Length of their texts
    #[arg(long, value_name = "BYTES", default_value_t = 40)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=3_800))]
    text: u16,

    /// Measure a random network of so many nodes as well
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=200))]
    nodes: Option<u16>,

    /// Neighbours of each of its nodes
    #[arg(long, value_name = "N", default_value_t = 6, requires = "nodes")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=32))]
    degree: u16,

    /// Draw this network, and no other one
    #[arg(long, value_name = "NUMBER", requires = "nodes")]
    seed: Option<u64>,

    /// Pass the blocks on once more while so many streams of events are open at the second node
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    streams: Option<u16>,

    /// Reads of its local API meanwhile, in a second
    #[arg(long, value_name = "N", default_value_t = 5_000, requires = "streams")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=20_000))]
    reads: u32,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    if let Some(nodes) = args.nodes {
        check(nodes, args.degree)?;
    }
    let workshop = Workshop::open()?;
    let threads = workshop.threads();
    let audience = args.streams.map(|streams| (usize::from(streams), args.reads));
    let pair = PairBench { blocks: args.blocks, text_bytes: args.text.into(), threads, audience };
    let rounds = if audience.is_some() { 2 } else { 1 };
    let progress = Progress::of_blocks("Mining", rounds * args.blocks);
    let figures = pair.run(&mut |blocks| progress.set(blocks.into()));
    progress.finish();
    let mut figures = figures?;
    if let Some(nodes) = args.nodes {
        let seed = match args.seed {
            Some(seed) => seed,
            // Small, so that a person can type it again.
            None => getrandom::u32()?.into(),
        };
        let blocks = args.blocks.min(MOST_NETWORK_BLOCKS);
        let (nodes, degree) = (nodes.into(), args.degree.into());
        let network = NetworkBench { nodes, degree, seed, blocks, threads };
        let progress = Progress::of_blocks("Mining", 2 * blocks);
        let measured = network.run(&mut |blocks| progress.set(blocks.into()));
        progress.finish();
        figures.network = Some(measured?);
    }
    show(args.json, &figures, words)
}

/// Refuses a network that there can't be before anything is measured.
fn check(nodes: u16, degree: u16) -> Result<(), UsageError> {
    if is_possible(nodes.into(), degree.into()) {
        return Ok(());
    }
    Err(wrong(
        format!("no network has {nodes} nodes of {degree} neighbours each"),
        "name more nodes than neighbours, and one of the two even",
    ))
}

fn words(figures: &RelayFigures) -> String {
    let RelayFigures { median_ms, p90_ms, whole_median_ms, whole_p90_ms, .. } = figures;
    let RelayFigures { blocks, block_bytes, .. } = figures;
    let mut words = format!(
        "Passed on  : {} blocks of {} bytes from one node to another\n\
         Time       : {median_ms:.3} ms in the middle, {p90_ms:.3} ms for nine of ten\n\
         Whole time : {whole_median_ms:.3} ms in the middle, {whole_p90_ms:.3} ms for nine of ten, \
         since the first was handed a block",
        grouped(*blocks),
        grouped(*block_bytes as u64),
    );
    if let Some(WatchedFigures { audience, median_ms, p90_ms }) = &figures.watched {
        words.push_str(&format!(
            "\nWatched    : {median_ms:.3} ms in the middle, {p90_ms:.3} ms for nine of ten, with {} streams of \
             events and {} reads a second ({} came to nothing)",
            grouped(audience.streams),
            grouped(audience.reads_per_second),
            grouped(audience.faults),
        ));
    }
    if let Some(NetworkFigures { nodes, degree, seed, small, large }) = &figures.network {
        let network = format!("\nNetwork    : {nodes} nodes of {degree} neighbours, seed {seed}");
        words.push_str(&network);
        words.push_str(&flood("Small", small));
        words.push_str(&flood("Large", large));
    }
    words
}

fn flood(name: &str, flood: &Flood) -> String {
    format!(
        "\n{name:<11}: {} blocks of {} bytes: at the last node after {:.1} ms in the middle and \
         {:.1} ms for nine of ten; {} bytes a block, {:.2} times the least",
        grouped(flood.blocks),
        grouped(flood.block_bytes as u64),
        flood.median_ms,
        flood.p90_ms,
        grouped(flood.bytes_per_block),
        flood.times_least,
    )
}
