//! `kusari wallet unlock`.

use super::PassphraseChoice;
use crate::cli::prelude::*;
use kusari_wallet::passphrase::{self, Purpose};

/// Unlock the wallet of the node that runs, until it stops
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    passphrase: PassphraseChoice,

    #[command(flatten)]
    node: NodeChoice,
}

pub(super) fn run(args: &Args) -> Result {
    let client = args.node.ledger()?;
    let source = args.passphrase.source();
    let passphrase = passphrase::obtain(&source, Purpose::Open, "the node's wallet")?;
    let report = client.unlock_wallet(passphrase.into_text())?;
    print(&format!("Unlocked the wallet {}; it signs until the node stops", report.address))
}
