//! A store in memory under the node.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use kusari_chain::ledger::{Account, BodyEntry, PublicKey, Txid};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{BlockHash, BlockStore, StoreError, StoredBlock, StoredReorgLimit};
use kusari_node::store::{
    EntryId, MemoryOutbox, OutboxEntry, OutboxFacts, OutboxStore, OutboxWrite, PoolRecord,
    PoolWrite, StoreBatch, Witnessed,
};

/// What is durable. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Disk(Rc<RefCell<Content>>);

type Content = (MemoryBlocks, MemoryOutbox, BTreeMap<Txid, PoolRecord>);

impl Disk {
    pub(super) fn apply(&self, batch: &StoreBatch) {
        let (blocks, outbox, pool) = &mut *self.0.borrow_mut();
        blocks.apply(&batch.blocks);
        blocks.erase(batch.erased.iter().map(|erased| (erased.block, erased.place)));
        for write in &batch.pool {
            match write {
                PoolWrite::Insert { txid, record } => {
                    pool.insert(*txid, record.clone());
                }
                PoolWrite::Remove { txid } => {
                    pool.remove(txid);
                }
            }
        }
        for write in &batch.outbox {
            let id = write.id();
            match write {
                OutboxWrite::Insert { .. } => {
                    assert_eq!(id, outbox.facts().next_id, "an entry is inserted out of turn");
                }
                OutboxWrite::Mined { hash, .. } => {
                    assert!(blocks.by_hash(hash).is_ok_and(|block| block.is_some()));
                }
                _ => assert!(outbox.entry(id).is_some(), "an entry is changed that is not stored"),
            }
            let one = StoreBatch { outbox: vec![write.clone()], ..StoreBatch::default() };
            outbox.apply(&one);
        }
    }
}

impl BlockStore for Disk {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        self.0.borrow().0.best_tip()
    }
    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        self.0.borrow().0.best_at(height)
    }
    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        self.0.borrow().0.by_hash(hash)
    }
    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        self.0.borrow().0.visit_side_blocks(visit)
    }
    fn next_order(&self) -> Result<u64, StoreError> {
        self.0.borrow().0.next_order()
    }
    fn reorg_limit(&self) -> Result<StoredReorgLimit, StoreError> {
        self.0.borrow().0.reorg_limit()
    }
    fn account(&self, key: &PublicKey) -> Result<Option<Account>, StoreError> {
        self.0.borrow().0.account(key)
    }
    fn accounts_after(
        &self,
        after: Option<&PublicKey>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.0.borrow().0.accounts_after(after, limit)
    }
}

impl OutboxStore for Disk {
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> Result<(), StoreError> {
        self.0.borrow().1.open_entries().cloned().for_each(visit);
        Ok(())
    }
    fn visit_waiting_entries(
        &self,
        range: Range<EntryId>,
        limit: usize,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> Result<(), StoreError> {
        self.0.borrow().1.waiting_entries(range).take(limit).cloned().for_each(visit);
        Ok(())
    }
    fn entry_of_block(&self, hash: &BlockHash) -> Result<Option<OutboxEntry>, StoreError> {
        Ok(self.0.borrow().1.entry_of_block(hash).cloned())
    }
    fn displaced_by(&self, txid: &Txid) -> Result<Vec<OutboxEntry>, StoreError> {
        Ok(self.0.borrow().1.displaced_by(txid))
    }
    fn outbox_facts(&self) -> Result<OutboxFacts, StoreError> {
        Ok(self.0.borrow().1.facts())
    }
    fn transaction_at(&self, sender: &PublicKey, at: u64) -> Result<Option<Txid>, StoreError> {
        Ok(self.0.borrow().0.transaction_at(sender, at))
    }
    // The node here follows the classic chain, which has no transactions to precede.
    fn visit_predecessors(&self, _visit: &mut dyn FnMut(BodyEntry)) -> Result<(), StoreError> {
        Ok(())
    }

    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> Result<(), StoreError> {
        self.0.borrow().2.values().cloned().for_each(visit);
        Ok(())
    }

    // The node here follows the classic chain, which has no witnesses.
    fn visit_witnessed(&self, _visit: &mut dyn FnMut(Witnessed)) -> Result<(), StoreError> {
        Ok(())
    }

    fn mined_at(&self, txid: &Txid) -> Result<Option<u32>, StoreError> {
        Ok(self.0.borrow().0.mined_at(txid))
    }
}
