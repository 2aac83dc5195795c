//! All that a node keeps, in memory: for tests, simulations, and nodes that keep nothing.
//!
//! Owns what [`BlockStore`] and [`OutboxStore`] ask of one store, and reads of the best chain in pieces.

use alloc::rc::Rc;
use core::cell::RefCell;
use core::ops::Range;

use kusari_chain::ledger::{Account, BodyEntry, Equivocation, PublicKey, Txid, WitnessStatement};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{BestPoint, BlockHash, BlockStore, StoreResult, StoredBlock, StoredReorgLimit};

use super::{
    EntryId, MemoryOutbox, OutboxEntry, OutboxFacts, OutboxStore, PoolRecord, PoolWrite,
    PredecessorWrite, StatementWrite, StoreBatch, Witnessed,
};
use crate::prelude::*;

#[derive(Clone, Default)]
struct Content {
    blocks: MemoryBlocks,
    outbox: MemoryOutbox,
    pool: BTreeMap<Txid, PoolRecord>,
    predecessors: BTreeMap<(PublicKey, u64), BodyEntry>,
    statements: BTreeMap<(PublicKey, u64), WitnessStatement>,
    equivocations: BTreeMap<PublicKey, Equivocation>,
}

/// A handle to a store in memory. Clones see the same content.
#[derive(Clone, Default)]
pub struct MemoryStore(Rc<RefCell<Content>>);

impl MemoryStore {
    /// Another store that holds the same now.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// Applies a batch, all of it at once.
    pub fn apply(&self, batch: &StoreBatch) {
        let mut content = self.0.borrow_mut();
        content.blocks.apply(&batch.blocks);
        content.outbox.apply(batch);
        content.blocks.erase(batch.erased.iter().map(|erased| (erased.block, erased.place)));
        batch.statements.iter().for_each(|write| content.witness(write));
        batch.predecessors.iter().for_each(|write| content.precede(write));
        for write in &batch.pool {
            match write {
                PoolWrite::Insert { txid, record } => {
                    content.pool.insert(*txid, record.clone());
                }
                PoolWrite::Remove { txid } => {
                    content.pool.remove(txid);
                }
            }
        }
    }

    /// The statement of a witness under a sequence, if it is stored.
    #[must_use]
    pub fn statement(&self, key: &PublicKey, sequence: u64) -> Option<WitnessStatement> {
        self.0.borrow().statements.get(&(*key, sequence)).copied()
    }

    /// The newest statement of a witness that is stored.
    #[must_use]
    pub fn newest_statement(&self, key: &PublicKey) -> Option<WitnessStatement> {
        let content = self.0.borrow();
        let of_key = content.statements.range((*key, 0)..=(*key, u64::MAX));
        of_key.map(|(_, statement)| *statement).next_back()
    }

    /// Whether evidence against the key is stored.
    #[must_use]
    pub fn convicts(&self, key: &PublicKey) -> bool {
        self.0.borrow().equivocations.contains_key(key)
    }

    /// Keys of witnesses of which anything is stored.
    #[must_use]
    pub fn witness_keys(&self) -> usize {
        let content = self.0.borrow();
        let of_statements = content.statements.keys().map(|(key, _)| *key);
        let keys = of_statements.chain(content.equivocations.keys().copied());
        keys.collect::<BTreeSet<PublicKey>>().len()
    }

    /// The last block of the stored best chain.
    #[must_use]
    pub fn tip(&self) -> (u32, BlockHash) {
        Self::place(self.best_tip().ok().flatten())
    }

    /// Up to `most` blocks of the stored best chain that follow `after`, or the fork point below it
    /// where the best chain has changed since.
    #[must_use]
    pub fn chunk(
        &self,
        after: (u32, BlockHash),
        through: Option<u32>,
        most: usize,
    ) -> Vec<StoredBlock> {
        let last = self.tip().0.min(through.unwrap_or(u32::MAX));
        let start = self.shared_height(after);
        let heights = (start..last).map(|below| below + 1).take(most);
        heights.filter_map(|height| self.best_at(height).ok().flatten()).collect()
    }

    /// The last block that the best chain shares with the branch which ends in `after`.
    #[must_use]
    pub fn shared(&self, after: (u32, BlockHash)) -> (u32, BlockHash) {
        Self::place(self.best_at(self.shared_height(after)).ok().flatten())
    }

    fn place(stored: Option<StoredBlock>) -> (u32, BlockHash) {
        let BestPoint { height, hash, .. } = BestPoint::genesis();
        stored.map_or((height, hash), |stored| (stored.block.index, stored.block.hash))
    }

    fn shared_height(&self, after: (u32, BlockHash)) -> u32 {
        let mut at = after;
        while at.0 > 0 {
            match self.best_at(at.0) {
                Ok(Some(stored)) if stored.block.hash == at.1 => return at.0,
                _ => {}
            }
            let Ok(Some(stored)) = self.by_hash(&at.1) else { return 0 };
            at = (at.0 - 1, stored.block.prev_hash);
        }
        0
    }
}

impl Content {
    fn witness(&mut self, write: &StatementWrite) {
        match *write {
            StatementWrite::Insert(statement) => {
                self.statements.insert((statement.key, statement.sequence), statement);
            }
            StatementWrite::Remove { key, sequence } => {
                self.statements.remove(&(key, sequence));
            }
            StatementWrite::InsertEquivocation(evidence) => {
                self.equivocations.insert(evidence.key(), evidence);
            }
            StatementWrite::RemoveEquivocation { key } => {
                self.equivocations.remove(&key);
            }
        }
    }

    fn precede(&mut self, write: &PredecessorWrite) {
        match write {
            PredecessorWrite::Insert(entry) => {
                let place = (entry.transaction.sender, entry.transaction.sequence);
                self.predecessors.insert(place, entry.clone());
            }
            PredecessorWrite::Remove { sender, sequence } => {
                self.predecessors.remove(&(*sender, *sequence));
            }
        }
    }
}

impl BlockStore for MemoryStore {
    fn best_tip(&self) -> StoreResult<Option<StoredBlock>> {
        self.0.borrow().blocks.best_tip()
    }

    fn best_at(&self, height: u32) -> StoreResult<Option<StoredBlock>> {
        self.0.borrow().blocks.best_at(height)
    }

    fn by_hash(&self, hash: &BlockHash) -> StoreResult<Option<StoredBlock>> {
        self.0.borrow().blocks.by_hash(hash)
    }

    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> StoreResult {
        self.0.borrow().blocks.visit_side_blocks(visit)
    }

    fn next_order(&self) -> StoreResult<u64> {
        self.0.borrow().blocks.next_order()
    }

    fn reorg_limit(&self) -> StoreResult<StoredReorgLimit> {
        self.0.borrow().blocks.reorg_limit()
    }

    fn account(&self, key: &PublicKey) -> StoreResult<Option<Account>> {
        self.0.borrow().blocks.account(key)
    }

    fn accounts_after(&self, after: Option<&PublicKey>, limit: usize) -> StoreResult<Vec<Account>> {
        self.0.borrow().blocks.accounts_after(after, limit)
    }
}

impl OutboxStore for MemoryStore {
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> StoreResult {
        self.0.borrow().outbox.open_entries().cloned().for_each(visit);
        Ok(())
    }

    fn visit_waiting_entries(
        &self,
        range: Range<EntryId>,
        limit: usize,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> StoreResult {
        self.0.borrow().outbox.waiting_entries(range).take(limit).cloned().for_each(visit);
        Ok(())
    }

    fn entry_of_block(&self, hash: &BlockHash) -> StoreResult<Option<OutboxEntry>> {
        Ok(self.0.borrow().outbox.entry_of_block(hash).cloned())
    }

    fn displaced_by(&self, txid: &Txid) -> StoreResult<Vec<OutboxEntry>> {
        Ok(self.0.borrow().outbox.displaced_by(txid))
    }

    fn outbox_facts(&self) -> StoreResult<OutboxFacts> {
        Ok(self.0.borrow().outbox.facts())
    }

    fn transaction_at(&self, sender: &PublicKey, sequence: u64) -> StoreResult<Option<Txid>> {
        Ok(self.0.borrow().blocks.transaction_at(sender, sequence))
    }

    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> StoreResult {
        self.0.borrow().pool.values().cloned().for_each(visit);
        Ok(())
    }

    fn visit_predecessors(&self, visit: &mut dyn FnMut(BodyEntry)) -> StoreResult {
        self.0.borrow().predecessors.values().cloned().for_each(visit);
        Ok(())
    }

    fn visit_witnessed(&self, visit: &mut dyn FnMut(Witnessed)) -> StoreResult {
        let content = self.0.borrow();
        content.statements.values().for_each(|statement| visit(Witnessed::Statement(*statement)));
        content.equivocations.values().for_each(|pair| visit(Witnessed::Equivocation(*pair)));
        Ok(())
    }

    fn mined_at(&self, txid: &Txid) -> StoreResult<Option<u32>> {
        Ok(self.0.borrow().blocks.mined_at(txid))
    }
}
