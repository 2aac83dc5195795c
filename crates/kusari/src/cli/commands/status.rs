//! `kusari status`.

use kusari_api::views;
use std::path::Path;

use crate::cli::access::Access;
use crate::cli::answers;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use crate::cli::witnessing::Witnessing;
use kusari_api_types::Status;
use kusari_runtime::offline::Offline;
use kusari_runtime::unix_time;
use kusari_runtime::witness_key::WitnessKey;
use kusari_store::Store;

/// Show the state of the chain and of the node
#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &StatusArgs) -> Result<(), Failure> {
    let status = match args.node.open()? {
        Access::Running(client) => client.status()?,
        Access::Stored { store, directory } => of_store(store, &directory)?,
    };
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&status)?,
        false => output.line(&answers::status(&status))?,
    }
    output.flush()
}

/// The state of a chain that no node runs on.
fn of_store(store: Store, directory: &Path) -> Result<Status, Failure> {
    let recent = store.recent_work(unix_time())?;
    // Where the key cannot be used, `witnesses` and the next start say so.
    let key = WitnessKey::open(directory).ok().flatten();
    let node = Offline::open_as(store, Witnessing::default().config(key.as_ref()))?;
    let directory = directory.to_string_lossy().into_owned();
    let status = Status::new(&node.snapshot(), None, Some(directory));
    Ok(views::with_recent_work(status, recent))
}
