//! What a node is asked for at one moment.
//!
//! Owns the forms. What is newer than the oldest node of this API is optional in them.

use kusari_chain::ledger::Address;
use kusari_chain::{BlockHash, WholeBlock};
use serde::Deserialize;

use crate::api::branches::BranchList;
use crate::api::model::{LedgerReport, PeerReport, Status};

/// All that the dashboard shows of a node, save what happens.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Where its local API answers.
    pub(crate) base: String,
    pub(crate) status: Status,
    /// How it mines, where it says so.
    pub(crate) mining: Option<Mining>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) branches: BranchList,
    /// Absent on the classic chain.
    pub(crate) ledger: Option<LedgerReport>,
    /// The best chain's last blocks, the newest first.
    pub(crate) blocks: Vec<RecentBlock>,
    /// Tries a second that the machine makes on which this runs.
    pub(crate) rate_here: f64,
}

/// How a node mines, in `/v1/status` and in an event of the kind `mining`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Mining {
    /// Whether it does at this moment.
    pub(crate) active: bool,
    /// Nonces that were tried, as far as that is said.
    #[serde(default)]
    pub(crate) tries: u64,
    /// Nonces that are tried in a second.
    #[serde(default)]
    pub(crate) tries_per_second: u64,
}

/// A peer, and how far it is.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) report: PeerReport,
    /// There and back, in microseconds, where that was measured.
    pub(crate) latency_us: Option<u64>,
}

/// What a line tells of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecentBlock {
    pub(crate) height: u32,
    pub(crate) hash: BlockHash,
    pub(crate) prev_hash: BlockHash,
    /// In Unix seconds, as it says.
    pub(crate) timestamp: u64,
    /// Transactions of it; on the classic chain its one line of data and those of the tutorial's list.
    pub(crate) records: usize,
    /// Who mined it on a ledger, and what it says on the classic chain: text of a stranger.
    pub(crate) who: String,
}

/// Characters that are kept of what a classic block says: more than a line of any screen shows.
const KEPT_CHARACTERS: usize = 120;

impl From<&WholeBlock> for RecentBlock {
    fn from(whole: &WholeBlock) -> Self {
        let block = &whole.block;
        let (records, who) = match &whole.ledger {
            Some(part) => (part.body.len(), Address(part.commitment.miner).to_string()),
            None => {
                let data: String = block.data.chars().take(KEPT_CHARACTERS).collect();
                (block.transactions.len() + usize::from(!data.is_empty()), data)
            }
        };
        Self {
            height: block.index,
            hash: block.hash,
            prev_hash: block.prev_hash,
            timestamp: block.timestamp,
            records,
            who,
        }
    }
}
