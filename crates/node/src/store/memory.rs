//! The outbox in memory: for tests, simulations, and nodes that keep nothing.
//!
//! Owns what [`crate::store::OutboxStore`] asks of an outbox, without blocks or durability.

use core::ops::Range;

use kusari_chain::BlockHash;
use kusari_chain::ledger::Txid;

use super::{EntryId, EntryState, OutboxEntry, OutboxFacts, StoreBatch};
use crate::prelude::*;

/// An outbox in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryOutbox {
    entries: BTreeMap<EntryId, OutboxEntry>,
    by_block: BTreeMap<BlockHash, EntryId>,
    met_peer: bool,
}

impl MemoryOutbox {
    /// Carries out what a batch changes about the outbox.
    pub fn apply(&mut self, batch: &StoreBatch) {
        self.met_peer |= batch.met_peer;
        for write in &batch.outbox {
            let id = write.id();
            if let Some(entry) = write.apply(self.entries.remove(&id)) {
                self.by_block.extend(entry.blocks.iter().map(|hash| (*hash, id)));
                self.entries.insert(id, entry);
            }
        }
    }

    /// The entry with this number.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&OutboxEntry> {
        self.entries.get(&id)
    }

    /// Every entry, in order of number.
    pub fn entries(&self) -> impl Iterator<Item = &OutboxEntry> {
        self.entries.values()
    }

    /// As [`crate::store::OutboxStore::visit_open_entries`].
    pub fn open_entries(&self) -> impl Iterator<Item = &OutboxEntry> {
        self.entries.values().filter(|entry| entry.is_open())
    }

    /// As [`crate::store::OutboxStore::visit_waiting_entries`], without a limit.
    pub fn waiting_entries(&self, range: Range<EntryId>) -> impl Iterator<Item = &OutboxEntry> {
        let in_range = self.entries.range(range).map(|(_, entry)| entry);
        in_range.filter(|entry| entry.state == EntryState::Waiting)
    }

    /// As [`crate::store::OutboxStore::entry_of_block`].
    #[must_use]
    pub fn entry_of_block(&self, hash: &BlockHash) -> Option<&OutboxEntry> {
        self.entries.get(self.by_block.get(hash)?)
    }

    /// As [`crate::store::OutboxStore::displaced_by`].
    #[must_use]
    pub fn displaced_by(&self, txid: &Txid) -> Vec<OutboxEntry> {
        let displaced = |entry: &&OutboxEntry| matches!(entry.state, EntryState::Displaced { by, .. } if by == *txid);
        self.entries.values().filter(displaced).cloned().collect()
    }

    /// As [`crate::store::OutboxStore::outbox_facts`].
    #[must_use]
    pub fn facts(&self) -> OutboxFacts {
        let waiting = self.entries.values().filter(|entry| entry.state == EntryState::Waiting);
        let is_displaced =
            |entry: &&OutboxEntry| matches!(entry.state, EntryState::Displaced { .. });
        OutboxFacts {
            next_id: self.entries.last_key_value().map_or(1, |(id, _)| id + 1),
            waiting: waiting.clone().count() as u64,
            bytes: waiting.map(OutboxEntry::weight).sum(),
            displaced: self.entries.values().filter(is_displaced).count() as u64,
            met_peer: self.met_peer,
        }
    }
}
