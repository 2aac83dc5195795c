//! The event log: what happened to blocks, transactions and peers on this node, for users who ask why.
//!
//! Owns under which subjects an entry is found, and how a subject is named. Where it is
//! kept is up to [`crate::Store`], what is written down to the node.

mod subject;

use std::net::SocketAddr;

use kusari_chain::BlockHash;
use kusari_chain::ledger::Txid;
use kusari_node::event::{Event, EventKind, Origin};

pub use kusari_node::event::EventEntry;

pub use self::subject::{Prefix, Subject, UnknownSubject};

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Block(BlockHash),
    Transaction(Txid),
    Peer(SocketAddr),
    /// A run of blocks up to this height, which it does not name one by one.
    Run(u32),
    Reorganisation,
    Missed(EventKind),
}

impl Name {
    /// Everything that an entry is to be found under.
    pub(crate) fn all_of(entry: &EventEntry) -> Vec<Self> {
        let peer_of = |origin: &Origin| origin.sender().map(|sender| Name::Peer(sender.address));
        match &entry.event {
            Event::BlocksJoined { first, last, .. } if first == last => {
                vec![Name::Block(last.hash)]
            }
            Event::BlocksJoined { first, last, .. } => {
                vec![Name::Block(first.hash), Name::Block(last.hash), Name::Run(last.height)]
            }
            Event::SideBlock { block, .. }
            | Event::BlockAhead { block, .. }
            | Event::BlockPassedOn { block, .. } => vec![Name::Block(block.hash)],
            // What came of nothing is part of what its sender did.
            Event::OrphanKept { block, origin, .. } | Event::BlockRefused { block, origin, .. } => {
                [Some(Name::Block(block.hash)), peer_of(origin)].into_iter().flatten().collect()
            }
            Event::Reorganised { reverted, connected, .. } => {
                let blocks = reverted.iter().chain(connected).map(|block| Name::Block(block.hash));
                blocks.chain([Name::Reorganisation]).collect()
            }
            Event::TransactionRefused { txid, .. }
            | Event::TransactionPooled { txid, .. }
            | Event::TransactionDisplaced { txid, .. }
            | Event::TransactionMined { txid, .. }
            | Event::TransactionMoved { txid, .. }
            | Event::TransactionReturned { txid, .. } => vec![Name::Transaction(*txid)],
            Event::LineRefused { sender, .. } => vec![Name::Peer(sender.address)],
            Event::PeerConnected { address, .. }
            | Event::PeerIntroduced { address, .. }
            | Event::PeerPenalised { address, .. }
            | Event::PeerBanned { address, .. }
            | Event::PeerRefusedOurs { address, .. }
            | Event::PeerDisconnected { address, .. } => vec![Name::Peer(*address)],
            Event::Missed { of, .. } => vec![Name::Missed(*of)],
            _ => Vec::new(),
        }
    }
}
