//! `kusari import`.

use std::path::PathBuf;

use super::Failure;
use crate::cli::choice::NodeChoice;

/// Take blocks from a file of BLOCK lines, checked like those of a peer
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// The file; `-` is stdin
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

pub(crate) fn run(args: &ImportArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
