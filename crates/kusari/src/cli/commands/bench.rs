//! `kusari bench`: measurements on this machine.

mod all;
mod chain;
mod ledger;
mod mine;
mod records;
mod relay;
mod sync;
mod workshop;

use super::commands;
use crate::cli::prelude::*;

/// Measure this program on this machine
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Command,
}

commands! {
    Mine => mine,
    Relay => relay,
    Sync => sync,
    Chain => chain,
    Ledger => ledger,
    Records => records,
    All => all,
}

pub(crate) fn run(args: &Args) -> Result {
    args.what.run()
}
