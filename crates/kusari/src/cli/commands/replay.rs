//! `kusari replay`.

use std::path::PathBuf;

use super::Failure;

/// Run a journal through the same core, and compare
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// What `--journal` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
