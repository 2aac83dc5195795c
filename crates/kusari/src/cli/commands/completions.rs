//! `kusari completions`.

use clap::CommandFactory;

use crate::cli::args::Args;
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    // Into memory first: the generator takes a reader that went away for a bug.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "kusari", &mut script);
    let mut output = Stdout::new();
    output.bytes(&script)?;
    output.flush()
}
