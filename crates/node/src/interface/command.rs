//! What people and programs ask of the node, and what it answers.

use core::net::IpAddr;

use kusari_chain::ledger::{Account, BodyEntry, PublicKey, Txid};
use kusari_chain::mempool::PoolRefusal;
use kusari_chain::{BlockHash, Branches, StoredBlock};

use super::{AcceptedBranch, WrittenTransaction};
use crate::address::PeerAddress;
use crate::drafts::{Draft, DraftWait};
use crate::prelude::*;
use crate::store::{EntryId, Erasure};

/// What a person or a program asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Record a line of text. Answered once it is durable, or refused. While the outbox is full it
    /// waits for room.
    Say(String),
    /// The same for whoever can come again: refused at once where the outbox is full.
    Offer(String),
    /// Have a transaction mined that a person of this node signed. Answered once it is durable, or
    /// refused.
    Submit(Box<WrittenTransaction>),
    /// Have a draft signed by the account of this node, and mined. Answered once it is durable, or
    /// refused; where it can be signed at once, when it is.
    Draft(Draft),
    /// What an account owns, and which sequence its next transaction needs.
    GetAccount(PublicKey),
    /// A transaction that is not in a block of the best chain.
    GetTransaction(Txid),
    /// A page of the transactions that wait, by sender and then by sequence.
    GetPool {
        /// After the one of this sender with this sequence, whether or not it still waits.
        after: Option<(PublicKey, u64)>,
        /// Most transactions; where their payloads are long, there are fewer.
        limit: usize,
    },
    /// Mine for this long, although nothing waits: somebody waits for confirmations.
    MineOn {
        /// In seconds, from now.
        seconds: u32,
    },
    /// Drop the payload of a transaction in a stored block for good.
    Erase(Erasure),
    /// The best chain and the branches beside it.
    GetBranches,
    /// Blocks of the best chain above a height that are accepted and may not be durable yet; none of this
    /// node's own, of which nothing is said before.
    GetUndurable {
        /// The height.
        above: u32,
    },
    /// Follow the branch of this block, however much it reverts. Answered once it is durable, or
    /// refused.
    AcceptBranch(BlockHash),
    /// Connect to a peer, and again whenever the connection is lost; at once where the next try waits.
    Connect(PeerAddress),
    /// End every connection with an address, and dial it no more.
    Disconnect(PeerAddress),
    /// Which hosts are banned.
    GetBans,
    /// Take connections from a banned host again.
    Unban(IpAddr),
}

/// The answer to a [`Command`]; [`super::request`] says which answers which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The line is stored under this number and will be mined, or can't be recorded.
    Recorded(Result<EntryId, SayRefusal>),
    /// The transaction is stored and waits to be mined, or can't wait here.
    Submitted(Result<Txid, SubmitRefusal>),
    /// The draft is stored, or can't wait here.
    Drafted(Result<Drafted, SubmitRefusal>),
    /// An account, after what is mined.
    Account(Result<AccountState, NoLedger>),
    /// What this node knows under an id beside the best chain's blocks.
    Transaction(Result<KnownTransaction, NoLedger>),
    /// Transactions that wait.
    Pool(Result<PoolPage, NoLedger>),
    /// The node mines on, or was started so that it mines nothing.
    MinesOn(Result<bool, NoLedger>),
    /// The payload is gone from this node, or was not here.
    Erased(bool),
    /// The branches that are known.
    Branches(Box<Branches>),
    /// Blocks that may not be durable yet, lowest first: [`crate::limits::MAX_UNDURABLE`] at most.
    Undurable(Vec<Arc<StoredBlock>>),
    /// A branch is accepted, or can't be.
    BranchAccepted(Result<Box<AcceptedBranch>, BranchRefusal>),
    /// The address will be dialled, and whether it was before.
    Dialled(Result<bool, TooManyAddresses>),
    /// What ended.
    Disconnected(Disconnected),
    /// The banned hosts, in order of their addresses.
    Bans(Vec<Ban>),
    /// Whether the host was banned.
    Unbanned(bool),
}

/// What came of [`Command::Disconnect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Disconnected {
    /// Whether the address was one that this node keeps dialling.
    pub dialled: bool,
    /// Connections that were closed.
    pub connections: usize,
}

/// A host from which no connection is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ban {
    /// Its address; the first one of a whole /64 of IPv6.
    #[schema(value_type = String, examples("192.0.2.7"))]
    pub host: IpAddr,
    /// For how many seconds more.
    pub seconds: u64,
}

/// A draft that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drafted {
    /// The outbox entry.
    pub entry: EntryId,
    /// The transaction that it became, which waits to be mined.
    pub txid: Option<Txid>,
    /// What it waits for before it is signed. `None` without a transaction where others are to be
    /// signed first.
    pub wait: Option<DraftWait>,
}

/// An account and what its owner needs next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountState {
    /// As the best chain has it.
    pub account: Account,
    /// The sequence that its next transaction needs.
    pub next_sequence: u64,
}

/// A transaction as it is known beside the best chain's blocks. Unless it waits, whatever was mined
/// before is in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownTransaction {
    /// The transaction, if it waits or was submitted to this node.
    pub entry: Option<Box<BodyEntry>>,
    /// Whether it waits to be mined.
    pub waits: bool,
}

/// A page of transactions that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoolPage {
    /// By sender and then by sequence.
    pub page: Vec<WaitingTransaction>,
    /// Whether more follow.
    pub more: bool,
}

/// This is a classic chain, which knows no accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NoLedger;

/// As many addresses are dialled as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TooManyAddresses {
    /// How many may be.
    pub limit: usize,
}

/// Why a branch can't be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BranchRefusal {
    /// No branch beside the best chain has such a block.
    Unknown,
    /// The block is in the best chain already.
    InBestChain,
}

/// A transaction that waits to be mined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingTransaction {
    /// The transaction and its payload.
    pub entry: BodyEntry,
    /// Since when, in Unix seconds.
    pub since: u64,
    /// Whether it was submitted to this node.
    pub own: bool,
}

/// Why a transaction of a person of this node can't wait to be mined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitRefusal {
    /// A classic chain takes lines and no transactions.
    #[error("this is the classic chain, which knows no transactions of accounts")]
    NoLedger,
    /// The pool is against it.
    #[error(transparent)]
    Pool(#[from] PoolRefusal),
    /// As many wait as may.
    #[error("{waiting} transactions of this node wait to be mined; try again when some are")]
    OutboxFull {
        /// How many wait.
        waiting: u64,
    },
    /// The store takes as much as it may.
    #[error(
        "the store is as large as it may be, so nothing new is recorded; start the node with a higher \
         --max-store"
    )]
    StoreFull,
    /// The draft is another account's.
    #[error(
        "this node has no wallet with that account: sign the transaction yourself (`--wallet`), or \
         start the node with the wallet that has it"
    )]
    OtherAccount,
    /// There is nothing in it.
    #[error("the record is empty")]
    Empty,
}

/// Why a line can't be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SayRefusal {
    /// A ledger takes signed transactions and no lines.
    #[error("this chain is a ledger: record the line as a signed transaction (`kusari record`)")]
    Unsigned,
    /// The store takes as much as it may.
    #[error(
        "the store is as large as it may be, so nothing new is recorded; start the node with a higher \
         --max-store"
    )]
    StoreFull,
    /// There is nothing in it.
    #[error("the line is empty")]
    Empty,
    /// It does not fit a block.
    #[error("the line takes {bytes} bytes, at most {limit} fit a block; shorten it or split it")]
    TooLong {
        /// Its length in bytes after JSON escaping.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Too many lines wait already, and too many commands wait for room.
    #[error("{waiting} lines wait to be mined; try again when some are")]
    OutboxFull {
        /// Lines that wait.
        waiting: u64,
    },
}
