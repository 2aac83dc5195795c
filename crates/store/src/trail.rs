//! The trail: what happened to blocks, transactions and peers on this node, for users who ask why.
//!
//! Owns under which subjects an entry is found, and how a subject is named. Where it is
//! kept is up to [`crate::Store`], what is written down to the node.

mod subject;

use std::net::SocketAddr;

use kusari_chain::BlockHash;
use kusari_chain::ledger::Txid;
use kusari_node::happening::{Happening, Kind};

pub use kusari_node::trail::TrailEntry;

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
    Missed(Kind),
}

impl Name {
    /// Everything that an entry is to be found under.
    pub(crate) fn all_of(entry: &TrailEntry) -> Vec<Self> {
        let peer_of = |origin: &kusari_node::happening::Origin| {
            origin.sender().map(|sender| Name::Peer(sender.address))
        };
        match &entry.happening {
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
}
