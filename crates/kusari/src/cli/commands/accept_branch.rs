//! `kusari accept-branch`.

use kusari_chain::BlockHash;

use crate::cli::branches;
use crate::cli::prelude::*;

/// Follow a branch that is held, however many blocks that takes back
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hash of any block of it that the best chain does not have
    #[arg(value_name = "HASH")]
    hash: BlockHash,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { hash, query }: &Args) -> Result {
    query.show(|node| node.accept_branch(hash), |receipt| branches::accepted(hash, receipt))
}
