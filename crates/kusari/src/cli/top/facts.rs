//! What a node is asked for at one moment.
//!
//! Owns the forms.

use kusari_chain::ledger::Address;
use kusari_chain::{BlockHash, WholeBlock};

use kusari_api_types::branches::BranchList;
use kusari_api_types::{LedgerReport, MiningReport, PeerReport, Status};

/// All that the dashboard shows of a node, save what happens.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Where its local API answers.
    pub(crate) base: String,
    pub(crate) status: Status,
    /// How it mines, where it says so.
    pub(crate) mining: Option<MiningReport>,
    pub(crate) peers: Vec<PeerReport>,
    pub(crate) branches: BranchList,
    /// Absent on the classic chain.
    pub(crate) ledger: Option<LedgerReport>,
    /// The best chain's last blocks, the newest first.
    pub(crate) blocks: Vec<RecentBlock>,
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
