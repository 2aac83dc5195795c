//! `kusari wallet`: the keys of this machine, and names for addresses.
//!
//! Owns the words. Secrets go to stdout, or to a file of this user's alone, where a person asks for
//! them, and come from files, stdin or the terminal; never from the command line.

mod label;
mod make;
mod show;
mod unlock;

use std::path::PathBuf;

use crate::cli::prelude::*;
use kusari_wallet::passphrase::Source;
use kusari_wallet::{Wallet, WalletName, path_of};

/// Keep the keys that sign, and names for addresses
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: WalletCommand,
}

#[derive(Debug, clap::Subcommand)]
enum WalletCommand {
    New(make::NewArgs),
    Import(make::ImportArgs),
    List(show::ListArgs),
    Address(show::AddressArgs),
    Export(show::ExportArgs),
    Label(label::Args),
    Unlock(unlock::Args),
}

/// Which wallet a command is about.
#[derive(Debug, clap::Args)]
struct WalletChoice {
    /// The name of the wallet
    #[arg(value_name = "NAME", default_value = "default")]
    name: WalletName,

    #[command(flatten)]
    directory: DirectoryChoice,
}

impl WalletChoice {
    /// The key file, which need not be there.
    fn path(&self) -> Result<PathBuf> {
        let directory = std::path::absolute(self.directory.directory()?);
        Ok(path_of(&directory?, &self.name))
    }
}

/// Where the passphrase comes from.
#[derive(Debug, clap::Args)]
struct PassphraseChoice {
    /// File with the passphrase in its only line; KUSARI_PASSPHRASE may hold it as well [default:
    /// ask at the terminal]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseChoice {
    fn source(&self) -> Source {
        Source::new(self.passphrase_file.as_deref())
    }
}

pub(crate) fn run(args: &Args) -> Result {
    match &args.what {
        WalletCommand::New(args) => make::new(args),
        WalletCommand::Import(args) => make::import(args),
        WalletCommand::List(args) => show::list(args),
        WalletCommand::Address(args) => show::address(args),
        WalletCommand::Export(args) => show::export(args),
        WalletCommand::Label(args) => label::run(args),
        WalletCommand::Unlock(args) => unlock::run(args),
    }
}

/// Says what there is of a wallet that was just made, and plainly whether anything protects it.
fn made(output: &mut Stdout, name: &WalletName, wallet: &Wallet) -> Result {
    output.line(&format!("Made the wallet {name}"))?;
    output.line(&format!("Address: {}", wallet.address()))?;
    output.line(&format!("File   : {}", shown(wallet.path())))?;
    output.line(match wallet.is_protected() {
        true => "A passphrase protects it; without it, the words alone restore the wallet",
        false => "No passphrase protects it: whoever can read the file can sign with it",
    })
}
