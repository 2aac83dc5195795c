//! `kusari branches`.

use crate::cli::branches;
use crate::cli::prelude::*;

/// Show the branches beside the best chain, and whether one is held
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(args: &Args) -> Result {
    args.query.show(|node| node.branches(), branches::list)
}
