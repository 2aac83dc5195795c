//! The outbox: what a person submitted to this node, until it stands deep in the best chain.
//!
//! An entry knows every block that was mined for it. While one of them is in the best chain it is
//! mined; otherwise it waits. Since the next block for it is only mined on a chain that contains
//! none of the earlier ones, no chain ever contains two. Entries are never deleted: a settled one
//! only leaves memory, and a reorganisation, however deep, brings it back. Which of those that wait
//! are in memory is up to [`crate::backlog`].
//!
//! Knows nothing of peers and mines nothing itself.

use kusari_chain::params::SETTLED_DEPTH;
use kusari_chain::{BlockHash, Chain, ChainChange, StoreResult};

use crate::backlog::{Backlog, OutboxLimits};
use crate::interface::CommitId;
use crate::prelude::*;
use crate::store::{EntryId, EntryState, OutboxEntry, OutboxStore, OutboxWrite};

const MINED: EntryState = EntryState::Mined { settled: false };

#[derive(Serialize, Deserialize)]
struct Open {
    text: String,
    blocks: Vec<BlockHash>,
    /// Height of the block of ours that is in the best chain, if one is.
    mined_at: Option<u32>,
}

impl Open {
    fn bytes(&self) -> u64 {
        self.text.len() as u64
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Outbox {
    backlog: Backlog,
    open: BTreeMap<EntryId, Open>,
    waiting: BTreeSet<EntryId>,
    mined: BTreeSet<(u32, EntryId)>,
    by_block: BTreeMap<BlockHash, EntryId>,
    /// Entries written as settled by a commit that is not durable yet. They stay in memory until
    /// it is, because the store cannot find their blocks before.
    settling: VecDeque<(CommitId, EntryId)>,
}

impl Outbox {
    /// What is neither settled nor waits for its first block; the rest is loaded next. Returns what
    /// must be written by the first commit: a block may have come back while nobody looked.
    pub(crate) fn open(
        store: &dyn OutboxStore,
        limits: OutboxLimits,
        chain: &Chain,
    ) -> StoreResult<(Self, Vec<OutboxWrite>)> {
        let backlog = Backlog::open(limits, &store.outbox_facts()?);
        let mut outbox = Self { backlog, ..Self::default() };
        let (mut entries, mut writes) = (Vec::new(), Vec::new());
        store.visit_open_entries(&mut |entry| entries.push(entry))?;
        for entry in entries {
            let (id, bytes, waited) =
                (entry.id, entry.weight(), entry.state == EntryState::Waiting);
            let mined = outbox.load(entry, chain)?;
            match (waited, mined) {
                (true, _) => {
                    outbox.backlog.hold_stored(bytes);
                    outbox.has_loaded(id, bytes, mined, &mut writes);
                }
                (false, true) => {}
                (false, false) => {
                    outbox.wait_again(id);
                    writes.push(OutboxWrite::SetState { id, state: EntryState::Waiting });
                }
            }
        }
        // With nothing to write, the store shows already what waits there.
        outbox.put_off(CommitId(u64::from(!writes.is_empty())));
        outbox.backlog.committed(CommitId::default());
        Ok((outbox, writes))
    }

    /// Takes an entry of the store into memory. Returns whether it stands in the best chain.
    fn load(&mut self, entry: OutboxEntry, chain: &Chain) -> StoreResult<bool> {
        let mut mined_at = None;
        for hash in &entry.blocks {
            self.by_block.insert(*hash, entry.id);
            if let Some(point) = chain.on_best_chain(hash)? {
                mined_at = Some(point.height);
            }
        }
        self.mined.extend(mined_at.map(|height| (height, entry.id)));
        let open = Open { text: entry.text, blocks: entry.blocks, mined_at };
        self.open.insert(entry.id, open);
        Ok(mined_at.is_some())
    }

    /// Takes the next entries that wait into memory, where there is room for them. Returns what must
    /// be written: a block that was mined for one may have come back while nobody looked.
    pub(crate) fn load_waiting(
        &mut self,
        store: &dyn OutboxStore,
        chain: &Chain,
    ) -> StoreResult<Vec<OutboxWrite>> {
        let mut writes = Vec::new();
        let open = &self.open;
        let entries = self.backlog.load(store, |id| open.contains_key(&id))?;
        for entry in entries {
            let (id, bytes) = (entry.id, entry.weight());
            let mined = self.load(entry, chain)?;
            self.has_loaded(id, bytes, mined, &mut writes);
        }
        Ok(writes)
    }

    /// An entry that waits by the store is in memory.
    fn has_loaded(&mut self, id: EntryId, bytes: u64, mined: bool, writes: &mut Vec<OutboxWrite>) {
        if mined {
            self.backlog.waits_no_more(bytes);
            writes.push(OutboxWrite::SetState { id, state: MINED });
        } else {
            self.waiting.insert(id);
        }
    }

    /// Entries that wait to be mined, in memory or in the store.
    pub(crate) fn waiting(&self) -> u64 {
        self.backlog.waiting()
    }

    pub(crate) fn has_room(&self, text: &str) -> bool {
        self.backlog.has_room(text.len() as u64)
    }

    /// Adds a line, written by this commit; the caller has it committed before it acknowledges
    /// anything.
    pub(crate) fn insert(&mut self, text: String, commit: CommitId) -> (EntryId, OutboxWrite) {
        let (id, held) = self.backlog.insert(text.len() as u64, commit);
        if held {
            let open = Open { text: text.clone(), blocks: Vec::new(), mined_at: None };
            self.open.insert(id, open);
            self.waiting.insert(id);
        }
        (id, OutboxWrite::Insert { id, text, draft: None })
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
    ) -> StoreResult<(Vec<OutboxWrite>, Vec<EntryId>)> {
        let mut writes = Vec::new();
        let mut reopened = Vec::new();
        for point in &change.reverted {
            if let Some(id) = self.find_reverted(&point.hash, chain, store)? {
                self.set_mined(id, None, &mut writes);
                reopened.push(id);
            }
        }
        for point in &change.connected {
            if let Some(&id) = self.by_block.get(&point.hash) {
                self.set_mined(id, Some(point.height), &mut writes);
            }
        }
        self.settle(chain.tip().height, commit, &mut writes);
        reopened.retain(|id| self.waiting.contains(id));
        self.put_off(commit);
        Ok((writes, reopened))
    }

    /// Leaves to the store what waits beyond the bound of memory, since blocks were reverted.
    fn put_off(&mut self, commit: CommitId) {
        while self.backlog.holds_too_much()
            && let Some(id) = self.waiting.pop_last()
        {
            if let Some(open) = self.open.remove(&id) {
                self.backlog.put_off(id, open.bytes(), commit);
                for hash in &open.blocks {
                    self.by_block.remove(hash);
                }
            }
        }
    }

    fn find_reverted(
        &mut self,
        hash: &BlockHash,
        chain: &Chain,
        store: &dyn OutboxStore,
    ) -> StoreResult<Option<EntryId>> {
        if let Some(&id) = self.by_block.get(hash) {
            self.settling.retain(|&(_, settling)| settling != id);
            return Ok(Some(id));
        }
        // This node mined nothing yet, so nothing reverted can be its own: the usual case of a
        // node that only listens needs no look-up.
        if self.backlog.is_unused() {
            return Ok(None);
        }
        let Some(entry) = store.entry_of_block(hash)? else { return Ok(None) };
        let id = entry.id;
        // One that waits in the store is mined again when its turn comes.
        if entry.state == EntryState::Waiting || self.backlog.is_unwritten(id) {
            return Ok(None);
        }
        self.load(entry, chain)?;
        Ok(Some(id))
    }

    fn settle(&mut self, tip_height: u32, commit: CommitId, writes: &mut Vec<OutboxWrite>) {
        while let Some(&(height, id)) = self.mined.first() {
            if tip_height.saturating_sub(height) + 1 < SETTLED_DEPTH {
                break;
            }
            self.mined.remove(&(height, id));
            self.settling.push_back((commit, id));
            let state = EntryState::Mined { settled: true };
            writes.push(OutboxWrite::SetState { id, state });
        }
    }

    /// Every commit up to `through` is durable: settled entries leave memory.
    pub(crate) fn committed(&mut self, through: CommitId) {
        self.backlog.committed(through);
        while self.settling.front().is_some_and(|&(commit, _)| commit <= through) {
            let Some((_, id)) = self.settling.pop_front() else { break };
            for hash in self.open.remove(&id).map(|open| open.blocks).unwrap_or_default() {
                self.by_block.remove(&hash);
            }
        }
    }

    fn set_mined(&mut self, id: EntryId, height: Option<u32>, writes: &mut Vec<OutboxWrite>) {
        let Some(open) = self.open.get_mut(&id) else { return };
        if let Some(former) = open.mined_at {
            self.mined.remove(&(former, id));
        }
        open.mined_at = height;
        let bytes = open.bytes();
        let state = match height {
            Some(height) => {
                self.mined.insert((height, id));
                if self.waiting.remove(&id) {
                    self.backlog.waits_no_more(bytes);
                }
                MINED
            }
            None => {
                self.wait_again(id);
                EntryState::Waiting
            }
        };
        writes.push(OutboxWrite::SetState { id, state });
    }

    fn wait_again(&mut self, id: EntryId) {
        if let Some(open) = self.open.get(&id)
            && self.waiting.insert(id)
        {
            self.backlog.waits_again(open.bytes());
        }
    }

    /// Whether it does not contradict itself: it may come from a stranger's file.
    pub(crate) fn is_sound(&self) -> bool {
        let waiting = self.waiting.iter().map(|id| self.open.get(id).map(Open::bytes));
        let Some(waiting) = waiting.collect::<Option<Vec<u64>>>() else { return false };
        let settling = |id: &EntryId| self.settling.iter().any(|(_, settling)| settling == id);
        let mined = self.open.iter().filter_map(|(id, open)| Some((open.mined_at?, *id)));
        self.backlog.is_sound(waiting.into_iter())
            && self.by_block.values().all(|id| self.open.contains_key(id))
            && self
                .open
                .iter()
                .all(|(id, open)| open.mined_at.is_none() == self.waiting.contains(id))
            && mined.filter(|(_, id)| !settling(id)).collect::<BTreeSet<_>>() == self.mined
    }
}
