//! A block store in memory: the simulator's disk, and what tests and benches read from.

use core::ops::Bound::{Excluded, Unbounded};

use super::{BlockStore, BlockWrite, StoreResult, StoredBlock, StoredHold, StoredReorgLimit};
use crate::hash::BlockHash;
use crate::ledger::{Account, PublicKey, SignedTransaction, Txid};
use crate::prelude::*;

/// Blocks in ordered maps.
#[derive(Clone, Debug, Default)]
pub struct MemoryBlocks {
    blocks: BTreeMap<u64, Arc<StoredBlock>>,
    best: BTreeMap<u32, u64>,
    by_hash: BTreeMap<BlockHash, u64>,
    side: BTreeSet<u64>,
    accounts: BTreeMap<PublicKey, Account>,
    /// Transactions whose payloads were erased.
    erased: BTreeSet<Txid>,
    held: BTreeMap<BlockHash, StoredHold>,
    accepted: Option<BlockHash>,
    next_order: u64,
}

impl MemoryBlocks {
    /// Applies one change, in order.
    pub fn apply(&mut self, writes: &[BlockWrite]) {
        for write in writes {
            match write {
                BlockWrite::InsertBest(stored) => {
                    self.insert(stored);
                    self.best.insert(stored.block.index, stored.order);
                }
                BlockWrite::InsertSide(stored) => {
                    self.insert(stored);
                    self.side.insert(stored.order);
                }
                BlockWrite::Connect { height, order } => {
                    self.side.remove(order);
                    self.best.insert(*height, *order);
                }
                BlockWrite::Disconnect { height, order } => {
                    self.best.remove(height);
                    self.side.insert(*order);
                }
                BlockWrite::SetAccount(account) if account.is_empty() => {
                    self.accounts.remove(&account.key);
                }
                BlockWrite::SetAccount(account) => {
                    self.accounts.insert(account.key, *account);
                }
                BlockWrite::Fill { order, payloads, .. } => {
                    if let Some(stored) = self.blocks.get_mut(order) {
                        Arc::make_mut(stored).fill(payloads);
                        self.drop_erased(*order);
                    }
                }
                BlockWrite::HoldBranch(hold) => {
                    self.held.insert(hold.root, *hold);
                }
                BlockWrite::ReleaseBranch { root } => {
                    self.held.remove(root);
                }
                BlockWrite::AcceptBranch { hash } => self.accepted = Some(*hash),
                BlockWrite::Evict { hash, order } => {
                    self.side.remove(order);
                    self.blocks.remove(order);
                    self.by_hash.remove(hash);
                }
            }
        }
    }

    /// The transaction of the best chain that has this sender and sequence.
    #[must_use]
    pub fn transaction_at(&self, sender: &PublicKey, sequence: u64) -> Option<Txid> {
        let bodies = self.best.values().filter_map(|order| self.blocks.get(order)?.part());
        let mut transactions = bodies.flat_map(|part| &part.body).map(|entry| &entry.transaction);
        let holds = |held: &&SignedTransaction| held.sender == *sender && held.sequence == sequence;
        transactions.find(holds).map(SignedTransaction::txid)
    }

    /// The height of the block of the best chain that holds the transaction. Looks through all.
    #[must_use]
    pub fn mined_at(&self, txid: &Txid) -> Option<u32> {
        self.best.iter().find_map(|(height, order)| {
            let part = self.blocks.get(order)?.part()?;
            let holds = part.body.iter().any(|entry| entry.transaction.txid() == *txid);
            holds.then_some(*height)
        })
    }

    /// Drops payloads, each named by a block and the place of its transaction in the body, from every
    /// block that has the transaction.
    pub fn erase(&mut self, erased: impl Iterator<Item = (BlockHash, u32)>) {
        let mut ids = BTreeSet::new();
        for (block, place) in erased {
            let order = self.by_hash.get(&block);
            let Some(stored) = order.and_then(|order| self.blocks.get_mut(order)) else { continue };
            ids.extend(Arc::make_mut(stored).erase(place));
        }
        if ids.is_empty() {
            return;
        }
        for stored in self.blocks.values_mut() {
            Arc::make_mut(stored).erase_where(|txid| ids.contains(txid));
        }
        self.erased.extend(ids);
    }

    /// What was erased from one block is not taken with another one.
    fn drop_erased(&mut self, order: u64) {
        if self.erased.is_empty() {
            return;
        }
        let Some(stored) = self.blocks.get_mut(&order) else { return };
        Arc::make_mut(stored).erase_where(|txid| self.erased.contains(txid));
    }

    fn insert(&mut self, stored: &Arc<StoredBlock>) {
        self.by_hash.insert(stored.block.hash, stored.order);
        self.blocks.insert(stored.order, Arc::clone(stored));
        self.next_order = stored.order + 1;
        self.drop_erased(stored.order);
    }

    fn at(&self, order: Option<&u64>) -> Option<StoredBlock> {
        order.and_then(|order| self.blocks.get(order)).map(|stored| StoredBlock::clone(stored))
    }
}

impl BlockStore for MemoryBlocks {
    fn best_tip(&self) -> StoreResult<Option<StoredBlock>> {
        Ok(self.at(self.best.last_key_value().map(|(_, order)| order)))
    }

    fn best_at(&self, height: u32) -> StoreResult<Option<StoredBlock>> {
        Ok(self.at(self.best.get(&height)))
    }

    fn by_hash(&self, hash: &BlockHash) -> StoreResult<Option<StoredBlock>> {
        Ok(self.at(self.by_hash.get(hash)))
    }

    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> StoreResult {
        self.side.iter().filter_map(|order| self.at(Some(order))).for_each(visit);
        Ok(())
    }

    fn next_order(&self) -> StoreResult<u64> {
        Ok(self.next_order)
    }

    fn account(&self, key: &PublicKey) -> StoreResult<Option<Account>> {
        Ok(self.accounts.get(key).copied())
    }

    fn reorg_limit(&self) -> StoreResult<StoredReorgLimit> {
        Ok(StoredReorgLimit {
            held: self.held.values().copied().collect(),
            accepted: self.accepted,
        })
    }

    fn accounts_after(&self, after: Option<&PublicKey>, limit: usize) -> StoreResult<Vec<Account>> {
        let range = self.accounts.range((after.map_or(Unbounded, Excluded), Unbounded));
        Ok(range.take(limit).map(|(_, account)| *account).collect())
    }
}
