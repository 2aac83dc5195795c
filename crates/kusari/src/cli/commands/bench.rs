//! `kusari bench`: measurements on this machine.

mod chain;
mod ledger;
mod mine;
mod relay;
mod sync;
mod workshop;

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use kusari_bench::BenchError;

/// Measure this program on this machine
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) what: BenchCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum BenchCommand {
    Mine(mine::MineArgs),
    Relay(relay::RelayArgs),
    Sync(sync::SyncArgs),
    Chain(chain::ChainArgs),
    Ledger(ledger::LedgerArgs),
}

pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    match &args.what {
        BenchCommand::Mine(args) => mine::run(args),
        BenchCommand::Relay(args) => relay::run(args),
        BenchCommand::Sync(args) => sync::run(args),
        BenchCommand::Chain(args) => chain::run(args),
        BenchCommand::Ledger(args) => ledger::run(args),
    }
}

/// Prints what was measured.
fn print<T: Serialize>(json: bool, figures: &T, words: fn(&T) -> String) -> Result<(), Failure> {
    let mut output = Stdout::new();
    match json {
        true => output.json(figures)?,
        false => output.line(&words(figures))?,
    }
    output.flush()
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        Self::failed(error)
    }
}
