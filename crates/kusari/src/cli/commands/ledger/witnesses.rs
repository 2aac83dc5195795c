//! `kusari witnesses`.

use kusari_api::views;
use std::path::Path;

use crate::cli::access::Access;
use crate::cli::answers;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use crate::cli::witnessing::Witnessing;
use kusari_api_types::WitnessList;
use kusari_runtime::offline::Offline;
use kusari_runtime::witness_key::WitnessKey;
use kusari_store::Store;

/// Show which keys say what they saw, on a ledger, and which of them lied
#[derive(Debug, clap::Args)]
pub(crate) struct WitnessesArgs {
    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &WitnessesArgs) -> Result<(), Failure> {
    let list = match args.node.open()? {
        Access::Running(client) => client.witnesses()?,
        Access::Stored { store, directory } => of_store(store, &directory)?,
    };
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&list)?,
        false => output.line(&answers::witnesses(&list))?,
    }
    output.flush()
}

/// What is known of a chain that no node runs on.
fn of_store(store: Store, directory: &Path) -> Result<WitnessList, Failure> {
    if store.spec().is_none() {
        return Err(Failure::failed(
            "this is the classic chain, which has no witnesses; name the data directory of a ledger",
        ));
    }
    let key = WitnessKey::open(directory)?;
    let known = store.witnesses()?;
    let node = Offline::open_as(store, Witnessing::default().config(key.as_ref()))?;
    let summary = node.snapshot().ledger.map(|ledger| ledger.witnesses).unwrap_or_default();
    Ok(views::stored_witnesses(&summary, &known))
}
