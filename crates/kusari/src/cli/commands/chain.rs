//! `kusari chain`.

use super::Failure;
use crate::cli::choice::NodeChoice;

/// Show blocks of the best chain
#[derive(Debug, clap::Args)]
pub(crate) struct ChainArgs {
    /// First height
    #[arg(long, value_name = "N")]
    pub(crate) from: Option<u32>,

    /// Last height
    #[arg(long, value_name = "N")]
    pub(crate) to: Option<u32>,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &ChainArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
