//! What the root over all accounts costs, which every 1,024th block of a ledger carries: with a
//! million accounts in a store on disk, of which the blocks since the root before have changed little.
#![allow(clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

#[path = "../tests/store/support.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest of it")]
mod support;

use std::sync::{Arc, LazyLock};

use divan::Bencher;
use kusari_chain::accept::LedgerTemplate;
use kusari_chain::ledger::{Account, ChainSpec, PublicKey};
use kusari_chain::params::{GENESIS_TIMESTAMP, STATE_ROOT_INTERVAL};
use kusari_chain::{Accepted, BlockWrite, Chain, ChainState, CheckedBlock, TreeLimits};
use kusari_miner::Search;
use kusari_store::Store;
use support::{TempDir, batch};

const ACCOUNTS: u64 = 1_000_000;

fn main() {
    divan::main();
}

fn spec() -> Arc<ChainSpec> {
    Arc::new(ChainSpec::ledger())
}

/// The ends of real keys are in no order. Source of the factor: Knuth's MMIX generator.
fn account(number: u64) -> Account {
    let mut key = [7; 32];
    key[..8].copy_from_slice(&number.wrapping_mul(6_364_136_223_846_793_005).to_be_bytes());
    Account { key: PublicKey(key), balance: number, sequence: 1 }
}

/// Whoever is paid for the blocks.
const MINER: PublicKey = PublicKey([9; 32]);
/// Somebody before all others.
const FIRST: PublicKey = PublicKey([0; 32]);

/// A chain whose next block carries a root, for the second time.
struct Before {
    directory: TempDir,
    store: Store,
    /// Its last block paid somebody who was paid before.
    touched: ChainState,
    /// Its last block paid somebody new, whose account comes before all others.
    moved: ChainState,
}

struct Maker {
    chain: Chain,
    store: Store,
    writes: Vec<BlockWrite>,
    version: u64,
}

impl Maker {
    fn template(&mut self, miner: PublicKey) -> LedgerTemplate {
        let now = GENESIS_TIMESTAMP + 10 * u64::from(self.chain.tip().height + 1);
        self.chain.template(miner, [], now).unwrap()
    }

    fn next(&mut self, miner: PublicKey) {
        let LedgerTemplate { mut block, part, target } = self.template(miner);
        let mut search = Search::new(&block, target);
        block.nonce = search.try_nonces(0, u64::MAX).unwrap();
        block.hash = search.hash(block.nonce);
        let (chain, now) = (part.commitment.chain_id, block.timestamp);
        let checked = CheckedBlock::check_whole(block, Box::new(part), &chain).unwrap();
        let accepted = self.chain.accept(checked, now).unwrap();
        if let Accepted::Added(change) = accepted {
            self.version = change.version;
            self.writes.extend(change.writes);
        }
    }

    fn commit(&mut self) {
        self.store.commit(&[batch(std::mem::take(&mut self.writes))]).unwrap();
        self.chain.committed(self.version);
    }
}

static BEFORE: LazyLock<Before> = LazyLock::new(|| {
    let directory = TempDir::new();
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap();
    let accounts = (0..ACCOUNTS).map(|number| BlockWrite::SetAccount(account(number)));
    store.commit(&[batch(accounts.collect())]).unwrap();
    let blocks = Box::new(store.clone());
    let chain = Chain::open_ledger(blocks, TreeLimits::default(), spec()).unwrap();
    let mut maker = Maker { chain, store: store.clone(), writes: Vec::new(), version: 0 };
    for _ in 1..2 * STATE_ROOT_INTERVAL - 1 {
        maker.next(MINER);
    }
    maker.commit();
    let before = maker.chain.state();
    maker.next(MINER);
    let touched = maker.chain.state();
    let blocks = Box::new(store.clone());
    maker.chain = Chain::restore(before, blocks, TreeLimits::default()).unwrap();
    maker.next(FIRST);
    let moved = maker.chain.state();
    Before { directory, store, touched, moved }
});

/// The chain with this state, or one that knows nothing of the last root.
fn bench(bencher: Bencher, state: &ChainState, forgets: bool) {
    let text = serde_json::to_string(state).unwrap();
    bencher
        .with_inputs(|| {
            let mut state: serde_json::Value = serde_json::from_str(&text).unwrap();
            if forgets {
                state["ledger"].as_object_mut().unwrap().remove("roots").unwrap();
            }
            let state = serde_json::from_value(state).unwrap();
            let store = Box::new(BEFORE.store.clone());
            let chain = Chain::restore(state, store, TreeLimits::default()).unwrap();
            Maker { chain, store: BEFORE.store.clone(), writes: Vec::new(), version: 0 }
        })
        .bench_local_refs(|maker| maker.template(MINER));
}

/// The first root after a start.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn after_a_start(bencher: Bencher) {
    assert!(BEFORE.directory.path().exists());
    bench(bencher, &BEFORE.touched, true);
}

/// The blocks since the last root have changed one account.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn one_account_changed(bencher: Bencher) {
    bench(bencher, &BEFORE.touched, false);
}

/// They have made one, which moves all others by a place.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn one_account_came_before_all(bencher: Bencher) {
    bench(bencher, &BEFORE.moved, false);
}

/// A template on the same tip again, as a miner asks for each second.
#[divan::bench]
fn once_more(bencher: Bencher) {
    let store = Box::new(BEFORE.store.clone());
    let state = serde_json::to_string(&BEFORE.touched).unwrap();
    let state = serde_json::from_str(&state).unwrap();
    let chain = Chain::restore(state, store, TreeLimits::default()).unwrap();
    let store = BEFORE.store.clone();
    let mut maker = Maker { chain, store, writes: Vec::new(), version: 0 };
    maker.template(MINER);
    bencher.bench_local(|| maker.template(MINER));
}
