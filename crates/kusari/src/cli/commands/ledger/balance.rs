//! `kusari balance`.

use super::{ledger_node, resolve};
use crate::cli::choice::NodeChoice;
use crate::cli::escape::{counted, grouped};
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use kusari_api_types::AccountReport;
use kusari_wallet::{Wallet, WalletName, path_of};

/// Show what an account owns
#[derive(Debug, clap::Args)]
pub(crate) struct BalanceArgs {
    /// An address, or a label of `kusari wallet label` [default: that of the wallet]
    #[arg(value_name = "ADDRESS", conflicts_with = "wallet")]
    pub(crate) address: Option<String>,

    /// The wallet whose address is meant where none is named
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) wallet: WalletName,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &BalanceArgs) -> Result<(), Failure> {
    let (client, _) = ledger_node(&args.node)?;
    let address = match &args.address {
        Some(text) => resolve(&args.node, text)?,
        None => Wallet::open(&path_of(&args.node.directory_of_wallets()?, &args.wallet))?.address(),
    };
    let account = client.account(&address)?;
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&account)?,
        false => output.line(&in_words(&account))?,
    }
    output.flush()
}

/// What an account owns, for people.
pub(crate) fn in_words(account: &AccountReport) -> String {
    let AccountReport { address, balance, sequence, next_sequence } = account;
    let mut text = format!(
        "{address}\n- Balance: {}\n- Sent   : {}",
        grouped(balance),
        counted(*sequence, "transaction")
    );
    let waiting = next_sequence.saturating_sub(*sequence);
    if waiting > 0 {
        text.push_str(&format!(", {} to be mined", grouped(waiting)));
    }
    text
}
