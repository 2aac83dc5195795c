//! The root that is kept is the root of the definition, whatever happens in between.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::accept::accounts::{AccountOverlay, AccountView};
use crate::ledger::{
    BodyEntry, ChainId, Commitment, LedgerPart, Signature, SignedTransaction, UnsignedTransaction,
};
use crate::pow::CompactTarget;
use crate::store::{BlockWrite, MemoryBlocks, StoredBlock, StoredReorgLimit};

const REWARD: u64 = 3;

/// A store that counts the accounts that it is asked for.
#[derive(Default)]
struct Counting {
    blocks: MemoryBlocks,
    read: Cell<usize>,
}

impl BlockStore for Counting {
    fn best_tip(&self) -> StoreResult<Option<StoredBlock>> {
        self.blocks.best_tip()
    }

    fn best_at(&self, height: u32) -> StoreResult<Option<StoredBlock>> {
        self.blocks.best_at(height)
    }

    fn by_hash(&self, hash: &BlockHash) -> StoreResult<Option<StoredBlock>> {
        self.blocks.by_hash(hash)
    }

    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> StoreResult {
        self.blocks.visit_side_blocks(visit)
    }

    fn next_order(&self) -> StoreResult<u64> {
        self.blocks.next_order()
    }

    fn account(&self, key: &PublicKey) -> StoreResult<Option<Account>> {
        self.blocks.account(key)
    }

    fn reorg_limit(&self) -> StoreResult<StoredReorgLimit> {
        self.blocks.reorg_limit()
    }

    fn accounts_after(&self, after: Option<&PublicKey>, limit: usize) -> StoreResult<Vec<Account>> {
        let accounts = self.blocks.accounts_after(after, limit)?;
        self.read.set(self.read.get() + accounts.len());
        Ok(accounts)
    }
}

/// Accounts as a chain keeps them, without blocks.
#[derive(Default)]
struct Bench {
    store: Counting,
    overlay: AccountOverlay,
    roots: StateRoots,
    version: u64,
    /// Writes of versions that the store does not have.
    waiting: Vec<(u64, Vec<Account>)>,
    /// The best chain.
    parts: Vec<LedgerPart>,
}

fn key(number: u8) -> PublicKey {
    PublicKey([number; 32])
}

fn transfer(sender: u8, receiver: u8, amount: u64, sequence: u64) -> SignedTransaction {
    let keys = (key(sender), key(receiver));
    UnsignedTransaction::transfer(keys.0, keys.1, amount, sequence, 0, None)
        .signed(Signature([0; 64]))
}

/// What a block is to pay: to its miner, and from one to another.
type Paid = (u8, Vec<(u8, u8, u64)>);

impl Bench {
    fn view(&self) -> AccountView<'_> {
        AccountView::new(&self.store, &self.overlay, REWARD)
    }

    /// A block of what can be paid of it, after what a view has.
    fn part(view: &mut AccountView<'_>, (miner, paid): &Paid) -> LedgerPart {
        let mut body = Vec::new();
        for (sender, receiver, amount) in paid {
            let sequence = view.get(&key(*sender)).unwrap().sequence;
            let transaction = transfer(*sender, *receiver, *amount, sequence);
            if view.apply_transaction(&transaction).unwrap().is_ok() {
                body.push(BodyEntry { transaction, payload: None });
            }
        }
        let commitment = Commitment {
            chain_id: ChainId([0; 32]),
            body_root: MerkleRoot::ZERO,
            body_count: 0,
            history_root: MerkleRoot::ZERO,
            state_root: MerkleRoot::ZERO,
            target: CompactTarget::LIMIT,
            miner: key(*miner),
        };
        LedgerPart { commitment, body }
    }

    /// Takes the last blocks back and puts others in their place. The root is right in between too,
    /// where the branch is not the best yet.
    fn reorganise(&mut self, depth: usize, blocks: &[Paid]) {
        let kept = self.parts.len().saturating_sub(depth);
        let mut view = self.view();
        for part in self.parts[kept..].iter().rev() {
            view.undo(part).unwrap();
        }
        let mut parts = Vec::new();
        for block in blocks {
            // What is applied while a block is chosen is applied once more to a view as it was.
            let mut chosen = self.view();
            self.parts[kept..].iter().rev().for_each(|part| chosen.undo(part).unwrap());
            parts.iter().for_each(|part| assert!(chosen.apply(part).is_ok()));
            let part = Self::part(&mut chosen, block);
            assert!(view.apply(&part).is_ok());
            parts.push(part);
        }
        assert_eq!(view.state_root(&self.roots).unwrap(), defined(view.above(None), &self.store));
        let changed = view.into_changed();
        self.parts.truncate(kept);
        self.parts.extend(parts);
        self.version += 1;
        self.overlay.record(self.version, &changed);
        changed.iter().for_each(|changed| self.roots.note(changed));
        let accounts = changed.into_iter().map(|changed| changed.account).collect();
        self.waiting.push((self.version, accounts));
    }

    /// Writes the first changes that wait, and tells of some of them.
    fn commit(&mut self, count: usize) {
        let count = count.min(self.waiting.len());
        for (version, accounts) in self.waiting.drain(..count) {
            let writes: Vec<BlockWrite> =
                accounts.into_iter().map(BlockWrite::SetAccount).collect();
            self.store.blocks.apply(&writes);
            if version % 3 != 0 {
                self.overlay.committed(version);
            }
        }
    }

    fn root(&mut self) -> MerkleRoot {
        let tip = BlockHash([u8::try_from(self.version % 251).unwrap(); 32]);
        self.roots.after(&tip, &self.overlay, &self.store).unwrap()
    }
}

/// The root over all accounts, leaf by leaf.
fn defined(above: Vec<Account>, store: &Counting) -> MerkleRoot {
    let stored = store.blocks.accounts_after(None, usize::MAX).unwrap();
    let all: alloc::collections::BTreeMap<PublicKey, Account> =
        stored.into_iter().chain(above).map(|account| (account.key, account)).collect();
    let mut builder = MerkleBuilder::default();
    all.values()
        .filter(|account| !account.is_empty())
        .for_each(|account| push(&mut builder, account));
    MerkleRoot(builder.root())
}

fn paid() -> impl Strategy<Value = Paid> {
    let number = || 0..40_u8;
    (number(), prop::collection::vec((number(), number(), 0..4_u64), 0..6))
}

proptest! {
    #[test]
    fn kept_root_is_the_defined_one_after_any_blocks_reorganisations_and_commits(
        steps in prop::collection::vec(
            (any::<Index>(), prop::collection::vec(paid(), 1..4), 0..4_usize, any::<bool>()),
            1..40,
        )
    ) {
        let mut bench = Bench::default();
        for (depth, blocks, commits, looks) in steps {
            // Mostly none, or few.
            let depth = depth.index(8).saturating_sub(4);
            bench.reorganise(depth, &blocks);
            bench.commit(commits);
            if looks {
                let expected = defined(bench.overlay.above(None), &bench.store);
                prop_assert_eq!(bench.root(), expected);
                prop_assert_eq!(bench.root(), expected);
            }
        }
    }
}

/// Accounts 0 to 199, with something each, all of them stored, and their root known.
fn many() -> Box<Bench> {
    let mut bench = Box::new(Bench::default());
    let blocks: Vec<Paid> = (0..200).map(|miner| (miner, Vec::new())).collect();
    bench.reorganise(0, &blocks);
    bench.commit(usize::MAX);
    bench.root();
    bench.store.read.set(0);
    bench
}

#[test]
fn change_of_few_accounts_reads_their_chunks_and_no_others() {
    let mut bench = many();
    bench.reorganise(0, &[(3, vec![(7, 150, 1)])]);
    bench.commit(usize::MAX);
    bench.store.read.set(0);
    let root = bench.root();
    assert_eq!(bench.store.read.get(), 3 * CHUNK);
    assert_eq!(root, defined(Vec::new(), &bench.store));
}

#[test]
fn root_is_read_once_for_a_tip_however_often_it_is_asked_for() {
    let mut bench = many();
    bench.reorganise(0, &[(3, Vec::new())]);
    let root = bench.root();
    let read = bench.store.read.replace(0);
    assert!(read > 0);
    assert_eq!((bench.root(), bench.store.read.get()), (root, 0));
}

#[test]
fn new_account_leaves_what_stands_before_it_as_it_is() {
    let mut bench = many();
    bench.reorganise(0, &[(200, Vec::new())]);
    bench.commit(usize::MAX);
    bench.store.read.set(0);
    assert_eq!(bench.root(), defined(Vec::new(), &bench.store));
    assert!(bench.store.read.get() <= CHUNK, "it is the last of all");
}

#[test]
fn what_is_kept_for_each_chunk_is_little() {
    // A thousandth of it for each account: a million take some seventy kilobytes.
    assert!(core::mem::size_of::<Chunk>() <= 72);
}
