//! What hinders a node, from what is known of its state.

use alloc::string::ToString;

use kusari_chain::HeldBranch;

use super::{Hindrance, StorageState};
use crate::drafts::DraftWait;
use crate::pacing::WaitingBranch;
use crate::prelude::*;
use crate::snapshot::Behind;
use crate::witnesses::WitnessStop;

/// How this machine's clock differs from those of peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockDifference {
    pub(crate) ahead: bool,
    pub(crate) seconds: u64,
    pub(crate) peers: u64,
    pub(crate) dialled: u64,
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
    /// Addresses that are dialled, where no peer speaks.
    pub(crate) unanswered: Option<u64>,
    /// Held branches that have more work, the one with the most first.
    pub(crate) held: Vec<HeldBranch>,
    /// A branch that has more work and is not followed for now.
    pub(crate) waiting: Option<WaitingBranch>,
    pub(crate) clock: Option<ClockDifference>,
    /// Blocks that are ahead of the clock, and how many seconds the first waits.
    pub(crate) future_blocks: Option<(u64, u64)>,
    /// What waits to be mined while nothing mines, and how many peers are connected.
    pub(crate) unmined: Option<(u64, u64)>,
    /// How long nothing can be mined because the chain's time is ahead of the clock, in seconds.
    pub(crate) ahead_of_clock: Option<u64>,
    /// Drafts in memory, and what the oldest waits for.
    pub(crate) drafts: Option<(u64, DraftWait)>,
    pub(crate) witness_stopped: Option<WitnessStop>,
}

/// All that hinders the node, what makes it unready first.
pub(crate) fn hindrances(facts: Facts) -> Vec<Hindrance> {
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
    let held = facts.held.first().map(|branch| Hindrance::BranchHeld {
        height: branch.tip.height,
        hash: branch.tip.hash,
        others: (facts.held.len() - 1) as u64,
    });
    let clock = facts.clock.map(|ClockDifference { ahead, seconds, peers, dialled }| {
        Hindrance::ClockDiffers { ahead, seconds, peers, dialled }
    });
    let drafts = facts.drafts.filter(|(drafts, _)| *drafts > 0);
    let all = [
        altered,
        finding.map(|finding| Hindrance::DamagedStore { finding }),
        refused,
        facts.unanswered.map(|addresses| Hindrance::NoPeers { addresses }),
        catching_up_at.map(|height| Hindrance::CatchingUp { height }),
        clock,
        behind,
        held,
        waiting,
        store,
        facts.future_blocks.map(|(blocks, seconds)| Hindrance::FutureBlocks { blocks, seconds }),
        ahead_of_clock.map(|seconds| Hindrance::Clock { seconds }),
        facts.unmined.map(|(waiting, peers)| Hindrance::NoMiner { waiting, peers }),
        drafts.map(|(drafts, waits_for)| Hindrance::UnsignedDrafts { drafts, waits_for }),
        facts.witness_stopped.map(|why| Hindrance::WitnessStopped { why: why.to_string() }),
    ];
    all.into_iter().flatten().collect()
}
