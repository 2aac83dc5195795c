//! `kusari wallet list`, `kusari wallet address` and `kusari wallet export`.

use std::path::PathBuf;

use kusari_chain::ledger::Address;
use serde::Serialize;

use super::make::write_words;
use super::{PassphraseChoice, WalletChoice};
use crate::cli::prelude::*;
use kusari_wallet::{Wallet, list as wallets};

/// List the wallets
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    directory: DirectoryChoice,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Print the address of a wallet
#[derive(Debug, clap::Args)]
pub(crate) struct AddressArgs {
    #[command(flatten)]
    which: WalletChoice,
}

/// Print the 24 words that restore a wallet
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    which: WalletChoice,

    #[command(flatten)]
    passphrase: PassphraseChoice,

    /// Write them to this file, which only you can read
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A line of the list.
#[derive(Serialize)]
struct Listed {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protected: Option<bool>,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn list(args: &ListArgs) -> Result {
    let directory = args.directory.directory()?;
    let found = wallets(&directory)?.into_iter().map(|(name, wallet)| {
        let name = name.to_string();
        match wallet {
            Ok(wallet) => {
                let (address, protected) = (wallet.address(), wallet.is_protected());
                Listed { name, address: Some(address), protected: Some(protected), error: None }
            }
            Err(error) => {
                Listed { name, address: None, protected: None, error: Some(error.to_string()) }
            }
        }
    });
    let found: Vec<Listed> = found.collect();
    let mut output = Stdout::new();
    if args.json {
        output.json(&found)?;
        return output.flush();
    }
    if found.is_empty() {
        let directory = shown(&directory);
        output.line(&format!("No wallet in {directory}; `kusari wallet new` makes one"))?;
    }
    let width = found.iter().map(|listed| listed.name.len()).max().unwrap_or_default();
    for Listed { name, address, protected, error } in &found {
        let what = match (address, error) {
            (Some(address), _) => match protected {
                Some(true) => format!("{address}  with a passphrase"),
                _ => format!("{address}  without a passphrase"),
            },
            (None, error) => Plain(error.as_deref().unwrap_or_default()).to_string(),
        };
        output.line(&format!("{name:width$}  {what}"))?;
    }
    output.flush()
}

pub(super) fn address(args: &AddressArgs) -> Result {
    let mut output = Stdout::new();
    output.line(&Wallet::open(&args.which.path()?)?.address().to_string())?;
    output.flush()
}

pub(super) fn export(args: &ExportArgs) -> Result {
    let wallet = Wallet::open(&args.which.path()?)?;
    let words = wallet.unlock_from(&args.passphrase.source())?.words();
    let mut output = Stdout::new();
    match &args.output {
        Some(file) => {
            write_words(file, &words)?;
            output.line(&format!("Wrote the 24 words to {}", shown(file)))?;
        }
        None => output.line(&words)?,
    }
    output.flush()
}
