//! Entries of the stored outbox on their way into memory.
//!
//! Owns when that is: at the start, when what waits before them is mined, and when the block that
//! they stood in, or that what displaced them stood in, leaves the best chain.

use kusari_chain::ledger::Txid;
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{BlockHash, StoreError, StoreResult};

use super::{LocalTransactions, Open, Place};
use crate::backlog::{Backlog, OutboxLimits};
use crate::drafts::Draft;
use crate::prelude::*;
use crate::store::{EntryId, EntryState, OutboxEntry, OutboxStore, OutboxWrite};
use crate::wire::{Dialect, Message};

/// An entry that waits, and is in memory from now on.
pub(crate) enum Loaded {
    /// It is to be signed.
    Draft(EntryId, Draft),
    /// It is to be offered to the pool.
    Signed(CheckedTransaction),
}

impl LocalTransactions {
    /// What is neither settled nor an unsigned draft, with what of it is to be offered to the pool;
    /// drafts are loaded next.
    pub(crate) fn open(
        store: &dyn OutboxStore,
        limits: OutboxLimits,
        writes: &mut Vec<OutboxWrite>,
    ) -> StoreResult<(Self, Vec<Loaded>)> {
        let facts = store.outbox_facts()?;
        let mut own = Self {
            backlog: Backlog::open(limits, &facts),
            displaced: facts.displaced,
            ..Self::default()
        };
        let (mut entries, mut waiting) = (Vec::new(), Vec::new());
        store.visit_open_entries(&mut |entry| entries.push(entry))?;
        for entry in entries {
            if entry.state == EntryState::Waiting {
                own.backlog.hold_stored(entry.weight());
                waiting.extend(own.has_loaded(entry, store, writes)?);
                continue;
            }
            match place_of(&entry, store)? {
                Some(place) => {
                    let id = entry.id;
                    if own.load(entry, place)?.is_some() {
                        own.done.extend(place.height().map(|height| (height, id)));
                    }
                }
                // The medium altered its block, or the end of the chain that it stood in.
                None => waiting.extend(own.wait_again(entry, writes)?),
            }
        }
        Ok((own, waiting))
    }

    fn load(&mut self, entry: OutboxEntry, place: Place) -> StoreResult<Option<Loaded>> {
        let (bytes, ids): (_, Vec<Txid>) = (entry.weight(), entry.txids().collect());
        let signed = read(&entry)?;
        let author = signed.as_ref().map(|checked| checked.transaction().sender);
        let Some(sender) = author.or(entry.draft.as_ref().map(|draft| draft.account)) else {
            return Ok(None);
        };
        let sequence = signed.as_ref().map(|checked| checked.transaction().sequence);
        let draft = entry.draft.clone();
        let open = Open { sender, sequence, bytes, ids, draft, place, settling: false };
        self.add(entry.id, open);
        let draft = entry.draft.map(|draft| Loaded::Draft(entry.id, draft));
        Ok(signed.map(Loaded::Signed).or(draft))
    }

    /// Takes the next entries that wait into memory, where there is room for them. What must be
    /// written is what was mined while an entry waited in the store alone.
    pub(crate) fn load_waiting(
        &mut self,
        store: &dyn OutboxStore,
        writes: &mut Vec<OutboxWrite>,
    ) -> StoreResult<Vec<Loaded>> {
        let open = &self.open;
        let entries = self.backlog.load(store, |id| open.contains_key(&id))?;
        let mut waiting = Vec::new();
        for entry in entries {
            waiting.extend(self.has_loaded(entry, store, writes)?);
        }
        Ok(waiting)
    }

    /// An entry that waits by the store is in memory. Returns what is to be done for it.
    fn has_loaded(
        &mut self,
        entry: OutboxEntry,
        store: &dyn OutboxStore,
        writes: &mut Vec<OutboxWrite>,
    ) -> StoreResult<Option<Loaded>> {
        let (id, bytes, mined_at) = (entry.id, entry.weight(), mined_at(&entry, store)?);
        let loaded = self.load(entry, Place::Waiting)?;
        match (&loaded, mined_at) {
            (Some(_), None) => return Ok(loaded),
            (Some(_), Some(height)) => self.set_place(id, Place::Mined(height), writes),
            // Its text was erased, so there is nothing to mine.
            (None, _) => {
                self.backlog.waits_no_more(bytes);
                let state = EntryState::Mined { settled: true };
                writes.push(OutboxWrite::SetState { id, state });
            }
        }
        Ok(None)
    }

    /// The transaction left the best chain with its block. Where it is one of ours it waits again, and
    /// `writes` says what must be written for that. Returns its last form.
    pub(crate) fn revert(
        &mut self,
        txid: &Txid,
        store: &dyn OutboxStore,
        writes: &mut Vec<OutboxWrite>,
    ) -> StoreResult<Option<Txid>> {
        if let Some((id, open)) = self.find(txid) {
            let last = open.ids.last().copied();
            self.set_place(id, Place::Waiting, writes);
            return Ok(last);
        }
        // A node that was never given anything needs no look-up.
        if self.is_unused() {
            return Ok(None);
        }
        let Some(entry) = store.entry_of_block(&BlockHash(txid.0))? else { return Ok(None) };
        let last = entry.txids().next_back();
        Ok(self.wait_again(entry, writes)?.and(last))
    }

    /// The entries that this transaction displaced wait again, since it left the best chain. Those
    /// that are in memory are known without a look into the store.
    pub(crate) fn undo_displaced_by(
        &mut self,
        txid: &Txid,
        store: &dyn OutboxStore,
        writes: &mut Vec<OutboxWrite>,
    ) -> StoreResult<Vec<Txid>> {
        let mut undone = Vec::new();
        if self.displaced == 0 {
            return Ok(undone);
        }
        for entry in store.displaced_by(txid)? {
            let last = entry.txids().next_back();
            if !self.open.contains_key(&entry.id) && self.wait_again(entry, writes)?.is_some() {
                self.displaced = self.displaced.saturating_sub(1);
                undone.extend(last);
            }
        }
        Ok(undone)
    }

    /// An entry that did not wait does again. Returns what is to be done for it; `None` where it waits
    /// already or was erased.
    fn wait_again(
        &mut self,
        entry: OutboxEntry,
        writes: &mut Vec<OutboxWrite>,
    ) -> StoreResult<Option<Loaded>> {
        let (id, bytes) = (entry.id, entry.weight());
        if entry.state == EntryState::Waiting {
            return Ok(None);
        }
        let loaded = self.load(entry, Place::Waiting)?;
        if loaded.is_some() {
            self.backlog.waits_again(bytes);
            writes.push(OutboxWrite::SetState { id, state: EntryState::Waiting });
        }
        Ok(loaded)
    }
}

/// The height of the block of the best chain that holds one of the forms of an entry.
fn mined_at(entry: &OutboxEntry, store: &dyn OutboxStore) -> StoreResult<Option<u32>> {
    for txid in entry.txids() {
        if let Some(height) = store.mined_at(&txid)? {
            return Ok(Some(height));
        }
    }
    Ok(None)
}

/// Where an entry stands that does not wait; `None` where nothing of it can be found.
fn place_of(entry: &OutboxEntry, store: &dyn OutboxStore) -> StoreResult<Option<Place>> {
    Ok(match entry.state {
        EntryState::Waiting => None,
        EntryState::Mined { .. } => mined_at(entry, store)?.map(Place::Mined),
        // What displaced it may wait itself, where the person had the one replace the other.
        EntryState::Displaced { by, .. } => {
            let height = store.mined_at(&by)?.unwrap_or(u32::MAX);
            Some(Place::Displaced { by, height })
        }
    })
}

/// The transaction of an entry, as it was signed last; `None` for a draft, and where it was erased.
pub(super) fn read(entry: &OutboxEntry) -> StoreResult<Option<CheckedTransaction>> {
    let OutboxEntry { id, text, .. } = entry;
    if text.is_empty() {
        return Ok(None);
    }
    match Dialect::Written.receive(text.as_bytes()) {
        Ok(Message::Transaction(transaction)) => Ok(Some(*transaction)),
        _ => Err(StoreError(alloc::format!("entry {id} of the outbox is not a transaction"))),
    }
}
