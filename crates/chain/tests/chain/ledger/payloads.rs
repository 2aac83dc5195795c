//! Payloads that come after their blocks, and those that were erased.

use kusari_chain::ledger::{BodyEntry, Payload};
use kusari_chain::{Accepted, BlockHash, CheckedBlock};

use crate::ledger::people::{PEOPLE, note};
use crate::ledger::support::{BASE, CHAIN, Rig, SPEC, rig};

/// A block with two records and a payment.
fn block() -> CheckedBlock {
    let body = [
        PEOPLE[0].records("first", (1, 0), &CHAIN),
        PEOPLE[0].records("second", (1, 1), &CHAIN),
        PEOPLE[0].pays(&PEOPLE[1].key, (5, 1, 2), &CHAIN),
    ];
    rig().extend(&PEOPLE[1].key, &body)
}

/// The block, with these of its payloads alone.
fn with(block: &CheckedBlock, places: &[usize]) -> CheckedBlock {
    let mut whole = block.clone().into_whole();
    let body = &mut whole.ledger.as_mut().unwrap().body;
    for (place, entry) in body.iter_mut().enumerate() {
        entry.payload = entry.payload.take().filter(|_| places.contains(&place));
    }
    CheckedBlock::check_whole(whole.block, whole.ledger.unwrap(), &CHAIN).unwrap()
}

fn texts(rig: &Rig, hash: &BlockHash) -> Vec<Option<String>> {
    let stored = rig.chain.block(hash).unwrap().unwrap();
    let text = |entry: &BodyEntry| entry.payload.as_ref().map(|payload| payload.data.clone());
    stored.part().unwrap().body.iter().map(text).collect()
}

fn expected(first: bool, second: bool) -> Vec<Option<String>> {
    let text = |there: bool, text: &str| there.then(|| text.to_owned());
    vec![text(first, "first"), text(second, "second"), None]
}

fn take(rig: &mut Rig, block: &CheckedBlock) {
    assert!(matches!(rig.accept(block.clone()), Ok(Accepted::Added(_))));
}

fn is_filled(accepted: &Result<Accepted, kusari_chain::AcceptError>) -> bool {
    matches!(accepted, Ok(Accepted::Filled { .. }))
}

#[test]
fn payloads_that_come_later_are_taken_each_once_whether_the_block_is_written_or_not() {
    let block = block();
    let hash = block.block().hash;
    for written in [false, true] {
        let mut rig = rig();
        take(&mut rig, &with(&block, &[]));
        if written {
            rig.commit_all();
        }
        assert_eq!(texts(&rig, &hash), expected(false, false));
        assert!(is_filled(&rig.accept(with(&block, &[1]))));
        assert_eq!(texts(&rig, &hash), expected(false, true));
        let again = rig.accept(with(&block, &[1]));
        assert!(matches!(again, Ok(Accepted::Known(_))), "{again:?}");
        rig.restore();
        assert!(is_filled(&rig.accept(block.clone())));
        let tip = rig.chain.tip();
        rig.commit_all();
        assert_eq!((texts(&rig, &hash), rig.chain.tip()), (expected(true, true), tip));
        assert_eq!((rig.chain.uncommitted_changes(), rig.chain.uncommitted_bytes()), (0, 0));
        rig.reopen();
        assert_eq!(texts(&rig, &hash), expected(true, true));
    }
}

#[test]
fn what_came_late_is_read_although_only_what_came_before_it_is_durable() {
    let block = block();
    let hash = block.block().hash;
    let mut rig = rig();
    rig.commit_all();
    take(&mut rig, &with(&block, &[]));
    assert!(is_filled(&rig.accept(block)));
    rig.write(1);
    rig.report();
    assert_eq!(texts(&rig, &hash), expected(true, true));
    rig.restore();
    assert_eq!(texts(&rig, &hash), expected(true, true));
    rig.commit_all();
    assert_eq!(rig.chain.uncommitted_bytes(), 0);
    assert_eq!(texts(&rig, &hash), expected(true, true));
}

#[test]
fn a_block_beside_the_best_chain_is_filled_as_well() {
    let block = block();
    let mut rig = Rig::with(&SPEC, &BASE);
    let mine = rig.draft(&PEOPLE[2].key, &[], block.block().timestamp).complete(&CHAIN);
    take(&mut rig, &mine);
    take(&mut rig, &with(&block, &[0]));
    assert!(is_filled(&rig.accept(block.clone())));
    rig.commit_all();
    assert_eq!(texts(&rig, &block.block().hash), expected(true, true));
}

#[test]
fn what_was_erased_here_is_not_taken_again_with_the_same_block_or_another_one() {
    let block = block();
    let hash = block.block().hash;
    let mut rig = rig();
    take(&mut rig, &block);
    rig.commit_all();
    rig.store.0.borrow_mut().erase(core::iter::once((hash, 1)));
    assert_eq!(texts(&rig, &hash), expected(true, false));
    let again = rig.accept(block.clone());
    assert!(matches!(again, Ok(Accepted::Known(_))), "{again:?}");
    assert_eq!(texts(&rig, &hash), expected(true, false));
    // Another block holds the same transactions.
    let body = block.ledger().unwrap().body.clone();
    let mut draft = Rig::with(&SPEC, &BASE).draft(&PEOPLE[2].key, &body, block.block().timestamp);
    draft.part.body = body;
    let other = draft.complete(&CHAIN);
    take(&mut rig, &other);
    rig.commit_all();
    assert_eq!(texts(&rig, &other.block().hash), expected(true, false));
    assert!(matches!(rig.accept(other), Ok(Accepted::Known(_))));
}

#[test]
fn a_block_is_filled_with_what_is_at_hand_and_fits() {
    let whole = block();
    let mut bare = with(&whole, &[]);
    assert!(bare.lacks_payloads() && !whole.lacks_payloads());
    bare.fill(|_| Some(note("something else")));
    assert_eq!(bare, with(&whole, &[]));
    let ids: Vec<_> =
        whole.ledger().unwrap().body.iter().map(|entry| entry.transaction.txid()).collect();
    let find = |wanted: usize, text: &'static str| {
        let id = ids[wanted];
        move |txid: &kusari_chain::ledger::Txid| -> Option<Payload> {
            (*txid == id).then(|| note(text))
        }
    };
    bare.fill(find(1, "second"));
    assert_eq!(bare, with(&whole, &[1]));
    bare.fill(find(0, "first"));
    assert!(bare == whole && !bare.lacks_payloads());
}
