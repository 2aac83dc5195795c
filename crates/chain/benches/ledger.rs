//! What a ledger block costs: its check by itself, which is signatures, and its way onto the chain.
//!
//! The blocks are full: transfers of a thousand senders, so that a batch finds few keys twice.
#![allow(clippy::expect_used, reason = "a bench may stop at the first surprise")]

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use divan::counter::ItemsCount;
use ed25519_zebra::{SigningKey, VerificationKeyBytes};
use kusari_chain::ledger::{
    Account, BodyEntry, ChainSpec, LedgerPart, PublicKey, Signature, UnsignedTransaction,
};
use kusari_chain::mempool::{Mempool, TransactionBatch};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{Accepted, Block, Chain, CheckedBlock, TreeLimits};
use kusari_miner::Search;

/// Accounts that send.
const SENDERS: usize = 1_000;
/// Transactions of one block; as many as fit 1 MiB are 5,577.
const TRANSACTIONS: usize = 5_000;

fn main() {
    divan::main();
}

struct Person {
    signing: SigningKey,
    key: PublicKey,
}

fn person(number: usize) -> Person {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
    let signing = SigningKey::from(seed);
    let key = PublicKey(VerificationKeyBytes::from(&signing).into());
    Person { signing, key }
}

fn spec() -> Arc<ChainSpec> {
    Arc::new(ChainSpec::ledger())
}

struct Full {
    block: Block,
    part: LedgerPart,
}

/// A full first block of records without a text, which cost nothing.
static FULL: LazyLock<Full> = LazyLock::new(|| {
    let chain_id = spec().chain_id();
    let people: Vec<Person> = (0..SENDERS).map(person).collect();
    let entry = |number: usize| {
        let person = &people[number % SENDERS];
        let sequence = (number / SENDERS) as u64;
        let keys = (person.key, people[(number + 1) % SENDERS].key);
        let unsigned = UnsignedTransaction::transfer(keys.0, keys.1, 0, sequence, 0, None);
        let signature = person.signing.sign(&unsigned.signing_bytes(&chain_id));
        let transaction = unsigned.signed(Signature(signature.to_bytes()));
        BodyEntry { transaction, payload: None }
    };
    let mut chain = open();
    let body = (0..TRANSACTIONS).map(entry);
    let template = chain.template(people[0].key, body, 1_800_000_000).expect("a first block");
    let mut block = template.block;
    let mut search = Search::new(&block, template.target);
    block.nonce = search.try_nonces(0, u64::MAX).expect("a nonce");
    block.hash = block.compute_hash();
    assert_eq!(template.part.body.len(), TRANSACTIONS);
    Full { block, part: template.part }
});

fn open() -> Chain {
    let store = Box::new(MemoryBlocks::default());
    Chain::open_ledger(store, TreeLimits::default(), spec()).expect("an empty chain")
}

/// All that a block shows by itself: signatures most of all.
#[divan::bench(threads = [1, 2])]
fn check_whole(bencher: Bencher) {
    let Full { block, part } = &*FULL;
    bencher
        .counter(ItemsCount::new(TRANSACTIONS))
        .with_inputs(|| (block.clone(), Box::new(part.clone())))
        .bench_values(|(block, part)| {
            let chain = part.commitment.chain_id;
            black_box(CheckedBlock::check_whole(block, part, &chain).expect("it is valid"))
        });
}

/// What is left to the node's thread: ancestry, accounts and the tree.
#[divan::bench]
fn accept(bencher: Bencher) {
    let Full { block, part } = &*FULL;
    let chain_id = part.commitment.chain_id;
    let checked = CheckedBlock::check_whole(block.clone(), Box::new(part.clone()), &chain_id);
    let checked = checked.expect("it is valid");
    bencher
        .counter(ItemsCount::new(TRANSACTIONS))
        .with_inputs(|| (open(), checked.clone()))
        .bench_local_values(|(mut chain, checked)| {
            let accepted = chain.accept(checked, 1_800_000_000).expect("it is valid");
            assert!(matches!(accepted, Accepted::Added(_)));
            chain
        });
}

/// From gossip to the pool: signatures so many at once, and the admission. A read of 64 KiB holds some
/// 120 lines.
#[divan::bench(threads = [1, 2], args = [1, 8, 120])]
fn check_and_admit(bencher: Bencher, at_once: usize) {
    let Full { part, .. } = &*FULL;
    let spec = spec();
    let chain_id = spec.chain_id();
    bencher.counter(ItemsCount::new(TRANSACTIONS)).with_inputs(Mempool::default).bench_values(
        |mut pool| {
            for entries in part.body.chunks(at_once) {
                let mut batch = TransactionBatch::new(chain_id);
                for entry in entries {
                    batch.add(entry.transaction, None).expect("it is valid");
                }
                for checked in batch.check() {
                    let checked = checked.expect("it is valid");
                    // Senders that own nothing share little room.
                    let empty = Account::empty(checked.transaction().sender);
                    let account = Account { balance: 1, ..empty };
                    pool.admit(checked, &account, &spec, false, 0).expect("there is room");
                }
            }
            pool
        },
    );
}
