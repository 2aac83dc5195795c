//! The store of a ledger: whole blocks, accounts, transactions by their ids, the pool, and erasures.

use kusari_chain::ledger::{Account, ChainSpec, Payload, Txid};
use kusari_chain::{BlockStore, BlockWrite, StoredBlock};
use kusari_node::store::{Erasure, OutboxStore, PoolWrite, StoreBatch};
use kusari_store::{ChainPosition, Store, audit_directory, copy_directory};

use crate::forge::{
    BESIDE, Forge, LEDGER_SIDE, LEDGER_TIP, Person, TEXT, body_of_two, ledger_block, ledger_writes,
    sound_ledger_store, spec,
};
use crate::support::{TempDir, batch};

fn accounts(store: &dyn BlockStore) -> Vec<Account> {
    store.accounts_after(None, usize::MAX).unwrap()
}

fn waiting(store: &Store) -> usize {
    let mut count = 0;
    store.visit_pool(&mut |_| count += 1).unwrap();
    count
}

#[test]
fn a_ledger_is_read_back_whole_after_it_was_closed() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    let store = Store::open_existing(directory.path()).unwrap().trusting();
    assert_eq!(store.spec(), Some(spec()));
    for order in 0..=LEDGER_SIDE + 1 {
        let stored = ledger_block(order);
        assert_eq!(store.by_hash(&stored.block.hash).unwrap().as_ref(), Some(stored));
    }
    let chunk = store.best_chain_chunk(ChainPosition::genesis(), None, 100).unwrap();
    assert_eq!(chunk.blocks.len(), LEDGER_TIP as usize);
    assert!(chunk.blocks.iter().all(|stored| stored.part().is_some()));
    assert_eq!(ledger_block(62).ledger.as_ref().unwrap().subtrees.len(), 1, "a tree of 64 leaves");

    let (anna, bert) = (Person::new(1).key(), Person::new(2).key());
    let rewards = 1_000 * u64::from(LEDGER_TIP);
    let expected = |key, balance, sequence| Account { key, balance, sequence };
    let mut all = [expected(anna, rewards - 300 + 41, 3), expected(bert, 300 - 41, 2)];
    assert_eq!(store.account(&anna), Ok(Some(all[0])));
    assert_eq!(store.account(&Person::new(9).key()), Ok(None));
    all.sort_by_key(|account| account.key);
    assert_eq!(accounts(&store), all);
    assert_eq!(waiting(&store), 1);
    let (entry, place) = store.entry(1).unwrap().unwrap();
    assert!(entry.state.is_settled() && place.is_some_and(|place| place.block.block.index == 2));
    assert!(store.entry(2).unwrap().unwrap().1.is_none());
}

#[test]
fn a_transaction_is_found_in_the_best_chain_first_and_beside_it_otherwise() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let place_of = |order: u64, place: usize| {
        let txid = ledger_block(order).part().unwrap().body[place].transaction.txid();
        let found = store.transaction(&txid).unwrap().unwrap();
        (found.height, found.order, found.place, found.on_best_chain)
    };
    assert_eq!(place_of(1, 1), (2, 1, 1, true));
    // The one that both branches hold; the side block was stored later.
    assert_eq!(place_of(LEDGER_SIDE, 0), (BESIDE, u64::from(BESIDE) - 1, 0, true));
    assert_eq!(place_of(LEDGER_SIDE + 1, 0), (BESIDE + 1, LEDGER_SIDE + 1, 0, false));
    assert_eq!(store.transaction(&Txid([9; 32])), Ok(None));

    // Whatever becomes best is preferred, and what is evicted is found no more.
    let both = ledger_block(LEDGER_SIDE).part().unwrap().body[0].transaction.txid();
    let beside = ledger_block(LEDGER_SIDE + 1);
    let alone = beside.part().unwrap().body[0].transaction.txid();
    let evict = BlockWrite::Evict { hash: beside.block.hash, order: beside.order };
    let mut writes = vec![evict];
    for height in (BESIDE..=LEDGER_TIP).rev() {
        writes.push(BlockWrite::Disconnect { height, order: u64::from(height) - 1 });
    }
    writes.push(BlockWrite::Connect { height: BESIDE, order: LEDGER_SIDE });
    store.commit(&[batch(writes)]).unwrap();
    assert_eq!(store.transaction(&both).unwrap().unwrap().order, LEDGER_SIDE);
    assert_eq!(store.transaction(&alone), Ok(None));
}

#[test]
fn a_store_is_opened_for_its_own_chain_alone() {
    let (classic, ledger) = (TempDir::new(), TempDir::new());
    Store::open(classic.path()).unwrap().trusting();
    Store::open_chain(ledger.path(), Some(&spec())).unwrap().trusting();
    let id = spec().chain_id().to_string();
    let named = format!("the ledger `ledger` (chain id {}…)", &id[..8]);
    let said = Store::open(ledger.path()).unwrap_err().to_string();
    assert!(said.contains(&format!("holds {named} and not the classic chain: choose")), "{said}");
    let said = Store::open_chain(classic.path(), Some(&spec())).unwrap_err().to_string();
    assert!(said.contains(&format!("holds the classic chain and not {named}: choose")), "{said}");
    let other = ChainSpec { name: "other".to_string(), ..spec() };
    let said = Store::open_chain(ledger.path(), Some(&other)).unwrap_err().to_string();
    assert!(said.contains(&format!("holds {named} and not the ledger `other`")), "{said}");
    assert_eq!(Store::open_existing(ledger.path()).unwrap().trusting().spec(), Some(spec()));
    assert_eq!(Store::open_existing(classic.path()).unwrap().trusting().spec(), None);
    assert_eq!(Store::ephemeral_chain(Some(&other)).unwrap().trusting().spec(), Some(other));
}

#[test]
fn what_a_ledger_alone_has_is_refused_on_a_classic_chain() {
    let account = Account { key: Person::new(1).key(), balance: 1, sequence: 0 };
    let set = batch(vec![BlockWrite::SetAccount(account)]);
    let removal = PoolWrite::Remove { txid: Txid::ZERO };
    let removal = StoreBatch { pool: vec![removal], ..StoreBatch::default() };
    for refused in [set, removal] {
        let store = Store::ephemeral().unwrap().trusting();
        let said = store.commit(&[refused]).unwrap_err().to_string();
        assert!(said.contains("on a classic chain"), "{said}");
        assert_eq!(accounts(&store), []);
        assert_eq!((waiting(&store), store.transaction(&Txid::ZERO)), (0, Ok(None)));
    }
}

pub(crate) fn erase(order: u64, place: u32) -> StoreBatch {
    let erased = vec![Erasure { block: ledger_block(order).block.hash, place }];
    StoreBatch { erased, ..StoreBatch::default() }
}

#[test]
fn an_erased_payload_is_gone_and_everything_else_stays_sound() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    // In the best chain, beside it, and places that nothing is at.
    let unknown = StoreBatch {
        erased: vec![Erasure { block: kusari_chain::BlockHash::ZERO, place: 0 }],
        ..StoreBatch::default()
    };
    store.commit(&[erase(1, 0), erase(LEDGER_SIDE + 1, 0), erase(1, 9), unknown]).unwrap();
    for order in [1, LEDGER_SIDE + 1] {
        let mut expected = ledger_block(order).clone();
        expected.erase(0).unwrap();
        assert_eq!(store.by_hash(&expected.block.hash), Ok(Some(expected)));
    }
    let found = store.transaction(&body_of_two()[0].transaction.txid()).unwrap();
    assert!(found.is_some_and(|found| found.on_best_chain));
    assert_eq!(store.audit().finding, None);
}

#[test]
fn a_block_that_comes_and_is_erased_in_one_commit_is_stored_without_the_payload() {
    let store = Store::ephemeral_chain(Some(&spec())).unwrap().trusting();
    let batch = StoreBatch { blocks: ledger_writes().to_vec(), ..erase(1, 0) };
    store.commit(&[batch]).unwrap();
    assert_eq!(store.best_at(2).unwrap().unwrap().part().unwrap().body[0].payload, None);
    assert_eq!(store.audit().finding, None);
}

/// Payloads of a block, each with its place.
fn payloads(order: u64) -> Vec<(u32, Payload)> {
    let body = &ledger_block(order).part().unwrap().body;
    (0..).zip(body).filter_map(|(place, entry)| Some((place, entry.payload.clone()?))).collect()
}

fn fill(order: u64) -> StoreBatch {
    let hash = ledger_block(order).block.hash;
    batch(vec![BlockWrite::Fill { hash, order, payloads: payloads(order) }])
}

#[test]
fn payloads_that_come_late_are_stored_but_for_those_that_were_erased() {
    let directory = TempDir::new();
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap().trusting();
    // Block 2 came without its payload.
    let writes = ledger_writes().iter().map(|write| match write {
        BlockWrite::InsertBest(stored) if stored.order == 1 => {
            let mut stripped = StoredBlock::clone(stored);
            stripped.ledger.as_mut().unwrap().part.body[0].payload = None;
            BlockWrite::InsertBest(std::sync::Arc::new(stripped))
        }
        other => other.clone(),
    });
    store.commit(&[batch(writes.collect())]).unwrap();
    let hash = ledger_block(1).block.hash;
    let text = |store: &Store| {
        let stored = store.by_hash(&hash).unwrap().unwrap();
        stored.part().unwrap().body[0].payload.clone()
    };
    assert_eq!(text(&store), None);
    store.commit(&[fill(1)]).unwrap();
    assert_eq!(store.by_hash(&hash).unwrap().as_ref(), Some(ledger_block(1)));
    assert_eq!(store.audit().finding, None);
    // In one commit, in whatever order, and after it.
    store.commit(&[erase(1, 0), fill(1)]).unwrap();
    assert_eq!(text(&store), None);
    store.commit(&[fill(1)]).unwrap();
    drop(store);
    let store = Store::open_existing(directory.path()).unwrap().trusting();
    store.commit(&[fill(1)]).unwrap();
    assert_eq!(text(&store), None);
    assert_eq!(store.audit().finding, None);
    // A copy remembers it as well.
    let copy = directory.path().join("copy");
    store.copy_to(&copy).unwrap();
    let other = TempDir::new();
    std::fs::create_dir_all(other.path()).unwrap();
    std::fs::copy(&copy, other.path().join("chain.redb")).unwrap();
    let copied = Store::open_existing(other.path()).unwrap().trusting();
    copied.commit(&[fill(1)]).unwrap();
    assert_eq!(text(&copied), None);
}

#[test]
fn what_was_erased_is_not_stored_with_another_block_that_holds_it() {
    let both = ledger_block(LEDGER_SIDE).part().unwrap().body[0].transaction.txid();
    let best = u64::from(BESIDE) - 1;
    let place = ledger_block(best).part().unwrap().body.iter();
    let place = place.map(|entry| entry.transaction.txid()).position(|txid| txid == both).unwrap();
    let (before, after): (Vec<_>, Vec<_>) = ledger_writes().iter().cloned().partition(
        |write| !matches!(write, BlockWrite::InsertSide(stored) if stored.order >= LEDGER_SIDE),
    );
    let erased = erase(best, u32::try_from(place).unwrap());
    for together in [false, true] {
        let store = Store::ephemeral_chain(Some(&spec())).unwrap().trusting();
        store.commit(&[batch(before.clone())]).unwrap();
        match together {
            true => store.commit(&[erased.clone(), batch(after.clone())]).unwrap(),
            false => {
                store.commit(std::slice::from_ref(&erased)).unwrap();
                store.commit(&[batch(after.clone())]).unwrap();
            }
        }
        let stored = store.by_hash(&ledger_block(LEDGER_SIDE).block.hash).unwrap().unwrap();
        let entry = &stored.part().unwrap().body[0];
        assert_eq!((entry.transaction.txid(), entry.payload.as_ref()), (both, None));
        assert_eq!(store.audit().finding, None);
    }
}

#[test]
fn payloads_for_what_is_not_there_are_refused() {
    let store = Store::ephemeral_chain(Some(&spec())).unwrap().trusting();
    let said = store.commit(&[fill(1)]).unwrap_err().to_string();
    assert!(said.contains("block 1 gets payloads and is not there"), "{said}");
    let classic = Store::ephemeral().unwrap().trusting();
    let said = classic.commit(&[fill(1)]).unwrap_err().to_string();
    assert!(said.contains("a payload comes on a classic chain"), "{said}");
}

fn holds(file: &std::path::Path, text: &str) -> bool {
    let bytes = std::fs::read(file).unwrap();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn an_erased_text_is_gone_from_the_file_where_nothing_else_holds_it() {
    let directory = TempDir::new();
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap().trusting();
    for writes in ledger_writes().chunks(5) {
        store.commit(&[batch(writes.to_vec())]).unwrap();
    }
    let file = directory.path().join("chain.redb");
    assert!(holds(&file, TEXT));
    store.commit(&[erase(1, 0)]).unwrap();
    assert!(!holds(&file, TEXT), "while it is open");
    drop(store);
    assert!(!holds(&file, TEXT), "after it was closed");
}

#[test]
fn a_copy_is_whole_and_has_nothing_of_what_was_erased_before() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let before = directory.path().join("before");
    store.copy_to(&before).unwrap();
    assert!(holds(&before, TEXT));
    // This node wrote the record itself, and keeps it until it forgets the entry.
    let directory = TempDir::new();
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap().trusting();
    store.commit(&[batch(ledger_writes().to_vec())]).unwrap();
    store.commit(&[erase(1, 0)]).unwrap();
    drop(store);
    let after = directory.path().join("after");
    copy_directory(directory.path(), &after).unwrap();
    assert!(!holds(&after, TEXT));
    let restored = TempDir::new();
    std::fs::create_dir_all(restored.path()).unwrap();
    std::fs::copy(&before, restored.path().join("chain.redb")).unwrap();
    assert_eq!(audit_directory(restored.path(), |_| ()).unwrap().finding, None);
    let restored = Store::open_chain(restored.path(), Some(&spec())).unwrap().trusting();
    assert_eq!((accounts(&restored).len(), waiting(&restored)), (2, 1));
    let txid = body_of_two()[1].transaction.txid();
    assert!(restored.transaction(&txid).unwrap().is_some());
}

#[test]
fn a_node_goes_on_over_the_store_where_its_chain_ended() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let mut forge = Forge::over(Box::new(store.clone()));
    for round in 0..3 {
        let anna = Person::new(1);
        let writes = forge.mine_and_take(&anna, vec![anna.record(3 + round, "more")]);
        store.commit(&[batch(writes)]).unwrap();
    }
    let report = store.audit();
    assert_eq!((report.finding, report.best_blocks), (None, LEDGER_TIP + 3));
}
