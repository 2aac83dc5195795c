//! What happens in a node: what it tells the person who runs it, and what it writes down for those who ask
//! later why things are as they are.
//!
//! Owns the facts, and their one form as JSON, which the store keeps and the local API answers with. How
//! they are worded and shown is up to the program.

mod log;
mod origin;

use core::net::SocketAddr;

use kusari_chain::ledger::{PublicKey, Txid};
use kusari_chain::{BestPoint, BlockHash, StoredBlock};

pub use self::log::{EventEntry, EventKind, MAX_NOTED_BLOCKS, MAX_NOTED_TEXT};
pub use self::origin::{BlockName, BlockSource, HeldReport, Origin, Sender};
use crate::address::PeerAddress;
use crate::drafts::DraftWait;
use crate::hindrance::Hindrance;
use crate::prelude::*;
use crate::store::EntryId;
use crate::witnesses::WitnessStop;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
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
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        by: Option<Txid>,
        /// The block that it stood in, which left the best chain, if it had been mined.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        from: Option<BlockName>,
        /// Whether the text is signed again, under the next sequence. Told of this node's own, and not kept.
        #[serde(skip)]
        again: bool,
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
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        from: Option<BlockName>,
        /// Whether it is back in the pool.
        pooled: bool,
    },
    /// A connection to a peer is open.
    PeerConnected {
        /// The other end.
        #[schema(value_type = String)]
        address: SocketAddr,
        /// What was dialled; absent where the peer dialled us.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, nullable = false)]
        target: Option<PeerAddress>,
    },
    /// A peer introduced itself.
    PeerIntroduced {
        /// Its address.
        #[schema(value_type = String)]
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
        #[schema(value_type = String)]
        address: SocketAddr,
        /// Points for this.
        points: u32,
        /// Points that it has by now.
        total: u32,
    },
    /// An address is banned.
    PeerBanned {
        /// Whose.
        #[schema(value_type = String)]
        address: SocketAddr,
        /// For how many seconds.
        seconds: u64,
    },
    /// A peer says that it refused something of ours.
    PeerRefusedOurs {
        /// Who.
        #[schema(value_type = String)]
        address: SocketAddr,
        /// What it says.
        message: String,
        /// Whether it refused the connection itself.
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        #[schema(default = false)]
        connection: bool,
    },
    /// A connection ended.
    PeerDisconnected {
        /// The other end.
        #[schema(value_type = String)]
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// More happened than is written down.
    Missed {
        /// To what.
        of: EventKind,
        /// How much.
        count: u64,
    },

    // What follows is told as it happens, and not kept.
    /// A peer we dialled speaks the original dialect.
    #[serde(skip_deserializing)]
    FoundOriginal {
        /// Its address.
        address: SocketAddr,
    },
    /// A peer that we dialled says nothing: it may be a new original, or no node.
    #[serde(skip_deserializing)]
    PeerSilent {
        /// Its address.
        address: SocketAddr,
    },
    /// Peers did more in the last minute than is told.
    #[serde(skip_deserializing)]
    LeftOut {
        /// Connections that were not told.
        connections: u64,
        /// Lines of peers that were refused or answered, and not told.
        lines: u64,
    },
    /// Something hinders the node, and has for a while.
    #[serde(skip_deserializing)]
    HindranceBegan {
        /// What.
        hindrance: Hindrance,
    },
    /// What was told of hinders it no longer.
    #[serde(skip_deserializing)]
    HindranceEnded {
        /// What it was.
        hindrance: Hindrance,
    },
    /// The last block of an original's list is not on our best chain: what is typed there goes on
    /// another branch, and nothing that we send changes that.
    #[serde(skip_deserializing)]
    OriginalDiverged {
        /// Its address.
        address: SocketAddr,
    },
    /// Dialling failed.
    #[serde(skip_deserializing)]
    ConnectFailed {
        /// The address.
        target: PeerAddress,
        /// Why.
        reason: String,
    },
    /// The address will be dialled again.
    #[serde(skip_deserializing)]
    Redialling {
        /// The address.
        target: PeerAddress,
        /// How soon.
        after: Duration,
    },
    /// We asked a peer for its chain, or for what we lack of it.
    #[serde(skip_deserializing)]
    RequestedChain {
        /// Whom.
        address: SocketAddr,
    },
    /// A peer asked for our chain.
    #[serde(skip_deserializing)]
    ChainRequested {
        /// Who.
        address: SocketAddr,
    },
    /// An answer with blocks is complete.
    #[serde(skip_deserializing)]
    SentBlocks {
        /// To whom.
        address: SocketAddr,
        /// How many.
        count: u32,
    },
    /// A block joined the best chain as its tip.
    #[serde(skip_deserializing)]
    BlockAdded {
        /// The block.
        block: Arc<StoredBlock>,
        /// Where it comes from.
        source: BlockSource,
    },
    /// A branch has more work than the best chain and is not followed, since that would revert more
    /// blocks than the operator lets this node revert by itself. Said again while it stands, at a
    /// bounded rate.
    #[serde(skip_deserializing)]
    BranchHeld(Box<HeldReport>),
    /// A block's timestamp is far ahead of our clock.
    #[serde(skip_deserializing)]
    FromTheFuture {
        /// Its height.
        height: u32,
        /// How far, in seconds.
        seconds: u64,
    },
    /// A typed line left the best chain with its block and will be mined again.
    #[serde(skip_deserializing)]
    LineReopened {
        /// The outbox entry.
        entry: EntryId,
    },
    /// A draft became a transaction, which waits to be mined.
    #[serde(skip_deserializing)]
    DraftSigned {
        /// The outbox entry.
        entry: EntryId,
        /// The transaction.
        txid: Txid,
        /// The transaction that it was before, which another one displaced.
        former: Option<Txid>,
    },
    /// Drafts are not signed for now.
    #[serde(skip_deserializing)]
    DraftsWait {
        /// How many are in memory.
        drafts: usize,
        /// What the oldest of them waits for.
        wait: DraftWait,
    },
    /// A typed line waits for room in the outbox.
    #[serde(skip_deserializing)]
    OutboxFull {
        /// Lines that wait to be mined.
        waiting: u64,
    },
    /// A listed witness stands by a block.
    #[serde(skip_deserializing)]
    Witnessed {
        /// Its key.
        key: PublicKey,
        /// The block's height.
        height: u32,
        /// The block.
        hash: BlockHash,
    },
    /// A witness signed two statements under one sequence, so its word is worth nothing.
    #[serde(skip_deserializing)]
    WitnessEquivocated {
        /// Its key.
        key: PublicKey,
        /// The sequence.
        sequence: u64,
        /// Whether a person listed it.
        listed: bool,
    },
    /// A peer holds later statements of our own witness key than were known here, and we go on after
    /// them.
    #[serde(skip_deserializing)]
    OwnStatementsReturned {
        /// The last of them.
        sequence: u64,
    },
    /// This node makes no statements any more.
    #[serde(skip_deserializing)]
    WitnessingStopped {
        /// Why.
        why: WitnessStop,
    },
}
