//! `kusari tx`.

use kusari_chain::ledger::{Address, FileRecord, Txid};

use super::ledger_node;
use crate::cli::choice::NodeChoice;
use crate::cli::escape::{Plain, counted, grouped};
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use kusari_api_types::{FormerPlace, TransactionReport};

/// Show one transaction and where it stands
#[derive(Debug, clap::Args)]
pub(crate) struct TxArgs {
    /// Its id
    #[arg(value_name = "ID")]
    pub(crate) txid: Txid,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &TxArgs) -> Result<(), Failure> {
    let (client, _) = ledger_node(&args.node)?;
    let report = client.transaction(&args.txid)?.ok_or_else(|| {
        Failure::failed(format!(
            "the node knows no transaction {}; it may be on its way, or on another chain",
            args.txid
        ))
    })?;
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&report)?,
        false => output.line(&in_words(&report))?,
    }
    output.flush()
}

fn unmined(waits: bool, displaced_by: Option<&Txid>) -> String {
    match displaced_by {
        Some(by) => format!("- Block : none, displaced: {by} of the same account took its place"),
        None if waits => String::from("- Block : none yet, it waits to be mined"),
        None => String::from("- Block : none, and it does not wait on this node"),
    }
}

/// A recorded file, for people.
pub(crate) fn file_in_words(file: &FileRecord) -> String {
    let FileRecord { sha256, size, name } = file;
    format!("{}, {}, with the SHA-256 {sha256}", Plain(name), counted(*size, "byte"))
}

/// A transaction, for people. What it carries is text of a stranger.
pub(crate) fn in_words(report: &TransactionReport) -> String {
    let TransactionReport { txid, transaction, payload, waits, block, beside, .. } = report;
    let mut lines = vec![format!("Transaction {txid}")];
    let from = Address(transaction.sender);
    if transaction.is_record() {
        lines.push(format!("- Record of {from}"));
    } else {
        lines.push(format!("- From  : {from}"));
        lines.push(format!("- To    : {}", Address(transaction.receiver)));
        lines.push(format!("- Amount: {}", grouped(transaction.amount)));
    }
    if transaction.fee > 0 {
        lines.push(format!("- Fee   : {}", grouped(transaction.fee)));
    }
    match payload {
        Some(payload) => lines.push(match FileRecord::of_text(&payload.data) {
            Some(file) => format!("- File  : {}", file_in_words(&file)),
            None => format!("- Text  : {}", Plain(&payload.data)),
        }),
        None if transaction.has_payload() => lines.push(format!(
            "- Text  : erased on this node; it had {} bytes and the hash {}",
            grouped(transaction.payload_len),
            transaction.payload
        )),
        None => {}
    }
    lines.push(match block {
        Some(place) if place.confirmations > 0 => format!(
            "- Block : {} at height {}, {} deep",
            place.hash,
            place.height,
            grouped(place.confirmations)
        ),
        Some(place) if report.displaced_by.is_none() && !waits => {
            format!("- Block : {} at height {}, beside the best chain", place.hash, place.height)
        }
        _ => unmined(*waits, report.displaced_by.as_ref()),
    });
    if let Some(former) = &report.former_txid {
        lines.push(format!(
            "- Former: {former}, whose place another one of the account took; the text was signed \
             again"
        ));
    }
    if let Some(FormerPlace { height, hash }) = beside {
        lines.push(format!("- Beside: {hash} at height {height}, not in the best chain"));
    }
    lines.join("\n")
}
