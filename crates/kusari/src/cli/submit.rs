//! A line of a person, submitted to the node.

use kusari_node::drafts::{Draft, DraftContent};
use kusari_node::interface::{Drafted, request};
use kusari_node::store::EntryId;

use super::drafts;
use super::link::Link;
use super::screen::Screen;
use super::words::Message;
use kusari_runtime::{NoAnswer, NodeWallet};

/// Where lines of a person go, and where the receipts.
#[derive(Clone, Copy)]
pub(crate) struct Submitter<'a> {
    pub(crate) link: &'a Link,
    pub(crate) screen: &'a Screen,
    /// The node's own, on a ledger.
    pub(crate) wallet: Option<&'a NodeWallet>,
}

impl Submitter<'_> {
    /// Submits a text to the node and shows the receipt. Returns whether the node still runs. `origin`
    /// says which text it is.
    pub(crate) fn text(&self, text: String, origin: &str) -> bool {
        match self.wallet {
            Some(wallet) => self.draft(wallet, DraftContent::Record(text), origin),
            None => self.line(text, origin),
        }
    }

    /// On the classic chain. Waits until the line is durable, and while the outbox is full.
    fn line(&self, text: String, origin: &str) -> bool {
        let Some(node) = self.link.node() else { return false };
        self.screen.asking();
        let warning = node.snapshot().warning_about(&text);
        let reply = node.command(request::say(text));
        let (entry, said) = match &reply {
            Ok(Ok(entry)) => (Some(*entry), Message::answer(receipt(*entry))),
            Ok(Err(refusal)) => (None, not_saved(origin, refusal)),
            Err(why) => (None, not_answered(origin, *why)),
        };
        self.screen.answered(entry, Some(said));
        if let Some(warning) = warning.filter(|_| entry.is_some()) {
            self.screen.say(Message::warning(format!("{origin} is saved, but {warning}")));
        }
        reply.is_ok()
    }

    /// On a ledger: the node's wallet signs what is drafted.
    pub(crate) fn draft(&self, wallet: &NodeWallet, content: DraftContent, origin: &str) -> bool {
        let Some(node) = self.link.node() else { return false };
        let fee = node.store().spec().map_or(0, |spec| spec.min_fee);
        let draft = Draft { account: wallet.address().0, fee, content };
        let reply = node.command(request::draft(draft));
        self.screen.say(match &reply {
            Ok(Ok(Drafted { entry, txid, wait })) => {
                Message::answer(drafts::receipt(*entry, txid.as_ref(), *wait))
            }
            Ok(Err(refusal)) => not_saved(origin, refusal),
            Err(why) => not_answered(origin, *why),
        });
        reply.is_ok()
    }
}

fn not_saved(origin: &str, refusal: &dyn core::fmt::Display) -> Message {
    Message::warning(format!("{origin} is not saved: {refusal}"))
}

fn not_answered(origin: &str, why: NoAnswer) -> Message {
    Message::warning(match why {
        NoAnswer::Stopped => {
            format!("{origin} may not be saved: the node stopped before it said so")
        }
        NoAnswer::Unfitting => format!("{origin} may not be saved: {why}"),
    })
}

/// The receipt for a line.
pub(crate) fn receipt(entry: EntryId) -> String {
    format!("Saved as line {entry}; it will be mined into a block")
}
