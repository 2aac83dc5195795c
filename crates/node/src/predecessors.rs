//! Predecessors: transactions of others with the sender of one of our own, and an earlier sequence.
//!
//! Ours cannot be mined before they are. So each one that leaves the best chain or waits while an
//! unsettled one of ours follows is kept, durably and with its payload, until none follows any more.
//! Owns what is kept and its bounds; when it goes back into the pool is up to
//! [`crate::transactions`].

use kusari_chain::ledger::{BodyEntry, ChainId, PublicKey};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::params::POOLED_OVERHEAD_BYTES;
use kusari_chain::{StoreResult, ledger::Txid};
use serde::de::Error as _;
use serde::{Deserializer, Serializer};

use crate::interface::WrittenTransaction;
use crate::limits::{MAX_PREDECESSOR_BYTES, MAX_PREDECESSORS_PER_SENDER};
use crate::prelude::*;
use crate::store::{OutboxStore, PredecessorWrite};

/// A sender and a sequence.
pub(crate) type Place = (PublicKey, u64);

#[derive(Default)]
pub(crate) struct Predecessors {
    kept: BTreeMap<Place, CheckedTransaction>,
    /// What they count for against [`MAX_PREDECESSOR_BYTES`].
    bytes: u64,
    /// What must be written; empty between two inputs.
    writes: Vec<PredecessorWrite>,
}

impl Predecessors {
    /// What the store holds and one of ours still follows. Those that none follows are to be
    /// removed.
    pub(crate) fn open(
        store: &dyn OutboxStore,
        last_own: impl Fn(&PublicKey) -> Option<u64>,
    ) -> StoreResult<Self> {
        let mut entries = Vec::new();
        store.visit_predecessors(&mut |entry| entries.push(entry))?;
        let mut opened = Self::default();
        for BodyEntry { transaction, payload } in entries {
            if let Ok(checked) = CheckedTransaction::check_unsigned(transaction, payload) {
                opened.keep(&checked);
            }
        }
        // All of it is in the store.
        opened.writes.clear();
        opened.prune(last_own);
        Ok(opened)
    }

    /// Keeps a transaction, in the place of another one of its sender and sequence. Where a bound is
    /// reached, later ones of the sender give way, since they wait for this one; where there are none,
    /// it is not kept.
    pub(crate) fn keep(&mut self, checked: &CheckedTransaction) -> bool {
        let place = place_of(checked);
        if self.is_kept(checked) {
            return true;
        }
        while !self.has_room(checked) {
            let last = self.of_sender(&place.0).next_back().map(place_of);
            let Some(last) = last.filter(|last| *last > place) else { return false };
            self.remove(&last);
        }
        if let Some(former) = self.kept.insert(place, checked.clone()) {
            self.bytes -= kept_bytes(&former);
        }
        self.bytes += kept_bytes(checked);
        let (transaction, payload) = (*checked.transaction(), checked.payload().cloned());
        self.writes.push(PredecessorWrite::Insert(BodyEntry { transaction, payload }));
        true
    }

    /// Whether it is within the bounds beside what is kept already.
    pub(crate) fn has_room(&self, checked: &CheckedTransaction) -> bool {
        let place = place_of(checked);
        let former = self.kept.get(&place);
        let bytes = self.bytes - former.map_or(0, kept_bytes) + kept_bytes(checked);
        bytes <= MAX_PREDECESSOR_BYTES
            && (former.is_some() || self.of_sender(&place.0).count() < MAX_PREDECESSORS_PER_SENDER)
    }

    fn is_kept(&self, checked: &CheckedTransaction) -> bool {
        self.kept.get(&place_of(checked)).is_some_and(|kept| kept.txid() == checked.txid())
    }

    fn remove(&mut self, place: &Place) {
        if let Some(gone) = self.kept.remove(place) {
            self.bytes -= kept_bytes(&gone);
            let (sender, sequence) = *place;
            self.writes.push(PredecessorWrite::Remove { sender, sequence });
        }
    }

    /// The text of this one is erased: it is kept no longer.
    pub(crate) fn erase(&mut self, txid: &Txid) {
        let erased = self.kept.iter().find(|(_, kept)| kept.txid() == *txid);
        if let Some(place) = erased.map(|(place, _)| *place) {
            self.remove(&place);
        }
    }

    /// Lets go of those that none of ours follows: `last_own` is the last sequence that a sender has
    /// an unsettled one of ours under.
    pub(crate) fn prune(&mut self, last_own: impl Fn(&PublicKey) -> Option<u64>) {
        let mut after = None;
        let mut gone = Vec::new();
        while let Some(sender) = self.sender_after(after) {
            let first_gone = last_own(&sender).unwrap_or(0);
            let unfollowed = self.kept.range((sender, first_gone)..=(sender, u64::MAX));
            gone.extend(unfollowed.map(|(place, _)| *place));
            after = Some(sender);
        }
        gone.iter().for_each(|place| self.remove(place));
    }

    fn sender_after(&self, after: Option<PublicKey>) -> Option<PublicKey> {
        let next = match after {
            None => self.kept.first_key_value(),
            Some(sender) => {
                use core::ops::Bound::{Excluded, Unbounded};
                self.kept.range((Excluded((sender, u64::MAX)), Unbounded)).next()
            }
        };
        next.map(|((sender, _), _)| *sender)
    }

    /// The senders of those that are kept.
    pub(crate) fn senders(&self) -> BTreeSet<PublicKey> {
        self.kept.keys().map(|(sender, _)| *sender).collect()
    }

    /// Those of one sender, by sequence.
    pub(crate) fn of_sender(
        &self,
        sender: &PublicKey,
    ) -> impl DoubleEndedIterator<Item = &CheckedTransaction> {
        self.kept.range((*sender, 0)..=(*sender, u64::MAX)).map(|(_, checked)| checked)
    }

    /// All of them, by sender and sequence.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &CheckedTransaction> {
        self.kept.values()
    }

    /// What must be written so that the store keeps the same.
    pub(crate) fn take_writes(&mut self) -> Vec<PredecessorWrite> {
        core::mem::take(&mut self.writes)
    }

    /// Whether each of them is signed: they may come from a stranger's file.
    pub(crate) fn is_sound(&self, chain: &ChainId) -> bool {
        self.kept.values().all(|kept| {
            let (transaction, payload) = (*kept.transaction(), kept.payload().cloned());
            CheckedTransaction::check(transaction, payload, chain).is_ok()
        })
    }
}

fn place_of(checked: &CheckedTransaction) -> Place {
    (checked.transaction().sender, checked.transaction().sequence)
}

/// What one counts for, as the pool counts.
fn kept_bytes(checked: &CheckedTransaction) -> u64 {
    checked.transaction().weight() + POOLED_OVERHEAD_BYTES
}

impl Serialize for Predecessors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|kept| WrittenTransaction(kept.clone())))
    }
}

impl<'de> Deserialize<'de> for Predecessors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut read = Self::default();
        for WrittenTransaction(checked) in Vec::deserialize(deserializer)? {
            let count = read.kept.len();
            if !read.keep(&checked) || read.kept.len() != count + 1 {
                return Err(D::Error::custom("predecessors are over their bounds or twice there"));
            }
        }
        read.writes.clear();
        Ok(read)
    }
}
