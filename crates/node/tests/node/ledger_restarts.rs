//! What becomes of transactions that people submitted to a node when it starts again.

use crate::common::disk::Disk;
use crate::common::ledger::{Maker, Person, bench, give, mined, restarted, returned, stored_ids};
use kusari_chain::params::SETTLED_DEPTH;
use kusari_node::MiningPolicy;

#[test]
fn a_submitted_transaction_waits_across_a_restart_and_is_mined_then() {
    let mut first = bench(MiningPolicy::Off);
    let record = Person::new(2).record(0, 0, "hi");
    first.submit(&record);
    let mut bench = restarted(&first.disk, MiningPolicy::OnDemand);
    assert_eq!(bench.own_waiting(), 1);
    let work = std::mem::take(&mut bench.woken);
    let actions = bench.mine(&work);
    assert_eq!(mined(&actions), [(record.txid(), 1)]);
    let bench = restarted(&bench.disk, MiningPolicy::OnDemand);
    assert_eq!((bench.own_waiting(), bench.pooled()), (0, 0));
}

#[test]
fn a_settled_transaction_comes_back_from_any_depth_and_across_a_restart() {
    let mut bench = bench(MiningPolicy::Off);
    let record = Person::new(2).record(0, 0, "hi");
    bench.submit(&record);
    let mut first = Maker::new(1);
    first.next(&[&record]);
    (0..SETTLED_DEPTH).for_each(|_| drop(first.next(&[])));
    give(&mut bench, &first);
    assert!(bench.disk.entry(1).state.is_settled());
    let mut bench = restarted(&bench.disk, MiningPolicy::OnDemand);
    let mut rival = Maker::new(3);
    (0..SETTLED_DEPTH + 2).for_each(|_| drop(rival.next(&[])));
    let actions = give(&mut bench, &rival);
    assert_eq!(returned(&actions), [record.txid()]);
    assert!(!bench.disk.entry(1).state.is_settled());
    bench.mine(&actions);
    assert_eq!(stored_ids(&bench.disk), [record.txid()]);
}

#[test]
fn a_transaction_whose_block_the_medium_lost_waits_and_is_mined_again() {
    let mut first = bench(MiningPolicy::OnDemand);
    let record = Person::new(2).record(0, 0, "hi");
    let work = first.submit(&record);
    first.mine(&work);
    let disk = Disk::default();
    *disk.outbox.borrow_mut() = first.disk.outbox.borrow().clone();
    let mut bench = restarted(&disk, MiningPolicy::OnDemand);
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 1));
    let work = std::mem::take(&mut bench.woken);
    bench.mine(&work);
    assert_eq!(stored_ids(&disk), [record.txid()]);
    assert_eq!(restarted(&disk, MiningPolicy::OnDemand).own_waiting(), 0);
}
