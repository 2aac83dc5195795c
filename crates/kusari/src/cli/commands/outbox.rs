//! `kusari outbox`.

use crate::cli::drafts;
use crate::cli::prelude::*;
use kusari_api::views;
use kusari_api_types::{RecordList, RecordReport, RecordState};
use kusari_client::Client;

/// Most records of one answer of the local API.
const PAGE: usize = 100;

/// Show what waits to be signed or mined, and what was displaced, the newest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Most records
    #[arg(long, value_name = "N", default_value_t = PAGE)]
    limit: usize,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(args: &Args) -> Result {
    let (list, runs) = match args.query.node.open()? {
        Access::Running(client) => (of_node(&client, args.limit)?, true),
        Access::Stored(node) => (views::records(&node.store, None, true, args.limit, None)?, false),
    };
    let mut output = Stdout::new();
    if args.query.json {
        output.json(&list)?;
        return output.flush();
    }
    if list.records.is_empty() {
        output.line("Nothing waits to be mined, and nothing was displaced")?;
    }
    for record in &list.records {
        output.line(&in_words(record, runs))?;
    }
    if list.next.is_some() {
        output.line("There are more; --limit says how many are shown")?;
    }
    output.flush()
}

fn of_node(client: &Client, limit: usize) -> Result<RecordList> {
    let mut all = RecordList { records: Vec::new(), next: None };
    while all.records.len() < limit {
        let page = client.outbox(all.next, (limit - all.records.len()).min(PAGE))?;
        all.records.extend(page.records);
        all.next = page.next;
        if all.next.is_none() {
            break;
        }
    }
    Ok(all)
}

/// A record and where it is on its way, in two lines. `runs` says whether a node does.
fn in_words(record: &RecordReport, runs: bool) -> String {
    let text = Plain(&record.text);
    let what = match &record.payment {
        Some(payment) if record.text.is_empty() => {
            format!("pays {} to {}", grouped(payment.amount), payment.to)
        }
        Some(payment) => format!("pays {} to {}: {text}", grouped(payment.amount), payment.to),
        None => text.to_string(),
    };
    format!("Record {}: {what}\n  {}", record.id, state_in_words(record, runs))
}

fn state_in_words(record: &RecordReport, runs: bool) -> String {
    let id = record.txid.map_or_else(String::new, |txid| format!(" as {txid}"));
    match (record.state, record.displaced_by) {
        (RecordState::Draft, Some(by)) => format!(
            "Draft again, since {by} of the same account took the place{}; it is signed {}",
            record.txid.map_or_else(String::new, |txid| format!(" of {txid}")),
            drafts::until_if(runs, record.waits_for)
        ),
        (RecordState::Draft, None) => {
            format!("Draft; it is signed {}", drafts::until_if(runs, record.waits_for))
        }
        (RecordState::Waiting, _) => format!("Waits to be mined{id}"),
        (RecordState::Mined, _) => format!("Mined{id}"),
        (RecordState::Displaced, by) => format!(
            "Displaced{id}: {} of the same account took its place; {} it again if it still counts",
            by.map_or_else(|| String::from("another one"), |by| by.to_string()),
            if record.payment.is_some() { "send" } else { "record" }
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_api_types::PaymentReport;
    use kusari_chain::ledger::{Address, PublicKey, Txid};
    use kusari_node::drafts::DraftWait;

    #[test]
    fn each_record_says_what_it_waits_for_or_what_took_its_place() {
        let (one, other) = (Txid([1; 32]), Txid([2; 32]));
        let record = RecordReport::waiting(4, String::from("a\u{1b}[2Jtext"));
        let line = in_words(&record, true);
        assert_eq!(line, "Record 4: a\\u{1b}[2Jtext\n  Waits to be mined");
        let draft = RecordReport {
            state: RecordState::Draft,
            waits_for: Some(DraftWait::Unlock),
            ..record.clone()
        };
        assert!(
            in_words(&draft, true)
                .ends_with("signed once the wallet is unlocked: `kusari wallet unlock`")
        );
        assert!(in_words(&draft, false).ends_with("Draft; it is signed when a node runs"));
        let payment = Some(PaymentReport { to: Address(PublicKey([9; 32])), amount: 1_000 });
        let (txid, displaced_by) = (Some(one), Some(other));
        let state = RecordState::Displaced;
        let lost = RecordReport { state, payment, txid, displaced_by, ..record };
        let line = in_words(&lost, true);
        assert!(line.starts_with("Record 4: pays 1,000 to ks1"), "{line}");
        let end = format!(
            "Displaced as {one}: {other} of the same account took its place; send it again if it \
             still counts"
        );
        assert!(line.ends_with(&end), "{line}");
    }
}
