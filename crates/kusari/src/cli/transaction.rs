//! A transaction, and a file that one is about, in words.

use kusari_chain::ledger::{Address, FileRecord, Txid};

use super::answers::hindered;
use super::escape::{Plain, counted, grouped};
use kusari_api_types::TransactionReport;
use kusari_node::event::BlockName;

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
    if let Some(BlockName { height, hash }) = beside {
        lines.push(format!("- Beside: {hash} at height {height}, not in the best chain"));
    }
    lines.extend(report.hindrances.iter().map(|hindrance| format!("- {}", hindered(hindrance))));
    lines.join("\n")
}
