//! The pool as the best chain moves, as time passes, and as blocks are made.

use kusari_chain::ledger::Txid;
use kusari_chain::mempool::{PoolLimits, PooledTransaction};
use kusari_chain::params::MAX_POOL_AGE_S;

use crate::mempool::rig::{Draft, Rig, sequences};

fn rig(balances: &[u64]) -> Rig {
    Rig::new(PoolLimits::default()).with_balances(balances)
}

fn txids<'a>(pooled: impl IntoIterator<Item = &'a PooledTransaction>) -> Vec<Txid> {
    pooled.into_iter().map(PooledTransaction::txid).collect()
}

#[test]
fn mined_transactions_leave_and_the_rest_goes_on() {
    let mut rig = rig(&[100]);
    (0..4).for_each(|sequence| drop(rig.other(Draft::fee(0, sequence, 1)).unwrap()));
    let followed = rig.follow(0, 98, 2);
    assert_eq!(sequences(&followed.settled), [0, 1]);
    assert!(followed.dropped.is_empty());
    assert_eq!(rig.offered(0), [2, 3]);
}

#[test]
fn lost_balance_drops_what_others_sent_and_parks_what_is_our_own() {
    let mut rig = rig(&[100]);
    let own = [1, 2].map(|sequence| Draft::fee(0, sequence, 40));
    rig.other(Draft::fee(0, 0, 10)).unwrap();
    own.iter().for_each(|draft| drop(rig.own(*draft).unwrap()));
    let last = Draft::fee(0, 3, 1);
    rig.other(last).unwrap();
    let followed = rig.follow(0, 60, 0);
    assert_eq!(txids(&followed.dropped), [last.txid()]);
    assert_eq!(followed.parked, [own[1].txid()]);
    assert_eq!((rig.offered(0), rig.parked()), (vec![0, 1], vec![2]));
    assert!(rig.pool.contains(&own[1].txid()));
    assert_eq!(sequences(rig.pool.select(u64::MAX)), [0, 1]);

    let followed = rig.follow(0, 90, 0);
    assert_eq!(followed.resumed, [own[1].txid()]);
    assert_eq!((rig.offered(0), rig.parked()), (vec![0, 1, 2], vec![]));
}

#[test]
fn reorganisation_parks_our_own_until_what_was_mined_before_it_is_back() {
    let mut rig = rig(&[100]);
    let mined = [0, 1].map(|sequence| Draft::fee(0, sequence, 1));
    let others = Draft::fee(0, 2, 1);
    let own = Draft::fee(0, 3, 1);
    rig.follow(0, 98, 2);
    rig.other(others).unwrap();
    rig.own(own).unwrap();
    let followed = rig.follow(0, 100, 0);
    assert_eq!((rig.offered(0), rig.parked()), (vec![], vec![3]));
    // What the reverted blocks held comes back, and then what was dropped for want of it.
    let reverted = mined.map(|draft| draft.check()).into_iter();
    let dropped = followed.dropped.into_iter().map(PooledTransaction::into_checked);
    let admissions: Vec<_> =
        reverted.chain(dropped).map(|checked| rig.admit(checked, false, 1).unwrap()).collect();
    assert_eq!(admissions[2].resumed, [own.txid()]);
    assert_eq!((rig.offered(0), rig.parked()), (vec![0, 1, 2, 3], vec![]));
}

#[test]
fn own_transaction_whose_sequence_another_took_is_reported_as_settled() {
    let mut rig = rig(&[100]);
    let own = Draft::fee(0, 0, 1);
    rig.own(own).unwrap();
    let followed = rig.follow(0, 50, 1);
    assert_eq!(txids(&followed.settled), [own.txid()]);
    assert!(followed.settled[0].is_own());
    assert!(rig.pool.is_empty());
    assert_eq!((rig.pool.bytes(), rig.pool.own_bytes()), (0, 0));
}

#[test]
fn parked_transaction_can_be_outbid_by_one_that_fits() {
    let mut rig = rig(&[100]);
    let waits = Draft { amount: 50, ..Draft::fee(0, 0, 4) };
    rig.own(waits).unwrap();
    rig.own(Draft::fee(0, 1, 1)).unwrap();
    assert_eq!(rig.follow(0, 10, 0).parked.len(), 2);
    assert_eq!(rig.parked(), [0, 1]);
    assert_eq!(rig.own(Draft::fee(0, 0, 4)).unwrap_err().code(), "underbid");
    let admission = rig.own(Draft::fee(0, 0, 5)).unwrap();
    assert_eq!(admission.replaced, Some(waits.txid()));
    assert_eq!(admission.resumed, [Draft::fee(0, 1, 1).txid()]);
    assert_eq!((rig.offered(0), rig.parked()), (vec![0, 1], vec![]));
}

#[test]
fn others_transactions_expire_with_what_follows_and_our_own_with_what_carries_them_stay() {
    let mut rig = rig(&[100, 100]);
    for sequence in 0..3 {
        rig.admit(Draft::fee(0, sequence, 1).check(), false, sequence).unwrap();
        rig.admit(Draft::fee(1, sequence, 1).check(), sequence == 1, 0).unwrap();
    }
    assert_eq!(rig.pool.expire(MAX_POOL_AGE_S), []);
    assert_eq!(rig.pool.expire(MAX_POOL_AGE_S + 1).len(), 4);
    assert_eq!((rig.offered(0), rig.offered(1)), (vec![], vec![0, 1]));
    // A clock that was set back makes nothing old.
    rig.admit(Draft::fee(0, 0, 1).check(), false, u64::MAX).unwrap();
    assert_eq!(rig.pool.expire(0), []);
}

#[test]
fn block_takes_who_pays_most_for_a_byte_then_who_came_first() {
    let mut rig = rig(&[1_000; 4]);
    let large = Draft { bytes: 188, ..Draft::fee(0, 0, 100) };
    let drafts = [large, Draft::fee(1, 0, 51), Draft::fee(2, 0, 50), Draft::fee(3, 0, 50)];
    let since = [9, 9, 8, 7];
    for (draft, since) in drafts.into_iter().zip(since) {
        rig.admit(draft.check(), since == 8, since).unwrap();
    }
    let order = [1, 3, 2, 0].map(|place: usize| drafts[place].txid());
    assert_eq!(txids(rig.pool.select(u64::MAX)), order);
    // The large one does not fit, and holds nobody else back.
    assert_eq!(txids(rig.pool.select(4 * 188)), order[..3]);
    assert_eq!(txids(rig.pool.select(5 * 188)), order);
    assert!(rig.pool.select(187).is_empty());
}

#[test]
fn cheap_transaction_holds_back_the_expensive_one_behind_it() {
    let mut rig = rig(&[1_000; 2]);
    let (cheap, expensive) = (Draft::fee(0, 0, 1), Draft::fee(0, 1, 500));
    let middle = Draft::fee(1, 0, 20);
    for draft in [cheap, expensive, middle] {
        rig.other(draft).unwrap();
    }
    let order = [middle, cheap, expensive].map(|draft| draft.txid());
    assert_eq!(txids(rig.pool.select(u64::MAX)), order);
    // One that does not fit holds back what follows it, however small.
    let mut rig = self::rig(&[1_000]);
    rig.other(Draft { bytes: 300, ..Draft::fee(0, 0, 9) }).unwrap();
    rig.other(Draft::fee(0, 1, 9)).unwrap();
    assert!(rig.pool.select(400).is_empty());
}
