//! `kusari status`.

use crate::cli::answers;
use crate::cli::prelude::*;

/// Show the state of the chain and of the node
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(args: &Args) -> Result {
    args.query.show(|node| node.status(), answers::status)
}
