//! `kusari erase`.

use kusari_chain::ledger::Txid;

use crate::cli::named::HashName;
use crate::cli::prelude::*;

/// Drop the text of a transaction from this node for good; the chain and every proof stay valid
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The transaction's id, or 8 digits of it or more
    #[arg(value_name = "ID")]
    txid: HashName<Txid>,

    #[command(flatten)]
    node: NodeChoice,
}

pub(crate) fn run(Args { txid, node }: &Args) -> Result {
    let client = node.ledger()?;
    let txid = txid.find(&client)?;
    client.erase(&txid)?;
    print(&format!(
        "Erased the text of transaction {txid} from this node; other nodes may still have it"
    ))
}
