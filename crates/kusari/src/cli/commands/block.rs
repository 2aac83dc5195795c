//! `kusari block`.

use super::Failure;
use crate::cli::choice::NodeChoice;

/// Show one block
#[derive(Debug, clap::Args)]
pub(crate) struct BlockArgs {
    /// Its height, or its hash
    #[arg(value_name = "N|HASH")]
    pub(crate) which: String,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &BlockArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
