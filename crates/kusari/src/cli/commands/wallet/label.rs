//! `kusari wallet label`: names for addresses.

use kusari_chain::ledger::Address;
use serde::Serialize;

use crate::cli::choice::DirectoryChoice;
use crate::cli::escape::Plain;
use crate::cli::failure::Failure;
use crate::cli::settings::UsageError;
use crate::cli::stdout::Stdout;
use kusari_wallet::AddressBook;

/// Name an address, or list the names
#[derive(Debug, clap::Args)]
pub(crate) struct LabelArgs {
    /// The address
    #[arg(value_name = "ADDRESS", requires = "name")]
    pub(crate) address: Option<String>,

    /// Its name on this machine
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Forget a name
    #[arg(long, value_name = "NAME", conflicts_with = "address")]
    pub(crate) remove: Option<String>,

    #[command(flatten)]
    pub(crate) directory: DirectoryChoice,

    /// Print JSON
    #[arg(long, conflicts_with_all = ["address", "remove"])]
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct Labelled<'a> {
    label: &'a str,
    address: Address,
}

pub(super) fn run(args: &LabelArgs) -> Result<(), Failure> {
    let mut book = AddressBook::open(&args.directory.directory()?)?;
    let mut output = Stdout::new();
    match (&args.address, &args.name, &args.remove) {
        (_, _, Some(label)) => {
            let address = book.remove(label)?;
            output.line(&format!("{address} is no longer called {}", Plain(label.trim())))?;
        }
        (Some(text), Some(label), None) => {
            let address: Address = text.trim().parse().map_err(|error| UsageError {
                cause: format!("{error}"),
                remedy: String::from("write it so: kusari wallet label ADDRESS NAME"),
            })?;
            book.set(label, address)?;
            output.line(&format!("{address} is called {}", Plain(label.trim())))?;
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
