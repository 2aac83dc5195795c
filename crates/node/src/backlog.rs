//! What waits in the outbox: how much of it there is, and which part of it is in memory.
//!
//! Entries wait in order of their numbers. The first of them, as many as [`OutboxLimits::in_memory`],
//! are *held* in memory and offered to the miner or the pool; the *tail* behind them is in the store
//! alone, and is loaded as those before it are mined. So a person may submit a million lines to a
//! node without the node growing by more than a thousand.
//!
//! Owns counts, bounds, and which entries are read next. Knows neither what an entry says nor what
//! becomes of it.

use core::ops::Range;

use kusari_chain::StoreResult;

use crate::interface::CommitId;
use crate::limits::{OUTBOX_BYTES, OUTBOX_CAPACITY, OUTBOX_ENTRIES, OUTBOX_MEMORY, OUTBOX_READ};
use crate::prelude::*;
use crate::store::{EntryId, OutboxEntry, OutboxFacts, OutboxStore};

/// How much may wait to be mined of what people submitted to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxLimits {
    /// Entries that are in memory at once, and offered to be mined.
    pub in_memory: usize,
    /// Bytes of what people submitted that are in memory at once; one entry is, whatever its size.
    pub in_memory_bytes: u64,
    /// Entries that wait, in memory or on disk.
    pub entries: u64,
    /// Bytes of them.
    pub bytes: u64,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        Self {
            in_memory: OUTBOX_CAPACITY,
            in_memory_bytes: OUTBOX_MEMORY,
            entries: OUTBOX_ENTRIES,
            bytes: OUTBOX_BYTES,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Backlog {
    limits: OutboxLimits,
    next_id: EntryId,
    waiting: u64,
    bytes: u64,
    held: usize,
    held_bytes: u64,
    /// Every entry that waits in the store alone has this number or a greater one.
    tail: Option<EntryId>,
    /// Entries of the tail that the store does not show yet, as their last write is not durable.
    unwritten: BTreeMap<EntryId, CommitId>,
}

impl Default for Backlog {
    fn default() -> Self {
        Self::open(OutboxLimits::default(), &OutboxFacts::default())
    }
}

impl Backlog {
    /// Nothing is in memory yet.
    pub(crate) fn open(limits: OutboxLimits, facts: &OutboxFacts) -> Self {
        let OutboxFacts { next_id, waiting, bytes, .. } = *facts;
        let tail = (waiting > 0).then_some(0);
        let unwritten = BTreeMap::new();
        Self { limits, next_id, waiting, bytes, held: 0, held_bytes: 0, tail, unwritten }
    }

    /// Entries that wait, in memory or in the store.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Whether nothing was ever submitted to this node.
    pub(crate) fn is_unused(&self) -> bool {
        self.next_id == 1
    }

    /// Whether one more entry of so many bytes may wait.
    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        self.waiting < self.limits.entries && self.bytes.saturating_add(bytes) <= self.limits.bytes
    }

    fn may_hold(&self, bytes: u64) -> bool {
        self.held == 0
            || self.held < self.limits.in_memory
                && self.held_bytes.saturating_add(bytes) <= self.limits.in_memory_bytes
    }

    /// A new entry waits, written by this commit. Returns its number, and whether it is held.
    pub(crate) fn insert(&mut self, bytes: u64, commit: CommitId) -> (EntryId, bool) {
        let id = self.next_id;
        self.next_id += 1;
        self.waiting += 1;
        self.bytes += bytes;
        let held = self.tail.is_none() && self.may_hold(bytes);
        if held {
            self.hold(bytes);
        } else {
            self.tail.get_or_insert(id);
            self.unwritten.insert(id, commit);
        }
        (id, held)
    }

    /// A new entry waits in memory, whatever else does: somebody else signed it, and it stands in the
    /// pool.
    pub(crate) fn insert_held(&mut self, bytes: u64) -> EntryId {
        let id = self.next_id;
        self.next_id += 1;
        self.waits_again(bytes);
        id
    }

    fn hold(&mut self, bytes: u64) {
        self.held += 1;
        self.held_bytes += bytes;
    }

    /// An entry that is in memory no longer waits.
    pub(crate) fn waits_no_more(&mut self, bytes: u64) {
        self.held = self.held.saturating_sub(1);
        self.held_bytes = self.held_bytes.saturating_sub(bytes);
        self.waiting = self.waiting.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// An entry that did not wait does again, and is in memory.
    pub(crate) fn waits_again(&mut self, bytes: u64) {
        self.hold(bytes);
        self.waiting += 1;
        self.bytes += bytes;
    }

    /// An entry that the store counts among those that wait is in memory, whatever waits before it.
    pub(crate) fn hold_stored(&mut self, bytes: u64) {
        self.hold(bytes);
    }

    /// Whether more is in memory than may be, as reorganisations bring it about.
    pub(crate) fn holds_too_much(&self) -> bool {
        self.held > 1
            && (self.held > self.limits.in_memory || self.held_bytes > self.limits.in_memory_bytes)
    }

    /// An entry leaves memory and waits in the store, which shows it so from this commit on.
    pub(crate) fn put_off(&mut self, id: EntryId, bytes: u64, commit: CommitId) {
        self.held = self.held.saturating_sub(1);
        self.held_bytes = self.held_bytes.saturating_sub(bytes);
        self.tail = Some(self.tail.map_or(id, |tail| tail.min(id)));
        self.unwritten.insert(id, commit);
    }

    /// Whether the store does not show yet that the entry waits there.
    pub(crate) fn is_unwritten(&self, id: EntryId) -> bool {
        self.unwritten.contains_key(&id)
    }

    /// Every commit up to `through` is durable.
    pub(crate) fn committed(&mut self, through: CommitId) {
        self.unwritten.retain(|_, commit| *commit > through);
    }

    /// What of the tail the store shows by now and may be read into memory.
    fn unread(&self) -> Option<Range<EntryId>> {
        let from = self.tail?;
        let end = self.unwritten.keys().next().copied().unwrap_or(self.next_id);
        (from < end && (self.held == 0 || self.held < self.limits.in_memory)).then_some(from..end)
    }

    /// Reads the next entries of the tail, as many as may be in memory. None while half as much is
    /// there: so a store is not read for each block. `is_here` says which are there already, since
    /// they were there before others left.
    pub(crate) fn load(
        &mut self,
        store: &dyn OutboxStore,
        is_here: impl Fn(EntryId) -> bool,
    ) -> StoreResult<Vec<OutboxEntry>> {
        let mut loaded = Vec::new();
        let is_low = self.held <= self.limits.in_memory / 2
            && self.held_bytes <= self.limits.in_memory_bytes / 2;
        while is_low && let Some(range) = self.unread() {
            let mut read = Vec::new();
            store
                .visit_waiting_entries(range.clone(), OUTBOX_READ, &mut |entry| read.push(entry))?;
            let is_end = read.len() < OUTBOX_READ;
            for entry in read {
                let (id, bytes) = (entry.id, entry.weight());
                if !is_here(id) {
                    if !self.may_hold(bytes) {
                        return Ok(loaded);
                    }
                    self.hold(bytes);
                    loaded.push(entry);
                }
                self.tail = Some(id + 1);
            }
            if is_end {
                self.tail = Some(range.end);
            }
        }
        // Where nothing is behind it there is no tail, and what comes next is held at once.
        self.tail = self.tail.filter(|tail| *tail < self.next_id);
        Ok(loaded)
    }

    /// Whether it does not contradict itself, nor what its owner holds: so many entries that wait, of
    /// so many bytes. It may come from a stranger's file.
    pub(crate) fn is_sound(&self, waiting: impl Iterator<Item = u64>) -> bool {
        let mut held: (usize, u64) = (0, 0);
        for bytes in waiting {
            held = (held.0 + 1, held.1.saturating_add(bytes));
        }
        let last = self.unwritten.last_key_value().map_or(0, |(id, _)| *id);
        held == (self.held, self.held_bytes)
            && (held.0 as u64).saturating_add(self.unwritten.len() as u64) <= self.waiting
            && held.1 <= self.bytes
            && self.waiting < self.next_id
            // Numbers and sizes are added up.
            && self.next_id.max(self.bytes) <= u64::MAX / 2
            && last < self.next_id
            && self.tail.is_none_or(|tail| tail < self.next_id)
            && self.unwritten.keys().all(|id| self.tail.is_some_and(|tail| tail <= *id))
    }
}
