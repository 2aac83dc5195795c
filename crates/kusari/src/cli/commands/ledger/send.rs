//! `kusari send`.

use kusari_node::drafts::DraftContent;

use super::{Signing, resolve};
use crate::cli::failure::Failure;

/// Pay somebody, with or without a note
#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// An address, or a label of `kusari wallet label`
    #[arg(value_name = "ADDRESS")]
    pub(crate) to: String,

    /// How much, in whole units
    #[arg(value_name = "AMOUNT")]
    pub(crate) amount: u64,

    /// A note that goes with it, for everybody to read
    #[arg(value_name = "NOTE")]
    pub(crate) note: Option<String>,

    #[command(flatten)]
    pub(crate) signing: Signing,
}

pub(crate) fn run(args: &SendArgs) -> Result<(), Failure> {
    let to = resolve(&args.signing.node, &args.to)?;
    let note = args.note.clone().filter(|note| !note.is_empty());
    args.signing.send(DraftContent::Transfer { to: to.0, amount: args.amount, note })
}
