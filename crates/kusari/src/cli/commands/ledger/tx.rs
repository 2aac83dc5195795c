//! `kusari tx`.

use kusari_chain::ledger::Txid;

use crate::cli::prelude::*;
use crate::cli::transaction;

/// Show one transaction and where it stands
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its id
    #[arg(value_name = "ID")]
    txid: Txid,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { txid, query }: &Args) -> Result {
    let report = query.node.ledger()?.transaction(txid)?.ok_or_else(|| {
        failed!("the node knows no transaction {txid}; it may be on its way, or on another chain")
    })?;
    show(query.json, &report, transaction::in_words)
}
