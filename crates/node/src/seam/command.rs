//! What people and programs ask of the node, and what it answers.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use kusari_chain::ledger::{Account, BodyEntry, PublicKey, Txid};
use kusari_chain::mempool::PoolRefusal;
use kusari_chain::{BlockHash, Branches};
use serde::{Deserialize, Serialize};

use super::{AcceptedBranch, WrittenTransaction};
use crate::address::PeerAddress;
use crate::drafts::{Draft, DraftWait};
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
    /// Follow the branch of this block, however much it reverts. Answered once it is durable, or
    /// refused.
    AcceptBranch(BlockHash),
    /// Connect to a peer, and again whenever the connection is lost.
    Connect(PeerAddress),
}

/// The answer to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The line is stored and will be mined.
    Saved(EntryId),
    /// The transaction is stored and waits to be mined.
    Submitted(Txid),
    /// The draft is stored.
    Drafted {
        /// The outbox entry.
        entry: EntryId,
        /// The transaction that it became, which waits to be mined.
        txid: Option<Txid>,
        /// What it waits for before it is signed. `None` without a transaction where others are to
        /// be signed first.
        wait: Option<DraftWait>,
    },
    /// The transaction can't wait here.
    NotSubmitted(SubmitRefusal),
    /// An account, after what is mined.
    Account {
        /// As the best chain has it.
        account: Account,
        /// The sequence that its next transaction needs.
        next_sequence: u64,
    },
    /// What this node knows under an id beside the best chain's blocks. Unless it waits, whatever was
    /// mined before is in the store.
    Transaction {
        /// The transaction, if it waits or was entrusted to this node.
        entry: Option<Box<BodyEntry>>,
        /// Whether it waits to be mined.
        waits: bool,
    },
    /// Transactions that wait, and whether more follow.
    Pool {
        /// The transactions.
        page: Vec<WaitingTransaction>,
        /// Whether more follow.
        more: bool,
    },
    /// The node mines on.
    MiningOn,
    /// The node was started so that it mines nothing.
    MiningIsOff,
    /// The payload is gone from this node.
    Erased,
    /// There is no such payload here.
    NothingToErase,
    /// This is a classic chain, which knows no accounts.
    NoLedger,
    /// The branches that are known.
    Branches(Box<Branches>),
    /// A branch is accepted.
    BranchAccepted(Box<AcceptedBranch>),
    /// No branch beside the best chain has such a block.
    UnknownBranch,
    /// The block is in the best chain already.
    InBestChain,
    /// The line can't be recorded, for a reason that will not pass by itself.
    Refused(SayRefusal),
    /// The address will be dialled.
    Connecting,
    /// The address is being dialled already.
    AlreadyDialled,
    /// There are as many addresses to dial as there may be.
    TooManyAddresses {
        /// How many there may be.
        limit: usize,
    },
}

/// A transaction that waits to be mined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingTransaction {
    /// The transaction and its payload.
    pub entry: BodyEntry,
    /// Since when, in Unix seconds.
    pub since: u64,
    /// Whether it was entrusted to this node.
    pub own: bool,
}

/// Why a transaction of a person of this node can't wait to be mined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitRefusal {
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
