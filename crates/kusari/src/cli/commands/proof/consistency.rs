//! `kusari consistency`.

use kusari_chain::BlockHash;

use super::OutputChoice;
use super::source::ProofSource;
use crate::cli::named::BlockName;
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
    let name = BlockName::read(text).ok_or_else(|| {
        wrong(
            format!("`{text}` names no block"),
            "give its height, or 8 digits of its hash or more",
        )
    })?;
    match name {
        BlockName::Height(height) => {
            let found = source.api().block_at(height)?.ok_or_else(|| {
                failed!("the best chain has no block {height}; `kusari status` tells its height")
            })?;
            Ok(found.block.block.hash)
        }
        BlockName::Hash(name) => name.find(source.api()),
    }
}
