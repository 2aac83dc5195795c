//! What keeps a node from doing all that it is for, and what a person can do about it.
//!
//! Owns the reasons, how they follow from the state of a node, and the one sentence for each. Whoever
//! shows them adds nothing. Knows no chain, peers or store: the facts come from the node and its driver.

use kusari_chain::{BlockHash, Work};

use crate::drafts::DraftWait;
use crate::pacing::WaitingBranch;
use crate::prelude::*;
use crate::snapshot::Behind;
use crate::witnesses::WitnessStop;

/// Share of a store's quota from which on it is warned of, in percent.
pub const STORE_WARNING_PERCENT: u64 = 90;

/// One reason why the node does less than it is for, with its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ToSchema)]
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
            | Self::CatchingUp { .. } => true,
            Self::Behind { dialled, .. } => *dialled > 0,
            Self::BranchWaits { .. }
            | Self::StoreFull { .. }
            | Self::StoreFillsUp { .. }
            | Self::Clock { .. }
            | Self::UnsignedDrafts { .. }
            | Self::WitnessStopped { .. } => false,
        }
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

/// What the driver says of the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageState {
    /// Bytes that the store takes.
    pub used_bytes: u64,
    /// Bytes that it may take, if there is a bound.
    pub limit_bytes: Option<u64>,
    /// The first block that was found altered.
    pub altered: Option<AlteredBlock>,
}

impl StorageState {
    /// Whether the store takes as much as it may.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.limit_bytes.is_some_and(|limit| self.used_bytes >= limit)
    }

    /// Whether a person is to be told how much it takes.
    #[must_use]
    pub fn fills_up(&self) -> bool {
        let reached = |limit| {
            u128::from(self.used_bytes) * 100
                >= u128::from(limit) * u128::from(STORE_WARNING_PERCENT)
        };
        self.limit_bytes.is_some_and(reached)
    }
}

/// A block that is not as it was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlteredBlock {
    /// Its height, where that can be told.
    pub height: Option<u32>,
    /// Its hash, where that can be told.
    pub hash: Option<BlockHash>,
    /// Other such blocks that are known.
    pub others: u64,
}

/// What the hindrances of a node follow from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) storage: StorageState,
    /// What an audit of our own found.
    pub(crate) finding: Option<String>,
    /// Peers that refuse our blocks, while the audit that answers them is under way.
    pub(crate) refused_by: u64,
    /// Height of the best chain, while blocks that were asked for raise it.
    pub(crate) catching_up_at: Option<u32>,
    /// What peers claim and this node could not get.
    pub(crate) behind: Option<Behind>,
    /// A branch that has more work and is not followed for now.
    pub(crate) waiting: Option<WaitingBranch>,
    /// How long nothing can be mined because the chain's time is ahead of the clock, in seconds.
    pub(crate) ahead_of_clock: Option<u64>,
    /// Drafts in memory, and what the oldest waits for.
    pub(crate) drafts: Option<(u64, DraftWait)>,
    pub(crate) witness_stopped: Option<WitnessStop>,
}

/// All that hinders the node, what makes it unready first.
pub(crate) fn hindrances(facts: Facts) -> Vec<Hindrance> {
    use alloc::string::ToString;
    let Facts { storage, finding, refused_by, catching_up_at, ahead_of_clock, .. } = facts;
    let (used_bytes, limit_bytes) = (storage.used_bytes, storage.limit_bytes.unwrap_or(u64::MAX));
    let (is_full, fills_up) = (storage.is_full(), storage.fills_up());
    let altered = storage.altered.map(|block| Hindrance::AlteredBlock {
        height: block.height,
        hash: block.hash,
        others: block.others,
    });
    let refused = (refused_by > 0).then_some(Hindrance::RefusedByPeers { peers: refused_by });
    let store = match (is_full, fills_up) {
        (true, _) => Some(Hindrance::StoreFull { used_bytes, limit_bytes }),
        (false, true) => Some(Hindrance::StoreFillsUp { used_bytes, limit_bytes }),
        (false, false) => None,
    };
    let behind =
        facts.behind.map(|Behind { claimed, ours, peers, chosen, .. }| Hindrance::Behind {
            height: ours.height,
            claimed_height: claimed.height,
            peers: peers as u64,
            dialled: chosen as u64,
        });
    let waiting = facts.waiting.map(|WaitingBranch { tip, depth, lead, seconds, .. }| {
        Hindrance::BranchWaits { height: tip.height, hash: tip.hash, depth, lead, seconds }
    });
    let drafts = facts.drafts.filter(|(drafts, _)| *drafts > 0);
    let all = [
        altered,
        finding.map(|finding| Hindrance::DamagedStore { finding }),
        refused,
        catching_up_at.map(|height| Hindrance::CatchingUp { height }),
        behind,
        waiting,
        store,
        ahead_of_clock.map(|seconds| Hindrance::Clock { seconds }),
        drafts.map(|(drafts, waits_for)| Hindrance::UnsignedDrafts { drafts, waits_for }),
        facts.witness_stopped.map(|why| Hindrance::WitnessStopped { why: why.to_string() }),
    ];
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
