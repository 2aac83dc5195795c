//! `kusari tx`.

use kusari_chain::ledger::Txid;

use crate::cli::named::HashName;
use crate::cli::prelude::*;
use crate::cli::transaction;

/// Show one transaction and where it stands
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id, or 8 digits of it or more
    #[arg(value_name = "ID")]
    txid: HashName<Txid>,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { txid, query }: &Args) -> Result {
    let client = query.node.ledger()?;
    let txid = txid.find(&client)?;
    let report = client.transaction(&txid)?.ok_or_else(|| {
        failed!("the node knows no transaction {txid}; it may be on its way, or on another chain")
    })?;
    show(query.json, &report, transaction::in_words)
}
