//! JSON of a kusari node's local API, as its server and its clients read and write it.
//!
//! Owns the JSON forms of `/v1`, and of `node.json`, by which programs find the node. Heights and counts are numbers; hashes and work are hexadecimal.

use std::net::SocketAddr;

use kusari_chain::ledger::{Address, ChainId, ChainSpec, Txid};
use kusari_chain::{BlockHash, RecentWork, WholeBlock, Work};
use kusari_node::Hindrance;
pub use kusari_node::PeerStage;
use kusari_node::drafts::DraftWait;
pub use kusari_node::interface::Ban;
use serde::{Deserialize, Serialize};

#[cfg(not(feature = "schema"))]
use kusari_no_schema::ToSchema;
#[cfg(feature = "schema")]
use utoipa::ToSchema;

pub mod audit;
pub mod branches;
mod browse;
mod events;
mod mining;
pub mod problem;
mod records;
mod state;
mod token;
mod transactions;
mod why;
mod witnesses;

pub use self::branches::HeldReport;
pub use self::browse::{
    AccountList, AccountSummary, BranchHeaders, HeaderPage, HeaderReport, MempoolReport,
    NamedReport, PageLinkReport, REFERENCE_GPU_NAME, REFERENCE_GPU_RATE, RateReport, RecordList,
    SessionReport, TextList, TextPlace, WaitingTransaction,
};
pub use self::events::{DraftChange, NodeEvent, PeerChange, TransactionState};
pub use self::mining::MiningReport;
pub use self::records::{
    BatchItem, BatchReport, BatchRequest, LedgerRecordRequest, MAX_BATCH, PaymentReport,
    RecordPlace, RecordReport, RecordRequest, RecordState, TransferRequest, UnlockRequest,
    WalletReport,
};
pub use self::token::{Token, TokenFileError};
pub use self::transactions::{
    SubmitRequest, TransactionList, TransactionPlace, TransactionReceipt, TransactionReport,
};
pub use self::why::{ReorganisationList, ReorganisationReport, WhyEntry, WhyReport, WhySubject};
pub use self::witnesses::{
    StatementList, WitnessClaim, WitnessList, WitnessReport, WitnessStanding,
};

/// `GET /v1/status`: what the node has and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Program and version.
    pub agent: String,
    /// `classic`, or another chain's id.
    pub chain: String,
    /// Height of the best chain.
    pub height: u32,
    /// Hash of its last block.
    pub tip: BlockHash,
    /// Its accumulated work.
    pub work: Work,
    /// Whether it is on the disk. A block of another node is told of before, one of this node's own after that.
    pub durable: bool,
    /// What its last blocks took; absent while there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub recent_work: Option<RecentWork>,
    /// Where the node takes connections of peers, if it does and if it runs.
    #[schema(value_type = Option<String>, examples("127.0.0.1:8080"))]
    pub listen: Option<SocketAddr>,
    /// Where the store is; absent for a chain in memory.
    pub data_directory: Option<String>,
    /// Connected peers that it dialled.
    pub outbound_peers: usize,
    /// Connected peers that dialled it.
    pub inbound_peers: usize,
    /// Outbox entries that wait to be mined, drafts included.
    pub outbox_entries: u64,
    /// The ledger's name; absent on the classic chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chain_name: Option<String>,
    /// Transactions that wait to be mined; absent on the classic chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waiting_transactions: Option<usize>,
    /// Drafts that wait to be signed, and are in memory; absent on the classic chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub drafts: Option<usize>,
    /// What the oldest draft waits for; absent where it is signed next, or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub drafts_wait_for: Option<DraftWait>,
    /// What was submitted to this node and can't be mined, since other transactions took its place;
    /// absent on the classic chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub displaced_entries: Option<u64>,
    /// Whether this node knows what a peer knows, or has no peer to know it from: only then a
    /// transaction is sure to get a sequence that nobody used. Absent on the classic chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub may_sign: Option<bool>,
    /// How many listed witnesses stand near the tip; absent on the classic chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub witnesses: Option<WitnessStanding>,
    /// Bytes of canonical lines that side branches take.
    pub side_bytes: u64,
    /// Their bound.
    pub side_limit: u64,
    /// Blocks that wait for their parents.
    pub orphans: usize,
    /// Held branches that are ahead of the best chain, most work first; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_branches: Vec<HeldReport>,
    /// Whether blocks that were asked for are coming in.
    pub catching_up: bool,
    /// Bytes that were sent to peers since the node started; 0 where none runs.
    pub bytes_sent: u64,
    /// Bytes that were received from peers.
    pub bytes_received: u64,
    /// How the search for a block goes; absent where no node runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mining: Option<MiningReport>,
    /// Tries a second that the machine makes with all its cores; absent where no node runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub machine_rate: Option<u64>,
    /// What keeps the node from doing all that it is for, what makes it unready first; absent where
    /// nothing does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hindrances: Vec<HindranceReport>,
}

/// What keeps a node from doing all that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HindranceReport {
    /// The reason, with its figures.
    #[serde(flatten)]
    pub hindrance: Hindrance,
    /// Whether what the node says is not to be relied on while this lasts.
    pub unready: bool,
    /// The same in a sentence, and what to do about it.
    pub text: String,
}

/// `GET /v1/blocks/{height}` and `GET /v1/blocks/{hash}`: one block and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockReport {
    /// The block, in the form of the protocol; on a ledger with its commitment and its body.
    pub block: WholeBlock,
    /// Accumulated work up to it.
    pub work: Work,
    /// Whether it is in the best chain.
    pub best_chain: bool,
    /// Blocks of the best chain from it to the tip, itself included; 0 beside the best chain.
    pub confirmations: u32,
    /// Whether it is on the disk.
    pub durable: bool,
}

/// `GET /v1/blocks?from=N&limit=M`: a stretch of the best chain, read at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockPage {
    /// The blocks, lowest first; fewer than asked for where the chain ends or the page is full.
    pub blocks: Vec<WholeBlock>,
    /// Height to go on from; null where the chain ended.
    pub next: Option<u32>,
}

/// `GET /v1/peers`: who is connected, oldest connection first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeerList {
    /// The peers.
    pub peers: Vec<PeerReport>,
}

/// One connected peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeerReport {
    /// Its address.
    #[schema(value_type = String, examples("127.0.0.1:8080"))]
    pub address: SocketAddr,
    /// Whether it dialled this node.
    pub inbound: bool,
    /// The address on which it takes connections, as it says; absent where this node dialled it, or it
    /// takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, examples("127.0.0.1:8080"))]
    pub listen: Option<SocketAddr>,
    /// How far it introduced itself.
    pub stage: PeerStage,
    /// Program and version, as it says: free text of a stranger.
    pub agent: Option<String>,
    /// Height of its best chain, as far as it said, showed or was sent.
    pub height: Option<u32>,
    /// Microseconds that its last answer took: to our `HELLO`, or to a `PING`, which is asked where
    /// nothing else is said.
    pub latency_us: Option<u64>,
}

/// `POST /v1/peers`: connect to a peer, and again whenever the connection is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectRequest {
    /// `host:port`.
    pub address: String,
}

/// The answer to [`ConnectRequest`], with status 202.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectReceipt {
    /// The address.
    pub address: String,
    /// Whether it was being dialled already.
    pub already_dialled: bool,
}

/// `POST /v1/peers/disconnect`: end every connection with an address, and dial it no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisconnectRequest {
    /// `host:port`: as it was dialled, as it connected, or as it listens.
    pub address: String,
}

/// The answer to [`DisconnectRequest`], with status 202.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DisconnectReceipt {
    /// The address.
    pub address: String,
    /// Whether it was being dialled.
    pub dialled: bool,
    /// Connections that were closed.
    pub connections: usize,
}

/// `GET /v1/bans`: the hosts from which no connection is taken for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BanList {
    /// In order of their addresses.
    pub bans: Vec<Ban>,
}

/// `POST /v1/bans/lift`: take connections from a host again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnbanRequest {
    /// Its IP address.
    pub host: String,
}

/// The answer to [`UnbanRequest`], with status 202.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnbanReceipt {
    /// The address.
    pub host: String,
    /// Whether it was banned.
    pub was_banned: bool,
}

/// `GET /v1/ledger`: the ledger chain that the node keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerReport {
    /// Its id.
    pub chain_id: ChainId,
    /// Its parameters.
    pub spec: ChainSpec,
    /// When this node mines: `on-demand`, `interval SECONDS`, `always` or `off`.
    pub mining: String,
    /// Who gets the reward of blocks that are mined here.
    pub miner: Address,
    /// Transactions that wait to be mined.
    pub waiting_transactions: usize,
    /// What they count for, in bytes.
    pub waiting_bytes: u64,
    /// What was submitted to this node and waits to be mined, drafts included.
    pub local_transactions: u64,
}

/// `GET /v1/accounts/{address}`: what an account owns, after the best chain's last block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountReport {
    /// Whose it is.
    pub address: Address,
    /// In whole units.
    pub balance: u64,
    /// Transactions of it in the best chain.
    pub sequence: u64,
    /// The sequence that its next transaction needs, after those that wait.
    pub next_sequence: u64,
}

/// `POST /v1/mining`: mine on for a while, although nothing waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MineOnRequest {
    /// For how long, at most an hour.
    pub seconds: u32,
}

/// `POST /v1/erasures`: drop the payload of a transaction from this node for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseRequest {
    /// Its id.
    pub txid: Txid,
}

/// What went wrong, by RFC 9457 (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: `urn:kusari:problem:` and a short name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words, always the same for one kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and what to do: one sentence.
    pub detail: String,
}

/// `<data directory>/node.json`, while the node runs: how programs find it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFile {
    /// Process of the node.
    pub pid: u32,
    /// Where it takes connections of peers.
    pub listen: SocketAddr,
    /// Where its local API answers; null where that is turned off.
    pub http: Option<SocketAddr>,
    /// What a write must bring along, as `Authorization: Bearer TOKEN`.
    pub token: String,
}

impl NodeFile {
    /// Its name in the data directory.
    pub const NAME: &str = "node.json";
}

/// The token turns up in no log.
impl std::fmt::Debug for NodeFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut all = f.debug_struct("NodeFile");
        all.field("pid", &self.pid).field("listen", &self.listen).field("http", &self.http);
        all.finish_non_exhaustive()
    }
}
