//! `kusari evidence`: a proof with the page that checks it.

use super::OutputChoice;
use super::prove::TransactionChoice;
use super::source::ProofSource;
use crate::cli::prelude::*;

/// Write a page that checks the proof of a transaction in any browser, without a network
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: TransactionChoice,

    #[command(flatten)]
    target: OutputChoice,

    #[command(flatten)]
    node: NodeChoice,
}

pub(crate) fn run(args: &Args) -> Result {
    let source = ProofSource::open(&args.node)?;
    let txid = args.which.find(&source)?;
    let page = kusari_api::evidence::page(&source.prove(&txid)?);
    args.target.put(&page, &format!("a page about transaction {txid}"))
}
