//! `kusari send`.

use kusari_node::drafts::DraftContent;

use super::Signing;
use crate::cli::prelude::*;

/// Pay somebody, with or without a note
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An address, or a label of `kusari wallet label`
    #[arg(value_name = "ADDRESS")]
    to: String,

    /// How much, in whole units
    #[arg(value_name = "AMOUNT", value_parser = kusari_input::number::<u64>)]
    amount: u64,

    /// A note that goes with it, for everybody to read
    #[arg(value_name = "NOTE")]
    note: Option<String>,

    #[command(flatten)]
    signing: Signing,
}

pub(crate) fn run(args: &Args) -> Result {
    let to = args.signing.query.node.resolve(&args.to)?;
    let note = args.note.clone().filter(|note| !note.is_empty());
    args.signing.send(DraftContent::Transfer { to: to.0, amount: args.amount, note })
}
