//! `kusari status`.

use kusari_api_types::Status;
use kusari_miner::measure::this_machine;

use crate::cli::answers;
use crate::cli::node_api::NodeApi;
use crate::cli::prelude::*;

/// Show the state of the chain and of the node
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    query: Query,

    /// Measure what it takes to rewrite the newest blocks, also where no node runs that has measured it
    #[arg(long)]
    cost: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let ask = |node: &dyn NodeApi| {
        let status = node.status()?;
        let measured = || args.cost.then(|| this_machine() as u64);
        Ok(Status { machine_rate: status.machine_rate.or_else(measured), ..status })
    };
    args.query.show(ask, answers::status)
}
