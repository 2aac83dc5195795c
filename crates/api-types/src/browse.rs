//! What the local API says to those who look around.

use kusari_chain::ledger::{Address, Payload, SignedTransaction, Txid};
use kusari_chain::{BlockHash, Work};
use serde::{Deserialize, Serialize};

use crate::ToSchema;

use super::RecordReport;

/// `GET /v1/headers`: a stretch of the best chain, read at one moment, without what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeaderPage {
    /// The headers, lowest first.
    pub headers: Vec<HeaderReport>,
    /// Height to go on from; null where the chain ended.
    pub next: Option<u32>,
}

/// `GET /v1/branches/{hash}`: blocks beside the best chain, up to one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BranchHeaders {
    /// The headers, lowest first; none where the block is in the best chain.
    pub headers: Vec<HeaderReport>,
}

/// One block without what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeaderReport {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// Hash of the block before.
    pub prev_hash: BlockHash,
    /// In Unix seconds, by whoever mined it.
    pub timestamp: u64,
    /// Accumulated work up to it.
    pub work: Work,
    /// Transactions in it; on the classic chain those of the tutorial's list.
    pub transactions: usize,
    /// What it counts for, in bytes; 0 of the genesis block, which is nowhere stored.
    pub bytes: u64,
    /// Who mined it; absent on the classic chain.
    pub miner: Option<Address>,
    /// Whether it is on the disk.
    pub durable: bool,
}

/// `GET /v1/mempool`: what waits to be mined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MempoolReport {
    /// How many transactions wait, as the node said last.
    pub count: usize,
    /// What they count for, in bytes.
    pub bytes: u64,
    /// A page of them, by sender and then by sequence.
    pub transactions: Vec<WaitingTransaction>,
    /// What `after` takes for the next page; null where there is none.
    pub next: Option<String>,
    /// On the classic chain, lines of this node that wait, the newest first.
    pub records: Vec<RecordReport>,
}

/// One transaction that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingTransaction {
    /// Its id.
    pub txid: Txid,
    /// The transaction itself.
    pub transaction: SignedTransaction,
    /// Its payload, if it has one.
    pub payload: Option<Payload>,
    /// Since when, in Unix seconds.
    pub since: u64,
    /// Whether it was submitted to this node.
    pub own: bool,
}

/// `GET /v1/accounts`: accounts that are not empty, in order of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountList {
    /// A page of them.
    pub accounts: Vec<AccountSummary>,
    /// What `after` takes for the next page; null where there is none.
    pub next: Option<Address>,
}

/// What one account owns after the best chain's last block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountSummary {
    /// Whose it is.
    pub address: Address,
    /// In whole units.
    pub balance: u64,
    /// Transactions of it in the best chain.
    pub sequence: u64,
}

/// `GET /v1/records`: what was submitted to this node, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordList {
    /// A page of records.
    pub records: Vec<RecordReport>,
    /// What `before` takes for the next page; null where there is none.
    pub next: Option<u64>,
}

/// `GET /v1/search?text=TEXT`: where a text stands in the best chain, whatever its case; the youngest
/// block first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextList {
    /// What was found in the blocks that were read.
    pub found: Vec<TextPlace>,
    /// What `before` takes to read on; null where the whole chain was read. One page reads so many
    /// blocks, and may find nothing in them.
    pub next: Option<u32>,
}

/// Where a text stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextPlace {
    /// Height of the block.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// Its timestamp, in Unix seconds.
    pub timestamp: u64,
    /// The transaction that says it; absent on the classic chain.
    pub txid: Option<Txid>,
    /// The whole text: words of a stranger.
    pub text: String,
}

/// `GET /v1/named?name=NAME`: what has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedReport {
    /// The block of this height or hash, by its hash.
    pub block: Option<BlockHash>,
    /// The transaction of this id, or the youngest whose content has this hash.
    pub transaction: Option<Txid>,
    /// The account of this address, whether or not it ever had anything.
    pub account: Option<Address>,
}

/// Tries a second of the GPU that is compared with, an NVIDIA H100, at the preimage of a ledger block:
/// two compressions a try, the second one with a message schedule that does not depend on the nonce.
pub const REFERENCE_GPU_RATE: f64 = 8.49e9;
/// Its name.
pub const REFERENCE_GPU_NAME: &str = "NVIDIA H100";

/// `GET /v1/rates`: tries a second, to see what redoing work would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RateReport {
    /// Of this machine on all its cores, measured when it was asked for the first time.
    pub machine: f64,
    /// Of one GPU that is known.
    pub gpu: f64,
    /// Which.
    pub gpu_name: String,
}

/// `GET /v1/session`, and the answer to `POST /v1/session`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionReport {
    /// Whether whoever asks is a page that may write.
    pub may_write: bool,
}

/// A link that admits one browser to the page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageLinkReport {
    /// What stands behind the address of the API, with the key of the link at its end.
    #[schema(example = "/#/admit/3f1c08")]
    pub path: String,
    /// For how many seconds it is good, for the first browser that opens it.
    pub seconds: u64,
}

/// Its key turns up in no log.
impl std::fmt::Debug for PageLinkReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PageLinkReport").field("seconds", &self.seconds).finish_non_exhaustive()
    }
}
