//! `kusari accept-branch`.

use kusari_chain::BlockHash;

use crate::cli::branches;
use crate::cli::named::HashName;
use crate::cli::prelude::*;

/// Follow a branch that is held, however many blocks that takes back
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hash of any block of it that the best chain does not have, or 8 digits of it or more
    #[arg(value_name = "HASH")]
    hash: HashName<BlockHash>,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { hash, query }: &Args) -> Result {
    let access = query.node.open()?;
    let hash = hash.find(access.api())?;
    let receipt = access.api().accept_branch(&hash)?;
    show(query.json, &receipt, |receipt| branches::accepted(&hash, receipt))
}
