//! `kusari erase`.

use kusari_chain::ledger::Txid;

use super::ledger_node;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;

/// Drop the text of a transaction from this node for good; the chain and every proof stay valid
#[derive(Debug, clap::Args)]
pub(crate) struct EraseArgs {
    /// The transaction's id
    #[arg(value_name = "ID")]
    pub(crate) txid: Txid,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

pub(crate) fn run(args: &EraseArgs) -> Result<(), Failure> {
    let (client, _) = ledger_node(&args.node)?;
    client.erase(&args.txid)?;
    let mut output = Stdout::new();
    output.line(&format!(
        "Erased the text of transaction {} from this node; other nodes may still have it",
        args.txid
    ))?;
    output.flush()
}
