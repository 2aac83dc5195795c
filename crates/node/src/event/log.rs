//! Which events are kept, within which bounds, and how an entry of the event log is written.

use super::{Event, Origin};
use crate::prelude::*;

/// Longest text of a stranger that is written down, in characters: an agent, a reason.
pub const MAX_NOTED_TEXT: usize = 200;
/// Most blocks of one branch that a reorganisation names one by one, as many as are shown to a person.
pub const MAX_NOTED_BLOCKS: usize = 64;

/// What stands before the name of an event in answers, behind numbers alone.
const KEY: &str = r#""event":"#;
/// What stands there in a store.
const STORED_KEY: &str = r#""happened":"#;

/// What an event is about. What strangers can cause most of is kept apart from the rest, so that it
/// does not push it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Blocks that cost work, and where the best chain went.
    Chain,
    /// Peers, and what they sent in vain.
    Peers,
    /// Transactions of others.
    Transactions,
    /// Transactions that people submitted to this node.
    Own,
}

/// One thing that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventEntry {
    /// When this node came to know it, in Unix milliseconds by its own clock.
    pub time: u64,
    /// How long a block's line took to be read and checked by itself, in microseconds; absent where it
    /// came in a stretch with others, or was not a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub checked_us: Option<u64>,
    /// How long the node took to judge it beside its chain and to decide what follows, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handled_us: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl EventEntry {
    /// Reads an entry as it is stored. For whoever tests what reads the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let text = str::from_utf8(bytes).map_err(serde::de::Error::custom)?;
        serde_json::from_str(&text.replacen(STORED_KEY, KEY, 1))
    }

    /// The bytes that are stored.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        // Every field of it can be written: it holds numbers, texts and lists of them.
        let text = serde_json::to_string(self).unwrap_or_default();
        text.replacen(KEY, STORED_KEY, 1).into_bytes()
    }
}

impl Event {
    /// What it is about, where it is kept in the event log.
    #[must_use]
    pub fn kind(&self) -> Option<EventKind> {
        Some(match self {
            Self::BlocksJoined { .. }
            | Self::SideBlock { .. }
            | Self::BlockAhead { .. }
            | Self::BlockPassedOn { .. }
            | Self::Reorganised { .. } => EventKind::Chain,
            Self::OrphanKept { .. }
            | Self::BlockRefused { .. }
            | Self::PeerConnected { .. }
            | Self::PeerIntroduced { .. }
            | Self::LineRefused { .. }
            | Self::PeerPenalised { .. }
            | Self::PeerBanned { .. }
            | Self::PeerRefusedOurs { .. }
            | Self::PeerDisconnected { .. } => EventKind::Peers,
            Self::TransactionPooled { origin, .. } | Self::TransactionRefused { origin, .. } => {
                match origin {
                    Origin::Person => EventKind::Own,
                    _ => EventKind::Transactions,
                }
            }
            // In the pool: one of anybody's, and whoever sent the other one caused it.
            Self::TransactionDisplaced { by: Some(_), .. } => EventKind::Transactions,
            // Of others it is not written down what became of them in blocks.
            Self::TransactionDisplaced { by: None, .. }
            | Self::TransactionMined { .. }
            | Self::TransactionMoved { .. }
            | Self::TransactionReturned { .. } => EventKind::Own,
            Self::Missed { of, .. } => *of,
            _ => return None,
        })
    }

    /// Cuts what strangers wrote, and what could be long, to its bound.
    pub fn bound(&mut self) {
        let cut = |text: &mut String| {
            if text.len() > MAX_NOTED_TEXT {
                *text = crate::wire::cut(text, MAX_NOTED_TEXT);
            }
        };
        match self {
            Self::BlocksJoined { origin, .. }
            | Self::SideBlock { origin, .. }
            | Self::OrphanKept { origin, .. }
            | Self::BlockAhead { origin, .. }
            | Self::TransactionPooled { origin, .. } => origin.texts().for_each(cut),
            Self::BlockRefused { reason, origin, .. }
            | Self::TransactionRefused { reason, origin, .. } => {
                origin.texts().chain([reason]).for_each(cut);
            }
            Self::LineRefused { sender, reason, .. } => {
                sender.agent.iter_mut().chain([reason]).for_each(cut);
            }
            Self::PeerIntroduced { agent: text, .. }
            | Self::PeerRefusedOurs { message: text, .. }
            | Self::PeerDisconnected { reason: text, .. } => cut(text),
            Self::Reorganised { reverted, connected, .. } => {
                reverted.truncate(MAX_NOTED_BLOCKS);
                connected.truncate(MAX_NOTED_BLOCKS);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::ledger::Txid;

    #[test]
    fn what_is_told_and_not_kept_is_no_entry() {
        let told = Event::OutboxFull { waiting: 1 };
        assert_eq!(told.kind(), None);
        let entry = EventEntry { time: 1, checked_us: None, handled_us: None, event: told };
        assert!(EventEntry::read(&entry.write()).is_err());
    }

    #[test]
    fn whether_a_text_is_signed_again_is_told_and_not_kept() {
        let txid = Txid([1; 32]);
        let event = Event::TransactionDisplaced { txid, by: None, from: None, again: true };
        let entry = EventEntry { time: 1, checked_us: None, handled_us: None, event };
        let text = alloc::format!(
            r#"{{"time":1,"happened":"transaction_displaced","txid":"{}"}}"#,
            "01".repeat(32)
        );
        assert_eq!(entry.write(), text.as_bytes());
        assert!(matches!(
            EventEntry::read(text.as_bytes()).unwrap().event,
            Event::TransactionDisplaced { again: false, .. }
        ));
    }
}
