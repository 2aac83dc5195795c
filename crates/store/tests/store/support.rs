//! What these tests share: a directory of their own, and a planner of changes that fit a store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::ledger::transaction::Salt;
use kusari_chain::ledger::{
    BodyEntry, ChainId, Commitment, LedgerPart, Payload, PublicKey, Signature, UnsignedTransaction,
};
use kusari_chain::pow::{ChainTime, CompactTarget};
use kusari_chain::store::StoredLedger;
use kusari_chain::{Block, BlockHash, BlockWrite, StoredBlock, Work};
use kusari_node::store::{OutboxWrite, StoreBatch};

/// A directory that does not exist yet and is removed with this.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("store").join(name);
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn batch(blocks: Vec<BlockWrite>) -> StoreBatch {
    StoreBatch { blocks, ..StoreBatch::default() }
}

/// Lines that are to be mined, which nobody mined yet.
pub(crate) fn lines(numbers: std::ops::RangeInclusive<u64>) -> StoreBatch {
    let line = |id| OutboxWrite::Insert { id, text: format!("line {id}"), draft: None };
    StoreBatch { outbox: numbers.map(line).collect(), ..StoreBatch::default() }
}

/// A hash that no other `id` has; the store does not check that it is the block's.
pub(crate) fn fake_hash(id: u64, suffix: u64) -> BlockHash {
    let mut hash = BlockHash([0x77; 32]);
    hash.0[..8].copy_from_slice(&id.to_be_bytes());
    hash.0[24..].copy_from_slice(&suffix.to_be_bytes());
    hash
}

/// The transaction of a number, signed by nobody; the store does not check that it is.
pub(crate) fn fake_entry(number: u64) -> BodyEntry {
    let payload = Payload { salt: Salt([5; 16]), data: format!("payload {number}") };
    let author = PublicKey([number.to_le_bytes()[0]; 32]);
    let unsigned = UnsignedTransaction::record(author, number, 0, &payload);
    BodyEntry { transaction: unsigned.signed(Signature([6; 64])), payload: Some(payload) }
}

/// What a ledger adds to a block with these transactions; it commits to nothing.
fn fake_ledger(body: Vec<BodyEntry>, height: u32) -> Box<StoredLedger> {
    let commitment = Commitment {
        chain_id: ChainId::ZERO,
        body_root: MerkleRoot::ZERO,
        body_count: 0,
        history_root: MerkleRoot::ZERO,
        state_root: MerkleRoot::ZERO,
        target: CompactTarget::LIMIT,
        miner: PublicKey::ZERO,
    };
    let part = LedgerPart { commitment, body };
    let time = ChainTime { active_s: u64::from(height) * 3, latest: 1_700_000_000 };
    Box::new(StoredLedger {
        part,
        time,
        subtrees: vec![[8; 32]; height as usize % 3],
        erased: Vec::new(),
    })
}

/// Transactions of a planned block: as many as its order says, and the same at a height in every branch.
pub(crate) fn fake_body(order: u64, height: u32) -> Vec<BodyEntry> {
    (0..order % 4).map(|place| fake_entry(u64::from(height) * 3 + place)).collect()
}

#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) hash: BlockHash,
    pub(crate) height: u32,
    pub(crate) parent: Option<u64>,
}

/// Plans changes as a chain makes them, without any rule about which branch is best.
#[derive(Default)]
pub(crate) struct Planner {
    /// Blocks are a ledger's.
    pub(crate) ledger: bool,
    pub(crate) stored: BTreeMap<u64, Planned>,
    /// Every hash that was ever inserted, evicted ones too.
    pub(crate) ever: Vec<Planned>,
    /// Orders of the best chain, height 1 first.
    pub(crate) best: Vec<u64>,
    pub(crate) side: BTreeSet<u64>,
}

impl Planner {
    /// A new block on the tip, or on any stored block (`None` is the genesis block).
    fn plan(&mut self, parent: Option<u64>, suffix: u64) -> Arc<StoredBlock> {
        let order = self.ever.len() as u64;
        let below = parent.map(|parent| self.stored[&parent].clone());
        let height = below.as_ref().map_or(0, |below| below.height) + 1;
        let hash = fake_hash(order + 1, suffix);
        let planned = Planned { hash, height, parent };
        self.stored.insert(order, planned.clone());
        self.ever.push(planned);
        Arc::new(StoredBlock {
            order,
            work: Work::of_classic_blocks(height),
            total_bytes: u64::from(height) * 250,
            block: Block {
                index: height,
                timestamp: 1_700_000_000 + order,
                nonce: order,
                data: format!("block {order}"),
                prev_hash: below.map_or_else(|| Block::genesis().hash, |below| below.hash),
                hash,
                transactions: Vec::new(),
            },
            ledger: self.ledger.then(|| fake_ledger(fake_body(order, height), height)),
        })
    }

    pub(crate) fn extend(&mut self, suffix: u64) -> Vec<BlockWrite> {
        let stored = self.plan(self.best.last().copied(), suffix);
        self.best.push(stored.order);
        vec![BlockWrite::InsertBest(stored)]
    }

    pub(crate) fn branch(&mut self, parent: Option<u64>, suffix: u64) -> Vec<BlockWrite> {
        let stored = self.plan(parent, suffix);
        self.side.insert(stored.order);
        vec![BlockWrite::InsertSide(stored)]
    }

    /// Makes the branch that ends in the side block `end` the best chain.
    pub(crate) fn switch_to(&mut self, end: u64) -> Vec<BlockWrite> {
        let mut branch = Vec::new();
        let mut at = Some(end);
        while let Some(order) = at.filter(|order| self.side.contains(order)) {
            branch.push(order);
            at = self.stored[&order].parent;
        }
        let fork = at.map_or(0, |order| self.stored[&order].height);
        let mut writes = Vec::new();
        while self.best.len() > fork as usize {
            let height = self.best.len() as u32;
            let order = self.best.pop().unwrap();
            self.side.insert(order);
            writes.push(BlockWrite::Disconnect { height, order });
        }
        for order in branch.into_iter().rev() {
            self.side.remove(&order);
            self.best.push(order);
            writes.push(BlockWrite::Connect { height: self.best.len() as u32, order });
        }
        writes
    }

    /// Forgets a side block. One that others build on stays; then nothing is written.
    pub(crate) fn evict(&mut self, order: u64) -> Vec<BlockWrite> {
        if self.stored.values().any(|planned| planned.parent == Some(order)) {
            return Vec::new();
        }
        self.side.remove(&order);
        let hash = self.stored.remove(&order).unwrap().hash;
        vec![BlockWrite::Evict { hash, order }]
    }
}
