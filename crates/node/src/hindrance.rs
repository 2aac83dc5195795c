//! What keeps a node from doing all that it is for, and what a person can do about it.
//!
//! Owns the reasons, how they follow from the state of a node, the one sentence for each, and when a person
//! is told. What shows them adds nothing. Knows no chain, peers or store: the facts come from the node and
//! its driver.

mod facts;
mod storage;
#[cfg(test)]
mod tests;
mod watch;

use kusari_chain::{BlockHash, Work};
use strum::EnumDiscriminants;

pub(crate) use self::facts::{ClockDifference, Facts, hindrances};
pub use self::storage::{AlteredBlock, StorageState};
pub(crate) use self::watch::{News, Watch};
use crate::drafts::DraftWait;
use crate::prelude::*;

/// Share of a store's quota from which on it is warned of, in percent.
pub const STORE_WARNING_PERCENT: u64 = 90;

/// One reason why the node does less than it is for, with its figures.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    thiserror::Error,
    ToSchema,
    EnumDiscriminants,
)]
#[strum_discriminants(
    doc = "A kind of [`Hindrance`], without its figures.",
    name(HindranceReason),
    derive(PartialOrd, Ord, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray),
    serde(rename_all = "snake_case"),
    strum(serialize_all = "snake_case")
)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Hindrance {
    /// A block on disk is not as it was stored.
    #[error(
        "{} not as it was stored: stop the node, see with `kusari audit` how far the damage goes, and \
         take what is sound out of the store with `kusari salvage`",
        altered_blocks(*height, hash.as_ref(), *others)
    )]
    AlteredBlock {
        /// Its height, where that can be told.
        height: Option<u32>,
        /// Its hash, where that can be told.
        hash: Option<BlockHash>,
        /// Other such blocks that are known.
        others: u64,
    },
    /// The audit that followed on refused blocks found a fault.
    #[error(
        "an audit of the store found a fault: {finding}; stop the node, and take what is sound out of the \
         store with `kusari salvage`"
    )]
    DamagedStore {
        /// What it found first.
        finding: String,
    },
    /// Peers say that blocks of this node break the rules; it audits itself.
    #[error(
        "{peers} peers of different networks refuse blocks of this node, so it audits its store; \
         `kusari audit` does the same and names a fault"
    )]
    RefusedByPeers {
        /// How many.
        peers: u64,
    },
    /// Blocks that it asked for raise its best chain.
    #[error("the node is catching up: blocks that it asked for are coming in")]
    CatchingUp {
        /// Height of its best chain.
        height: u32,
    },
    /// Peers claim a better chain, and have not shown it so far.
    #[error(
        "the node is not in sync: {peers} of its peers claim more than its {height} blocks, up to \
         {claimed_height}, and have not sent them so far; they are asked again and again"
    )]
    Behind {
        /// Height of its best chain.
        height: u32,
        /// Height of the claim of most work.
        claimed_height: u32,
        /// Peers that claim more work.
        peers: u64,
        /// Those of them that this node dialled. A claim costs nothing, so that those of others do not
        /// make it unready.
        dialled: u64,
    },
    /// This node has addresses to dial, and no peer.
    #[error(
        "no peer is connected that speaks: none of {addresses} addresses that this node dials answers as a \
         node, so it knows of no block but its own; see whether they are right and their nodes run"
    )]
    NoPeers {
        /// Addresses that it dials.
        addresses: u64,
    },
    /// A branch has more work than the best chain, and would revert more blocks than the operator allows.
    #[error(
        "a branch that ends with block {height}, {hash}, has more work and is held, for following it would \
         revert more blocks than --max-reorg-depth: `kusari branches` shows what there is to decide"
    )]
    BranchHeld {
        /// Height of its last block.
        height: u32,
        /// Its last block.
        hash: BlockHash,
        /// Other held branches with more work than the best chain.
        others: u64,
    },
    /// A branch has more work than the best chain, and is not followed for now.
    #[error(
        "a branch that ends with block {height}, {hash}, has more work, and following it takes {depth} \
         blocks back: long branches led by turns a moment ago, so it is followed in {seconds} s at the \
         latest, if it still has more work then"
    )]
    BranchWaits {
        /// Height of its last block.
        height: u32,
        /// Its last block.
        hash: BlockHash,
        /// Blocks of the best chain that following it reverts.
        depth: u32,
        /// How much more work it has than the best chain.
        lead: Work,
        /// When it is followed at the latest, in seconds from the last input on.
        seconds: u64,
    },
    /// The store is as large as it may be.
    #[error(
        "the store takes {used_bytes} of {limit_bytes} bytes: blocks go on, and nothing else is taken; \
         start the node with a higher --max-store"
    )]
    StoreFull {
        /// What it takes.
        used_bytes: u64,
        /// What it may take.
        limit_bytes: u64,
    },
    /// The store is nearly as large as it may be.
    #[error(
        "the store takes {used_bytes} of {limit_bytes} bytes: make room or raise --max-store, since what \
         people and peers send is refused when it is full"
    )]
    StoreFillsUp {
        /// What it takes.
        used_bytes: u64,
        /// What it may take.
        limit_bytes: u64,
    },
    /// The chain's time is ahead of this machine's clock, so nothing can be mined.
    #[error(
        "the chain is {seconds} s further ahead of this machine's clock than a block may be, and nothing is \
         mined before: set the clock if it is slow"
    )]
    Clock {
        /// How long nothing can be mined.
        seconds: u64,
    },
    /// This machine's clock differs from those of peers.
    #[error(
        "this machine's clock is {seconds} s {} those of its peers (the median of {peers}), {}: set the clock",
        if *ahead { "ahead of" } else { "behind" },
        if *ahead {
            "and peers keep what is mined here until theirs have come to its time"
        } else {
            "and blocks wait here until it has come to their time"
        }
    )]
    ClockDiffers {
        /// Whether it is ahead of them.
        ahead: bool,
        /// By how much.
        seconds: u64,
        /// Peers whose clocks are known.
        peers: u64,
        /// Those of them that this node dialled. What others say costs them nothing, so that it does not
        /// make it unready.
        dialled: u64,
    },
    /// Blocks are ahead of this machine's clock, and wait.
    #[error(
        "{blocks} blocks that came are ahead of this machine's clock, and wait for their time; the first is \
         taken in {seconds} s: set the clock if it is slow"
    )]
    FutureBlocks {
        /// How many are kept; 0 where headers alone were seen.
        blocks: u64,
        /// When the first is taken, in seconds from the last input on.
        seconds: u64,
    },
    /// Something waits to be mined, and nothing mines.
    #[error(
        "{waiting} transactions of this node wait to be mined: it does not mine (--mine off), and {}; start it \
         without `--mine off`, or connect it to a node that mines",
        if *peers == 0 { "no peer is connected" } else { "its peers have mined none of them" }
    )]
    NoMiner {
        /// How many.
        waiting: u64,
        /// Connected peers.
        peers: u64,
    },
    /// Drafts are not signed.
    #[error(
        "drafts that are not signed: {drafts}; the first waits {}", until(*waits_for)
    )]
    UnsignedDrafts {
        /// How many.
        drafts: u64,
        /// What the oldest waits for.
        waits_for: DraftWait,
    },
    /// The witness key of this node makes no statements.
    #[error("this node makes no statements as a witness: {why}")]
    WitnessStopped {
        /// Why, and what to do.
        why: String,
    },
}

impl Hindrance {
    /// Whether what the node says is not to be relied on while this lasts.
    #[must_use]
    pub fn is_unready(&self) -> bool {
        match self {
            Self::AlteredBlock { .. }
            | Self::DamagedStore { .. }
            | Self::RefusedByPeers { .. }
            | Self::CatchingUp { .. }
            | Self::NoPeers { .. } => true,
            Self::Behind { dialled, .. } | Self::ClockDiffers { dialled, .. } => *dialled > 0,
            Self::BranchHeld { .. }
            | Self::FutureBlocks { .. }
            | Self::NoMiner { .. }
            | Self::BranchWaits { .. }
            | Self::StoreFull { .. }
            | Self::StoreFillsUp { .. }
            | Self::Clock { .. }
            | Self::UnsignedDrafts { .. }
            | Self::WitnessStopped { .. } => false,
        }
    }
}

impl Hindrance {
    /// Whether it may be why something that was submitted here is not mined.
    #[must_use]
    pub fn holds_up_mining(&self) -> bool {
        !matches!(
            self,
            Self::StoreFull { .. }
                | Self::StoreFillsUp { .. }
                | Self::WitnessStopped { .. }
                | Self::RefusedByPeers { .. }
        )
    }
}

/// As in "… not as it was stored".
fn altered_blocks(height: Option<u32>, hash: Option<&BlockHash>, others: u64) -> String {
    use alloc::format;
    let first = match (height, hash) {
        (Some(height), Some(hash)) => format!("block {height} ({hash})"),
        (Some(height), None) => format!("block {height}"),
        (None, Some(hash)) => format!("the block {hash}"),
        (None, None) => String::from("a block"),
    };
    match others {
        0 => format!("{first} is"),
        others => format!("{first}, and {others} more, are"),
    }
}

fn until(waits_for: DraftWait) -> &'static str {
    match waits_for {
        DraftWait::Peer => "until this node has caught up with a peer",
        DraftWait::Unlock => "until the wallet is unlocked (`kusari wallet unlock`)",
        DraftWait::Account => "for a node with the wallet of its account",
        DraftWait::Turn => "for room among the account's transactions, or for a higher balance",
    }
}
