//! What others sent before ours, from the same account: ours cannot be mined without it, so it is kept.

use crate::common::Bench;
use crate::common::ledger::{
    Maker, Person, bench, config, displaced, entry, funded, give, is_submitted, line, restarted,
    returned, stored_ids, transactions_to,
};
use kusari_chain::ledger::{BodyEntry, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::params::{POOLED_OVERHEAD_BYTES, SETTLED_DEPTH};
use kusari_node::interface::{Command, Reply};
use kusari_node::limits::{MAX_PREDECESSOR_BYTES, MAX_PREDECESSORS_PER_SENDER};
use kusari_node::store::Erasure;
use kusari_node::{Action, MiningPolicy, Node};

fn kept(bench: &Bench) -> Vec<BodyEntry> {
    bench.disk.predecessors.rows().values().cloned().collect()
}

/// What waits at a node, as a peer that asks is told, by sequence.
fn waiting(bench: &mut Bench) -> Vec<Txid> {
    let peer = bench.ledger_peer(900);
    let mut told = transactions_to(&bench.line(peer, "GET_MEMPOOL"), peer);
    told.sort_by_key(|checked| checked.transaction().sequence);
    bench.give(kusari_node::Input::PeerDisconnected { peer, reason: String::new() });
    told.iter().map(CheckedTransaction::txid).collect()
}

/// A branch without ours, and without a reward for whoever sent it.
fn rival(blocks: usize) -> Maker {
    let mut rival = Maker::new(3);
    (0..blocks).for_each(|_| drop(rival.next(&[])));
    rival
}

/// Somebody else's stands in a block, and ours follows it.
fn with_a_predecessor(bench: &mut Bench) -> [CheckedTransaction; 2] {
    let (rich, other) = (Person::new(1), Person::new(2));
    let both = [rich.pay(&other, 900, 0, 0), rich.record(1, 0, "ours")];
    let mut first = Maker::new(1);
    first.next(&[]);
    first.next(&[&both[0]]);
    give(bench, &first);
    assert!(is_submitted(&bench.submit(&both[1])));
    both
}

#[test]
fn one_whose_money_a_branch_took_away_goes_back_before_ours_once_there_is_money_again() {
    let mut bench = bench(MiningPolicy::Off);
    let [theirs, ours] = with_a_predecessor(&mut bench);
    let rival = rival(4);
    let actions = give(&mut bench, &rival);
    assert!(returned(&actions).is_empty() && displaced(&actions).is_empty());
    assert_eq!(waiting(&mut bench), []);
    assert_eq!((bench.own_waiting(), kept(&bench)), (1, vec![entry(&theirs)]));
    let disk = bench.disk.copy();
    bench.restore();
    for mut bench in [bench, restarted(&disk, MiningPolicy::Off)] {
        let mut paid = rival.fork(4, 1);
        paid.next(&[]);
        give(&mut bench, &paid);
        assert_eq!(waiting(&mut bench), [theirs.txid(), ours.txid()]);
        paid.next(&[&theirs, &ours]);
        (1..SETTLED_DEPTH).for_each(|_| drop(paid.next(&[])));
        give(&mut bench, &paid);
        assert!(bench.disk.entry(1).state.is_settled());
        assert_eq!(kept(&bench), [entry(&theirs)], "that ours is settled may not be durable yet");
        paid.next(&[]);
        give(&mut bench, &paid);
        assert_eq!(kept(&bench), []);
        assert_eq!((bench.own_waiting(), bench.pooled()), (0, 0));
    }
}

#[test]
fn one_goes_back_into_a_pool_that_is_full_of_what_pays_more() {
    let mut config = config(MiningPolicy::Off);
    let limits = &mut config.ledger.as_mut().unwrap().pool_limits;
    (limits.bytes, limits.own_bytes) = (20_000, 5_000);
    let mut bench = Bench::new(config);
    let author = Person::new(2);
    let [theirs, ours] = [author.record(0, 0, "theirs"), author.record(1, 0, "ours")];
    let mut common = Maker::new(5);
    common.next(&[]);
    let mut first = common.fork(1, 3);
    first.next(&[&theirs]);
    give(&mut bench, &first);
    assert!(is_submitted(&bench.submit(&ours)));
    let (payer, peer) = (Person::new(5), bench.ledger_peer(7));
    for sequence in 0..20 {
        bench.line(peer, &line(&payer.pay(&author, 1, sequence, 9)));
    }
    let full = bench.pooled();
    assert!((10..20).contains(&full), "{full}");
    let mut rival = common.fork(1, 4);
    (0..2).for_each(|_| drop(rival.next(&[])));
    give(&mut bench, &rival);
    let told = waiting(&mut bench);
    assert!(told.contains(&theirs.txid()) && told.contains(&ours.txid()), "{told:?}");
}

#[test]
fn what_waits_is_kept_when_ours_follows_it_and_is_not_ours() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    let [theirs, ours] = [author.record(0, 0, "theirs"), author.record(1, 0, "ours")];
    let peer = bench.ledger_peer(7);
    bench.line(peer, &line(&theirs));
    assert_eq!((kept(&bench).len(), bench.disk.pool.borrow().len()), (0, 1));
    assert!(is_submitted(&bench.submit(&ours)));
    assert_eq!((kept(&bench), bench.disk.pool.borrow().len()), (vec![entry(&theirs)], 0));
    let mut bench = restarted(&bench.disk, MiningPolicy::Off);
    assert_eq!(waiting(&mut bench), [theirs.txid(), ours.txid()]);
    assert_eq!(bench.own_waiting(), 1);
    let actions = bench.command(Command::GetPool { after: None, limit: 9 });
    let own: Vec<bool> = actions
        .iter()
        .find_map(|action| match action {
            Action::Reply(_, Reply::Pool(Ok(pool))) => Some(pool.page.iter().map(|one| one.own)),
            _ => None,
        })
        .unwrap()
        .collect();
    assert_eq!(own, [false, true]);
}

#[test]
fn one_that_outbids_another_is_kept_in_its_place() {
    let mut bench = funded(MiningPolicy::Off);
    let (rich, other) = (Person::new(1), Person::new(2));
    let [old, new] = [1, 2].map(|fee| rich.pay(&other, 1, 0, fee));
    let peer = bench.ledger_peer(7);
    bench.line(peer, &line(&old));
    bench.submit(&rich.record(1, 0, "ours"));
    assert_eq!(kept(&bench), [entry(&old)]);
    bench.line(peer, &line(&new));
    assert_eq!(kept(&bench), [entry(&new)]);
    // One that is refused takes nobody's place.
    bench.line(peer, &line(&old));
    assert_eq!(kept(&bench), [entry(&new)]);
}

#[test]
fn one_whose_text_is_erased_is_kept_no_longer() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    let [theirs, ours] = [author.record(0, 0, "theirs"), author.record(1, 0, "ours")];
    let peer = bench.ledger_peer(7);
    bench.line(peer, &line(&theirs));
    bench.submit(&ours);
    let mut maker = Maker::new(1);
    let block = maker.next(&[&theirs]).block().hash;
    give(&mut bench, &maker);
    assert_eq!(kept(&bench), [entry(&theirs)]);
    bench.command(Command::Erase(Erasure { block, place: 0 }));
    assert_eq!(kept(&bench), []);
}

#[test]
fn no_more_of_one_sender_are_kept_than_the_bound_and_the_earliest_stay() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    let last = MAX_PREDECESSORS_PER_SENDER as u64 + 9;
    let theirs: Vec<_> = (0..last).map(|sequence| author.record(sequence, 0, "")).collect();
    let mut first = Maker::new(1);
    first.next(&theirs.iter().collect::<Vec<_>>());
    give(&mut bench, &first);
    assert!(is_submitted(&bench.submit(&author.record(last, 0, "ours"))));
    give(&mut bench, &rival(2));
    let expected: Vec<_> = theirs.iter().take(MAX_PREDECESSORS_PER_SENDER).map(entry).collect();
    assert!(kept(&bench) == expected, "{} are kept", kept(&bench).len());
    bench.restore();
    assert!(kept(&restarted(&bench.disk, MiningPolicy::Off)) == expected);
}

#[test]
fn no_more_bytes_are_kept_in_all_than_the_bound() {
    let mut bench = bench(MiningPolicy::Off);
    let text = "x".repeat(64 << 10);
    let mut first = Maker::new(1);
    for number in 10..16 {
        let author = Person::new(number);
        let theirs: Vec<_> = (0..15).map(|sequence| author.record(sequence, 0, &text)).collect();
        first.next(&theirs.iter().collect::<Vec<_>>());
    }
    give(&mut bench, &first);
    for number in 10..16 {
        assert!(is_submitted(&bench.submit(&Person::new(number).record(15, 0, "ours"))));
    }
    give(&mut bench, &rival(7));
    let counted = |entry: &BodyEntry| entry.transaction.weight() + POOLED_OVERHEAD_BYTES;
    let bytes: u64 = kept(&bench).iter().map(counted).sum();
    let one = counted(&kept(&bench)[0]);
    assert!((MAX_PREDECESSOR_BYTES - one..=MAX_PREDECESSOR_BYTES).contains(&bytes), "{bytes}");
    assert_eq!(bench.own_waiting(), 6);
    bench.restore();
}

/// What follows it cannot be mined before it, and would keep it out of the pool for ever.
#[test]
fn one_of_ours_that_returns_finds_room_although_as_much_of_its_sender_waits_as_may() {
    let mut config = config(MiningPolicy::OnDemand);
    config.ledger.as_mut().unwrap().pool_limits.sender_transactions = 3;
    let mut bench = Bench::new(config);
    let author = Person::new(2);
    let ours: Vec<_> = (0..4).map(|sequence| author.record(sequence, 0, "ours")).collect();
    bench.submit(&ours[0]);
    let mut first = Maker::new(1);
    first.next(&[&ours[0]]);
    give(&mut bench, &first);
    ours[1..].iter().for_each(|record| assert!(is_submitted(&bench.submit(record))));
    let mut actions = give(&mut bench, &rival(2));
    assert_eq!((bench.own_waiting(), bench.pooled()), (4, 3));
    bench.restore();
    while bench.own_waiting() > 0 {
        let mined = bench.mine(&actions);
        actions = mined;
        actions.extend(bench.pass(std::time::Duration::from_secs(2)));
    }
    let ids: Vec<Txid> = ours.iter().map(CheckedTransaction::txid).collect();
    assert_eq!(stored_ids(&bench.disk), ids);
}

#[test]
fn one_of_ours_that_returns_finds_room_although_our_own_take_all_that_they_may() {
    let mut config = config(MiningPolicy::Off);
    config.ledger.as_mut().unwrap().pool_limits.own_bytes = 3_000;
    let mut bench = Bench::new(config);
    let (author, other) = (Person::new(2), Person::new(3));
    let ours = author.record(0, 0, "ours");
    bench.submit(&ours);
    let mut first = Maker::new(1);
    first.next(&[&ours]);
    give(&mut bench, &first);
    let submitted = (0..9).filter(|n| is_submitted(&bench.submit(&other.record(*n, 0, "more"))));
    assert_eq!(submitted.count(), 2);
    give(&mut bench, &rival(2));
    assert!(waiting(&mut bench).contains(&ours.txid()));
    assert_eq!((bench.own_waiting(), bench.pooled()), (3, 3));
}

#[test]
fn a_state_with_one_that_nobody_signed_is_refused() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    let peer = bench.ledger_peer(7);
    bench.line(peer, &line(&author.record(0, 0, "theirs")));
    bench.submit(&author.record(1, 0, "ours"));
    // Mined, it stands among the predecessors alone.
    let mut maker = Maker::new(1);
    maker.next(&[&author.record(0, 0, "theirs")]);
    give(&mut bench, &maker);
    let state = String::from_utf8(bench.node.state()).unwrap();
    let (before, after) = state.split_at(state.find("\"predecessors\":[").unwrap());
    let key = "\"signature\\\":\\\"";
    let key = if after.contains(key) { key } else { "\"signature\":\"" };
    let place = after.find(key).unwrap() + key.len();
    let digit = if after.as_bytes()[place] == b'0' { "1" } else { "0" };
    let forged = format!("{before}{}{digit}{}", &after[..place], &after[place + 1..]);
    let disks = || Box::new(bench.disk.clone());
    assert!(Node::restore(state.as_bytes(), disks(), disks()).is_ok());
    assert!(Node::restore(forged.as_bytes(), disks(), disks()).is_err());
}
