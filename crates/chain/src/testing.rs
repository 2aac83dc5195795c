//! What this crate's own tests share: a small miner and a shared store.
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::store::MemoryBlocks;
use crate::*;

/// Mines a block on `parent` by trying nonces from 0.
pub(crate) fn mine(parent: &Block, data: &str, timestamp: u64) -> Block {
    let mut block = Block {
        index: parent.index + 1,
        timestamp,
        nonce: 0,
        data: data.to_string(),
        prev_hash: parent.hash,
        hash: BlockHash::ZERO,
        transactions: Vec::new(),
    };
    block.hash = block.compute_hash();
    while !Target::CLASSIC.is_met_by(&block.hash) {
        block.nonce += 1;
        block.hash = block.compute_hash();
    }
    block
}

pub(crate) fn checked(block: &Block) -> CheckedBlock {
    CheckedBlock::check(block.clone()).unwrap()
}

/// A memory store that the chain reads while the test commits to it.
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
    fn next_order(&self) -> Result<u64, StoreError> {
        self.0.borrow().next_order()
    }
}

impl SharedStore {
    pub(crate) fn open(&self, limits: TreeLimits) -> Chain {
        Chain::open(Box::new(self.clone()), limits).unwrap()
    }
}
