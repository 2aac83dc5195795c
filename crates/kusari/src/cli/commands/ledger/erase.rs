//! `kusari erase`.

use kusari_chain::ledger::Txid;

use crate::cli::prelude::*;

/// Drop the text of a transaction from this node for good; the chain and every proof stay valid
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The transaction's id
    #[arg(value_name = "ID")]
    txid: Txid,

    #[command(flatten)]
    node: NodeChoice,
}

pub(crate) fn run(Args { txid, node }: &Args) -> Result {
    node.ledger()?.erase(txid)?;
    print(&format!(
        "Erased the text of transaction {txid} from this node; other nodes may still have it"
    ))
}
