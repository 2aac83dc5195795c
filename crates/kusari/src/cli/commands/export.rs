//! `kusari export`.

use std::path::PathBuf;

use super::Failure;
use crate::cli::choice::NodeChoice;

/// Write the best chain to a file, as BLOCK lines
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The file; `-` is stdout
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

pub(crate) fn run(args: &ExportArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
