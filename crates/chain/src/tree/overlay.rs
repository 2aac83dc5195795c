//! The recent window of the best chain, and the changes that are not committed yet.
//!
//! Two facts keep reads right. The window is the end of the best chain, without a gap, and holds
//! every height that an uncommitted change touched; so a height below it reads the same in the
//! store, now and after any outstanding commit. A block that the store may not have yet is held
//! whole until its commit is reported.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::BestPoint;
use super::ChainChange;
use crate::hash::BlockHash;
use crate::params::{CHANGE_BYTES, GENESIS_TIMESTAMP, MOVED_BLOCK_BYTES, WRITE_BYTES};
use crate::pow::ChainTime;
use crate::prelude::*;
use crate::store::{BlockWrite, StoredBlock, StoredHeader};

/// A block of the best chain, without its content.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct BestEntry {
    pub(super) point: BestPoint,
    pub(super) prev_hash: BlockHash,
    pub(super) order: u64,
    pub(super) total_bytes: u64,
    pub(super) timestamp: u64,
    /// On a ledger chain.
    pub(super) time: ChainTime,
}

impl BestEntry {
    pub(super) fn of(stored: &StoredBlock) -> Self {
        Self {
            point: BestPoint {
                height: stored.block.index,
                hash: stored.block.hash,
                work: stored.work,
            },
            prev_hash: stored.block.prev_hash,
            order: stored.order,
            total_bytes: stored.total_bytes,
            timestamp: stored.block.timestamp,
            time: stored.ledger.as_ref().map_or_else(ChainTime::default, |ledger| ledger.time),
        }
    }

    pub(super) fn of_header(header: &StoredHeader) -> Self {
        let StoredHeader { height, hash, work, .. } = *header;
        Self {
            point: BestPoint { height, hash, work },
            prev_hash: header.prev_hash,
            order: header.order,
            total_bytes: header.total_bytes,
            timestamp: header.timestamp,
            time: header.time,
        }
    }

    pub(super) fn genesis(point: BestPoint) -> Self {
        Self {
            point,
            prev_hash: BlockHash::ZERO,
            order: 0,
            total_bytes: 0,
            timestamp: GENESIS_TIMESTAMP,
            time: ChainTime::default(),
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Uncommitted {
    version: u64,
    lowest_height: u32,
    blocks: Vec<(BlockHash, u64)>,
    /// What it counts for beside whole blocks, in bytes.
    #[serde(default)]
    bytes: u64,
}

const _: () = assert!(size_of::<BlockWrite>() <= WRITE_BYTES);
const _: () = assert!(size_of::<BestPoint>() + size_of::<BestEntry>() <= MOVED_BLOCK_BYTES);

/// What a change counts for beside whole blocks, in bytes of memory: what it writes, the places of the
/// blocks that it moves, and the heights that stay in the window for it.
fn change_bytes(change: &ChainChange) -> u64 {
    let moved = change.reverted.len() + change.connected.len();
    CHANGE_BYTES + (change.writes.len() * WRITE_BYTES + moved * MOVED_BLOCK_BYTES) as u64
}

impl Uncommitted {
    pub(super) fn version(&self) -> u64 {
        self.version
    }
}

pub(super) struct Overlay {
    /// Never empty: holds the tip at least.
    window: VecDeque<BestEntry>,
    tip: BestEntry,
    heights: HashMap<BlockHash, u32>,
    /// Each with the last change that wrote to it.
    blocks: HashMap<BlockHash, (u64, Arc<StoredBlock>)>,
    changes: VecDeque<Uncommitted>,
    last_version: u64,
    /// What the blocks that are held whole count for.
    block_bytes: u64,
    /// What the changes count for beside them.
    change_bytes: u64,
}

impl Overlay {
    pub(super) fn new(tip: BestEntry) -> Self {
        let mut overlay = Self {
            window: VecDeque::new(),
            tip,
            heights: HashMap::new(),
            blocks: HashMap::new(),
            changes: VecDeque::new(),
            last_version: 0,
            block_bytes: 0,
            change_bytes: 0,
        };
        overlay.push(tip);
        overlay
    }

    /// An overlay that [`Overlay::window`] and its like told of. `None` for an empty window.
    pub(super) fn restore(
        window: VecDeque<BestEntry>,
        uncommitted: Vec<Arc<StoredBlock>>,
        changes: VecDeque<Uncommitted>,
        last_version: u64,
    ) -> Option<Self> {
        let heights = window.iter().map(|entry| (entry.point.hash, entry.point.height)).collect();
        let tip = *window.back()?;
        let bytes = changes.iter().map(|change| change.bytes);
        let mut overlay = Self {
            change_bytes: bytes.fold(0, u64::saturating_add),
            tip,
            window,
            heights,
            blocks: HashMap::new(),
            changes,
            last_version,
            block_bytes: 0,
        };
        for stored in uncommitted {
            overlay.add_uncommitted(stored);
        }
        for change in &overlay.changes {
            for (hash, _) in &change.blocks {
                if let Some((version, _)) = overlay.blocks.get_mut(hash) {
                    *version = change.version;
                }
            }
        }
        Some(overlay)
    }

    pub(super) fn window(&self) -> &VecDeque<BestEntry> {
        &self.window
    }

    /// Blocks that the store may not have yet, by order.
    pub(super) fn uncommitted(&self) -> Vec<Arc<StoredBlock>> {
        let mut blocks: Vec<_> =
            self.blocks.values().map(|(_, stored)| Arc::clone(stored)).collect();
        blocks.sort_unstable_by_key(|stored| stored.order);
        blocks
    }

    pub(super) fn changes(&self) -> &VecDeque<Uncommitted> {
        &self.changes
    }

    pub(super) fn tip(&self) -> &BestEntry {
        &self.tip
    }

    /// The lowest height that must be read here and not from the store.
    pub(super) fn start_height(&self) -> u32 {
        self.window.front().map_or(self.tip.point.height, |entry| entry.point.height)
    }

    pub(super) fn best_at(&self, height: u32) -> Option<&BestEntry> {
        let place = height.checked_sub(self.start_height())?;
        self.window.get(usize::try_from(place).ok()?)
    }

    pub(super) fn best_by_hash(&self, hash: &BlockHash) -> Option<&BestEntry> {
        self.best_at(*self.heights.get(hash)?)
    }

    pub(super) fn push(&mut self, entry: BestEntry) {
        self.heights.insert(entry.point.hash, entry.point.height);
        self.window.push_back(entry);
        self.tip = entry;
    }

    /// Cuts the best chain back to `height`, before the new branch is pushed.
    pub(super) fn truncate(&mut self, height: u32) {
        while let Some(entry) = self.window.back() {
            if entry.point.height <= height {
                self.tip = *entry;
                break;
            }
            self.heights.remove(&entry.point.hash);
            self.window.pop_back();
        }
    }

    /// Holds a block whole, which the change that is noted next writes.
    pub(super) fn add_uncommitted(&mut self, stored: Arc<StoredBlock>) {
        let (bytes, version) = (stored.counted_bytes(), self.next_version());
        match self.blocks.insert(stored.block.hash, (version, stored)) {
            Some((_, former)) => {
                self.block_bytes = self.block_bytes + bytes - former.counted_bytes()
            }
            None => self.block_bytes += bytes,
        }
    }

    pub(super) fn uncommitted_block(&self, hash: &BlockHash) -> Option<&Arc<StoredBlock>> {
        self.blocks.get(hash).map(|(_, stored)| stored)
    }

    /// Blocks of the best chain above a height that the store may not have yet, lowest first.
    pub(super) fn uncommitted_above(&self, height: u32) -> impl Iterator<Item = &Arc<StoredBlock>> {
        let below = height.saturating_add(1).saturating_sub(self.start_height());
        let above = self.window.iter().skip(usize::try_from(below).unwrap_or(usize::MAX));
        above.filter_map(|entry| self.uncommitted_block(&entry.point.hash))
    }

    /// Forgets an inserted block; the order tells it from a later insertion of the same hash.
    pub(super) fn forget_uncommitted(&mut self, hash: &BlockHash, order: u64) {
        self.forget_if(*hash, |_, held| held == order);
    }

    /// Forgets a block where this is said of the last change that wrote to it and its order.
    fn forget_if(&mut self, hash: BlockHash, is_gone: impl FnOnce(u64, u64) -> bool) {
        if let Entry::Occupied(held) = self.blocks.entry(hash)
            && is_gone(held.get().0, held.get().1.order)
        {
            let (_, stored) = held.remove();
            self.block_bytes -= stored.counted_bytes();
        }
    }

    /// What the blocks that are held whole count for, and what else changes hold in memory, in bytes.
    pub(super) fn uncommitted_bytes(&self) -> u64 {
        self.block_bytes.saturating_add(self.change_bytes)
    }

    pub(super) fn next_version(&self) -> u64 {
        self.last_version + 1
    }

    pub(super) fn uncommitted_changes(&self) -> usize {
        self.changes.len()
    }

    /// Notes a change whose commit is still to come.
    pub(super) fn record(&mut self, change: &ChainChange) {
        let blocks = change.writes.iter().filter_map(|write| match write {
            BlockWrite::InsertBest(stored) | BlockWrite::InsertSide(stored) => {
                Some((stored.block.hash, stored.order))
            }
            BlockWrite::Fill { hash, order, .. } => Some((*hash, *order)),
            _ => None,
        });
        let bytes = change_bytes(change);
        self.change_bytes = self.change_bytes.saturating_add(bytes);
        self.changes.push_back(Uncommitted {
            version: change.version,
            lowest_height: change.fork.height.saturating_add(1),
            blocks: blocks.collect(),
            bytes,
        });
        self.last_version = change.version;
    }

    /// Every change up to `version` is in the store.
    pub(super) fn committed(&mut self, version: u64, window_blocks: usize) {
        while self.changes.front().is_some_and(|change| change.version <= version) {
            let Some(change) = self.changes.pop_front() else { break };
            self.change_bytes = self.change_bytes.saturating_sub(change.bytes);
            for (hash, order) in change.blocks {
                // What a later change wrote to the block is not in the store yet.
                self.forget_if(hash, |last, held| last <= change.version && held == order);
            }
        }
        // Trimming only at twice the size makes the scan below cost nothing on average.
        if self.window.len() > window_blocks.saturating_mul(2) {
            self.trim(window_blocks);
        }
    }

    fn trim(&mut self, window_blocks: usize) {
        let floor = self.changes.iter().map(|change| change.lowest_height).min();
        while self.window.len() > window_blocks.max(1) {
            let Some(entry) = self.window.front() else { break };
            if floor.is_some_and(|floor| entry.point.height >= floor) {
                break;
            }
            self.heights.remove(&entry.point.hash);
            self.window.pop_front();
        }
    }
}
