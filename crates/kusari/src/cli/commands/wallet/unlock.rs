//! `kusari wallet unlock`.

use super::PassphraseChoice;
use crate::cli::choice::NodeChoice;
use crate::cli::commands::ledger::ledger_node;
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use kusari_wallet::passphrase::{self, Purpose};

/// Unlock the wallet of the node that runs, until it stops
#[derive(Debug, clap::Args)]
pub(crate) struct UnlockArgs {
    #[command(flatten)]
    pub(crate) passphrase: PassphraseChoice,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

pub(super) fn run(args: &UnlockArgs) -> Result<(), Failure> {
    let (client, _) = ledger_node(&args.node)?;
    let source = args.passphrase.source();
    let passphrase = passphrase::obtain(&source, Purpose::Open, "the node's wallet")?;
    let report = client.unlock_wallet(passphrase.into_text())?;
    let mut output = Stdout::new();
    output
        .line(&format!("Unlocked the wallet {}; it signs until the node stops", report.address))?;
    output.flush()
}
