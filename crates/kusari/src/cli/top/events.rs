//! What happened, each in a line.
//!
//! Owns the words of events, and which of them are worth a line. What strangers say is escaped where
//! it is drawn.

use kusari_chain::BlockHash;

use crate::cli::drafts::waiting;
use crate::cli::escape::{counted, grouped};
use kusari_api_types::{DraftChange, NodeEvent, PeerChange, TransactionState};

/// How much a line matters. It begins with a sign of that, so that no colour is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Routine,
    /// A person may want to know.
    Warning,
    /// A person has to decide something.
    Alarm,
}

/// A line about what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventLine {
    /// When it was told, in Unix seconds.
    pub(crate) at: u64,
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

/// The first digits of a hash: enough to tell blocks of one screen apart.
pub(crate) fn short(hash: &BlockHash) -> String {
    let mut text = hash.to_string();
    text.truncate(12);
    text.push('…');
    text
}

/// The line of an event, if it is worth one: nobody could read those of transactions of others.
pub(crate) fn words(event: &NodeEvent) -> Option<(Tone, String)> {
    Some(match event {
        NodeEvent::Block { tip, transactions } => (
            Tone::Routine,
            format!(
                "Block {} joined the best chain: {}, {}",
                tip.height,
                short(&tip.hash),
                counted(*transactions as u64, "transaction")
            ),
        ),
        NodeEvent::Reorganisation { depth, from, to } => (
            Tone::Warning,
            format!(
                "Reorganised {} deep: from block {}, {}, to block {}, {}",
                counted(u64::from(*depth), "block"),
                from.height,
                short(&from.hash),
                to.height,
                short(&to.hash)
            ),
        ),
        NodeEvent::Transaction { own: false, .. } | NodeEvent::Mining(_) => return None,
        NodeEvent::Transaction { txid, own: true, state, by } => match state {
            TransactionState::Waiting => (Tone::Routine, format!("Your {txid} waits to be mined")),
            TransactionState::Mined => (Tone::Routine, format!("Your {txid} was mined")),
            TransactionState::Displaced => {
                let by = by.map_or_else(|| String::from("another one"), |by| by.to_string());
                (Tone::Warning, format!("Your {txid} was displaced: {by} took its place"))
            }
        },
        NodeEvent::Draft(DraftChange::Signed { record, txid, former_txid: None }) => {
            (Tone::Routine, format!("Draft {record} was signed as {txid}"))
        }
        NodeEvent::Draft(DraftChange::Signed { txid, former_txid: Some(former), .. }) => {
            (Tone::Warning, format!("Your {former} was signed again as {txid}"))
        }
        NodeEvent::Draft(DraftChange::Waiting { drafts, waits_for }) => {
            (Tone::Warning, waiting(*drafts, *waits_for))
        }
        NodeEvent::Peer { address, change } => match change {
            PeerChange::Connected { inbound: true } => {
                (Tone::Routine, format!("{address} connected to the node"))
            }
            PeerChange::Connected { inbound: false } => {
                (Tone::Routine, format!("The node connected to {address}"))
            }
            PeerChange::Introduced { agent } => {
                (Tone::Routine, format!("{address} introduced itself as {agent}"))
            }
            PeerChange::Original => (Tone::Routine, format!("{address} is an original node")),
            PeerChange::Diverged => (
                Tone::Warning,
                format!("The original node {address} stands on another branch; start it again"),
            ),
            PeerChange::Disconnected { reason } => {
                (Tone::Warning, format!("{address} is gone: {reason}"))
            }
        },
        NodeEvent::HeldBranch { branch, .. } => (
            Tone::Alarm,
            format!(
                "A branch with more work is held, block {}, {}: following it would take back {}",
                branch.height,
                short(&branch.hash),
                counted(u64::from(branch.reverts), "block")
            ),
        ),
        NodeEvent::Witness { key, height, .. } => {
            (Tone::Routine, format!("Witness {key} stands by block {height}"))
        }
        NodeEvent::Equivocation { key, sequence, listed } => (
            if *listed { Tone::Alarm } else { Tone::Warning },
            format!(
                "Witness {key} signed two statements with the sequence {sequence}: do not believe it"
            ),
        ),
        NodeEvent::Missed { count: Some(count) } => {
            (Tone::Warning, format!("{} events were missed", grouped(count)))
        }
        NodeEvent::Missed { count: None } => (
            Tone::Warning,
            String::from("Events were missed: the node is another run, or was busy"),
        ),
    })
}
