//! `kusari record`, `send`, `balance`, `tx`, `erase`, `witnesses` and `witness-key`: what one does on a
//! ledger.
//!
//! Owns what they share: which wallet signs, and what is waited for. They speak the local API.

pub(crate) mod balance;
pub(crate) mod erase;
mod follow;
pub(crate) mod record;
mod record_lines;
pub(crate) mod send;
mod sign;
pub(crate) mod tx;
pub(crate) mod witness_key;
pub(crate) mod witnesses;

use std::path::PathBuf;

use crate::cli::prelude::*;
use kusari_wallet::WalletName;

/// Who signs, and what is waited for.
#[derive(Debug, clap::Args)]
pub(crate) struct Signing {
    /// The wallet that signs
    #[arg(long, value_name = "NAME", default_value = "default")]
    wallet: WalletName,

    /// File with its passphrase in its only line; KUSARI_PASSPHRASE may hold it as well [default:
    /// ask at the terminal]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// What the miner is paid, in whole units [default: the least that the chain takes]
    #[arg(long, value_name = "N", value_parser = kusari_input::number::<u64>)]
    fee: Option<u64>,

    /// Wait until it stands so deep in the best chain, its own block included; the node mines on
    /// meanwhile
    #[arg(long, value_name = "N", value_parser = kusari_input::number::<u32>)]
    confirmations: Option<u32>,

    /// Longest wait with --confirmations [default: 600]
    #[arg(long, value_name = "SECONDS", requires = "confirmations")]
    timeout: Option<u64>,

    #[command(flatten)]
    query: Query,
}
