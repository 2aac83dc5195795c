//! `kusari block`.

use crate::cli::access::Access;
use crate::cli::answers;
use crate::cli::card::card_of_whole;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use crate::cli::settings::UsageError;
use crate::cli::slash::Which;
use crate::cli::stdout::Stdout;
use kusari_api::views;

/// Show one block
#[derive(Debug, clap::Args)]
pub(crate) struct BlockArgs {
    /// Its height, or its hash
    #[arg(value_name = "N|HASH")]
    pub(crate) which: String,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &BlockArgs) -> Result<(), Failure> {
    let which = Which::read(&args.which).ok_or_else(|| UsageError {
        cause: format!("`{}` is neither a height nor a hash", args.which),
        remedy: String::from("write a number, as in `kusari block 1`, or 64 hex digits"),
    })?;
    let report = match args.node.open()? {
        Access::Running(client) => client.block(&args.which)?,
        Access::Stored { store, .. } => {
            let placed = match &which {
                Which::Height(height) => store.placed_at(*height)?,
                Which::Hash(hash) => store.placed(hash)?,
            };
            placed.map(views::block)
        }
    };
    let report = report.ok_or_else(|| {
        Failure::failed(format!(
            "there is {}; `kusari status` shows how high the chain is",
            answers::no_block(&which)
        ))
    })?;
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&report)?,
        false => output.line(&card_of_whole(&report.block))?,
    }
    output.flush()
}
