//! `kusari grade`.

use super::Failure;

/// Play good and bad peers against an implementation of the protocol, and say what holds
#[derive(Debug, clap::Args)]
pub(crate) struct GradeArgs {
    /// The node to grade, on this machine; give it a chain that may be lost
    #[arg(value_name = "HOST:PORT")]
    pub(crate) target: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &GradeArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("{args:?}: not built yet")))
}
