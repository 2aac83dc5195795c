//! Which block follows which: the best chain, side branches, and the choice between them.
//!
//! The tree keeps a recent window of the best chain and the places of side blocks in memory, and
//! reads the rest through [`BlockStore`]. Changes that are not committed yet lie over the store, so
//! every read sees them. Judges nothing but work: a block that comes here keeps the rules.

mod branches;
mod change;
mod fork_choice;
pub(crate) mod orphans;
mod overlay;
mod reorg_limit;
mod rival;
mod side;
mod state;
mod walk;

pub use self::branches::{Branch, Branches};
pub use self::change::ChainChange;
pub(crate) use self::fork_choice::{Switch, Verdict};
use self::overlay::{BestEntry, Overlay};
use self::reorg_limit::ReorgLimit;
pub use self::reorg_limit::{HeldBranch, MAX_HELD_BRANCHES};
pub use self::rival::Rival;
use self::side::{SideBranches, SideEntry};
pub use self::state::StateError;
pub(crate) use self::state::TreeState;
use crate::block::Block;
use crate::hash::BlockHash;
use crate::params;
use crate::pow::{ChainTime, Target, Work};
use crate::prelude::*;
use crate::store::{BlockStore, BlockWrite, StoreResult, StoredBlock, StoredHeader, StoredLedger};

/// A block's place on the chain it ends: what fork choice compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BestPoint {
    /// Height of the block.
    pub height: u32,
    /// Hash of the block.
    pub hash: BlockHash,
    /// Accumulated work up to the block, genesis not counted.
    pub work: Work,
}

impl Default for BestPoint {
    fn default() -> Self {
        Self::genesis()
    }
}

impl BestPoint {
    /// The genesis block, which proves no work of its own.
    #[must_use]
    pub fn genesis() -> Self {
        Self { height: 0, hash: Block::genesis().hash, work: Work::ZERO }
    }

    /// The place of a block on this one, that adds `work`.
    pub(crate) fn child(&self, height: u32, hash: BlockHash, work: Work) -> Self {
        Self { height, hash, work: self.work.plus(work) }
    }

    /// Fork choice: more work wins; on equal work the numerically smaller hash.
    #[must_use]
    pub fn beats(&self, other: &Self) -> bool {
        (self.work, core::cmp::Reverse(self.hash)) > (other.work, core::cmp::Reverse(other.hash))
    }
}

/// Bounds that the operator may set; the rest stands in [`params`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeLimits {
    /// Least room for side branches, in bytes of canonical lines.
    pub min_side_bytes: u64,
    /// Best-chain entries kept in memory below the tip once they are stored.
    pub window_blocks: usize,
    /// Most blocks of the best chain that another branch may revert without a person's word; `None`
    /// where the most work is followed however deep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_reorg_depth: Option<u32>,
    /// Most blocks that are moved at once where a branch wins.
    #[serde(default = "at_once_blocks")]
    pub at_once_blocks: u32,
    /// Most blocks of a step by which a longer one is prepared, at least one.
    #[serde(default = "step_blocks")]
    pub step_blocks: u32,
}

fn at_once_blocks() -> u32 {
    params::AT_ONCE_BLOCKS
}

fn step_blocks() -> u32 {
    params::STEP_BLOCKS
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self {
            min_side_bytes: params::MIN_SIDE_BYTES,
            window_blocks: params::WINDOW_BLOCKS,
            max_reorg_depth: None,
            at_once_blocks: at_once_blocks(),
            step_blocks: step_blocks(),
        }
    }
}

/// A known block, wherever it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) point: BestPoint,
    pub(crate) total_bytes: u64,
    /// On a ledger chain.
    pub(crate) time: ChainTime,
    pub(crate) on_best_chain: bool,
}

impl Known {
    fn best(entry: &BestEntry) -> Self {
        let BestEntry { point, total_bytes, time, .. } = *entry;
        Self { point, total_bytes, time, on_best_chain: true }
    }
}

/// A block that keeps every rule, with what its chain adds to it.
pub(crate) struct NewBlock {
    pub(crate) block: Block,
    pub(crate) ledger: Option<Box<StoredLedger>>,
    pub(crate) line_bytes: u64,
    /// Its own.
    pub(crate) work: Work,
}

pub(crate) struct Tree {
    store: Box<dyn BlockStore>,
    limits: TreeLimits,
    genesis: BestPoint,
    /// What each classic block adds: the target is the same for all, and dividing 256 bits takes
    /// its time.
    classic_work: Work,
    overlay: Overlay,
    side: SideBranches,
    reorg_limit: ReorgLimit,
    next_order: u64,
    /// What [`Tree::rival`] found before the change of this version.
    rival: Option<(u64, Option<Rival>)>,
}

impl Tree {
    /// Opens the tree over a store. Costs a few reads and one for each side block, however long
    /// the best chain is.
    pub(crate) fn open(store: Box<dyn BlockStore>, limits: TreeLimits) -> StoreResult<Self> {
        let tip = match store.tip_header()? {
            Some(header) => BestEntry::of_header(&header),
            None => BestEntry::genesis(BestPoint::genesis()),
        };
        // A store that holds a block was filled before: the limit holds from the start.
        let mut reorg_limit = ReorgLimit::open(store.reorg_limit()?, tip.point.height > 0);
        let mut side = SideBranches::default();
        // Parents come before their children, so each finds its parent's mark.
        store.visit_side_headers(&mut |header| {
            let best = BestEntry::of_header(&header);
            let mut entry = SideEntry::from_best(&best, header.counted_bytes);
            let of_parent = side.get(&entry.prev_hash).and_then(|parent| parent.held_by);
            entry.held_by = reorg_limit.mark(&header.hash, of_parent);
            if let Some(id) = entry.held_by {
                reorg_limit.has(id, best.point);
            }
            side.insert(header.hash, entry);
        })?;
        let next_order = store.next_order()?;
        Ok(Self { side, reorg_limit, next_order, ..Self::new(store, limits, tip) })
    }

    /// A tree whose best chain ends in `tip`, with nothing beside it.
    fn new(store: Box<dyn BlockStore>, limits: TreeLimits, tip: BestEntry) -> Self {
        Self {
            store,
            limits,
            genesis: BestPoint::genesis(),
            classic_work: Target::CLASSIC.work(),
            overlay: Overlay::new(tip),
            side: SideBranches::default(),
            reorg_limit: ReorgLimit::default(),
            next_order: 0,
            rival: None,
        }
    }

    pub(crate) fn step_blocks(&self) -> u32 {
        self.limits.step_blocks.max(1)
    }

    pub(crate) fn tip(&self) -> BestPoint {
        self.overlay.tip().point
    }

    pub(crate) fn uncommitted_changes(&self) -> usize {
        self.overlay.uncommitted_changes()
    }

    pub(crate) fn classic_work(&self) -> Work {
        self.classic_work
    }

    pub(crate) fn store(&self) -> &dyn BlockStore {
        self.store.as_ref()
    }

    pub(crate) fn uncommitted_bytes(&self) -> u64 {
        self.overlay.uncommitted_bytes()
    }

    pub(crate) fn committed(&mut self, version: u64) {
        self.overlay.committed(version, self.limits.window_blocks);
    }

    pub(crate) fn uncommitted_above(&self, height: u32) -> impl Iterator<Item = &Arc<StoredBlock>> {
        self.overlay.uncommitted_above(height)
    }

    pub(crate) fn side_bytes(&self) -> u64 {
        self.side.bytes()
    }

    pub(crate) fn side_limit(&self) -> u64 {
        self.limits.min_side_bytes.max(self.overlay.tip().total_bytes)
    }

    /// Finds a block in any branch, as far as memory goes.
    fn find_in_memory(&self, hash: &BlockHash) -> Option<Known> {
        if let Some(entry) = self.overlay.best_by_hash(hash) {
            return Some(Known::best(entry));
        }
        if let Some(entry) = self.side.get(hash) {
            let best = Known::best(&entry.to_best(*hash));
            return Some(Known { on_best_chain: false, ..best });
        }
        let is_genesis = *hash == self.genesis.hash;
        is_genesis.then(|| Known::best(&BestEntry::genesis(self.genesis)))
    }

    /// Finds a block that says it follows `parent`. The hash commits to that, so below a parent that
    /// is in memory with all that may follow it, a block that memory lacks is in no branch: blocks
    /// that extend the tip, nearly all there ever are, cost no read.
    pub(crate) fn find_child(
        &self,
        hash: &BlockHash,
        parent: &BlockHash,
    ) -> StoreResult<Option<Known>> {
        if let Some(known) = self.find_in_memory(hash) {
            return Ok(Some(known));
        }
        let above_window = |parent: Known| parent.point.height >= self.overlay.start_height();
        if self.find_in_memory(parent).is_some_and(above_window) {
            return Ok(None);
        }
        self.find(hash)
    }

    /// Finds a block in any branch.
    pub(crate) fn find(&self, hash: &BlockHash) -> StoreResult<Option<Known>> {
        if let Some(known) = self.find_in_memory(hash) {
            return Ok(Some(known));
        }
        // What the store holds beyond this is either the best chain below the window, or a side
        // block whose eviction is not committed yet and which is already forgotten here.
        let Some(header) = self.store.header_of(hash)? else { return Ok(None) };
        if header.height >= self.overlay.start_height() {
            return Ok(None);
        }
        let best = self.store.header_at(header.height)?;
        let best = best.filter(|best| best.order == header.order);
        Ok(best.map(|best| Known::best(&BestEntry::of_header(&best))))
    }

    /// Whether a block that says it follows `parent` was stored and cannot be read any more.
    pub(crate) fn is_altered(&self, hash: &BlockHash, parent: &BlockHash) -> StoreResult<bool> {
        let above_window = |parent: Known| parent.point.height >= self.overlay.start_height();
        if self.find_in_memory(parent).is_some_and(above_window) {
            return Ok(false);
        }
        self.store.is_altered(hash)
    }

    /// The header of a stored block.
    pub(crate) fn header(&self, hash: &BlockHash) -> StoreResult<Option<StoredHeader>> {
        if let Some(stored) = self.overlay.uncommitted_block(hash) {
            return Ok(Some(StoredHeader::from(stored.as_ref())));
        }
        self.store.header_of(hash)
    }

    /// The best chain's block at `height`, genesis included.
    pub(crate) fn best_at(&self, height: u32) -> StoreResult<Option<BestPoint>> {
        Ok(self.entry_at(height)?.map(|entry| entry.point))
    }

    fn entry_at(&self, height: u32) -> StoreResult<Option<BestEntry>> {
        if height == 0 {
            return Ok(Some(BestEntry::genesis(self.genesis)));
        }
        if height >= self.overlay.start_height() {
            return Ok(self.overlay.best_at(height).copied());
        }
        Ok(self.store.header_at(height)?.map(|header| BestEntry::of_header(&header)))
    }

    /// The whole block, if it is known and is not the genesis block.
    pub(crate) fn block(&self, hash: &BlockHash) -> StoreResult<Option<Arc<StoredBlock>>> {
        if let Some(stored) = self.overlay.uncommitted_block(hash) {
            return Ok(Some(Arc::clone(stored)));
        }
        if self.find(hash)?.is_none() {
            return Ok(None);
        }
        Ok(self.store.by_hash(hash)?.map(Arc::new))
    }

    /// The last block of the best chain that `hash`'s branch contains.
    pub(crate) fn fork_point(&self, hash: &BlockHash) -> StoreResult<Option<BestPoint>> {
        let at = self.side.root_of(hash).map_or(*hash, |(_, root)| root.prev_hash);
        Ok(self.find(&at)?.map(|known| known.point))
    }

    /// Adds a block whose parent is `parent`, and does what was decided about it. `now` is Unix time
    /// in seconds.
    pub(crate) fn insert(
        &mut self,
        new: NewBlock,
        parent: &Known,
        verdict: Verdict,
        now: u64,
    ) -> ChainChange {
        let NewBlock { block, ledger, line_bytes, work } = new;
        let stored = Arc::new(StoredBlock {
            order: self.next_order,
            work: parent.point.work.plus(work),
            total_bytes: parent.total_bytes + line_bytes,
            block,
            ledger,
        });
        let mut change = self.begin_change(BestEntry::of(&stored).point);
        match verdict {
            Verdict::Extends => self.extend(stored, &mut change),
            verdict => self.branch(stored, line_bytes, verdict, now, &mut change),
        }
        self.evict_side_blocks(&mut change);
        change
    }

    /// A change that changes nothing yet.
    fn begin_change(&self, block: BestPoint) -> ChainChange {
        ChainChange::new(self.overlay.next_version(), block, self.tip())
    }

    /// The version that the next change gets.
    pub(crate) fn next_version(&self) -> u64 {
        self.overlay.next_version()
    }

    /// Notes a known block with more payloads than it had.
    pub(crate) fn fill(&mut self, stored: Arc<StoredBlock>, change: &ChainChange) {
        self.overlay.add_uncommitted(stored);
        self.record(change);
    }

    /// Notes a change whose commit is still to come, once it says all that is to be written.
    pub(crate) fn record(&mut self, change: &ChainChange) {
        self.overlay.record(change);
    }

    /// Forgets a side block that turned out to break a rule, and all that descends from it.
    pub(crate) fn remove_side_branch(&mut self, root: BlockHash) -> ChainChange {
        let mut change = self.begin_change(self.tip());
        self.forget_with_descendants(root, &mut change);
        change
    }

    fn extend(&mut self, stored: Arc<StoredBlock>, change: &mut ChainChange) {
        self.next_order += 1;
        let entry = BestEntry::of(&stored);
        self.overlay.push(entry);
        self.overlay.add_uncommitted(Arc::clone(&stored));
        change.connected.push(entry.point);
        change.writes.push(BlockWrite::InsertBest(stored));
    }
}
