//! `kusari wallet label`: names for addresses.

use kusari_chain::ledger::Address;
use serde::Serialize;

use crate::cli::prelude::*;
use kusari_wallet::AddressBook;

/// Name an address, or list the names
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address
    #[arg(value_name = "ADDRESS", requires = "name")]
    address: Option<String>,

    /// Its name on this machine
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// Forget a name
    #[arg(long, value_name = "NAME", conflicts_with = "address")]
    remove: Option<String>,

    #[command(flatten)]
    directory: DirectoryChoice,

    /// Print JSON
    #[arg(long, conflicts_with_all = ["address", "remove"])]
    json: bool,
}

#[derive(Serialize)]
struct Labelled<'a> {
    label: &'a str,
    address: Address,
}

pub(super) fn run(args: &Args) -> Result {
    let mut book = AddressBook::open(&args.directory.directory()?)?;
    let mut output = Stdout::new();
    match (&args.address, &args.name, &args.remove) {
        (_, _, Some(label)) => {
            let address = book.remove(label)?;
            output.line(&format!(
                "{address} is no longer called {}",
                Plain(&kusari_input::word(label))
            ))?;
        }
        (Some(text), Some(label), None) => {
            let address: Address = kusari_input::word(text).parse().map_err(|error| {
                wrong(format!("{error}"), "write it so: kusari wallet label ADDRESS NAME")
            })?;
            book.set(label, address)?;
            output.line(&format!("{address} is called {}", Plain(&kusari_input::word(label))))?;
        }
        _ if args.json => {
            let all: Vec<Labelled<'_>> =
                book.iter().map(|(label, address)| Labelled { label, address }).collect();
            output.json(&all)?;
        }
        _ => {
            for (label, address) in book.iter() {
                output.line(&format!("{address}  {}", Plain(label)))?;
            }
        }
    }
    output.flush()
}
