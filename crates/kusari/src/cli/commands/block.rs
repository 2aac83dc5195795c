//! `kusari block`.

use crate::cli::block_card::card_of_whole;
use crate::cli::named::BlockName;
use crate::cli::prelude::*;

/// Show one block
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its height, or its hash, or 8 digits of that or more
    #[arg(value_name = "N|HASH")]
    which: String,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { which, query }: &Args) -> Result {
    let name = BlockName::read(which).ok_or_else(|| {
        wrong(
            format!("`{which}` is neither a height nor a hash"),
            "write a number, as in `kusari block 1`, or 8 digits of a hash or more",
        )
    })?;
    query.show(|node| node.block(&name), |report| card_of_whole(&report.block))
}
