//! What the integration tests share: a small miner, a tree of mined blocks, and a chain over a
//! store that a test commits to when it pleases.
#![allow(dead_code, reason = "a bench shares it too, and uses a part of it")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::LazyLock;

use kusari_chain::ledger::{Account, PublicKey};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{
    Accepted, Block, BlockHash, BlockStore, Chain, ChainChange, CheckedBlock, Reconsidered,
    StoreError, StoredBlock, StoredReorgLimit, Target, Transaction, TreeLimits,
};
use sha2::{Digest, Sha256};

/// Mines `block` by trying nonces from its own upwards.
pub(crate) fn seal(mut block: Block) -> Block {
    let mut preimage = block.preimage();
    loop {
        preimage[Block::NONCE_OFFSET..Block::NONCE_OFFSET + 8]
            .copy_from_slice(&block.nonce.to_le_bytes());
        block.hash = BlockHash(Sha256::digest(&preimage).into());
        if Target::CLASSIC.is_met_by(&block.hash) {
            return block;
        }
        block.nonce += 1;
    }
}

/// A block that is not mined yet.
pub(crate) fn draft(parent: &Block, data: &str, transactions: Vec<Transaction>) -> Block {
    Block {
        index: parent.index + 1,
        timestamp: 1_746_151_143,
        nonce: 0,
        data: data.to_owned(),
        prev_hash: parent.hash,
        hash: BlockHash::ZERO,
        transactions,
    }
}

/// Mines a block on `parent`.
pub(crate) fn mine(parent: &Block, data: &str) -> Block {
    seal(draft(parent, data, Vec::new()))
}

/// Mines `length` blocks in a row on `parent`.
pub(crate) fn mine_branch(parent: &Block, length: usize, name: &str) -> Vec<Block> {
    let mut branch: Vec<Block> = Vec::new();
    for _ in 0..length {
        branch.push(mine(branch.last().unwrap_or(parent), name));
    }
    branch
}

pub(crate) fn checked(block: &Block) -> CheckedBlock {
    CheckedBlock::check(block.clone()).unwrap()
}

/// Bytes of the canonical lines of some blocks.
pub(crate) fn line_bytes(blocks: &[Block]) -> u64 {
    blocks.iter().map(|block| u64::from(checked(block).line_bytes())).sum()
}

/// Blocks of [`POOL`].
pub(crate) const POOL_BLOCKS: usize = 120;

/// A tree of mined blocks, parents first. Its first part is a thicket of short branches with many
/// heights in common; its last part is one branch from near the root that in the end is the longest.
pub(crate) static POOL: LazyLock<Vec<CheckedBlock>> = LazyLock::new(|| {
    const THICKET: usize = 80;
    // Any fixed sequence without a pattern does; this is Knuth's MMIX generator.
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut blocks = vec![Block::genesis()];
    for place in 0..POOL_BLOCKS {
        let parent = match place {
            0..THICKET => blocks.len() - 1 - random(blocks.len().min(5)),
            THICKET => 3,
            _ => blocks.len() - 1,
        };
        // Texts of several lengths, so that no arithmetic on sizes is right by accident.
        let text = "x".repeat(random(60)) + &place.to_string();
        blocks.push(mine(&blocks[parent], &text));
    }
    blocks.iter().skip(1).map(checked).collect()
});

/// A memory store that the chain reads while the test writes to it.
#[derive(Clone, Default)]
pub(crate) struct SharedStore(pub(crate) Rc<RefCell<MemoryBlocks>>);

impl BlockStore for SharedStore {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        self.0.borrow().best_tip()
    }
    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        self.0.borrow().best_at(height)
    }
    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        self.0.borrow().by_hash(hash)
    }
    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        self.0.borrow().visit_side_blocks(visit)
    }
    fn reorg_limit(&self) -> Result<StoredReorgLimit, StoreError> {
        self.0.borrow().reorg_limit()
    }
    fn next_order(&self) -> Result<u64, StoreError> {
        self.0.borrow().next_order()
    }

    fn account(&self, key: &PublicKey) -> Result<Option<Account>, StoreError> {
        self.0.borrow().account(key)
    }

    fn accounts_after(
        &self,
        after: Option<&PublicKey>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.0.borrow().accounts_after(after, limit)
    }
}

/// A chain driven as a node drives it: orphans follow their parents, and every change waits to be
/// written, then to be reported as committed.
pub(crate) struct Rig {
    pub(crate) chain: Chain,
    pub(crate) store: SharedStore,
    pub(crate) limits: TreeLimits,
    /// The best chain by replay of the reported changes, from height 1.
    pub(crate) best: Vec<BlockHash>,
    /// The same, by replay of the written changes only.
    written_best: Vec<BlockHash>,
    waiting: VecDeque<(BlockHash, ChainChange)>,
    written_version: u64,
}

impl Rig {
    pub(crate) fn new(limits: TreeLimits) -> Self {
        let store = SharedStore::default();
        Self {
            chain: Chain::open(Box::new(store.clone()), limits).unwrap(),
            store,
            limits,
            best: Vec::new(),
            written_best: Vec::new(),
            waiting: VecDeque::new(),
            written_version: 0,
        }
    }

    /// Gives a block to the chain, and then the orphans that waited for it. Returns what was added.
    pub(crate) fn deliver(&mut self, block: CheckedBlock) -> Vec<BlockHash> {
        let mut added = Vec::new();
        let mut queue = VecDeque::from([block]);
        while let Some(block) = queue.pop_front() {
            let hash = block.block().hash;
            if let Accepted::Added(change) = self.chain.accept(block, 0).unwrap() {
                replay(&mut self.best, &change);
                self.waiting.push_back((hash, change));
                added.push(hash);
                queue.extend(self.chain.take_orphans_of(&hash));
            }
        }
        added
    }

    pub(crate) fn deliver_all(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.deliver(checked(block));
        }
    }

    /// Has the chain look at all branches, as a node does once it is open and after a reorganisation.
    pub(crate) fn reconsider(&mut self) {
        loop {
            let reconsidered = self.chain.reconsider(0).unwrap();
            if reconsidered.changes.is_empty() {
                return;
            }
            self.take(reconsidered);
        }
    }

    /// Keeps what is to be written of changes that came without a new block.
    pub(crate) fn take(&mut self, reconsidered: Reconsidered) {
        assert_eq!(reconsidered.refused, None);
        for change in reconsidered.changes {
            replay(&mut self.best, &change);
            self.waiting.push_back((change.block.hash, change));
        }
    }

    /// Writes up to `changes` waiting changes to the store. Returns the blocks they added.
    pub(crate) fn write(&mut self, changes: usize) -> Vec<BlockHash> {
        let changes = changes.min(self.waiting.len());
        let mut added = Vec::new();
        for (hash, change) in self.waiting.drain(..changes) {
            self.store.0.borrow_mut().apply(&change.writes);
            replay(&mut self.written_best, &change);
            self.written_version = change.version;
            added.push(hash);
        }
        added
    }

    /// Reports what is written as committed.
    pub(crate) fn report(&mut self) {
        self.chain.committed(self.written_version);
    }

    pub(crate) fn commit_all(&mut self) {
        self.write(usize::MAX);
        self.report();
    }

    /// Makes the chain anew from its state, in the form that a file has. Nothing may change.
    pub(crate) fn restore(&mut self) {
        let state = serde_json::to_value(self.chain.state()).unwrap();
        let read = serde_json::from_value(state.clone()).unwrap();
        self.chain = Chain::restore(read, Box::new(self.store.clone()), self.limits).unwrap();
        assert_eq!(serde_json::to_value(self.chain.state()).unwrap(), state);
    }

    /// Opens the chain anew: what was not written is lost, as in a crash.
    pub(crate) fn reopen(&mut self) {
        self.chain = Chain::open(Box::new(self.store.clone()), self.limits).unwrap();
        self.best.clone_from(&self.written_best);
        self.waiting.clear();
        self.written_version = 0;
    }
}

/// Applies a change to a plain list of the best chain, and holds the change to what it says.
pub(crate) fn replay(best: &mut Vec<BlockHash>, change: &ChainChange) {
    for point in &change.reverted {
        assert_eq!(best.len(), usize::try_from(point.height).unwrap());
        assert_eq!(best.pop(), Some(point.hash), "what is reverted was the tip");
    }
    assert_eq!(best.len(), usize::try_from(change.fork.height).unwrap());
    assert_eq!(best.last().copied().unwrap_or(Block::genesis().hash), change.fork.hash);
    for point in &change.connected {
        best.push(point.hash);
        assert_eq!(best.len(), usize::try_from(point.height).unwrap());
    }
}
