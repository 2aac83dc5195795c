//! A disk in memory: what one node keeps across restarts.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use kusari_chain::ledger::{Account, BodyEntry, Equivocation, PublicKey, Txid, WitnessStatement};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{BlockHash, BlockStore, StoreError, StoredBlock, StoredReorgLimit};
use kusari_node::store::{
    EntryId, MemoryOutbox, OutboxEntry, OutboxFacts, OutboxStore, PoolRecord, PoolWrite,
    StatementWrite, StoreBatch, Witnessed,
};

use super::predecessors::Predecessors;

#[derive(Clone, Default)]
pub struct Disk {
    blocks: Rc<RefCell<MemoryBlocks>>,
    pub outbox: Rc<RefCell<MemoryOutbox>>,
    pub pool: Rc<RefCell<BTreeMap<Txid, PoolRecord>>>,
    pub predecessors: Predecessors,
    pub witnessed: Rc<RefCell<Kept>>,
    /// Entries of the outbox that were read one after another.
    pub entries_read: Rc<Cell<usize>>,
    /// Whole blocks that were read by their hash.
    pub blocks_read: Rc<Cell<usize>>,
}

/// What is kept of witnesses.
#[derive(Clone, Default)]
pub struct Kept {
    pub statements: BTreeMap<(PublicKey, u64), WitnessStatement>,
    pub equivocations: BTreeMap<PublicKey, Equivocation>,
}

impl Kept {
    fn apply(&mut self, write: &StatementWrite) {
        match *write {
            StatementWrite::Insert(statement) => {
                self.statements.insert((statement.key, statement.sequence), statement);
            }
            StatementWrite::Remove { key, sequence } => {
                assert!(self.statements.remove(&(key, sequence)).is_some());
            }
            StatementWrite::InsertEquivocation(evidence) => {
                assert!(self.equivocations.insert(evidence.key(), evidence).is_none());
            }
            StatementWrite::RemoveEquivocation { key } => {
                assert!(self.equivocations.remove(&key).is_some());
            }
        }
    }
}

impl Disk {
    pub fn apply(&self, batch: &StoreBatch) {
        self.blocks.borrow_mut().apply(&batch.blocks);
        self.blocks
            .borrow_mut()
            .erase(batch.erased.iter().map(|erased| (erased.block, erased.place)));
        for write in &batch.pool {
            match write {
                PoolWrite::Insert { txid, record } => {
                    self.pool.borrow_mut().insert(*txid, record.clone());
                }
                PoolWrite::Remove { txid } => {
                    self.pool.borrow_mut().remove(txid);
                }
            }
        }
        self.predecessors.apply(&batch.predecessors);
        batch.statements.iter().for_each(|write| self.witnessed.borrow_mut().apply(write));
        self.outbox.borrow_mut().apply(batch);
    }

    /// Another disk with the same content.
    pub fn copy(&self) -> Self {
        let cell = |pool: &BTreeMap<Txid, PoolRecord>| Rc::new(RefCell::new(pool.clone()));
        Self {
            blocks: Rc::new(RefCell::new(self.blocks.borrow().clone())),
            outbox: Rc::new(RefCell::new(self.outbox.borrow().clone())),
            pool: cell(&self.pool.borrow()),
            predecessors: self.predecessors.copy(),
            witnessed: Rc::new(RefCell::new(self.witnessed.borrow().clone())),
            entries_read: Rc::default(),
            blocks_read: Rc::default(),
        }
    }

    pub fn entry(&self, id: EntryId) -> OutboxEntry {
        self.outbox.borrow().entry(id).unwrap().clone()
    }
}

impl BlockStore for Disk {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        self.blocks.borrow().best_tip()
    }
    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        self.blocks.borrow().best_at(height)
    }
    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        self.blocks_read.set(self.blocks_read.get() + 1);
        self.blocks.borrow().by_hash(hash)
    }
    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        self.blocks.borrow().visit_side_blocks(visit)
    }
    fn next_order(&self) -> Result<u64, StoreError> {
        self.blocks.borrow().next_order()
    }
    fn reorg_limit(&self) -> Result<StoredReorgLimit, StoreError> {
        self.blocks.borrow().reorg_limit()
    }
    fn account(&self, key: &PublicKey) -> Result<Option<Account>, StoreError> {
        self.blocks.borrow().account(key)
    }
    fn accounts_after(
        &self,
        after: Option<&PublicKey>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.blocks.borrow().accounts_after(after, limit)
    }
}

impl OutboxStore for Disk {
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> Result<(), StoreError> {
        for entry in self.outbox.borrow().open_entries() {
            self.entries_read.set(self.entries_read.get() + 1);
            visit(entry.clone());
        }
        Ok(())
    }

    fn visit_waiting_entries(
        &self,
        range: Range<EntryId>,
        limit: usize,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> Result<(), StoreError> {
        for entry in self.outbox.borrow().waiting_entries(range).take(limit) {
            self.entries_read.set(self.entries_read.get() + 1);
            visit(entry.clone());
        }
        Ok(())
    }

    fn entry_of_block(&self, hash: &BlockHash) -> Result<Option<OutboxEntry>, StoreError> {
        Ok(self.outbox.borrow().entry_of_block(hash).cloned())
    }

    fn displaced_by(&self, txid: &Txid) -> Result<Vec<OutboxEntry>, StoreError> {
        Ok(self.outbox.borrow().displaced_by(txid))
    }

    fn outbox_facts(&self) -> Result<OutboxFacts, StoreError> {
        Ok(self.outbox.borrow().facts())
    }

    fn transaction_at(
        &self,
        sender: &PublicKey,
        sequence: u64,
    ) -> Result<Option<Txid>, StoreError> {
        Ok(self.blocks.borrow().transaction_at(sender, sequence))
    }

    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> Result<(), StoreError> {
        self.pool.borrow().values().cloned().for_each(visit);
        Ok(())
    }

    fn visit_predecessors(&self, visit: &mut dyn FnMut(BodyEntry)) -> Result<(), StoreError> {
        self.predecessors.rows().values().cloned().for_each(visit);
        Ok(())
    }

    fn visit_witnessed(&self, visit: &mut dyn FnMut(Witnessed)) -> Result<(), StoreError> {
        let kept = self.witnessed.borrow();
        kept.statements.values().for_each(|statement| visit(Witnessed::Statement(*statement)));
        kept.equivocations.values().for_each(|pair| visit(Witnessed::Equivocation(*pair)));
        Ok(())
    }

    fn mined_at(&self, txid: &Txid) -> Result<Option<u32>, StoreError> {
        Ok(self.blocks.borrow().mined_at(txid))
    }
}
