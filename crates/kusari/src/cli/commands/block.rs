//! `kusari block`.

use crate::cli::block_card::card_of_whole;
use crate::cli::node_api::BlockName;
use crate::cli::prelude::*;

/// Show one block
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its height, or its hash
    #[arg(value_name = "N|HASH")]
    which: String,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { which, query }: &Args) -> Result {
    let name = BlockName::read(which).ok_or_else(|| {
        wrong(
            format!("`{which}` is neither a height nor a hash"),
            "write a number, as in `kusari block 1`, or 64 hex digits",
        )
    })?;
    query.show(|node| node.block(&name), |report| card_of_whole(&report.block))
}
