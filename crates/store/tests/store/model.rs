//! The store against the model in memory, for the same changes.

use std::collections::BTreeMap;

use kusari_chain::ledger::{Account, BodyEntry, PublicKey, SignedTransaction, Txid};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{BlockHash, BlockStore, BlockWrite, StoredBlock};
use kusari_node::store::{
    Erasure, OutboxStore, PoolRecord, PoolWrite, PredecessorWrite, StoreBatch,
};
use kusari_store::{ChainPosition, Store};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::forge::spec;
use crate::support::{Planner, TempDir, batch, fake_body, fake_entry};

#[derive(Clone, Debug)]
enum Step {
    Extend { suffix: u64 },
    Branch { parent: Index, suffix: u64 },
    SwitchTo(Index),
    Evict(Index),
    SetAccount { key: u8, balance: u64 },
    Wait { number: u64 },
    WaitNoMore { number: u64 },
    Erase { block: Index, place: u32 },
    EndBatch,
    Commit,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    // Few suffixes, so that many hashes share one.
    let suffix = 0..3_u64;
    prop_oneof![
        6 => suffix.clone().prop_map(|suffix| Step::Extend { suffix }),
        6 => (any::<Index>(), suffix).prop_map(|(parent, suffix)| Step::Branch { parent, suffix }),
        2 => any::<Index>().prop_map(Step::SwitchTo),
        3 => any::<Index>().prop_map(Step::Evict),
        4 => (0..4_u8, 0..3_u64).prop_map(|(key, balance)| Step::SetAccount { key, balance }),
        2 => (0..6_u64).prop_map(|number| Step::Wait { number }),
        2 => (0..6_u64).prop_map(|number| Step::WaitNoMore { number }),
        2 => (any::<Index>(), 0..3_u32).prop_map(|(block, place)| Step::Erase { block, place }),
        4 => Just(Step::EndBatch),
        3 => Just(Step::Commit),
        1 => Just(Step::Reopen),
    ]
}

/// The store, the model, and the changes that neither has yet.
struct Pair {
    store: Option<Store>,
    directory: Option<TempDir>,
    memory: MemoryBlocks,
    pool: BTreeMap<Txid, PoolRecord>,
    predecessors: BTreeMap<(PublicKey, u64), BodyEntry>,
    planner: Planner,
    batches: Vec<StoreBatch>,
}

impl Pair {
    fn new(directory: Option<TempDir>, ledger: bool) -> Self {
        let spec = ledger.then(spec);
        let store = match &directory {
            Some(directory) => {
                Store::open_chain(directory.path(), spec.as_ref()).unwrap().trusting()
            }
            None => Store::ephemeral_chain(spec.as_ref()).unwrap().trusting(),
        };
        let batches = vec![StoreBatch::default()];
        let planner = Planner { ledger, ..Planner::default() };
        let (memory, pool, predecessors) = Default::default();
        let store = Some(store);
        Self { store, directory, memory, pool, predecessors, planner, batches }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// The steps that a ledger alone has.
    fn apply_of_ledger(&mut self, step: &Step) {
        let Some(batch) = self.batches.last_mut().filter(|_| self.planner.ledger) else { return };
        match step {
            Step::SetAccount { key, balance } => {
                let account =
                    Account { key: PublicKey([*key; 32]), balance: *balance, sequence: 0 };
                batch.blocks.push(BlockWrite::SetAccount(account));
            }
            Step::Wait { number } => {
                batch.predecessors.push(PredecessorWrite::Insert(fake_entry(*number)));
                let BodyEntry { transaction, payload } = fake_entry(*number);
                let record = PoolRecord { transaction, payload, since: *number };
                batch.pool.push(PoolWrite::Insert { txid: transaction.txid(), record });
            }
            Step::WaitNoMore { number } => {
                let SignedTransaction { sender, sequence, .. } = fake_entry(*number).transaction;
                batch.predecessors.push(PredecessorWrite::Remove { sender, sequence });
                let txid = fake_entry(*number).transaction.txid();
                batch.pool.push(PoolWrite::Remove { txid });
            }
            Step::Erase { block, place } if !self.planner.ever.is_empty() => {
                let block = block.get(&self.planner.ever).hash;
                batch.erased.push(Erasure { block, place: *place });
            }
            _ => {}
        }
    }

    fn apply(&mut self, step: &Step) {
        let pick_side = |planner: &Planner, index: &Index| {
            let side: Vec<u64> = planner.side.iter().copied().collect();
            (!side.is_empty()).then(|| *index.get(&side))
        };
        let planner = &mut self.planner;
        let writes = match step {
            Step::Extend { suffix } => planner.extend(*suffix),
            Step::Branch { parent, suffix } => {
                let mut parents: Vec<_> = planner.stored.keys().copied().map(Some).collect();
                parents.push(None);
                planner.branch(*parent.get(&parents), *suffix)
            }
            Step::SwitchTo(index) => {
                pick_side(planner, index).map(|end| planner.switch_to(end)).unwrap_or_default()
            }
            Step::Evict(index) => {
                pick_side(planner, index).map(|order| planner.evict(order)).unwrap_or_default()
            }
            Step::SetAccount { .. }
            | Step::Wait { .. }
            | Step::WaitNoMore { .. }
            | Step::Erase { .. } => return self.apply_of_ledger(step),
            Step::EndBatch => return self.batches.push(StoreBatch::default()),
            Step::Commit => return self.commit(),
            Step::Reopen => {
                self.commit();
                if let Some(directory) = &self.directory {
                    self.store = None;
                    let spec = self.planner.ledger.then(spec);
                    self.store = Some(
                        Store::open_chain(directory.path(), spec.as_ref()).unwrap().trusting(),
                    );
                }
                return;
            }
        };
        self.batches.last_mut().unwrap().blocks.extend(writes);
    }

    fn commit(&mut self) {
        self.store().commit(&self.batches).unwrap();
        for batch in self.batches.drain(..) {
            self.memory.apply(&batch.blocks);
            self.memory.erase(batch.erased.iter().map(|erased| (erased.block, erased.place)));
            for write in batch.predecessors {
                match write {
                    PredecessorWrite::Insert(entry) => {
                        let SignedTransaction { sender, sequence, .. } = entry.transaction;
                        self.predecessors.insert((sender, sequence), entry);
                    }
                    PredecessorWrite::Remove { sender, sequence } => {
                        self.predecessors.remove(&(sender, sequence));
                    }
                }
            }
            for write in batch.pool {
                match write {
                    PoolWrite::Insert { txid, record } => drop(self.pool.insert(txid, record)),
                    PoolWrite::Remove { txid } => drop(self.pool.remove(&txid)),
                }
            }
        }
        self.batches.push(StoreBatch::default());
    }

    fn check(&self) {
        let (store, memory) = (self.store(), &self.memory);
        assert_eq!(store.best_tip(), memory.best_tip());
        assert_eq!(store.next_order(), memory.next_order());
        assert_eq!(side_blocks(store), side_blocks(memory));
        for height in 0..self.planner.ever.len() as u32 + 2 {
            assert_eq!(store.best_at(height), memory.best_at(height));
        }
        for planned in &self.planner.ever {
            assert_eq!(store.by_hash(&planned.hash), memory.by_hash(&planned.hash));
        }
        assert_eq!(store.by_hash(&BlockHash::ZERO), Ok(None));
        assert_eq!(accounts(store), accounts(memory));
        for key in 0..4 {
            let key = PublicKey([key; 32]);
            assert_eq!(store.account(&key), memory.account(&key));
        }
        let mut waiting = Vec::new();
        store.visit_pool(&mut |record| waiting.push(record)).unwrap();
        assert!(waiting.iter().eq(self.pool.values()));
        let mut kept = Vec::new();
        store.visit_predecessors(&mut |entry| kept.push(entry)).unwrap();
        assert!(kept.iter().eq(self.predecessors.values()));
        self.check_transactions();
    }

    /// Each transaction that any block ever had is found where it stands, in the best chain first.
    fn check_transactions(&self) {
        for (order, planned) in (0_u64..).zip(&self.planner.ever) {
            for (place, entry) in (0..).zip(fake_body(order, planned.height)) {
                // Every block at this height with more transactions than that has it.
                let holders = (0_u64..).zip(&self.planner.ever).filter(|(order, other)| {
                    other.height == planned.height
                        && order % 4 > place
                        && self.planner.stored.contains_key(order)
                });
                let holders: Vec<u64> = holders.map(|(order, _)| order).collect();
                let best = holders.iter().find(|order| self.planner.best.contains(order));
                let expected = best.or(holders.last()).filter(|_| self.planner.ledger).copied();
                let found = self.store().transaction(&entry.transaction.txid()).unwrap();
                assert_eq!(found.map(|found| found.order), expected);
                if let Some(found) = found {
                    assert_eq!(u64::from(found.place), place);
                    assert_eq!(found.height, planned.height);
                    assert_eq!(found.on_best_chain, best.is_some());
                    assert_eq!(found.block, self.planner.stored[&found.order].hash);
                }
            }
        }
    }

    /// Chunks after every block that ever was, against the planner.
    fn check_chunks(&self, max: usize, through: Option<u32>) {
        let planner = &self.planner;
        let best: Vec<StoredBlock> =
            (1..).map_while(|height| self.memory.best_at(height).unwrap()).collect();
        for (order, planned) in (0_u64..).zip(&planner.ever) {
            let mut at = Some(order);
            while let Some(order) = at.filter(|order| !planner.best.contains(order)) {
                at = planner.stored.get(&order).and_then(|planned| planned.parent);
            }
            let start = at.map_or(0, |order| planner.stored[&order].height) as usize;
            let end = through.map_or(best.len(), |through| best.len().min(through as usize));
            let expected: Vec<_> =
                best[..end].iter().skip(start).take(max.max(1)).cloned().collect();

            let after = ChainPosition { height: planned.height, hash: planned.hash };
            let chunk = self.store().best_chain_chunk(after, through, max).unwrap();
            assert_eq!(chunk.blocks, expected, "after {after:?} through {through:?}");
            let tip = best.last().map_or_else(ChainPosition::genesis, ChainPosition::from);
            assert_eq!(chunk.tip, tip);
        }
    }
}

fn accounts(store: &dyn BlockStore) -> Vec<Account> {
    store.accounts_after(None, usize::MAX).unwrap()
}

fn side_blocks(store: &dyn BlockStore) -> Vec<StoredBlock> {
    let mut blocks = Vec::new();
    store.visit_side_blocks(&mut |stored| blocks.push(stored)).unwrap();
    blocks
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn reads_equal_those_of_the_model_in_memory(
        steps in prop::collection::vec(step(), 1..60),
        max in 0..5_usize,
        through in prop::option::of(0..12_u32),
        ledger: bool,
    ) {
        let mut pair = Pair::new(None, ledger);
        for step in &steps {
            pair.apply(step);
            if matches!(step, Step::Commit) {
                pair.check();
            }
        }
        pair.commit();
        pair.check();
        pair.check_chunks(max, through);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn everything_committed_is_there_after_each_reopening(
        steps in prop::collection::vec(step(), 1..60),
        ledger: bool,
    ) {
        let mut pair = Pair::new(Some(TempDir::new()), ledger);
        for step in &steps {
            pair.apply(step);
            if matches!(step, Step::Reopen) {
                pair.check();
            }
        }
        pair.apply(&Step::Reopen);
        pair.check();
    }
}

#[test]
fn order_of_an_evicted_highest_block_is_not_used_again() {
    let directory = TempDir::new();
    let mut planner = Planner::default();
    let writes = [planner.extend(1), planner.branch(None, 1), planner.evict(1)].concat();
    Store::open(directory.path()).unwrap().trusting().commit(&[batch(writes)]).unwrap();
    assert_eq!(Store::open(directory.path()).unwrap().trusting().next_order(), Ok(2));
}

#[test]
fn change_that_does_not_follow_is_refused_whole_and_ends_writing() {
    let mut planner = Planner::default();
    let (first, lost, third) = (planner.extend(1), planner.extend(2), planner.extend(3));
    let store = Store::ephemeral().unwrap().trusting();
    store.commit(&[batch(first)]).unwrap();
    let tip = store.best_tip().unwrap();

    let message = store.commit(&[batch(third)]).unwrap_err().to_string();
    assert!(message.contains("block 2 is inserted where 1 is due"), "{message}");
    let message = store.commit(&[batch(lost)]).unwrap_err().to_string();
    assert!(message.contains("block 2 is inserted where 1 is due"), "{message}");
    assert_eq!(store.best_tip().unwrap(), tip);
    assert_eq!(store.next_order(), Ok(1));
}
