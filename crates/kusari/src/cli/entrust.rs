//! A line of a person, given to the node.

use kusari_node::seam::{Command, Reply};
use kusari_node::store::EntryId;

use super::link::Link;
use super::screen::Screen;
use super::signer::Signer;
use super::words::Said;
use crate::signing::{Draft, Unsent};

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

/// The same on a ledger: the line becomes a signed record, or whatever else the draft says. `origin`
/// says which line it is.
pub(crate) fn entrust_signed(
    link: &Link,
    screen: &Screen,
    signer: &Signer,
    draft: &Draft,
    origin: &str,
) -> bool {
    let Some(node) = link.node() else { return false };
    screen.say(match signer.send(&node, draft) {
        Ok(txid) => {
            Said::answer(format!("Saved as transaction {txid}; it will be mined into a block"))
        }
        Err(Unsent::Refused(why)) => Said::warning(format!("{origin} is not saved: {why}")),
        Err(Unsent::Node(_)) => {
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
