//! `kusari backup`.

use std::path::PathBuf;

use super::Failure;
use crate::cli::choice::NodeChoice;

/// Copy the store to a file, also while its node runs
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

pub(crate) fn run(args: &BackupArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
