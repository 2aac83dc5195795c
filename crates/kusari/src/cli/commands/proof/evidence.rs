//! `kusari evidence`: a proof with the page that checks it.

use std::path::PathBuf;

use super::prove::Which;
use super::put;
use super::source::Source;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;

/// Write a page that checks the proof of a transaction in any browser, without a network
#[derive(Debug, clap::Args)]
pub(crate) struct EvidenceArgs {
    #[command(flatten)]
    pub(crate) which: Which,

    /// Write it to this file [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Replace the file where there is one
    #[arg(long, requires = "output")]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

pub(crate) fn run(args: &EvidenceArgs) -> Result<(), Failure> {
    let source = Source::open(&args.node)?;
    let txid = args.which.find(&source)?;
    let page = kusari_api::evidence::page(&source.prove(&txid)?);
    put(&page, args.output.as_deref(), args.force, &format!("a page about transaction {txid}"))
}
