//! A virtual disk: what one machine keeps across crashes.
//!
//! Owns what a simulation adds to a store in memory: reads of the whole, and a medium that alters what it
//! holds. When a commit gets here is up to [`crate::commits`]; what is here is durable.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use kusari_chain::ledger::{Account, PublicKey};
use kusari_chain::{Block, BlockHash, BlockStore, StoredBlock};
use kusari_node::store::MemoryStore;

/// A handle to one machine's disk.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    store: MemoryStore,
    /// A height at which the medium reads another text than was stored.
    altered: Rc<Cell<Option<u32>>>,
}

impl Deref for Disk {
    type Target = MemoryStore;

    fn deref(&self) -> &MemoryStore {
        &self.store
    }
}

impl Disk {
    /// What a node reads, with none of it altered: a node sends what its driver reads.
    pub(crate) fn store(&self) -> MemoryStore {
        self.store.clone()
    }

    /// Another disk that holds the same.
    pub(crate) fn copied(&self) -> Self {
        Self { store: self.store.copied(), altered: Rc::default() }
    }

    /// From now on the best chain's block of this height is sent as another one; with none, it is mended.
    pub(crate) fn alter(&self, height: Option<u32>) {
        self.altered.set(height);
    }

    /// What an audit finds first.
    pub(crate) fn finding(&self) -> Option<String> {
        let altered =
            self.best_chain().into_iter().find(|block| block.compute_hash() != block.hash);
        altered.map(|block| format!("block {} is not what its hash says", block.index))
    }

    /// Whether the block is stored, in any branch.
    pub(crate) fn holds(&self, hash: &BlockHash) -> bool {
        matches!(self.by_hash(hash), Ok(Some(_)))
    }

    /// The stored best chain, from height 1.
    pub(crate) fn best_chain(&self) -> Vec<Block> {
        self.best_whole().into_iter().map(|stored| stored.block).collect()
    }

    /// The stored best chain with what a ledger adds, from height 1.
    pub(crate) fn best_whole(&self) -> Vec<StoredBlock> {
        self.chunk((0, BlockHash::ZERO), None, usize::MAX)
    }

    /// As [`MemoryStore::chunk`], as the medium reads it.
    pub(crate) fn chunk(
        &self,
        after: (u32, BlockHash),
        through: Option<u32>,
        most: usize,
    ) -> Vec<StoredBlock> {
        let mut chunk = self.store.chunk(after, through, most);
        for stored in &mut chunk {
            if self.altered.get() == Some(stored.block.index) {
                stored.block.data.push('~');
            }
        }
        chunk
    }

    /// Every account that is not empty.
    pub(crate) fn accounts(&self) -> BTreeMap<PublicKey, Account> {
        // Memory has no way to fail.
        let accounts = self.accounts_after(None, usize::MAX).unwrap_or_default();
        accounts.into_iter().map(|account| (account.key, account)).collect()
    }
}
