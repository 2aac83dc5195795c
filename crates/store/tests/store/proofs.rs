//! Proofs that a store makes, of its transactions and of its ancestry.

use std::collections::BTreeSet;

use kusari_chain::ledger::{Txid, WitnessStatement};
use kusari_chain::proof::{CheckedProof, ProofFile};
use kusari_chain::{Block, BlockStore, Work};
use kusari_store::Store;

use crate::forge::{
    BESIDE, LEDGER_SIDE, LEDGER_TIP, Person, ledger_block, sound_ledger_store, statement,
};
use crate::support::TempDir;

#[test]
fn whatever_stands_in_the_best_chain_is_proven_up_to_its_tip_and_nothing_else_is() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let mut proven = 0;
    for order in 0..=LEDGER_SIDE + 1 {
        let stored = ledger_block(order);
        let on_best = order < LEDGER_SIDE;
        for entry in &stored.part().unwrap().body {
            let txid = entry.transaction.txid();
            let Some(proof) = store.prove(&txid, &[]).unwrap() else {
                assert!(!on_best, "block {order}");
                continue;
            };
            let ProofFile::Transaction(proof) =
                ProofFile::read(&ProofFile::Transaction(Box::new(proof)).to_text()).unwrap()
            else {
                panic!("it is about a transaction")
            };
            let checked = proof.check().unwrap();
            assert_eq!(checked.txid, txid);
            let tip = store.best_tip().unwrap().unwrap().block;
            assert_eq!(checked.blocks.last(), Some(&(tip.index, tip.hash)));
            // Six lowest of all blocks from its own on show about as much work as they all took.
            let blocks = u64::from(tip.index - proof.block.index + 1);
            assert!(checked.work > Work::of_classic_blocks(0), "{blocks} blocks");
            proven += 1;
        }
    }
    assert!(proven >= 4, "{proven} proofs");
    assert_eq!(store.prove(&Txid([9; 32]), &[]), Ok(None));
}

#[test]
fn every_block_is_proven_to_be_an_ancestor_of_the_tip() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let tip = store.best_tip().unwrap().unwrap().block.hash;
    let stored = (0..u64::from(LEDGER_TIP) - 1).map(|order| ledger_block(order).block.hash);
    for hash in std::iter::once(Block::genesis().hash).chain(stored) {
        let proof = store.prove_consistency(&hash, &tip).unwrap().unwrap();
        assert_eq!(proof.check(), Ok(()));
        assert_eq!(store.prove_consistency(&tip, &hash), Ok(None), "the other way round");
    }
    let beside = ledger_block(LEDGER_SIDE + 1).block.hash;
    assert_eq!(store.prove_consistency(&beside, &tip), Ok(None));
}

/// What a proof of the first transaction of block `order` shows of witnesses.
fn witnessed(order: u64, preferred: u8) -> CheckedProof {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let stored = ledger_block(order);
    let txid = stored.part().unwrap().body[0].transaction.txid();
    store.prove(&txid, &[Person::new(preferred).key()]).unwrap().unwrap().check().unwrap()
}

#[test]
fn a_proof_shows_the_last_word_of_each_witness_before_a_block_the_first_from_it_on_and_the_newest()
{
    let by_place = |mut said: Vec<WitnessStatement>| {
        said.sort_by_key(|statement| (statement.height, statement.key));
        said
    };
    // What one said about a side block is left out, and whatever somebody said who equivocated.
    let newest = statement(4, 3, u64::from(LEDGER_TIP) - 1);
    for preferred in [4, 5, 9] {
        let early = witnessed(1, preferred);
        assert_eq!(early.before, []);
        assert_eq!(by_place(early.seen), [statement(4, 0, 1), statement(5, 0, 20), newest]);
        let next = witnessed(2, preferred);
        assert_eq!(next.before, [statement(4, 0, 1)]);
        assert_eq!(by_place(next.seen), [statement(4, 2, 9), statement(5, 0, 20), newest]);
        // Who said nothing from the block on says nothing about it.
        let late = witnessed(u64::from(BESIDE) - 1, preferred);
        assert_eq!((late.before, late.seen), (vec![statement(4, 2, 9)], vec![newest]));
    }
}

/// A node that lists its own key names it twice.
#[test]
fn a_key_that_is_named_twice_stands_in_a_proof_once() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let txid = ledger_block(2).part().unwrap().body[0].transaction.txid();
    let [one, other] = [4, 5].map(|number| Person::new(number).key());
    let proof = store.prove(&txid, &[one, other, one]).unwrap().unwrap();
    let said: Vec<_> = proof.statements.iter().map(|said| (said.0.key, said.0.sequence)).collect();
    let once: BTreeSet<_> = said.iter().collect();
    assert_eq!(said.len(), once.len(), "{said:?}");
    let text = ProofFile::Transaction(Box::new(proof)).to_text();
    assert!(ProofFile::read(&text).is_ok(), "and the proof holds");
}

#[test]
fn recent_work_is_that_of_the_last_ten_blocks_the_last_hour_and_the_last_day() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let tip = store.best_tip().unwrap().unwrap();
    let work_after = |height: u32| {
        let before = store.best_at(height).unwrap().map_or(Work::ZERO, |stored| stored.work);
        tip.work.minus(before)
    };
    let first_from = |time: u64| {
        let young = |height: &u32| store.best_at(*height).unwrap().unwrap().block.timestamp >= time;
        (1..=LEDGER_TIP).find(young).unwrap_or(LEDGER_TIP + 1)
    };
    for later in [0, 300, 3_599, 3_600, 3_700, 50_000, 86_400, 90_000, 1_000_000] {
        let now = tip.block.timestamp + later;
        let recent = store.recent_work(now).unwrap();
        assert_eq!(recent.ten_blocks, work_after(LEDGER_TIP - 10));
        assert_eq!(recent.hour, work_after(first_from(now - 3_600) - 1), "{later} s later");
        assert_eq!(recent.day, work_after(first_from(now - 86_400) - 1), "{later} s later");
    }
    let none = Store::ephemeral().unwrap().recent_work(1_700_000_000).unwrap();
    assert_eq!((none.ten_blocks, none.hour, none.day), (Work::ZERO, Work::ZERO, Work::ZERO));
}
