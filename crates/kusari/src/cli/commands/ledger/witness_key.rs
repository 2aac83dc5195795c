//! `kusari witness-key`.

use kusari_files::FileError;

use crate::cli::prelude::*;
use kusari_runtime::witness_key::WitnessKey;
use kusari_store::DirectoryLock;

/// Care for the key that a node of a ledger signs with as a witness
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: WitnessKeyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum WitnessKeyCommand {
    New(NewArgs),
}

/// Make a new witness key, and keep the old one under another name
#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    #[command(flatten)]
    directory: DirectoryChoice,
}

pub(crate) fn run(args: &Args) -> Result {
    let WitnessKeyCommand::New(args) = &args.what;
    let directory = std::path::absolute(args.directory.directory()?)?;
    kusari_files::create_directory(&directory).map_err(FileError::unwritable(&directory))?;
    // A node that runs there has the old key in hand, and writes down what that one says.
    let _lock = DirectoryLock::take(&directory)?;
    let made = WitnessKey::renew(&directory)?;
    let mut output = Stdout::new();
    output.line(&format!(
        "A new witness key is in {}: others list this node as {}",
        shown(&made.file),
        made.public
    ))?;
    if let Some((file, old)) = made.old {
        let file = shown(&file);
        output.line(&match old {
            Some(old) => {
                format!("The old one, {old}, is kept in {file}; tell those who list it")
            }
            None => format!("The old file, which holds no key, is kept in {file}"),
        })?;
    }
    output.flush()
}
