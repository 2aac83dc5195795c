//! `kusari consistency`.

use std::path::PathBuf;

use kusari_chain::BlockHash;

use super::put;
use super::source::Source;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;

/// Write a proof that one block is an ancestor of another
#[derive(Debug, clap::Args)]
pub(crate) struct ConsistencyArgs {
    /// The earlier block, by its hash or its height
    #[arg(value_name = "EARLIER")]
    pub(crate) earlier: String,

    /// The later block, by its hash or its height
    #[arg(value_name = "LATER")]
    pub(crate) later: String,

    /// Write it to this file [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Replace the file where there is one
    #[arg(long, requires = "output")]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

pub(crate) fn run(args: &ConsistencyArgs) -> Result<(), Failure> {
    let source = Source::open(&args.node)?;
    let (earlier, later) = (find(&args.earlier, &source)?, find(&args.later, &source)?);
    let proof = source.consistency(&earlier, &later)?;
    let what = format!("a proof that block {later} extends block {earlier}");
    put(&proof, args.output.as_deref(), args.force, &what)
}

fn find(text: &str, source: &Source) -> Result<BlockHash, Failure> {
    if let Ok(hash) = text.parse() {
        return Ok(hash);
    }
    let height: u32 = text.parse().map_err(|_| {
        Failure::failed(format!(
            "`{text}` names no block: give the 64 digits of its hash, or its height"
        ))
    })?;
    source.hash_at(height)?.ok_or_else(|| {
        Failure::failed(format!(
            "the best chain has no block {height}; `kusari status` tells its height"
        ))
    })
}
