//! What the node tells the person who runs it.
//!
//! Owns the facts; how they are worded and shown is up to the program.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::net::SocketAddr;
use core::time::Duration;

use kusari_chain::ledger::{PublicKey, Txid};
use kusari_chain::{BestPoint, BlockHash, Branch, StoredBlock};
use serde::Serialize;

use crate::address::PeerAddress;
use crate::drafts::DraftWait;
use crate::store::EntryId;
use crate::witnesses::WitnessStop;

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// We reached a peer.
    Connected {
        /// The address that was dialled.
        target: PeerAddress,
        /// Where that led.
        address: SocketAddr,
    },
    /// A peer reached us.
    Accepted {
        /// Its address.
        address: SocketAddr,
    },
    /// A peer introduced itself.
    Introduced {
        /// Its address.
        address: SocketAddr,
        /// Program and version, as it says.
        agent: String,
    },
    /// A peer we dialled speaks the original dialect.
    FoundOriginal {
        /// Its address.
        address: SocketAddr,
    },
    /// The last block of an original's list is not on our best chain: what is typed there goes on
    /// another branch, and nothing that we send changes that.
    OriginalDiverged {
        /// Its address.
        address: SocketAddr,
    },
    /// A connection ended.
    Disconnected {
        /// Its address.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// Dialling failed.
    ConnectFailed {
        /// The address.
        target: PeerAddress,
        /// Why.
        reason: String,
    },
    /// The address will be dialled again.
    Redialling {
        /// The address.
        target: PeerAddress,
        /// How soon.
        after: Duration,
    },
    /// We asked a peer for its chain, or for what we lack of it.
    RequestedChain {
        /// Whom.
        address: SocketAddr,
    },
    /// A peer asked for our chain.
    ChainRequested {
        /// Who.
        address: SocketAddr,
    },
    /// An answer with blocks is complete.
    SentBlocks {
        /// To whom.
        address: SocketAddr,
        /// How many.
        count: u32,
    },
    /// A block joined the best chain as its tip.
    BlockAdded {
        /// The block.
        block: Arc<StoredBlock>,
        /// Where it comes from.
        source: BlockSource,
    },
    /// A valid block was added beside the best chain.
    SideBlock {
        /// Its height.
        height: u32,
        /// Its hash.
        hash: BlockHash,
    },
    /// The best chain moved to another branch.
    Reorganised {
        /// Blocks that left the best chain.
        depth: u32,
        /// The tip before.
        from: BestPoint,
        /// The tip now.
        to: BestPoint,
    },
    /// A branch has more work than the best chain and is not followed, since that would revert more
    /// blocks than the operator lets this node revert by itself. Said again while it stands, at a
    /// bounded rate.
    BranchHeld(Box<HeldReport>),
    /// A block's timestamp is far ahead of our clock.
    FromTheFuture {
        /// Its height.
        height: u32,
        /// How far, in seconds.
        seconds: u64,
    },
    /// A peer's line was refused.
    Rejected {
        /// Who sent it.
        address: SocketAddr,
        /// Short name of the fault.
        code: &'static str,
        /// Why.
        reason: String,
    },
    /// A peer says that it refused something of ours.
    PeerRefused {
        /// Who.
        address: SocketAddr,
        /// What it says; free text of a stranger.
        message: String,
    },
    /// A typed line left the best chain with its block and will be mined again.
    LineReopened {
        /// The outbox entry.
        entry: EntryId,
    },
    /// A transaction came to wait in the pool. A busy ledger says so thousands of times a second.
    TransactionPooled {
        /// Which.
        txid: Txid,
        /// Whether it was entrusted to this node.
        own: bool,
    },
    /// A transaction of ours stands in the best chain.
    TransactionMined {
        /// Which.
        txid: Txid,
        /// Height of its block.
        height: u32,
    },
    /// A transaction of ours left the best chain with its block, and the branch that won holds it as
    /// well.
    TransactionMoved {
        /// Which.
        txid: Txid,
        /// The block that it stood in.
        from: BestPoint,
        /// The block that it stands in now.
        to: BestPoint,
    },
    /// A transaction of ours that was done waits to be mined again.
    TransactionReturned {
        /// Which.
        txid: Txid,
        /// The block that it stood in, which left the best chain; `None` where the block held another
        /// one in its place.
        from: Option<BestPoint>,
        /// Whether it is back in the pool. If not, it is tried again when its account changes.
        pooled: bool,
    },
    /// Another transaction of the same account took the place of one of ours, which can't be mined
    /// any more.
    TransactionDisplaced {
        /// Which.
        txid: Txid,
        /// The other one.
        by: Txid,
        /// Whether the text is signed again, under the next sequence.
        again: bool,
        /// The block that it stood in, which left the best chain, if it had been mined.
        from: Option<BestPoint>,
    },
    /// A draft became a transaction, which waits to be mined.
    DraftSigned {
        /// The outbox entry.
        entry: EntryId,
        /// The transaction.
        txid: Txid,
        /// The transaction that it was before, which another one displaced.
        former: Option<Txid>,
    },
    /// Drafts are not signed for now.
    DraftsWait {
        /// How many are in memory.
        drafts: usize,
        /// What the oldest of them waits for.
        wait: DraftWait,
    },
    /// A typed line waits for room in the outbox.
    OutboxFull {
        /// Lines that wait to be mined.
        waiting: u64,
    },
    /// A listed witness stands by a block.
    Witnessed {
        /// Its key.
        key: PublicKey,
        /// The block's height.
        height: u32,
        /// The block.
        hash: BlockHash,
    },
    /// A witness signed two statements under one sequence, so its word is worth nothing.
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
    OwnStatementsReturned {
        /// The last of them.
        sequence: u64,
    },
    /// This node makes no statements any more.
    WitnessingStopped {
        /// Why.
        why: WitnessStop,
    },
    /// An address is banned.
    Banned {
        /// Whose.
        address: SocketAddr,
        /// For how long.
        duration: Duration,
    },
}

/// What is known of a held branch that is ahead of the best chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldReport {
    /// The best chain's last block.
    pub best: BestPoint,
    /// The branch.
    pub branch: Branch,
    /// Held branches that are ahead beside this one.
    pub others: usize,
}

/// Where a block comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockSource {
    /// Mined here, for this outbox entry.
    Mined(EntryId),
    /// Mined here, on a ledger.
    MinedBody,
    /// Announced by a peer.
    Announced,
    /// Asked for while catching up.
    Synced,
}
