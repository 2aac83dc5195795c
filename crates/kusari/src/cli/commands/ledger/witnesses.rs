//! `kusari witnesses`.

use crate::cli::answers;
use crate::cli::prelude::*;

/// Show which keys say what they saw, on a ledger, and which of them lied
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(args: &Args) -> Result {
    args.query.show(|node| node.witnesses(), answers::witnesses)
}
