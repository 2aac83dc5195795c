//! `kusari salvage`.

use std::path::{Path, PathBuf};

use crate::cli::chain_spec;
use crate::cli::prelude::*;
use kusari_runtime::salvage::{Salvage, salvage};
use kusari_store::holder_of_directory;

/// Lines that are named one by one.
const MAX_SHOWN: usize = 20;

/// Take what is sound out of a damaged or an old store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The data directory to read; nothing in it is changed
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// The data directory to make
    #[arg(short, long = "output", value_name = "NEW")]
    output: PathBuf,

    /// The chain, where the store no longer says: classic, ledger, or the file of a chain spec
    #[arg(long, value_name = "classic|ledger|FILE")]
    chain: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result {
    let chain = args
        .chain
        .as_deref()
        .map(chain_spec::load)
        .transpose()
        .map_err(|error| error.to_string())?;
    if let Some(holder) = holder_of_directory(&args.directory) {
        return Err(failed!("{holder} works on {}; stop it first", shown(&args.directory)));
    }
    let report = salvage(&args.directory, &args.output, chain)?;
    let mut output = Stdout::new();
    for line in lines(&report, &args.output) {
        output.line(&Plain(&line).to_string())?;
    }
    output.flush()
}

/// The report for people.
fn lines(report: &Salvage, new: &Path) -> Vec<String> {
    let blocks = counted(report.blocks, "block");
    let entries = counted(report.entries, "record");
    let mut lines = vec![
        format!("Blocks     : {blocks}, the best chain ends at height {}", report.height),
        format!("Outbox     : {entries}"),
        format!("Keys       : {}", counted(report.files.len() as u64, "file")),
    ];
    let mut lacks = |count: u64, noun: &str, why: &str| {
        if count > 0 {
            lines.push(format!("Not taken  : {}, {why}", counted(count, noun)));
        }
    };
    lacks(report.unlinked, "block", "because one below is lost; other nodes have it");
    lacks(report.without_body, "block", "because the transactions are lost; other nodes have them");
    lacks(report.refused, "block", "because it breaks a rule of the chain");
    lacks(
        report.lost_entries.len() as u64,
        "record",
        "because nothing that is sound is left of it",
    );
    let settled = report.settled_elsewhere.len();
    lacks(settled as u64, "line", "because it is settled in a block that other nodes have");
    for (id, text) in report.settled_elsewhere.iter().take(MAX_SHOWN) {
        lines.push(format!("  {id}: {text}"));
    }
    for (id, texts) in report.contested.iter().take(MAX_SHOWN) {
        lines.push(format!("Two texts  : both stood as record {id}, and the first was taken"));
        lines.extend(texts.iter().map(|text| format!("  {text}")));
    }
    for (file, reason) in &report.lost_files {
        lines.push(format!("Not taken  : {}, because {reason}", file.display()));
    }
    lines.push(format!("Made and audited {}. Start a node on it with --data-dir.", new.display()));
    lines
}
