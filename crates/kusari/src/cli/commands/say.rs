//! `kusari say`.

use super::Failure;
use crate::cli::choice::NodeChoice;

/// Record a line of text
#[derive(Debug, clap::Args)]
pub(crate) struct SayArgs {
    /// The line; `-` records every line of stdin
    #[arg(value_name = "TEXT|-")]
    pub(crate) text: String,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &SayArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
