//! Branches beside the best chain, in the forms of the local API.

use kusari_chain::{BestPoint, BlockHash, Branch, Branches, HeldBranch, Work};
use kusari_node::interface::AcceptedBranch;
use serde::{Deserialize, Serialize};

use crate::ToSchema;

/// `GET /v1/branches`: the best chain's last block, and the branches beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BranchList {
    /// Height of the best chain.
    pub height: u32,
    /// Hash of its last block.
    pub tip: BlockHash,
    /// Its accumulated work.
    pub work: Work,
    /// Those with the most work, the one with the most first.
    pub branches: Vec<BranchReport>,
    /// How many there are.
    pub count: usize,
}

/// A branch beside the best chain, by its last block. Times are block timestamps in Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BranchReport {
    /// Height of its last block.
    pub height: u32,
    /// Hash of it.
    pub hash: BlockHash,
    /// Accumulated work up to it.
    pub work: Work,
    /// Whether that is better than the best chain's.
    pub ahead: bool,
    /// Height of the last block that it has in common with the best chain.
    pub fork_height: u32,
    /// Hash of that.
    pub fork_hash: BlockHash,
    /// Its blocks since the fork.
    pub blocks: u32,
    /// When the first of them was made.
    pub began: u64,
    /// When the last of them was made.
    pub ended: u64,
    /// Blocks of the best chain since the fork: following the branch reverts them.
    pub reverts: u32,
    /// When the first of these was made.
    pub best_began: u64,
    /// When the last of these was made.
    pub best_ended: u64,
    /// Since when the branch is held, if it is.
    pub held_since: Option<u64>,
    /// Whether a person accepted it: it is followed as soon as it is ahead.
    pub accepted: bool,
}

/// In `GET /v1/status`: a held branch that is ahead of the best chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldReport {
    /// Height of its last block.
    pub height: u32,
    /// Hash of it.
    pub hash: BlockHash,
    /// Accumulated work up to it.
    pub work: Work,
    /// Since when it is held, in Unix seconds.
    pub since: u64,
}

/// `POST /v1/branches/accept`: follow a branch, however much that reverts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptRequest {
    /// Any block of it beside the best chain.
    pub hash: BlockHash,
}

/// The answer to [`AcceptRequest`], with status 202, once what came of it is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AcceptReceipt {
    /// Height of the best chain now.
    pub height: u32,
    /// Hash of its last block.
    pub tip: BlockHash,
    /// Whether that is another one than before; if not, the branch is followed as soon as it is
    /// ahead.
    pub followed: bool,
    /// Blocks that left the best chain.
    pub reverted: u32,
    /// A block of the branch that breaks a rule; it is forgotten with all that follows it.
    pub refused: Option<RefusedBlock>,
}

/// A block that could not join the best chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedBlock {
    /// Its hash.
    pub hash: BlockHash,
    /// Which rule it breaks, in words.
    pub reason: String,
}

impl From<&Branches> for BranchList {
    fn from(branches: &Branches) -> Self {
        let Branches { best, branches, count } = branches;
        Self {
            height: best.height,
            tip: best.hash,
            work: best.work,
            branches: branches.iter().map(|branch| BranchReport::new(branch, best)).collect(),
            count: *count,
        }
    }
}

impl BranchReport {
    /// A branch beside the chain that ends with `best`.
    #[must_use]
    pub fn new(branch: &Branch, best: &BestPoint) -> Self {
        Self {
            ahead: branch.tip.beats(best),
            height: branch.tip.height,
            hash: branch.tip.hash,
            work: branch.tip.work,
            fork_height: branch.fork.height,
            fork_hash: branch.fork.hash,
            blocks: branch.tip.height.saturating_sub(branch.fork.height),
            began: branch.began,
            ended: branch.ended,
            reverts: branch.depth,
            best_began: branch.best_began,
            best_ended: branch.best_ended,
            held_since: branch.held_since,
            accepted: branch.is_accepted,
        }
    }
}

impl From<&HeldBranch> for HeldReport {
    fn from(held: &HeldBranch) -> Self {
        let HeldBranch { tip, since, .. } = *held;
        Self { height: tip.height, hash: tip.hash, work: tip.work, since }
    }
}

impl From<&AcceptedBranch> for AcceptReceipt {
    fn from(accepted: &AcceptedBranch) -> Self {
        let AcceptedBranch { before, tip, depth, refused } = accepted;
        let refused = refused.clone().map(|(hash, reason)| RefusedBlock { hash, reason });
        let (followed, reverted) = (before.hash != tip.hash, *depth);
        Self { height: tip.height, tip: tip.hash, followed, reverted, refused }
    }
}

/// What it means that no branch has the block.
#[must_use]
pub fn no_branch(hash: &BlockHash) -> String {
    format!("no branch beside the best chain has a block {hash}; `kusari branches` lists them")
}

/// What it means that the best chain has it.
#[must_use]
pub fn in_best_chain(hash: &BlockHash) -> String {
    format!("the best chain has the block {hash} already; there is nothing to accept")
}
