//! The pool of transactions that wait to be mined.
//!
//! Owns which transactions may wait, within which bounds, and in which order they go into a block.
//! A transaction here could be mined as it stands: it follows on what its sender has confirmed and
//! what waits before it, and the sender's confirmed balance covers it. Only our own ones are kept
//! beyond that. Must not touch fork choice, stores, clocks or peers: accounts and times come from
//! the caller.
//!
//! The caller's part: [`Mempool::follow`] after every change of the best chain, with all accounts
//! that it changed, before anything else is admitted; then [`Mempool::admit`] for what reverted
//! blocks held.

mod admission;
mod batch;
mod checked_transaction;
mod follow;
mod pooled;
mod refusal;
mod select;
mod sender;
mod state;

use core::mem::size_of;
use core::ops::Bound;

use hashbrown::HashMap;

pub use self::admission::{Admission, check_chain_bounds};
pub use self::batch::TransactionBatch;
pub use self::checked_transaction::CheckedTransaction;
pub use self::follow::Followed;
pub use self::pooled::PooledTransaction;
pub use self::refusal::PoolRefusal;
use self::sender::{Link, Sender, Tail};
use crate::ledger::{Account, ChainSpec, PublicKey, SignedTransaction, Txid};
use crate::params;
use crate::prelude::*;

/// What the overhead must cover, where a transaction is the only one of its sender: tables and
/// trees may be half empty, and a list has room for four from its first.
const OVERHEAD: usize = size_of::<PooledTransaction>() - SignedTransaction::BYTES
    + 4 * size_of::<Link>()
    + 2 * size_of::<(Txid, (PublicKey, u64))>()
    + 2 * size_of::<(PublicKey, Sender)>()
    + 2 * size_of::<Tail>();
const _: () = assert!(OVERHEAD <= params::POOLED_OVERHEAD_BYTES as usize);

/// How much may wait. Bytes are weights with [`params::POOLED_OVERHEAD_BYTES`] for each
/// transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolLimits {
    /// Bytes of everything that waits.
    pub bytes: u64,
    /// Transactions of one sender.
    pub sender_transactions: usize,
    /// Bytes of one sender's transactions.
    pub sender_bytes: u64,
    /// Bytes of our own transactions.
    pub own_bytes: u64,
    /// Bytes of others' transactions whose senders own nothing on the best chain.
    #[serde(default = "greatest_penniless_bytes")]
    pub penniless_bytes: u64,
    /// Seconds that a transaction of others may wait.
    pub age_s: u64,
}

/// What a form of the limits means that was written before there was this one.
fn greatest_penniless_bytes() -> u64 {
    params::MAX_PENNILESS_BYTES
}

impl PoolLimits {
    /// The limits of a node, and the greatest that there are.
    pub const GREATEST: Self = Self {
        bytes: params::MAX_MEMPOOL_BYTES,
        sender_transactions: params::MAX_PER_SENDER,
        sender_bytes: params::MAX_SENDER_BYTES,
        own_bytes: params::MAX_OWN_BYTES,
        penniless_bytes: params::MAX_PENNILESS_BYTES,
        age_s: params::MAX_POOL_AGE_S,
    };

    /// Whichever limit is lower, for each.
    fn min(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.min(other.bytes),
            sender_transactions: self.sender_transactions.min(other.sender_transactions),
            sender_bytes: self.sender_bytes.min(other.sender_bytes),
            own_bytes: self.own_bytes.min(other.own_bytes),
            penniless_bytes: self.penniless_bytes.min(other.penniless_bytes),
            age_s: self.age_s.min(other.age_s),
        }
    }
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self::GREATEST
    }
}

/// The pool.
///
/// What is *offered* can be mined now. What is *parked* is our own and cannot, because an earlier
/// transaction is missing or the balance is too low: it is kept until it can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mempool {
    limits: PoolLimits,
    senders: BTreeMap<PublicKey, Sender>,
    /// The sender and the sequence of each transaction.
    places: HashMap<Txid, (PublicKey, u64)>,
    /// Of each sender the last offered one, unless it is our own: those that may be evicted.
    tails: BTreeSet<Tail>,
    bytes: u64,
    own_bytes: u64,
    /// What others' transactions count for whose senders own nothing.
    penniless_bytes: u64,
}

impl Mempool {
    /// An empty pool with these limits, none of them above [`PoolLimits::GREATEST`].
    #[must_use]
    pub fn new(limits: PoolLimits) -> Self {
        Self { limits: limits.min(PoolLimits::GREATEST), ..Self::default() }
    }

    /// The transaction with this id, offered or parked.
    #[must_use]
    pub fn get(&self, txid: &Txid) -> Option<&PooledTransaction> {
        let (key, sequence) = self.places.get(txid)?;
        self.senders.get(key)?.get(*sequence)
    }

    /// Whether the transaction is here, offered or parked.
    #[must_use]
    pub fn contains(&self, txid: &Txid) -> bool {
        self.places.contains_key(txid)
    }

    /// Transactions here, offered and parked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What they count for against [`PoolLimits::bytes`], offered and parked, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What our own count for against [`PoolLimits::own_bytes`], offered and parked, in bytes.
    #[must_use]
    pub fn own_bytes(&self) -> u64 {
        self.own_bytes
    }

    /// The offered ones, by sender and then by sequence.
    pub fn iter(&self) -> impl Iterator<Item = &PooledTransaction> + Clone {
        self.senders.values().flat_map(Sender::chain)
    }

    /// The parked ones, by sender and then by sequence.
    pub fn parked(&self) -> impl Iterator<Item = &PooledTransaction> + Clone {
        self.senders.values().flat_map(Sender::parked)
    }

    /// Those that wait, offered or parked, by sender and then by sequence, after the one of this sender
    /// with this sequence, whether or not it is still here.
    pub fn after(
        &self,
        after: Option<(PublicKey, u64)>,
    ) -> impl Iterator<Item = &PooledTransaction> + Clone {
        let begin = after.map_or(Bound::Unbounded, |(key, _)| Bound::Included(key));
        let senders = self.senders.range((begin, Bound::Unbounded)).map(|(_, sender)| sender);
        // What is parked lies behind what is offered.
        let waiting = senders.flat_map(|sender| sender.chain().chain(sender.parked()));
        waiting.filter(move |pooled| {
            let transaction = pooled.transaction();
            after.is_none_or(|place| (transaction.sender, transaction.sequence) > place)
        })
    }

    /// The ids of the offered ones, in the order of [`Mempool::iter`].
    pub fn txids(&self) -> impl Iterator<Item = Txid> + Clone {
        self.iter().map(PooledTransaction::txid)
    }

    /// The offered ones of one sender, by sequence.
    pub fn by_sender(&self, key: &PublicKey) -> impl Iterator<Item = &PooledTransaction> + Clone {
        self.senders.get(key).into_iter().flat_map(Sender::chain)
    }

    /// The sequence that the next transaction of this sender needs to be admitted: after those that
    /// are offered. A parked one may have it; then the next one must outbid it.
    #[must_use]
    pub fn next_sequence(&self, account: &Account) -> u64 {
        let Some(sender) = self.senders.get(&account.key) else { return account.sequence };
        let offered = sender.account().sequence..=sender.end();
        if offered.contains(&account.sequence) { sender.end() } else { account.sequence }
    }

    /// What this sender owns once all that it has offered is mined, in whole units.
    #[must_use]
    pub fn balance(&self, account: &Account) -> u64 {
        self.senders.get(&account.key).map_or(account.balance, Sender::balance)
    }

    /// Checks again what does not follow from the pool itself: every signature, and the bounds of
    /// the chain. For a pool out of a checkpoint that another program may have written. Costs tens of
    /// microseconds for each transaction.
    ///
    /// # Errors
    /// The first rule that a transaction breaks, and its id.
    pub fn check(&self, spec: &ChainSpec) -> Result<(), (Txid, PoolRefusal)> {
        let chain = spec.chain_id();
        for pooled in self.iter().chain(self.parked()) {
            let signed = pooled.checked().check_signature(&chain);
            signed
                .map_err(PoolRefusal::from)
                .and_then(|()| check_chain_bounds(pooled.transaction(), spec))
                .map_err(|refusal| (pooled.txid(), refusal))?;
        }
        Ok(())
    }

    /// Takes away the last of a sender's parked ones, if its sequence is above this one. Where as much
    /// of a sender waits as may, and an earlier one is missing that all of it waits for, this is what
    /// makes room.
    pub fn remove_last_parked(
        &mut self,
        key: &PublicKey,
        sequence: u64,
    ) -> Option<PooledTransaction> {
        let account = *self.senders.get(key)?.account();
        let removed = self.with_sender(account, |sender| sender.pop_parked(sequence))?;
        self.note_removed(&removed);
        Some(*removed)
    }

    /// Changes one sender, and keeps what is known of its last transaction in step.
    fn with_sender<R>(&mut self, account: Account, change: impl FnOnce(&mut Sender) -> R) -> R {
        let sender = self.senders.entry(account.key).or_insert_with(|| Sender::new(account));
        if let Some(tail) = sender.tail() {
            self.tails.remove(&tail);
        }
        self.penniless_bytes -= sender.penniless_bytes();
        let result = change(sender);
        self.penniless_bytes += sender.penniless_bytes();
        self.tails.extend(sender.tail());
        if sender.len() == 0 {
            self.senders.remove(&account.key);
        }
        result
    }

    fn note_added(&mut self, pooled: &PooledTransaction) {
        self.places.insert(pooled.txid(), (pooled.sender(), pooled.sequence()));
        self.bytes += pooled.pooled_bytes();
        if pooled.is_own() {
            self.own_bytes += pooled.pooled_bytes();
        }
    }

    fn note_removed(&mut self, pooled: &PooledTransaction) {
        self.places.remove(&pooled.txid());
        self.bytes -= pooled.pooled_bytes();
        if pooled.is_own() {
            self.own_bytes -= pooled.pooled_bytes();
        }
    }
}
