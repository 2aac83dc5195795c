//! What happened, each in a line.
//!
//! Owns the words of events, and which of them are worth a line. What strangers say is escaped where
//! it is drawn.

use kusari_chain::BlockHash;

use crate::cli::answers::{SILENT, hindered};
use crate::cli::drafts::waiting;
use crate::cli::escape::{counted, grouped};
use crate::cli::words::{Message, Severity};
use kusari_api_types::{DraftChange, NodeEvent, PeerChange, TransactionState};

/// A line about what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventLine {
    /// When it was told, in Unix seconds.
    pub(crate) at: u64,
    pub(crate) message: Message,
}

/// The first digits of a hash: enough to tell blocks of one screen apart.
pub(crate) fn short(hash: &BlockHash) -> String {
    let mut text = hash.to_string();
    text.truncate(12);
    text.push('…');
    text
}

/// The line of an event, if it is worth one: nobody could read those of transactions of others.
pub(crate) fn words(event: &NodeEvent) -> Option<Message> {
    Some(match event {
        NodeEvent::Block { tip, transactions } => Message::routine(format!(
            "Block {} joined the best chain: {}, {}",
            tip.height,
            short(&tip.hash),
            counted(*transactions as u64, "transaction")
        )),
        NodeEvent::Reorganisation { depth, from, to } => Message::warning(format!(
            "Reorganised {} deep: from block {}, {}, to block {}, {}",
            counted(u64::from(*depth), "block"),
            from.height,
            short(&from.hash),
            to.height,
            short(&to.hash)
        )),
        NodeEvent::Transaction { own: false, .. } | NodeEvent::Mining(_) => return None,
        NodeEvent::Transaction { txid, own: true, state, by } => match state {
            TransactionState::Waiting => Message::routine(format!("Your {txid} waits to be mined")),
            TransactionState::Mined => Message::routine(format!("Your {txid} was mined")),
            TransactionState::Displaced => {
                let by = by.map_or_else(|| String::from("another one"), |by| by.to_string());
                Message::warning(format!("Your {txid} was displaced: {by} took its place"))
            }
        },
        NodeEvent::Draft(DraftChange::Signed { record, txid, former_txid: None }) => {
            Message::routine(format!("Draft {record} was signed as {txid}"))
        }
        NodeEvent::Draft(DraftChange::Signed { txid, former_txid: Some(former), .. }) => {
            Message::warning(format!("Your {former} was signed again as {txid}"))
        }
        NodeEvent::Draft(DraftChange::Waiting { drafts, waits_for }) => {
            Message::warning(waiting(*drafts, *waits_for))
        }
        NodeEvent::Peer { address, change } => match change {
            PeerChange::Connected { inbound: true } => {
                Message::routine(format!("{address} connected to the node"))
            }
            PeerChange::Connected { inbound: false } => {
                Message::routine(format!("The node connected to {address}"))
            }
            PeerChange::Introduced { agent } => {
                Message::routine(format!("{address} introduced itself as {agent}"))
            }
            PeerChange::Original => Message::routine(format!("{address} is an original node")),
            PeerChange::Silent => Message::warning(format!("{address} is {SILENT}")),
            PeerChange::Diverged => Message::warning(format!(
                "The original node {address} stands on another branch; start it again"
            )),
            PeerChange::Disconnected { reason } => {
                Message::warning(format!("{address} is gone: {reason}"))
            }
        },
        NodeEvent::Hindrance { ended: false, hindrance } => Message::warning(hindered(hindrance)),
        NodeEvent::Hindrance { ended: true, hindrance } => {
            Message::routine(format!("No longer so: {}", hindrance.text))
        }
        NodeEvent::HeldBranch { branch, .. } => Message::alarm(format!(
            "A branch with more work is held, block {}, {}: following it would take back {}",
            branch.height,
            short(&branch.hash),
            counted(u64::from(branch.reverts), "block")
        )),
        NodeEvent::Witness { key, height, .. } => {
            Message::routine(format!("Witness {key} stands by block {height}"))
        }
        NodeEvent::Equivocation { key, sequence, listed } => {
            let severity = if *listed { Severity::Alarm } else { Severity::Warning };
            let text = format!(
                "Witness {key} signed two statements with the sequence {sequence}: do not believe it"
            );
            Message { severity, text }
        }
        NodeEvent::Missed { count: Some(count) } => {
            Message::warning(format!("{} events were missed", grouped(count)))
        }
        NodeEvent::Missed { count: None } => {
            Message::warning("Events were missed: the node is another run, or was busy")
        }
    })
}
