//! `kusari completions`.

use clap::CommandFactory;

use crate::cli::args;
use crate::cli::prelude::*;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: &Args) -> Result {
    // Into memory first: the generator takes a reader that went away for a bug.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::Args::command(), "kusari", &mut script);
    let mut output = Stdout::new();
    output.bytes(&script)?;
    output.flush()
}
