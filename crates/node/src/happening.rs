//! What the node writes down about one block, one transaction or one peer, so that somebody can ask
//! later why things are as they are.
//!
//! Owns the facts and their one form as JSON, which the store keeps and the local API answers with.
//! When each happened is stamped by the driver; how many are kept, and how they are worded, is up to
//! the program.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use kusari_chain::ledger::Txid;
use kusari_chain::{BestPoint, BlockHash};
use serde::{Deserialize, Serialize};

use crate::address::PeerAddress;
use crate::store::EntryId;

/// Longest text of a stranger that is written down, in characters: an agent, a reason.
pub const MAX_NOTED_TEXT: usize = 200;
/// Most blocks of one branch that a reorganisation names one by one, as many as are shown to a person.
pub const MAX_NOTED_BLOCKS: usize = 64;

/// A block by its height and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BlockName {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
}

impl From<BestPoint> for BlockName {
    fn from(point: BestPoint) -> Self {
        Self { height: point.height, hash: point.hash }
    }
}

/// A peer as it was when it sent something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sender {
    /// Its address.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub address: SocketAddr,
    /// Program and version, as it says; absent before it introduced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub agent: Option<String>,
}

/// Where a block or a transaction comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Origin {
    /// A peer sent it by itself.
    Announced(Sender),
    /// A peer sent it because it was asked while this node caught up.
    Synced(Sender),
    /// It was mined here.
    Mined {
        /// For this line of the outbox; absent on a ledger.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<u64>, nullable = false))]
        entry: Option<EntryId>,
    },
    /// It was here and waited: for its parent, or for its time.
    Waited,
    /// It was here, and its branch is judged anew.
    Reconsidered,
    /// A person or a program of this node handed it over.
    Person,
}

/// What a happening is about. What strangers can cause most of is kept apart from the rest, so that it
/// does not push it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = HappeningKind))]
pub enum Kind {
    /// Blocks that cost work, and where the best chain went.
    Chain,
    /// Peers, and what they sent in vain.
    Peers,
    /// Transactions of others.
    Transactions,
    /// Transactions that people entrusted to this node.
    Own,
}

/// One thing that happened to a block, a transaction or a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "happened", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Happening {
    /// Blocks of heights in a row joined the best chain, each as its tip. Most often it is one.
    BlocksJoined {
        /// The lowest.
        first: BlockName,
        /// The highest.
        last: BlockName,
        /// Where they come from.
        origin: Origin,
    },
    /// A valid block has its place beside the best chain.
    SideBlock {
        /// Which.
        block: BlockName,
        /// Where it comes from.
        origin: Origin,
        /// Whether its branch has more work and is held all the same, for it would revert more than the
        /// operator allows.
        held: bool,
    },
    /// A block waits for its parent, which is unknown.
    OrphanKept {
        /// Which.
        block: BlockName,
        /// The parent.
        parent: BlockHash,
        /// Where it comes from.
        origin: Origin,
    },
    /// A block waits for its time: it is ahead of this node's clock.
    BlockAhead {
        /// Which.
        block: BlockName,
        /// From when on it may be accepted, in Unix seconds.
        due: u64,
        /// Where it comes from.
        origin: Origin,
    },
    /// A block breaks a rule.
    BlockRefused {
        /// Which.
        block: BlockName,
        /// Short name of the rule.
        code: String,
        /// The rule, in a sentence.
        reason: String,
        /// Where it comes from.
        origin: Origin,
    },
    /// Peers were sent a block, or told of it.
    BlockPassedOn {
        /// The last one that they were sent.
        block: BlockName,
        /// Peers that were sent it.
        pushed: u32,
        /// Peers that were told of it, to ask for it.
        announced: u32,
    },
    /// The best chain moved to another branch.
    Reorganised {
        /// Blocks that left the best chain.
        depth: u32,
        /// The tip before.
        from: BestPoint,
        /// The tip now.
        to: BestPoint,
        /// The blocks that left, from the old tip down; at most 64.
        reverted: Vec<BlockName>,
        /// The blocks that joined, from the fork up; at most 64.
        connected: Vec<BlockName>,
    },
    /// A transaction waits to be mined.
    TransactionPooled {
        /// Which.
        txid: Txid,
        /// Where it comes from.
        origin: Origin,
    },
    /// A transaction was not let into the pool.
    TransactionRefused {
        /// Which.
        txid: Txid,
        /// Short name of the fault.
        code: String,
        /// Why, in a sentence.
        reason: String,
        /// Where it comes from.
        origin: Origin,
    },
    /// A transaction lost its place.
    TransactionDisplaced {
        /// Which.
        txid: Txid,
        /// The one that has its place; absent where that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(nullable = false))]
        by: Option<Txid>,
        /// The block that it stood in, which left the best chain, if it had been mined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(nullable = false))]
        from: Option<BlockName>,
    },
    /// A transaction of this node's people stands in the best chain.
    TransactionMined {
        /// Which.
        txid: Txid,
        /// Height of its block.
        height: u32,
    },
    /// A transaction of this node's people stands in another block, since the best chain moved.
    TransactionMoved {
        /// Which.
        txid: Txid,
        /// The block that it stood in.
        from: BlockName,
        /// The block that it stands in now.
        to: BlockName,
    },
    /// A transaction of this node's people that was done waits to be mined again.
    TransactionReturned {
        /// Which.
        txid: Txid,
        /// The block that it stood in, which left the best chain; absent where it held another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(nullable = false))]
        from: Option<BlockName>,
        /// Whether it is back in the pool.
        pooled: bool,
    },
    /// A connection to a peer is open.
    PeerConnected {
        /// The other end.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        address: SocketAddr,
        /// What was dialled; absent where the peer dialled us.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, nullable = false))]
        target: Option<PeerAddress>,
    },
    /// A peer introduced itself.
    PeerIntroduced {
        /// Its address.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        address: SocketAddr,
        /// Program and version, as it says.
        agent: String,
    },
    /// A line of a peer was refused before anything came of it, or a block or a header of it.
    LineRefused {
        /// Who sent it.
        sender: Sender,
        /// Short name of the fault.
        code: String,
        /// Why, in a sentence.
        reason: String,
    },
    /// A peer got points for misbehaving.
    PeerPenalised {
        /// Its address.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        address: SocketAddr,
        /// Points for this.
        points: u32,
        /// Points that it has by now.
        total: u32,
    },
    /// An address is banned.
    PeerBanned {
        /// Whose.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        address: SocketAddr,
        /// For how many seconds.
        seconds: u64,
    },
    /// A peer says that it refused something of ours.
    PeerRefusedOurs {
        /// Who.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        address: SocketAddr,
        /// What it says.
        message: String,
    },
    /// A connection ended.
    PeerDisconnected {
        /// The other end.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// More happened than is written down.
    Missed {
        /// To what.
        of: Kind,
        /// How much.
        count: u64,
    },
}

impl Happening {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::BlocksJoined { .. }
            | Self::SideBlock { .. }
            | Self::BlockAhead { .. }
            | Self::BlockPassedOn { .. }
            | Self::Reorganised { .. } => Kind::Chain,
            Self::OrphanKept { .. }
            | Self::BlockRefused { .. }
            | Self::PeerConnected { .. }
            | Self::PeerIntroduced { .. }
            | Self::LineRefused { .. }
            | Self::PeerPenalised { .. }
            | Self::PeerBanned { .. }
            | Self::PeerRefusedOurs { .. }
            | Self::PeerDisconnected { .. } => Kind::Peers,
            Self::TransactionPooled { origin, .. } | Self::TransactionRefused { origin, .. } => {
                match origin {
                    Origin::Person => Kind::Own,
                    _ => Kind::Transactions,
                }
            }
            // In the pool: one of anybody's, and whoever sent the other one caused it.
            Self::TransactionDisplaced { by: Some(_), .. } => Kind::Transactions,
            // Of others it is not written down what became of them in blocks.
            Self::TransactionDisplaced { by: None, .. }
            | Self::TransactionMined { .. }
            | Self::TransactionMoved { .. }
            | Self::TransactionReturned { .. } => Kind::Own,
            Self::Missed { of, .. } => *of,
        }
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

impl Origin {
    /// The peer that it comes from.
    #[must_use]
    pub fn sender(&self) -> Option<&Sender> {
        match self {
            Self::Announced(sender) | Self::Synced(sender) => Some(sender),
            _ => None,
        }
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let sender = match self {
            Self::Announced(sender) | Self::Synced(sender) => Some(sender),
            _ => None,
        };
        sender.and_then(|sender| sender.agent.as_mut()).into_iter()
    }
}
