//! What the trail writes down, as `kusari_node::happening` says it.

use utoipa::ToSchema;

use super::{BlockHash, Txid, Work};

/// One thing that happened, and when.
#[derive(ToSchema)]
pub struct TrailEntry {
    /// When this node came to know it, in Unix milliseconds by its own clock.
    time: u64,
    /// How long a block's line took to be read and checked by itself, in microseconds; absent where it
    /// came in a stretch with others, or was not a line.
    #[schema(nullable = false)]
    checked_us: Option<u64>,
    /// How long the node took to judge it beside its chain and to decide what follows, in microseconds.
    #[schema(nullable = false)]
    handled_us: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    happening: Happening,
}

/// A block's place on the chain that it ends.
#[derive(ToSchema)]
pub struct BestPoint {
    /// Its height.
    height: u32,
    /// Its hash.
    hash: BlockHash,
    /// Accumulated work up to it, the genesis block not counted.
    work: Work,
}

/// A block by its height and its hash.
#[derive(ToSchema)]
pub(crate) struct BlockName {
    /// Its height.
    height: u32,
    /// Its hash.
    hash: BlockHash,
}

/// A peer as it was when it sent something.
#[derive(ToSchema)]
pub(crate) struct Sender {
    /// Its address.
    address: String,
    /// Program and version, as it says; absent before it introduced itself.
    #[schema(nullable = false)]
    agent: Option<String>,
}

/// Where a block or a transaction comes from.
#[derive(ToSchema)]
#[serde(tag = "how", rename_all = "snake_case")]
pub(crate) enum Origin {
    /// A peer sent it by itself.
    Announced(Sender),
    /// A peer sent it because it was asked while this node caught up.
    Synced(Sender),
    /// It was mined here.
    Mined {
        /// For this line of the outbox; absent on a ledger.
        #[schema(nullable = false)]
        entry: Option<u64>,
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
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HappeningKind {
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
#[derive(ToSchema)]
#[serde(tag = "happened", rename_all = "snake_case")]
pub(crate) enum Happening {
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
        #[schema(nullable = false)]
        by: Option<Txid>,
        /// The block that it stood in, which left the best chain, if it had been mined.
        #[schema(nullable = false)]
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
        #[schema(nullable = false)]
        from: Option<BlockName>,
        /// Whether it is back in the pool.
        pooled: bool,
    },
    /// A connection to a peer is open.
    PeerConnected {
        /// The other end.
        address: String,
        /// What was dialled; absent where the peer dialled us.
        #[schema(nullable = false)]
        target: Option<String>,
    },
    /// A peer introduced itself.
    PeerIntroduced {
        /// Its address.
        address: String,
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
        address: String,
        /// Points for this.
        points: u32,
        /// Points that it has by now.
        total: u32,
    },
    /// An address is banned.
    PeerBanned {
        /// Whose.
        address: String,
        /// For how many seconds.
        seconds: u64,
    },
    /// A peer says that it refused something of ours.
    PeerRefusedOurs {
        /// Who.
        address: String,
        /// What it says.
        message: String,
    },
    /// A connection ended.
    PeerDisconnected {
        /// The other end.
        address: String,
        /// Why.
        reason: String,
    },
    /// More happened than is written down.
    Missed {
        /// To what.
        of: HappeningKind,
        /// How much.
        count: u64,
    },
}
