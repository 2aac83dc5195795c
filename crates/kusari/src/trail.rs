//! The trail: what happened to blocks, transactions and peers on this node, for whoever asks why.
//!
//! Owns the form of an entry, under which subjects it is found, and how a subject is named. Where it is
//! kept is up to [`crate::store`], what is written down to the node.

mod subject;

use std::net::SocketAddr;

use kusari_chain::BlockHash;
use kusari_chain::ledger::Txid;
use kusari_node::happening::{Happening, Kind};
use serde::{Deserialize, Serialize};

pub use self::subject::{Prefix, Subject, UnknownSubject};

/// One thing that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailEntry {
    /// When this node came to know it, in Unix milliseconds by its own clock.
    pub time: u64,
    /// How long a block's line took to be read and checked by itself, in microseconds; absent where it
    /// came in a stretch with others, or was not a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_us: Option<u64>,
    /// How long the node took to judge it beside its chain and to decide what follows, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handled_us: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Block(BlockHash),
    Transaction(Txid),
    Peer(SocketAddr),
    /// A run of blocks up to this height, which it does not name one by one.
    Run(u32),
    Reorganisation,
    Missed(Kind),
}

impl TrailEntry {
    /// Everything that the entry is to be found under.
    pub(crate) fn names(&self) -> Vec<Name> {
        let peer_of = |origin: &kusari_node::happening::Origin| {
            origin.sender().map(|sender| Name::Peer(sender.address))
        };
        match &self.happening {
            Happening::BlocksJoined { first, last, .. } if first == last => {
                vec![Name::Block(last.hash)]
            }
            Happening::BlocksJoined { first, last, .. } => {
                vec![Name::Block(first.hash), Name::Block(last.hash), Name::Run(last.height)]
            }
            Happening::SideBlock { block, .. }
            | Happening::BlockAhead { block, .. }
            | Happening::BlockPassedOn { block, .. } => vec![Name::Block(block.hash)],
            // What came of nothing is part of what its sender did.
            Happening::OrphanKept { block, origin, .. }
            | Happening::BlockRefused { block, origin, .. } => {
                [Some(Name::Block(block.hash)), peer_of(origin)].into_iter().flatten().collect()
            }
            Happening::Reorganised { reverted, connected, .. } => {
                let blocks = reverted.iter().chain(connected).map(|block| Name::Block(block.hash));
                blocks.chain([Name::Reorganisation]).collect()
            }
            Happening::TransactionRefused { txid, .. }
            | Happening::TransactionPooled { txid, .. }
            | Happening::TransactionDisplaced { txid, .. }
            | Happening::TransactionMined { txid, .. }
            | Happening::TransactionMoved { txid, .. }
            | Happening::TransactionReturned { txid, .. } => vec![Name::Transaction(*txid)],
            Happening::LineRefused { sender, .. } => vec![Name::Peer(sender.address)],
            Happening::PeerConnected { address, .. }
            | Happening::PeerIntroduced { address, .. }
            | Happening::PeerPenalised { address, .. }
            | Happening::PeerBanned { address, .. }
            | Happening::PeerRefusedOurs { address, .. }
            | Happening::PeerDisconnected { address, .. } => vec![Name::Peer(*address)],
            Happening::Missed { of, .. } => vec![Name::Missed(*of)],
        }
    }

    /// Reads an entry as it is stored. For whoever tests what reads the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The bytes that are stored.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        // Every field of it can be written: it holds numbers, texts and lists of them.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
