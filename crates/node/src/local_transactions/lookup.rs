//! What is asked of local transactions: what they say, which sequences they have, where they stand.

use kusari_chain::ledger::{PublicKey, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{BlockHash, StoreResult};

use super::load::read;
use super::{LocalTransactions, Place};
use crate::prelude::*;
use crate::store::{EntryId, OutboxStore};

impl LocalTransactions {
    /// One of ours as the store holds it, in its last form; `None` where it does not yet, or no
    /// longer.
    pub(crate) fn text_of(
        &self,
        txid: &Txid,
        store: &dyn OutboxStore,
    ) -> StoreResult<Option<CheckedTransaction>> {
        match store.entry_of_block(&BlockHash(txid.0))? {
            Some(entry) => read(&entry),
            None => Ok(None),
        }
    }

    /// The last sequence of this sender under which one of ours is not settled.
    pub(crate) fn last_sequence(&self, sender: &PublicKey) -> Option<u64> {
        let of_sender = self.places.range((*sender, 0, 0)..=(*sender, u64::MAX, EntryId::MAX));
        of_sender.map(|(_, sequence, _)| *sequence).next_back()
    }

    /// The first sequence from `next` on under which one of ours waits.
    pub(crate) fn first_waiting(&self, sender: &PublicKey, next: u64) -> Option<u64> {
        let mut later = self.places.range((*sender, next, 0)..=(*sender, u64::MAX, EntryId::MAX));
        let waits = |id| self.open.get(id).is_some_and(|open| open.place == Place::Waiting);
        later.find(|(_, _, id)| waits(id)).map(|(_, sequence, _)| *sequence)
    }

    /// The first sequence from `next` on under which none of ours waits.
    pub(crate) fn free_sequence(&self, sender: &PublicKey, mut next: u64) -> u64 {
        while self.first_waiting(sender, next) == Some(next) {
            next = next.saturating_add(1);
        }
        next
    }

    /// Those in memory that were mined or displaced above a height, in their last form.
    pub(crate) fn done_above(&self, height: u32) -> Vec<Txid> {
        let above = self.done.range((height.saturating_add(1), 0)..).map(|(_, id)| id);
        let settling = self.settling.iter().map(|(_, id)| id).filter(|id| {
            let at = self.open.get(id).and_then(|open| open.place.height());
            at.is_some_and(|at| at > height)
        });
        let open = above.chain(settling).filter_map(|id| self.open.get(id));
        open.filter_map(|open| open.ids.last().copied()).collect()
    }

    /// Those that the pool does not hold, of some senders.
    pub(crate) fn stranded(&self, of: impl Fn(&PublicKey) -> bool) -> Vec<Txid> {
        let some = self.stranded.iter().filter(|(_, sender)| of(sender));
        some.map(|(txid, _)| *txid).collect()
    }

    /// Who signed what is in memory. A sender may come more than once.
    pub(crate) fn senders(&self) -> impl Iterator<Item = PublicKey> {
        self.open.values().map(|open| open.sender)
    }

    /// Whether it is a form of an entry, or displaced one, in memory or in the store.
    pub(crate) fn concerns(&self, txid: &Txid, store: &dyn OutboxStore) -> StoreResult<bool> {
        if self.is_unused() {
            return Ok(false);
        }
        Ok(self.contains(txid)
            || store.entry_of_block(&BlockHash(txid.0))?.is_some()
            || self.displaced > 0 && !store.displaced_by(txid)?.is_empty())
    }

    /// Whether one entry was signed as both.
    pub(crate) fn are_forms_of_one(&self, one: &Txid, other: &Txid) -> bool {
        let entry = self.by_txid.get(one);
        entry.is_some() && entry == self.by_txid.get(other)
    }

    /// The entry of a transaction, and the id that it had before where it was signed again.
    pub(crate) fn entry_of(&self, txid: &Txid) -> Option<(EntryId, Option<Txid>)> {
        let (id, open) = self.find(txid)?;
        let before = open.ids.iter().take_while(|one| *one != txid).last();
        Some((id, before.copied()))
    }
}
