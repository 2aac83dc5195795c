//! Who is let in, and who is not.

use kusari_chain::ledger::{ChainSpec, SignedTransaction};
use kusari_chain::mempool::{CheckedTransaction, PoolLimits, PoolRefusal};
use kusari_chain::rules::TransactionViolation;

use crate::mempool::rig::{Draft, Rig, key, text};

fn rig(balances: &[u64]) -> Rig {
    Rig::new(PoolLimits::default()).with_balances(balances)
}

#[test]
fn transaction_without_the_payload_that_it_commits_to_is_refused_and_so_is_another_payload() {
    let (spec, draft) = (ChainSpec::ledger(), Draft { bytes: 9, ..Draft::fee(0, 0, 0) });
    let check = |payload| CheckedTransaction::check(draft.sign(&spec), payload, &spec.chain_id());
    assert_eq!(check(None), Err(TransactionViolation::PayloadMissing));
    assert_eq!(check(Some(text(8))), Err(TransactionViolation::PayloadMismatch));
    assert!(check(Some(text(9))).is_ok());

    let bare = Draft::fee(0, 0, 0).sign(&spec);
    let beside = CheckedTransaction::check(bare, Some(text(9)), &spec.chain_id());
    assert_eq!(beside, Err(TransactionViolation::PayloadMismatch));
}

#[test]
fn transaction_of_another_chain_or_changed_after_it_was_signed_is_refused() {
    let spec = ChainSpec::ledger();
    let other = ChainSpec { min_fee: 1, ..ChainSpec::ledger() };
    let signed = Draft::fee(0, 0, 0).sign(&other);
    let verdict = CheckedTransaction::check(signed, None, &spec.chain_id());
    assert_eq!(verdict, Err(TransactionViolation::BadSignature));
    let changed = SignedTransaction { fee: 3, ..Draft::fee(0, 0, 0).sign(&spec) };
    let verdict = CheckedTransaction::check(changed, None, &spec.chain_id());
    assert_eq!(verdict, Err(TransactionViolation::BadSignature));
}

#[test]
fn bounds_of_the_chain_hold_in_the_pool() {
    let mut rig = rig(&[100]);
    let (max_data_bytes, min_fee) = (10, 5);
    rig.spec = ChainSpec { max_data_bytes, min_fee, ..rig.spec };
    let refused = |rig: &mut Rig, draft| rig.other(draft).unwrap_err();
    assert_eq!(
        refused(&mut rig, Draft::fee(0, 0, 4)),
        TransactionViolation::FeeTooLow { fee: 4, least: 5 }.into()
    );
    assert_eq!(
        refused(&mut rig, Draft { bytes: 11, ..Draft::fee(0, 0, 5) }),
        TransactionViolation::PayloadTooLong { bytes: 11, limit: 10 }.into()
    );
    rig.spec.max_body_bytes = 190;
    assert_eq!(
        refused(&mut rig, Draft { bytes: 3, ..Draft::fee(0, 0, 5) }),
        PoolRefusal::TooLarge { bytes: 191, limit: 190 }
    );
    rig.other(Draft { bytes: 2, ..Draft::fee(0, 0, 5) }).unwrap();
}

#[test]
fn sequences_continue_without_a_gap_from_the_account_on() {
    let mut rig = rig(&[100]);
    rig.follow(0, 100, 3);
    let used = TransactionViolation::SequenceUsed { sequence: 2, next: 3 };
    assert_eq!(rig.own(Draft::fee(0, 2, 1)), Err(used.into()));
    rig.other(Draft::fee(0, 3, 1)).unwrap();
    let gap = TransactionViolation::SequenceGap { sequence: 5, next: 4 };
    assert_eq!(rig.own(Draft::fee(0, 5, 1)), Err(gap.into()));
    assert_eq!(rig.pool.next_sequence(&rig.account(key(0))), 4);
    rig.own(Draft::fee(0, 4, 1)).unwrap();
    assert_eq!(rig.offered(0), [3, 4]);
    assert_eq!(rig.pool.next_sequence(&rig.account(key(1))), 0);
}

#[test]
fn balance_covers_each_in_its_turn_and_what_is_paid_to_oneself_is_there_again() {
    let mut rig = rig(&[100, 0]);
    // All that there is goes to oneself; only the fee is lost.
    rig.other(Draft { amount: 90, ..Draft::fee(0, 0, 10) }).unwrap();
    let more = Draft { amount: 85, ..Draft::fee(0, 1, 6) };
    let overdraft = TransactionViolation::Overdraft { cost: 91, balance: 90 };
    assert_eq!(rig.other(more), Err(overdraft.into()));
    rig.other(Draft { to: 1, amount: 60, ..Draft::fee(0, 1, 5) }).unwrap();
    let overdraft = TransactionViolation::Overdraft { cost: 26, balance: 25 };
    assert_eq!(rig.other(Draft::fee(0, 2, 26)), Err(overdraft.into()));
    rig.other(Draft::fee(0, 2, 25)).unwrap();
    // What is on its way to somebody does not count until it is mined.
    let overdraft = TransactionViolation::Overdraft { cost: 1, balance: 0 };
    assert_eq!(rig.other(Draft::fee(1, 0, 1)), Err(overdraft.into()));
}

#[test]
fn greatest_numbers_are_compared_and_not_overflowed() {
    let mut rig = rig(&[u64::MAX]);
    let (spec, cost) = (ChainSpec::ledger(), Draft { amount: 2, ..Draft::fee(0, 0, u64::MAX - 1) });
    let verdict = CheckedTransaction::check(cost.sign(&spec), None, &spec.chain_id());
    assert_eq!(verdict, Err(TransactionViolation::CostOverflow));
    rig.other(Draft::fee(0, 0, u64::MAX)).unwrap();
    let larger = Draft { bytes: 100, ..Draft::fee(0, 0, u64::MAX) };
    assert_eq!(rig.other(larger).unwrap_err().code(), "underbid");

    rig.follow(0, u64::MAX, u64::MAX);
    rig.other(Draft::fee(0, u64::MAX, 1)).unwrap();
    assert_eq!(rig.pool.next_sequence(&rig.account(key(0))), u64::MAX);
    assert!(rig.own(Draft::fee(0, u64::MAX, 1)).unwrap().known);
}

#[test]
fn account_that_the_pool_was_not_told_of_is_refused() {
    let mut rig = rig(&[100, 100]);
    rig.other(Draft::fee(0, 0, 1)).unwrap();
    let mut account = rig.account(key(0));
    account.balance += 1;
    let next = Draft::fee(0, 1, 1).check();
    let admit = |rig: &mut Rig, account| {
        let spec = rig.spec.clone();
        rig.pool.admit(next.clone(), &account, &spec, false, 0)
    };
    assert_eq!(admit(&mut rig, account), Err(PoolRefusal::OtherAccount));
    let another = rig.account(key(1));
    assert_eq!(admit(&mut rig, another), Err(PoolRefusal::OtherAccount));
    rig.pool.follow([account]);
    assert!(admit(&mut rig, account).is_ok());
}

#[test]
fn known_transaction_becomes_our_own_when_it_is_submitted_to_us() {
    let mut rig = rig(&[100]);
    let draft = Draft::fee(0, 0, 1);
    assert!(!rig.other(draft).unwrap().known);
    assert!(rig.other(draft).unwrap().known);
    assert!(!rig.pool.get(&draft.txid()).unwrap().is_own());
    assert!(rig.own(draft).unwrap().known);
    assert!(rig.other(draft).unwrap().known);
    assert!(rig.pool.get(&draft.txid()).unwrap().is_own());
    assert_eq!(rig.pool.own_bytes(), rig.pool.bytes());
    assert_eq!(rig.pool.expire(u64::MAX), []);
}

#[test]
fn replacement_pays_more_in_all_and_for_each_byte() {
    let mut rig = rig(&[1_000]);
    let old = Draft { bytes: 100, ..Draft::fee(0, 0, 100) };
    rig.other(old).unwrap();
    let refusal = |least| PoolRefusal::Underbid { held: old.txid(), fee: 100, least };
    // Smaller, so that it pays more for a byte, but not more in all.
    assert_eq!(rig.other(Draft::fee(0, 0, 100)), Err(refusal(101)));
    // More in all, but less for a byte: 100 * 688 / 288 is 238 and a bit.
    let large = Draft { bytes: 500, ..Draft::fee(0, 0, 238) };
    assert_eq!(rig.other(large), Err(refusal(239)));
    let admission = rig.other(Draft { fee: 239, ..large }).unwrap();
    assert_eq!(admission.replaced, Some(old.txid()));
    assert!(!rig.pool.contains(&old.txid()));
    assert_eq!(rig.pool.len(), 1);
}

#[test]
fn replacement_keeps_what_still_fits_behind_it_and_says_what_does_not() {
    let mut rig = rig(&[100]);
    let drafts = [1, 30, 30, 20].map(|fee| Draft::fee(0, 0, fee));
    let [first, second, third, fourth] =
        [0, 1, 2, 3].map(|place| Draft { sequence: place as u64, ..drafts[place] });
    rig.other(first).unwrap();
    rig.other(second).unwrap();
    rig.own(third).unwrap();
    rig.other(fourth).unwrap();
    // 100 - 50 - 30 leaves 20: the third no longer fits, and what stands behind it falls with it.
    let admission = rig.other(Draft { fee: 50, ..first }).unwrap();
    assert_eq!(admission.replaced, Some(first.txid()));
    assert_eq!(admission.evicted, [fourth.txid()]);
    assert_eq!(admission.parked, [third.txid()]);
    assert_eq!((rig.offered(0), rig.parked()), (vec![0, 1], vec![2]));
}
