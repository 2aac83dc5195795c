//! What others can fill has a bound, and filling it keeps out neither who pays nor our own.

use kusari_chain::ledger::Account;
use kusari_chain::mempool::{PoolLimits, PoolRefusal};
use kusari_chain::params::{
    MAX_DATA_BYTES, MAX_MEMPOOL_BYTES, MAX_OWN_BYTES, MAX_PENNILESS_BYTES, MAX_PER_SENDER,
    MAX_SENDER_BYTES,
};

use crate::mempool::rig::{Draft, Rig, SMALLEST, key};

/// Room for `count` of the smallest transactions.
fn room_for(count: u64) -> PoolLimits {
    PoolLimits { bytes: count * SMALLEST, ..PoolLimits::default() }
}

/// Fills the pool with people from 100 on, who pay this fee, until one is refused. Returns how many
/// were let in.
fn fill(rig: &mut Rig, fee: u64) -> u64 {
    for person in 100..20_000 {
        let account = Account { key: key(person), balance: 1_000, sequence: 0 };
        rig.accounts.insert(account.key, account);
        let draft = Draft::fee(person, 0, fee);
        if rig.admit(draft.check(), false, u64::from(person)).is_err() {
            return u64::from(person) - 100;
        }
    }
    panic!("the pool takes whatever comes")
}

#[test]
fn one_sender_fills_its_count_and_no_more() {
    let mut rig = Rig::new(PoolLimits::default()).with_balances(&[10]);
    for sequence in 0..MAX_PER_SENDER as u64 {
        rig.other(Draft::fee(0, sequence, 0)).unwrap();
    }
    let refusal = rig.own(Draft::fee(0, MAX_PER_SENDER as u64, 0)).unwrap_err();
    let (transactions, bytes) = (MAX_PER_SENDER, MAX_PER_SENDER as u64 * SMALLEST);
    assert_eq!(refusal, PoolRefusal::SenderFull { transactions, bytes });
    // One more in the place of another is no more.
    rig.follow(0, 10, 0);
    rig.other(Draft::fee(0, 500, 1)).unwrap();
    assert_eq!(rig.pool.len(), MAX_PER_SENDER);
    rig.other(Draft::fee(1, 0, 0)).unwrap();
}

#[test]
fn large_payloads_of_one_sender_leave_most_of_the_pool_to_others() {
    let mut rig = Rig::new(PoolLimits::default()).with_balances(&[10]);
    let large = |sequence| Draft { bytes: MAX_DATA_BYTES as usize, ..Draft::fee(0, sequence, 0) };
    let count = MAX_SENDER_BYTES / (SMALLEST + u64::from(MAX_DATA_BYTES));
    (0..count).for_each(|sequence| drop(rig.other(large(sequence)).unwrap()));
    assert_eq!(rig.other(large(count)).unwrap_err().code(), "sender-full");
    assert!(rig.pool.bytes() <= MAX_MEMPOOL_BYTES / 8);
    // A replacement may not grow over it either.
    rig.follow(0, 10, 0);
    let mut left = MAX_SENDER_BYTES - rig.pool.bytes();
    while left >= SMALLEST {
        let sequence = rig.pool.next_sequence(&rig.account(key(0)));
        rig.other(Draft::fee(0, sequence, 0)).unwrap();
        left -= SMALLEST;
    }
    let larger = Draft { bytes: 5_000, ..Draft::fee(0, count, 10) };
    assert_eq!(rig.other(larger).unwrap_err().code(), "sender-full");
}

#[test]
fn accounts_that_own_nothing_share_a_mebibyte_and_those_that_came_first_stay() {
    let mut rig = Rig::new(PoolLimits::default());
    let large = |person| Draft { bytes: 60_000, ..Draft::fee(person, 0, 0) };
    let each = SMALLEST + 60_000;
    let fits = u32::try_from(MAX_PENNILESS_BYTES / each).unwrap();
    let mut admitted = 0;
    for person in 100..200 {
        match rig.other(large(person)) {
            Ok(_) => admitted += 1,
            Err(refusal) => {
                assert_eq!(refusal, PoolRefusal::PennilessFull { limit: MAX_PENNILESS_BYTES });
            }
        }
    }
    assert_eq!((admitted, rig.pool.len()), (fits, fits as usize));
    assert!(rig.pool.contains(&large(100).txid()));
    // Neither those who own something nor our own are kept out.
    rig.follow(1, 10, 0);
    rig.other(large(1)).unwrap();
    rig.own(large(2)).unwrap();
    // What is mined makes room, and so does an account that comes to own something.
    rig.follow(100, 0, 1);
    rig.other(large(300)).unwrap();
    assert_eq!(rig.other(large(301)).unwrap_err().code(), "pool-full");
    rig.follow(101, 10, 0);
    rig.other(large(301)).unwrap();
    let form = serde_json::to_string(&rig.pool).unwrap();
    assert_eq!(serde_json::from_str::<kusari_chain::mempool::Mempool>(&form).unwrap(), rig.pool);
}

#[test]
fn peers_fill_the_pool_and_no_more() {
    let mut rig = Rig::new(PoolLimits::default());
    let filled = fill(&mut rig, 0);
    assert_eq!(filled, MAX_MEMPOOL_BYTES / SMALLEST);
    assert!(rig.pool.bytes() <= MAX_MEMPOOL_BYTES);
    assert_eq!(rig.pool.len() as u64, filled);
}

#[test]
fn full_pool_lets_in_who_pays_more_in_the_place_of_the_newest_that_pays_least() {
    let mut rig = Rig::new(room_for(3)).with_balances(&[100; 3]);
    assert_eq!(fill(&mut rig, 2), 3);
    let before = rig.pool.clone();
    let least = Some(3);
    assert_eq!(rig.other(Draft::fee(0, 0, 2)), Err(PoolRefusal::PoolFull { least }));
    // Twice the bytes need the room of two, and more than twice the fee.
    let large = Draft { bytes: 188, ..Draft::fee(0, 0, 4) };
    let least = Some(5);
    assert_eq!(rig.other(large), Err(PoolRefusal::PoolFull { least }));
    assert_eq!(rig.pool, before, "a refusal changes nothing");
    let admission = rig.other(Draft { fee: 5, ..large }).unwrap();
    let newest = [102, 101].map(|person| Draft::fee(person, 0, 2).txid());
    assert_eq!(admission.evicted, newest);
    assert!(rig.pool.contains(&Draft::fee(100, 0, 2).txid()));
}

#[test]
fn refusal_puts_back_in_order_what_was_to_make_room() {
    let mut rig = Rig::new(room_for(4)).with_balances(&[100, 100]);
    (0..3).for_each(|sequence| drop(rig.other(Draft::fee(0, sequence, 5)).unwrap()));
    rig.other(Draft::fee(1, 0, 0)).unwrap();
    let before = rig.pool.clone();
    // It would need the room of all four, and pays more than the first that would go only.
    let large = Draft { bytes: 3 * SMALLEST as usize, ..Draft::fee(2, 0, 0) };
    rig.accounts.insert(key(2), Account { key: key(2), balance: 100, sequence: 0 });
    let refusal = rig.other(Draft { fee: 1, ..large }).unwrap_err();
    assert_eq!(refusal.code(), "pool-full");
    assert_eq!(rig.pool, before);
    assert_eq!(rig.offered(0), [0, 1, 2]);
}

#[test]
fn eviction_takes_the_last_of_a_chain_so_that_no_gap_arises() {
    let mut rig = Rig::new(room_for(4)).with_balances(&[100, 100]);
    for (sequence, fee) in [(0, 1), (1, 2), (2, 9)] {
        rig.other(Draft::fee(0, sequence, fee)).unwrap();
    }
    rig.other(Draft::fee(1, 0, 5)).unwrap();
    let admission = rig.other(Draft::fee(1, 1, 4)).unwrap();
    assert_eq!(admission.evicted, [Draft::fee(0, 2, 9).txid()]);
    assert_eq!((rig.offered(0), rig.offered(1)), (vec![0, 1], vec![0, 1]));
}

#[test]
fn expensive_last_transaction_does_not_shield_the_cheap_ones_before_it() {
    let mut rig = Rig::new(room_for(3)).with_balances(&[100, 100]);
    for (sequence, fee) in [(0, 0), (1, 0), (2, 90)] {
        rig.other(Draft::fee(0, sequence, fee)).unwrap();
    }
    // Nor does an expensive one get in behind a cheap one that holds it back as much.
    let held_back = rig.other(Draft::fee(1, 0, 0)).unwrap_err();
    assert_eq!(held_back, PoolRefusal::PoolFull { least: Some(1) });
    rig.other(Draft::fee(1, 0, 1)).unwrap();
    assert_eq!((rig.offered(0), rig.offered(1)), (vec![0, 1], vec![0]));
    let held_back = rig.other(Draft::fee(0, 2, 95)).unwrap_err();
    assert_eq!(held_back, PoolRefusal::PoolFull { least: Some(2) });
}

#[test]
fn own_transaction_finds_room_in_a_pool_that_others_filled_and_is_never_evicted() {
    let mut rig = Rig::new(room_for(3)).with_balances(&[100]);
    assert_eq!(fill(&mut rig, 50), 3);
    let own = Draft::fee(0, 0, 0);
    assert_eq!(rig.own(own).unwrap().evicted, [Draft::fee(102, 0, 50).txid()]);
    fill(&mut rig, 900);
    assert!(rig.pool.contains(&own.txid()));
    // Where only our own are left, nobody can make room.
    let mut rig = Rig::new(room_for(1)).with_balances(&[100; 2]);
    rig.own(own).unwrap();
    assert_eq!(rig.other(Draft::fee(1, 0, 90)), Err(PoolRefusal::PoolFull { least: None }));
}

#[test]
fn own_transactions_have_a_bound_as_well_parked_or_not() {
    let mut rig = Rig::new(PoolLimits { own_bytes: 2 * SMALLEST, ..PoolLimits::default() })
        .with_balances(&[100, 100]);
    let known = Draft::fee(1, 0, 1);
    rig.other(known).unwrap();
    rig.own(Draft::fee(0, 0, 1)).unwrap();
    rig.own(Draft::fee(0, 1, 50)).unwrap();
    rig.follow(0, 20, 0);
    assert_eq!(rig.parked(), [1]);
    let refusal = PoolRefusal::OwnFull { bytes: 2 * SMALLEST, limit: 2 * SMALLEST };
    assert_eq!(rig.own(known), Err(refusal.clone()));
    assert_eq!(rig.own(Draft::fee(1, 1, 1)), Err(refusal));
    rig.own(Draft::fee(0, 0, 2)).unwrap();
    rig.follow(0, 20, 1);
    rig.own(known).unwrap();
    assert!(rig.pool.own_bytes() <= MAX_OWN_BYTES);
}

#[test]
fn limits_are_never_above_the_greatest() {
    let boundless = PoolLimits {
        bytes: u64::MAX,
        sender_transactions: usize::MAX,
        sender_bytes: u64::MAX,
        own_bytes: u64::MAX,
        age_s: u64::MAX,
        penniless_bytes: u64::MAX,
    };
    assert_eq!(Rig::new(boundless).pool, Rig::new(PoolLimits::default()).pool);
}

#[test]
fn last_parked_one_makes_room_for_the_earlier_one_that_it_waits_for() {
    let limits = PoolLimits { sender_transactions: 3, ..PoolLimits::default() };
    let mut rig = Rig::new(limits).with_balances(&[100]);
    rig.accounts.insert(key(0), Account { key: key(0), balance: 100, sequence: 1 });
    (1..4).for_each(|sequence| drop(rig.own(Draft::fee(0, sequence, 0)).unwrap()));
    // The one before them loses its place in the chain.
    rig.follow(0, 100, 0);
    assert_eq!(rig.parked(), [1, 2, 3]);
    let earlier = Draft::fee(0, 0, 0);
    assert_eq!(rig.own(earlier).unwrap_err().code(), "sender-full");
    assert_eq!(rig.pool.remove_last_parked(&key(0), 3), None, "it waits for none of them");
    let removed = rig.pool.remove_last_parked(&key(0), 0).unwrap();
    assert_eq!(removed.txid(), Draft::fee(0, 3, 0).txid());
    rig.own(earlier).unwrap();
    assert_eq!((rig.offered(0), rig.parked()), (vec![0, 1, 2], vec![]));
    assert_eq!((rig.pool.bytes(), rig.pool.own_bytes()), (3 * SMALLEST, 3 * SMALLEST));
    assert_eq!(rig.pool.remove_last_parked(&key(0), 0), None, "what can be mined stays");
}
