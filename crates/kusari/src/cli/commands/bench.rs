//! `kusari bench`: measurements on this machine.

mod chain;
mod mine;
mod relay;
mod sync;
mod workshop;

use super::Failure;
use crate::bench::BenchError;

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
}

pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    match &args.what {
        BenchCommand::Mine(args) => mine::run(args),
        BenchCommand::Relay(args) => relay::run(args),
        BenchCommand::Sync(args) => sync::run(args),
        BenchCommand::Chain(args) => chain::run(args),
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        Self::failed(error)
    }
}
