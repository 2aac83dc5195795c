//! `kusari chain`.

use crate::cli::block_card::card_of_whole;
use crate::cli::prelude::*;
use crate::cli::slash::DEFAULT_CARDS;

/// Show blocks of the best chain, the last ten unless you say which
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// First height
    #[arg(long, value_name = "N", value_parser = kusari_input::number::<u32>)]
    from: Option<u32>,

    /// Last height
    #[arg(long, value_name = "N", value_parser = kusari_input::number::<u32>)]
    to: Option<u32>,

    #[command(flatten)]
    node: NodeChoice,

    /// Print JSON, a block a line, in the form of the protocol
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        let cause = format!("--from {from} is above --to {to}");
        return Err(wrong(cause, "the lower height comes first").into());
    }
    let access = args.node.open()?;
    let height = access.api().height()?;
    let last_ones = (height + 1).saturating_sub(DEFAULT_CARDS);
    let (from, to) = match (args.from, args.to) {
        (None, None) => (last_ones, height),
        (from, to) => (from.unwrap_or(0), to.unwrap_or(height)),
    };
    if from.max(args.to.unwrap_or(0)) > height {
        return Err(failed!(
            "there is no block at height {}; the chain ends at height {height}",
            from.max(to)
        ));
    }
    let mut output = Stdout::new();
    access.api().visit(from, to, None, &mut |block| {
        match args.json {
            true => output.line(&block.to_canonical_json())?,
            false => output.line(&card_of_whole(block))?,
        }
        Ok(!output.is_gone())
    })?;
    output.flush()
}
