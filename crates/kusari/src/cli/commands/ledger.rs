//! `kusari record`, `send`, `balance`, `tx`, `erase`, `witnesses` and `witness-key`: what one does on a
//! ledger.
//!
//! Owns what they share: which wallet signs, and what is waited for. They speak the local API.

pub(crate) mod balance;
pub(crate) mod erase;
mod follow;
mod lines;
pub(crate) mod record;
pub(crate) mod send;
mod sign;
pub(crate) mod tx;
pub(crate) mod witness_key;
pub(crate) mod witnesses;

use std::path::PathBuf;

use kusari_chain::ledger::Address;

use crate::cli::access::Access;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use kusari_api_types::LedgerReport;
use kusari_client::{Client, ClientError};
use kusari_wallet::{AddressBook, WalletName};

/// Who signs, and what is waited for.
#[derive(Debug, clap::Args)]
pub(crate) struct Signing {
    /// The wallet that signs
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) wallet: WalletName,

    /// File with its passphrase in its only line; KUSARI_PASSPHRASE may hold it as well [default:
    /// ask at the terminal]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// What the miner is paid, in whole units [default: the least that the chain takes]
    #[arg(long, value_name = "N")]
    pub(crate) fee: Option<u64>,

    /// Wait until it stands so deep in the best chain, its own block included; the node mines on
    /// meanwhile
    #[arg(long, value_name = "N")]
    pub(crate) confirmations: Option<u32>,

    /// Longest wait with --confirmations [default: 600]
    #[arg(long, value_name = "SECONDS", requires = "confirmations")]
    pub(crate) timeout: Option<u64>,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The node that runs, and the ledger that it keeps.
pub(crate) fn ledger_node(choice: &NodeChoice) -> Result<(Client, LedgerReport), Failure> {
    let client = match choice.open()? {
        Access::Running(client) => client,
        Access::Stored { .. } => {
            return Err(Failure::failed(
                "no node runs that would take this; start one, as in `kusari --listen 8080 --chain \
                 ledger`",
            ));
        }
    };
    let ledger = client.ledger().map_err(|error| match error {
        ClientError::Problem(problem) => Failure::failed(problem.detail),
        other => other.into(),
    })?;
    Ok((client, ledger))
}

/// An address, or the label of one in the address book of this data directory.
pub(crate) fn resolve(choice: &NodeChoice, text: &str) -> Result<Address, Failure> {
    Ok(AddressBook::open(&choice.directory_of_wallets()?)?.resolve(text)?)
}
