//! Requests: each command with the one reply that answers it.
//!
//! A [`Command`] and a [`Reply`] are plain values, which a journal keeps; that they fit is said here alone.

use core::net::IpAddr;

use kusari_chain::ledger::{PublicKey, Txid};
use kusari_chain::{BlockHash, Branches, StoredBlock};

use super::{
    AcceptedBranch, AccountState, Ban, BranchRefusal, Command, Disconnected, Drafted,
    KnownTransaction, NoLedger, PoolPage, Reply, SayRefusal, SubmitRefusal, TooManyAddresses,
    WrittenTransaction,
};
use crate::address::PeerAddress;
use crate::drafts::Draft;
use crate::prelude::*;
use crate::store::{EntryId, Erasure};

/// A command whose answer is a `T`.
pub struct Request<T> {
    /// What the node is given.
    pub command: Command,
    /// What a reply says; `None` where it answers another command.
    pub read: fn(Reply) -> Option<T>,
}

macro_rules! requests {
    ($($name:ident($($field:ident: $type:ty),*) -> $answer:ty = $command:expr, $reply:ident;)*) => {$(
        #[doc = concat!("The command that is answered by [`Reply::", stringify!($reply), "`].")]
        #[must_use]
        pub fn $name($($field: $type),*) -> Request<$answer> {
            let read = |reply| match reply {
                Reply::$reply(answer) => Some(answer),
                _ => None,
            };
            Request { command: $command, read }
        }
    )*};
}

requests! {
    say(text: String) -> Result<EntryId, SayRefusal> = Command::Say(text), Recorded;
    offer(text: String) -> Result<EntryId, SayRefusal> = Command::Offer(text), Recorded;
    submit(transaction: WrittenTransaction) -> Result<Txid, SubmitRefusal>
        = Command::Submit(Box::new(transaction)), Submitted;
    draft(draft: Draft) -> Result<Drafted, SubmitRefusal> = Command::Draft(draft), Drafted;
    account(key: PublicKey) -> Result<AccountState, NoLedger> = Command::GetAccount(key), Account;
    transaction(txid: Txid) -> Result<KnownTransaction, NoLedger>
        = Command::GetTransaction(txid), Transaction;
    pool(after: Option<(PublicKey, u64)>, limit: usize) -> Result<PoolPage, NoLedger>
        = Command::GetPool { after, limit }, Pool;
    mine_on(seconds: u32) -> Result<bool, NoLedger> = Command::MineOn { seconds }, MinesOn;
    erase(erasure: Erasure) -> bool = Command::Erase(erasure), Erased;
    branches() -> Box<Branches> = Command::GetBranches, Branches;
    undurable(above: u32) -> Vec<Arc<StoredBlock>> = Command::GetUndurable { above }, Undurable;
    accept_branch(hash: BlockHash) -> Result<Box<AcceptedBranch>, BranchRefusal>
        = Command::AcceptBranch(hash), BranchAccepted;
    connect(address: PeerAddress) -> Result<bool, TooManyAddresses>
        = Command::Connect(address), Dialled;
    disconnect(address: PeerAddress) -> Disconnected = Command::Disconnect(address), Disconnected;
    bans() -> Vec<Ban> = Command::GetBans, Bans;
    unban(host: IpAddr) -> bool = Command::Unban(host), Unbanned;
}
