//! `kusari evidence`: a proof with the page that checks it.

use super::prove::ProofChoice;
use crate::cli::prelude::*;

/// Write a page that checks the proof of a transaction in any browser, without a network
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    proof: ProofChoice,
}

pub(crate) fn run(args: &Args) -> Result {
    args.proof.put(|proof| kusari_api::evidence::page(&proof), "a page about")
}
