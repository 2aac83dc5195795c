//! `kusari bench`: measurements on this machine.

mod chain;
mod relay;
mod sync;
mod workshop;

use super::Failure;
use crate::bench::BenchError;

/// Measure this program on this machine
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) what: BenchCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum BenchCommand {
    Relay(relay::RelayArgs),
    Sync(sync::SyncArgs),
    Chain(chain::ChainArgs),
}

pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    match &args.what {
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
