//! A line of a person, given to the node.

use kusari_node::drafts::{Draft, DraftContent};
use kusari_node::seam::{Command, Reply};
use kusari_node::store::EntryId;

use super::drafts;
use super::link::Link;
use super::screen::Screen;
use super::words::Said;
use kusari_runtime::NodeWallet;

/// Gives a line to the node and shows the receipt. Waits until the line is durable, and while the
/// outbox is full. Returns whether the node still runs. `origin` says which line it is.
pub(crate) fn entrust(link: &Link, screen: &Screen, text: String, origin: &str) -> bool {
    let Some(node) = link.node() else { return false };
    screen.asking();
    let warning = node.snapshot().warning_about(&text);
    let reply = node.command(Command::Say(text));
    let (entry, said) = match &reply {
        Ok(Reply::Saved(entry)) => (Some(*entry), Said::answer(receipt(*entry))),
        Ok(Reply::Refused(refusal)) => {
            (None, Said::warning(format!("{origin} is not saved: {refusal}")))
        }
        Ok(_) => (None, Said::warning(format!("{origin} was answered with something else"))),
        Err(_) => (
            None,
            Said::warning(format!("{origin} may not be saved: the node stopped before it said so")),
        ),
    };
    let is_saved = entry.is_some();
    screen.answered(entry, Some(said));
    if let Some(warning) = warning.filter(|_| is_saved) {
        screen.say(Said::warning(format!("{origin} is saved, but {warning}")));
    }
    reply.is_ok()
}

/// The same on a ledger: the node's wallet signs what is drafted. `origin` says which line it is.
pub(crate) fn entrust_draft(
    link: &Link,
    screen: &Screen,
    wallet: &NodeWallet,
    content: DraftContent,
    origin: &str,
) -> bool {
    let Some(node) = link.node() else { return false };
    let fee = node.store().spec().map_or(0, |spec| spec.min_fee);
    let draft = Draft { account: wallet.address().0, fee, content };
    screen.say(match node.command(Command::Draft(draft)) {
        Ok(Reply::Drafted { entry, txid, wait }) => {
            Said::answer(drafts::receipt(entry, txid.as_ref(), wait))
        }
        Ok(Reply::NotSubmitted(refusal)) => {
            Said::warning(format!("{origin} is not saved: {refusal}"))
        }
        Ok(_) => Said::warning(format!("{origin} was answered with something else")),
        Err(_) => {
            screen.say(Said::warning(format!(
                "{origin} may not be saved: the node stopped before it said so"
            )));
            return false;
        }
    });
    true
}

/// The receipt for a line.
pub(crate) fn receipt(entry: EntryId) -> String {
    format!("Saved as line {entry}; it will be mined into a block")
}
