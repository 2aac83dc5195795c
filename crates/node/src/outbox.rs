//! The outbox: what a person entrusted to this node, until it stands deep in the best chain.
//!
//! An entry knows every block that was mined for it. While one of them is in the best chain it is
//! satisfied; otherwise it waits to be mined. Since the next block for it is only mined on a chain
//! that contains none of the earlier ones, no chain ever contains two. Entries are never deleted:
//! a settled one only leaves memory, and a reorganisation, however deep, brings it back.
//!
//! Knows nothing of peers and mines nothing itself.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use kusari_chain::params::SETTLED_DEPTH;
use kusari_chain::{BlockHash, Chain, ChainChange, StoreError};
use serde::{Deserialize, Serialize};

use crate::seam::CommitId;
use crate::store::{EntryId, OutboxEntry, OutboxStore, OutboxWrite};

#[derive(Serialize, Deserialize)]
struct Open {
    text: String,
    blocks: Vec<BlockHash>,
    /// Height of the block of ours that is in the best chain, if one is.
    satisfied_at: Option<u32>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Outbox {
    capacity: usize,
    open: BTreeMap<EntryId, Open>,
    waiting: BTreeSet<EntryId>,
    satisfied: BTreeSet<(u32, EntryId)>,
    by_block: BTreeMap<BlockHash, EntryId>,
    /// Entries written as settled by a commit that is not durable yet. They stay in memory until
    /// it is, because the store cannot find their blocks before.
    settling: VecDeque<(CommitId, EntryId)>,
    next_id: EntryId,
}

impl Outbox {
    pub(crate) fn open(
        store: &dyn OutboxStore,
        capacity: usize,
        chain: &Chain,
    ) -> Result<Self, StoreError> {
        let mut entries = Vec::new();
        store.visit_open_entries(&mut |entry| entries.push(entry))?;
        let next_id = store.next_entry_id()?;
        let mut outbox = Self {
            capacity,
            open: BTreeMap::new(),
            waiting: BTreeSet::new(),
            satisfied: BTreeSet::new(),
            by_block: BTreeMap::new(),
            settling: VecDeque::new(),
            next_id,
        };
        for entry in entries {
            outbox.load(entry, chain)?;
        }
        Ok(outbox)
    }

    /// The outbox of a ledger, which has no lines.
    pub(crate) fn closed() -> Self {
        Self {
            capacity: 0,
            open: BTreeMap::new(),
            waiting: BTreeSet::new(),
            satisfied: BTreeSet::new(),
            by_block: BTreeMap::new(),
            settling: VecDeque::new(),
            next_id: 1,
        }
    }

    fn load(&mut self, entry: OutboxEntry, chain: &Chain) -> Result<(), StoreError> {
        let mut satisfied_at = None;
        for hash in &entry.blocks {
            self.by_block.insert(*hash, entry.id);
            if let Some(point) = chain.on_best_chain(hash)? {
                satisfied_at = Some(point.height);
            }
        }
        let open = Open { text: entry.text, blocks: entry.blocks, satisfied_at: None };
        self.open.insert(entry.id, open);
        self.waiting.insert(entry.id);
        self.set_satisfied(entry.id, satisfied_at);
        Ok(())
    }

    /// Entries that wait to be mined.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= self.capacity
    }

    /// Adds a line; the caller has the write committed before it acknowledges anything.
    pub(crate) fn insert(&mut self, text: String) -> (EntryId, OutboxWrite) {
        let id = self.next_id;
        self.next_id += 1;
        let open = Open { text: text.clone(), blocks: Vec::new(), satisfied_at: None };
        self.open.insert(id, open);
        self.waiting.insert(id);
        (id, OutboxWrite::Insert { id, text })
    }

    /// The entry to mine next, oldest first.
    pub(crate) fn next_to_mine(&self) -> Option<(EntryId, &str)> {
        let id = *self.waiting.first()?;
        Some((id, &self.open.get(&id)?.text))
    }

    /// A block was mined for the entry; called before the change it made is reported by
    /// [`Outbox::follow`].
    pub(crate) fn note_mined(&mut self, id: EntryId, hash: BlockHash) -> OutboxWrite {
        if let Some(open) = self.open.get_mut(&id) {
            open.blocks.push(hash);
        }
        self.by_block.insert(hash, id);
        OutboxWrite::Mined { id, hash }
    }

    /// Follows a change of the best chain, which `commit` makes durable. Returns what must be
    /// written with it, and the entries that wait again.
    pub(crate) fn follow(
        &mut self,
        change: &ChainChange,
        commit: CommitId,
        chain: &Chain,
        store: &dyn OutboxStore,
    ) -> Result<(Vec<OutboxWrite>, Vec<EntryId>), StoreError> {
        let mut writes = Vec::new();
        let mut reopened = Vec::new();
        for point in &change.reverted {
            if let Some(id) = self.find_reverted(&point.hash, (chain, store), &mut writes)? {
                self.set_satisfied(id, None);
                reopened.push(id);
            }
        }
        for point in &change.connected {
            if let Some(&id) = self.by_block.get(&point.hash) {
                self.set_satisfied(id, Some(point.height));
            }
        }
        self.settle(chain.tip().height, commit, &mut writes);
        reopened.retain(|id| self.waiting.contains(id));
        Ok((writes, reopened))
    }

    fn find_reverted(
        &mut self,
        hash: &BlockHash,
        (chain, store): (&Chain, &dyn OutboxStore),
        writes: &mut Vec<OutboxWrite>,
    ) -> Result<Option<EntryId>, StoreError> {
        if let Some(&id) = self.by_block.get(hash) {
            if let Some(place) = self.settling.iter().position(|&(_, settling)| settling == id) {
                self.settling.remove(place);
                writes.push(OutboxWrite::SetSettled { id, settled: false });
            }
            return Ok(Some(id));
        }
        // This node mined nothing yet, so nothing reverted can be its own: the usual case of a
        // node that only listens needs no look-up.
        if self.next_id == 1 {
            return Ok(None);
        }
        let Some(entry) = store.entry_of_block(hash)? else { return Ok(None) };
        let id = entry.id;
        writes.push(OutboxWrite::SetSettled { id, settled: false });
        self.load(entry, chain)?;
        Ok(Some(id))
    }

    fn settle(&mut self, tip_height: u32, commit: CommitId, writes: &mut Vec<OutboxWrite>) {
        while let Some(&(height, id)) = self.satisfied.first() {
            if tip_height.saturating_sub(height) + 1 < SETTLED_DEPTH {
                break;
            }
            self.satisfied.remove(&(height, id));
            self.settling.push_back((commit, id));
            writes.push(OutboxWrite::SetSettled { id, settled: true });
        }
    }

    /// Every commit up to `through` is durable: settled entries leave memory.
    pub(crate) fn committed(&mut self, through: CommitId) {
        while self.settling.front().is_some_and(|&(commit, _)| commit <= through) {
            let Some((_, id)) = self.settling.pop_front() else { break };
            for hash in self.open.remove(&id).map(|open| open.blocks).unwrap_or_default() {
                self.by_block.remove(&hash);
            }
        }
    }

    fn set_satisfied(&mut self, id: EntryId, height: Option<u32>) {
        let Some(open) = self.open.get_mut(&id) else { return };
        if let Some(old) = open.satisfied_at {
            self.satisfied.remove(&(old, id));
        }
        open.satisfied_at = height;
        match height {
            Some(height) => {
                self.waiting.remove(&id);
                self.satisfied.insert((height, id));
            }
            None => {
                self.waiting.insert(id);
            }
        }
    }
}
