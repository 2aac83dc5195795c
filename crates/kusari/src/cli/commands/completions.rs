//! `kusari completions`.

use super::Failure;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
