//! A record on its way into the best chain, for a command that waits.
//!
//! Owns how often is asked, when the wait ends, and what is said where another transaction took the
//! record's place.

use std::time::Duration;

use kusari_chain::ledger::Txid;

use super::sign::Session;
use crate::cli::prelude::*;
use crate::cli::wait::{now, poll};
use kusari_api_types::{RecordReport, RecordState, problem};
use kusari_client::ClientError;

/// How often the node is asked how deep a record stands.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// For how long the node is asked to mine on at a time, in seconds; asked again at half of it.
const MINE_ON_SECONDS: u32 = 4;

impl Session<'_> {
    /// Waits until the record is deep enough. Once it is signed, the node mines on meanwhile. Ends at once where the
    /// record can't be mined any more.
    pub(super) fn follow(&self, id: u64, wanted: u32) -> Result<RecordReport> {
        let progress = Progress::of_blocks("Confirming", wanted);
        let mut last: Option<RecordReport> = None;
        let mut mine_at = now();
        let timeout = self.signing.timeout();
        let deep = poll(ASK_AGAIN, timeout, || {
            let report = self.known(id)?;
            if let Some(news) = last.as_ref().and_then(|last| signed_again(last, &report)) {
                say_beside(&news);
            }
            let depth = depth(&report);
            progress.set(depth.min(wanted).into());
            if report.state == RecordState::Displaced {
                return Err(displaced(&report).into());
            }
            if depth >= wanted {
                return Ok(Some(report));
            }
            // Blocks that are mined while a draft waits for a peer would only compete with the peer's.
            if now() >= mine_at && report.state != RecordState::Draft {
                self.mine_on()?;
                mine_at = now() + Duration::from_secs(u64::from(MINE_ON_SECONDS) / 2);
            }
            last = Some(report);
            Ok(None)
        });
        progress.finish();
        match (deep?, last) {
            (Some(report), _) => Ok(report),
            (None, Some(last)) => Err(too_late(&last, wanted, timeout)),
            (None, None) => self.known(id),
        }
    }

    /// Has the node mine on. One that mines nothing waits for others.
    fn mine_on(&self) -> Result {
        match self.client.mine_on(MINE_ON_SECONDS) {
            Err(ClientError::Problem(problem)) if problem.kind == problem::MINING_OFF.kind() => {
                Ok(())
            }
            other => Ok(other?),
        }
    }
}

fn depth(report: &RecordReport) -> u32 {
    report.block.as_ref().map_or(0, |block| block.confirmations)
}

fn too_late(report: &RecordReport, wanted: u32, timeout: Duration) -> Failure {
    let seconds = timeout.as_secs();
    match report.txid {
        Some(txid) => failed!(
            "transaction {txid} is {} of {wanted} deep after {seconds} s; it stays with the node, \
             so do not send it again: `kusari tx {txid}` tells how it goes on",
            depth(report)
        ),
        None => failed!(
            "draft {} is not signed after {seconds} s; it stays with the node, so do not send it \
             again: `kusari outbox` tells what it waits for",
            report.id
        ),
    }
}

/// What is said where the text has another id than before.
fn signed_again(last: &RecordReport, report: &RecordReport) -> Option<String> {
    let (before, after) = (last.txid?, report.txid?);
    if before == after {
        return None;
    }
    let other = last.displaced_by.map_or_else(|| String::from("another one"), named);
    Some(format!(
        "Transaction {before} cannot be mined: {other} of the same account took its place; its text \
         was signed again as transaction {after}"
    ))
}

fn named(txid: Txid) -> String {
    format!("transaction {txid}")
}

/// Why a record that another transaction displaced is not mined.
fn displaced(report: &RecordReport) -> String {
    let what = report.txid.map_or_else(|| format!("record {}", report.id), named);
    let other = report.displaced_by.map_or_else(|| String::from("another one"), named);
    let then = match (report.former_txid, &report.payment) {
        (Some(former), _) => format!(
            "its text was signed again after {former}, and is not signed once more: record it again \
             if it still counts"
        ),
        (None, Some(_)) => String::from(
            "a payment is never signed again by itself: send it again if it still counts",
        ),
        (None, None) => String::from("it was not signed again: record it again if it still counts"),
    };
    format!("{what} cannot be mined: {other} of the same account took its place; {then}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_api_types::PaymentReport;
    use kusari_chain::ledger::{Address, PublicKey};

    fn report() -> RecordReport {
        let txid = Some(Txid([1; 32]));
        RecordReport { txid, ..RecordReport::waiting(7, String::from("text")) }
    }

    #[test]
    fn a_record_that_lost_its_place_names_the_other_one_and_what_to_do() {
        let (one, other) = (Txid([1; 32]), Txid([2; 32]));
        let lost =
            RecordReport { state: RecordState::Displaced, displaced_by: Some(other), ..report() };
        let text = displaced(&lost);
        let cause = format!("transaction {one} cannot be mined: transaction {other} of the same");
        assert!(text.starts_with(&cause), "{text}");
        assert!(text.ends_with("it was not signed again: record it again if it still counts"));
        let payment = Some(PaymentReport { to: Address(PublicKey([9; 32])), amount: 3 });
        let text = displaced(&RecordReport { payment, ..lost.clone() });
        assert!(
            text.contains("a payment is never signed again by itself: send it again"),
            "{text}"
        );
        let former = Txid([3; 32]);
        let text = displaced(&RecordReport { former_txid: Some(former), ..lost });
        // It may have been signed more often than twice, and another one of the same person ends that too.
        let then =
            format!("its text was signed again after {former}, and is not signed once more: ");
        assert!(text.contains(&then), "{text}");
    }

    #[test]
    fn a_text_that_is_signed_again_is_told_once_with_both_ids() {
        let (one, other, new) = (Txid([1; 32]), Txid([2; 32]), Txid([3; 32]));
        let draft =
            RecordReport { state: RecordState::Draft, displaced_by: Some(other), ..report() };
        let again = RecordReport { txid: Some(new), former_txid: Some(one), ..report() };
        assert_eq!(
            signed_again(&draft, &again).unwrap(),
            format!(
                "Transaction {one} cannot be mined: transaction {other} of the same account took \
                 its place; its text was signed again as transaction {new}"
            )
        );
        assert_eq!(signed_again(&again, &again), None);
        assert_eq!(signed_again(&RecordReport { txid: None, ..report() }, &again), None);
    }
}
