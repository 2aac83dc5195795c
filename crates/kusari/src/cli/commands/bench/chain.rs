//! `kusari bench chain`.

use super::workshop::Workshop;
use crate::cli::prelude::*;
use kusari_bench::chain::{ChainFigures, measure};

/// What a long chain costs: start, memory, disk, look-ups and a reorganisation
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Length of the chain; what is missing of it is mined first, once
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(200..))]
    blocks: u32,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let workshop = Workshop::open()?;
    let chain = workshop.chain(args.blocks)?;
    let figures = measure(&chain, workshop.scratch())?;
    show(args.json, &figures, words)
}

fn words(figures: &ChainFigures) -> String {
    format!(
        "Chain      : {} blocks, {} bytes as lines\n\
         Start      : {:.1} ms until it listens\n\
         Memory     : {:.0} MiB at first, {:.0} MiB after the reorganisation\n\
         Disk       : {} bytes, {:.2} times the lines\n\
         Look-up    : {:.1} µs by height, {:.1} µs by hash\n\
         Rival      : {} blocks replaced in {:.1} ms",
        grouped(figures.blocks),
        grouped(figures.export_bytes),
        figures.start_ms,
        figures.idle_rss_mib,
        figures.rss_after_mib,
        grouped(figures.disk_bytes),
        figures.disk_ratio,
        figures.lookup_by_height_us,
        figures.lookup_by_hash_us,
        figures.reorganisation_depth,
        figures.reorganisation_ms,
    )
}
