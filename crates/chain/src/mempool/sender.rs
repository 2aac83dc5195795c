//! What waits of one sender.
//!
//! Owns the chain of transactions that could be mined one after the other, and beside it our own
//! ones that cannot be mined now. Knows no other senders and no bounds.

use core::mem;

use super::pooled::{FeeRate, PooledTransaction, Rank};
use crate::ledger::{Account, PublicKey, Txid};
use crate::prelude::*;

/// A transaction of the chain, and what follows from those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pooled: Box<PooledTransaction>,
    /// What the sender owns once this one is mined, in whole units.
    balance_after: u64,
    /// The least that it or one before it pays for a byte. A cheap one holds back what follows.
    held_rate: FeeRate,
}

/// The transactions of one sender.
///
/// Sequences in `chain` count up from the account's without gaps, and the balance covers each in
/// its turn. `parked` holds own ones only, all with sequences from the chain's end on; the first of
/// them does not fit there. So both follow from the account and the transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    account: Account,
    chain: Vec<Link>,
    parked: BTreeMap<u64, Box<PooledTransaction>>,
    bytes: u64,
    /// What our own of them count for.
    own_bytes: u64,
}

/// The last of a chain, where it may be evicted: the worst first.
pub(super) type Tail = (Rank, PublicKey);

/// What a new arrangement left behind.
#[derive(Default)]
pub(super) struct Fallen {
    /// Their sequences are used: they were mined, or others in their place.
    pub(super) past: Vec<PooledTransaction>,
    /// Others' that do not fit any more.
    pub(super) unfit: Vec<PooledTransaction>,
    /// Own ones that now wait.
    pub(super) parked: Vec<Txid>,
    /// Own ones that wait no more.
    pub(super) resumed: Vec<Txid>,
}

/// Where a sequence stands in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Used,
    /// In the chain, or right behind it.
    At(usize),
    Gap,
}

impl Sender {
    pub(super) fn new(account: Account) -> Self {
        Self { account, chain: Vec::new(), parked: BTreeMap::new(), bytes: 0, own_bytes: 0 }
    }

    /// Puts transactions, which must come in the order of their sequences, where they belong.
    pub(super) fn arrange(
        account: Account,
        entries: impl IntoIterator<Item = Box<PooledTransaction>>,
    ) -> (Self, Fallen) {
        let (mut sender, mut fallen) = (Self::new(account), Fallen::default());
        for pooled in entries {
            if pooled.sequence() < account.sequence {
                fallen.past.push(*pooled);
            } else if sender.fits(&pooled) {
                sender.push(pooled);
            } else if pooled.is_own() {
                sender.note_added(&pooled);
                sender.parked.insert(pooled.sequence(), pooled);
            } else {
                fallen.unfit.push(*pooled);
            }
        }
        (sender, fallen)
    }

    /// Arranges everything anew after a change of the account or of the transactions.
    pub(super) fn rearrange(
        &mut self,
        account: Account,
        edit: impl FnOnce(&mut Vec<Box<PooledTransaction>>),
    ) -> Fallen {
        let before = mem::replace(self, Self::new(account));
        let waited: BTreeSet<u64> = before.parked.keys().copied().collect();
        let chain = before.chain.into_iter().map(|link| link.pooled);
        let mut entries = chain.chain(before.parked.into_values()).collect();
        edit(&mut entries);
        let (after, mut fallen) = Self::arrange(account, entries);
        *self = after;
        let newly = self.parked.iter().filter(|(sequence, _)| !waited.contains(sequence));
        fallen.parked = newly.map(|(_, pooled)| pooled.txid()).collect();
        let resumed = self.chain().filter(|pooled| waited.contains(&pooled.sequence()));
        fallen.resumed = resumed.map(PooledTransaction::txid).collect();
        fallen
    }

    /// Adds a transaction that fits, in the place of another of its sequence if there is one.
    pub(super) fn put(
        &mut self,
        pooled: Box<PooledTransaction>,
    ) -> (Option<Box<PooledTransaction>>, Fallen) {
        if self.parked.is_empty() && self.fits(&pooled) {
            self.push(pooled);
            return (None, Fallen::default());
        }
        let mut replaced = None;
        let mut fallen = self.rearrange(self.account, |entries| {
            match entries.binary_search_by_key(&pooled.sequence(), |entry| entry.sequence()) {
                Ok(place) => replaced = Some(mem::replace(&mut entries[place], pooled)),
                Err(place) => entries.insert(place, pooled),
            }
        });
        // What took a waiting one's place did not wait itself.
        let new = replaced.as_ref().and_then(|old| self.get(old.sequence())).map(|new| new.txid());
        fallen.resumed.retain(|txid| Some(*txid) != new);
        (replaced, fallen)
    }

    /// Takes the last of the chain away.
    pub(super) fn pop(&mut self) -> Option<Box<PooledTransaction>> {
        let link = self.chain.pop()?;
        self.note_removed(&link.pooled);
        Some(link.pooled)
    }

    /// Takes the last parked one away, if its sequence is above this one.
    pub(super) fn pop_parked(&mut self, sequence: u64) -> Option<Box<PooledTransaction>> {
        let last = self.parked.last_entry().filter(|last| *last.key() > sequence)?;
        let pooled = last.remove();
        self.note_removed(&pooled);
        Some(pooled)
    }

    /// Puts the next one at the end of the chain. It must fit.
    pub(super) fn push(&mut self, pooled: Box<PooledTransaction>) {
        let transaction = pooled.transaction();
        // What one pays to oneself must be there, and is there afterwards.
        let spent = if transaction.receiver == transaction.sender {
            transaction.fee
        } else {
            pooled.checked().cost()
        };
        let balance_after = self.balance().saturating_sub(spent);
        let held_rate = self.held_rate(self.chain.len(), pooled.fee_rate());
        self.note_added(&pooled);
        self.chain.push(Link { pooled, balance_after, held_rate });
    }

    fn fits(&self, pooled: &PooledTransaction) -> bool {
        self.place(pooled.sequence()) == Place::At(self.chain.len())
            && pooled.checked().cost() <= self.balance()
    }

    pub(super) fn balance(&self) -> u64 {
        self.balance_before(self.chain.len())
    }

    /// What the sender owns when the one at this place of the chain has its turn.
    pub(super) fn balance_before(&self, place: usize) -> u64 {
        let before = place.checked_sub(1).and_then(|place| self.chain.get(place));
        before.map_or(self.account.balance, |link| link.balance_after)
    }

    /// What a transaction at this place of the chain would be held back to.
    pub(super) fn held_rate(&self, place: usize, rate: FeeRate) -> FeeRate {
        let before = place.checked_sub(1).and_then(|place| self.chain.get(place));
        before.map_or(rate, |link| link.held_rate.min(rate))
    }

    pub(super) fn place(&self, sequence: u64) -> Place {
        let Some(distance) = sequence.checked_sub(self.account.sequence) else {
            return Place::Used;
        };
        match usize::try_from(distance) {
            Ok(place) if place <= self.chain.len() => Place::At(place),
            _ => Place::Gap,
        }
    }

    pub(super) fn get(&self, sequence: u64) -> Option<&PooledTransaction> {
        let linked = match self.place(sequence) {
            Place::At(place) => self.chain.get(place).map(|link| &*link.pooled),
            Place::Used | Place::Gap => None,
        };
        linked.or_else(|| self.parked.get(&sequence).map(|pooled| &**pooled))
    }

    /// Makes the one with this sequence our own.
    pub(super) fn submit(&mut self, sequence: u64) {
        if let Place::At(place) = self.place(sequence)
            && let Some(link) = self.chain.get_mut(place)
        {
            self.own_bytes += link.pooled.pooled_bytes();
            link.pooled.submit();
        }
    }

    /// Takes away what is older than `max_age` seconds and what follows it. Own ones stay, and with
    /// them what they stand on, without which no node could mine them.
    pub(super) fn expire(&mut self, now: u64, max_age: u64) -> Vec<PooledTransaction> {
        let kept =
            self.chain.iter().rposition(|link| link.pooled.is_own()).map_or(0, |own| own + 1);
        let is_old = |link: &Link| now.saturating_sub(link.pooled.since()) > max_age;
        let Some(first) = self.chain[kept..].iter().position(is_old) else { return Vec::new() };
        let links = self.chain.split_off(kept + first);
        let expired: Vec<_> = links.into_iter().map(|link| *link.pooled).collect();
        expired.iter().for_each(|pooled| self.note_removed(pooled));
        expired
    }

    fn note_added(&mut self, pooled: &PooledTransaction) {
        self.bytes += pooled.pooled_bytes();
        if pooled.is_own() {
            self.own_bytes += pooled.pooled_bytes();
        }
    }

    fn note_removed(&mut self, pooled: &PooledTransaction) {
        self.bytes -= pooled.pooled_bytes();
        if pooled.is_own() {
            self.own_bytes -= pooled.pooled_bytes();
        }
    }

    /// What others' transactions here count for where the sender owns nothing, in bytes.
    pub(super) fn penniless_bytes(&self) -> u64 {
        if self.account.balance == 0 { self.bytes - self.own_bytes } else { 0 }
    }

    pub(super) fn tail(&self) -> Option<Tail> {
        let last = self.chain.last().filter(|link| !link.pooled.is_own())?;
        Some((last.pooled.rank(last.held_rate), self.account.key))
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// The sequence after the chain's last.
    pub(super) fn end(&self) -> u64 {
        // No account ever gets near the end of the numbers; a made-up one must not stop the node.
        self.account.sequence.saturating_add(self.chain.len() as u64)
    }

    pub(super) fn chain(&self) -> impl Iterator<Item = &PooledTransaction> + Clone {
        self.chain.iter().map(|link| &*link.pooled)
    }

    pub(super) fn parked(&self) -> impl Iterator<Item = &PooledTransaction> + Clone {
        self.parked.values().map(|pooled| &**pooled)
    }

    pub(super) fn len(&self) -> usize {
        self.chain.len() + self.parked.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}
