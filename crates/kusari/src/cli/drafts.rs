//! Drafts in words: the receipt of one, and what it waits for.

use kusari_chain::ledger::Txid;
use kusari_node::drafts::DraftWait;
use kusari_node::store::EntryId;

use super::escape::counted;

/// The receipt for what the wallet of a node signs.
pub(crate) fn receipt(entry: EntryId, txid: Option<&Txid>, wait: Option<DraftWait>) -> String {
    match txid {
        Some(txid) => format!("Saved as transaction {txid}; it will be mined into a block"),
        None => format!("Saved as draft {entry}; it is signed {}", until(wait)),
    }
}

/// When a draft is signed, and what a person can do for it; to follow `it is signed`.
pub(crate) fn until(wait: Option<DraftWait>) -> &'static str {
    match wait {
        None => "after those before it",
        Some(DraftWait::Peer) => {
            "once this node has caught up with a peer, since another machine may use the same wallet; \
             if none does, start the node with `--offline`"
        }
        Some(DraftWait::Unlock) => "once the wallet is unlocked: `kusari wallet unlock`",
        Some(DraftWait::Account) => {
            "once the node runs with the wallet that it was written for; restore that one with \
             `kusari wallet import`"
        }
        Some(DraftWait::Turn) => {
            "once the account can pay for it and fewer of its transactions wait to be mined"
        }
    }
}

/// The same of a node that runs or does not.
pub(crate) fn until_if(runs: bool, wait: Option<DraftWait>) -> &'static str {
    if runs { until(wait) } else { "when a node runs" }
}

/// What is told when drafts begin to wait for something.
pub(crate) fn waiting(drafts: usize, wait: DraftWait) -> String {
    let are = if drafts == 1 { "is" } else { "are" };
    format!("{} {are} signed {}", counted(drafts as u64, "draft"), until(Some(wait)))
}

/// How many records of a node can't be mined any more.
pub(crate) fn displaced(count: u64) -> String {
    let are = if count == 1 { "is" } else { "are" };
    format!(
        "{} {are} not mined, since other transactions took their place",
        counted(count, "record")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_says_whether_it_is_signed_or_what_it_waits_for_and_what_to_do() {
        let txid = Txid([7; 32]);
        assert_eq!(
            receipt(3, Some(&txid), None),
            format!("Saved as transaction {txid}; it will be mined into a block")
        );
        for (wait, remedy) in [
            (DraftWait::Peer, "`--offline`"),
            (DraftWait::Unlock, "`kusari wallet unlock`"),
            (DraftWait::Account, "`kusari wallet import`"),
            (DraftWait::Turn, "can pay"),
        ] {
            let text = receipt(3, None, Some(wait));
            assert!(text.starts_with("Saved as draft 3; it is signed once "), "{text}");
            assert!(text.contains(remedy), "{text}");
        }
        let behind = receipt(3, None, None);
        assert_eq!(behind, "Saved as draft 3; it is signed after those before it");
    }

    #[test]
    fn drafts_that_wait_are_counted_and_the_remedy_is_named() {
        let one = waiting(1, DraftWait::Unlock);
        assert_eq!(one, "1 draft is signed once the wallet is unlocked: `kusari wallet unlock`");
        assert!(waiting(2, DraftWait::Peer).starts_with("2 drafts are signed once this node has"));
    }
}
