//! `kusari balance`.

use crate::cli::account;
use crate::cli::prelude::*;
use kusari_wallet::{Wallet, WalletError, WalletName, path_of};

/// Show what an account owns
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An address, or a label of `kusari wallet label` [default: that of the wallet]
    #[arg(value_name = "ADDRESS", conflicts_with = "wallet")]
    address: Option<String>,

    /// The wallet whose address is meant where none is named
    #[arg(long, value_name = "NAME", default_value = "default")]
    wallet: WalletName,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { address, wallet, query: Query { node, json } }: &Args) -> Result {
    let client = node.ledger()?;
    let address = match address {
        Some(text) => node.resolve(text)?,
        None => match Wallet::open(&path_of(&node.directory_of_wallets()?, wallet)) {
            // The node in memory has its wallet there too.
            Err(WalletError::Missing { .. }) if *wallet == WalletName::default() => {
                client.ledger()?.miner
            }
            found => found?.address(),
        },
    };
    show(*json, &client.account(&address)?, account::in_words)
}
