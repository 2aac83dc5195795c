//! `kusari consistency`.

use kusari_chain::BlockHash;

use super::OutputChoice;
use super::source::ProofSource;
use crate::cli::prelude::*;

/// Write a proof that one block is an ancestor of another
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The earlier block, by its hash or its height
    #[arg(value_name = "EARLIER")]
    earlier: String,

    /// The later block, by its hash or its height
    #[arg(value_name = "LATER")]
    later: String,

    #[command(flatten)]
    target: OutputChoice,

    #[command(flatten)]
    node: NodeChoice,
}

pub(crate) fn run(args: &Args) -> Result {
    let source = ProofSource::open(&args.node)?;
    let (earlier, later) = (find(&args.earlier, &source)?, find(&args.later, &source)?);
    let proof = source.consistency(&earlier, &later)?;
    let what = format!("a proof that block {later} extends block {earlier}");
    args.target.put(&proof, &what)
}

fn find(text: &str, source: &ProofSource) -> Result<BlockHash> {
    if let Ok(hash) = text.parse() {
        return Ok(hash);
    }
    let height: u32 = text.parse().map_err(|_| {
        failed!("`{text}` names no block: give the 64 digits of its hash, or its height")
    })?;
    source.hash_at(height)?.ok_or_else(|| {
        failed!("the best chain has no block {height}; `kusari status` tells its height")
    })
}
