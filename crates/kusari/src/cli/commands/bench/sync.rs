//! `kusari bench sync`.

use super::workshop::Workshop;
use crate::cli::prelude::*;
use kusari_bench::sync::{SyncFigures, measure};

/// How fast a fresh node takes a long chain from another process over loopback
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Length of the chain; what is missing of it is mined first, once
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..))]
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

fn words(figures: &SyncFigures) -> String {
    let SyncFigures { blocks, seconds, blocks_per_s, .. } = figures;
    format!(
        "Synced     : {} blocks in {seconds:.2} s\n\
         Speed      : {} blocks a second\n\
         GET_CHAIN  : {} blocks a second to a reader that only counts\n\
         Memory     : {:.0} MiB at most, {:.0} MiB where they came from\n\
         Processors : {:.2} s in all, {:.2} s of it where they came from\n\
         Disk       : {} bytes",
        grouped(*blocks),
        grouped(*blocks_per_s as u64),
        grouped(figures.get_chain_blocks_per_s as u64),
        figures.peak_rss_mib,
        figures.source_peak_rss_mib,
        figures.cpu_s,
        figures.source_cpu_s,
        grouped(figures.disk_bytes),
    )
}
