//! What people are told of their transactions: where one stood, and where it is now.

use crate::common::Bench;
use crate::common::ledger::{
    Maker, Person, bench, entry, events, funded, give, is_submitted, line, restarted, whole,
};
use kusari_chain::ledger::{BodyEntry, Txid};
use kusari_node::event::{BlockName, Origin};
use kusari_node::interface::{Command, KnownTransaction, NoLedger, Reply};
use kusari_node::{Action, Event, MiningPolicy};

/// Where it stood, and whether it is back in the pool.
fn back(actions: &[Action], of: &Txid) -> (Option<BlockName>, bool) {
    let found = events(actions).into_iter().find_map(|event| match event {
        Event::TransactionReturned { txid, from, pooled } if txid == of => Some((*from, *pooled)),
        _ => None,
    });
    found.expect("nobody was told that it is back")
}

fn lost(actions: &[Action], of: &Txid) -> Option<BlockName> {
    let found = events(actions).into_iter().find_map(|event| match event {
        Event::TransactionDisplaced { txid, from, .. } if txid == of => Some(*from),
        _ => None,
    });
    found.expect("nobody was told that it is displaced")
}

/// Those that came to wait, and whether they are ours.
fn pooled(actions: &[Action]) -> Vec<(Txid, bool)> {
    let found = events(actions).into_iter().filter_map(|event| match event {
        Event::TransactionPooled { txid, origin } => Some((*txid, *origin == Origin::Person)),
        _ => None,
    });
    found.collect()
}

fn known(actions: &[Action]) -> Option<(Option<BodyEntry>, bool)> {
    actions.iter().find_map(|action| match action {
        Action::Reply(_, Reply::Transaction(Ok(KnownTransaction { entry, waits }))) => {
            Some((entry.as_deref().cloned(), *waits))
        }
        _ => None,
    })
}

fn ask(bench: &mut Bench, txid: Txid) -> Option<(Option<BodyEntry>, bool)> {
    known(&bench.command(Command::GetTransaction(txid)))
}

#[test]
fn a_transaction_that_lost_its_block_is_told_with_the_block_and_that_the_pool_has_it() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let record = Person::new(2).record(0, 0, "hi");
    let work = bench.submit(&record);
    bench.mine(&work);
    let stood_in = bench.node.snapshot().tip;
    let mut branch = Maker::new(3);
    (0..2).for_each(|_| drop(branch.next(&[])));
    let actions = give(&mut bench, &branch);
    assert_eq!(back(&actions, &record.txid()), (Some(stood_in.into()), true));
    assert_eq!(ask(&mut bench, record.txid()), Some((Some(entry(&record)), true)));
}

#[test]
fn one_that_the_pool_cannot_take_is_told_so_and_is_still_known_to_wait() {
    let mut bench = funded(MiningPolicy::Off);
    let payment = Person::new(1).pay(&Person::new(2), 900, 0, 0);
    bench.submit(&payment);
    let mut first = Maker::new(1);
    first.next(&[]);
    first.next(&[&payment]);
    give(&mut bench, &first);
    let stood_in = bench.node.snapshot().tip;
    let mut rival = Maker::new(3);
    (0..3).for_each(|_| drop(rival.next(&[])));
    let actions = give(&mut bench, &rival);
    assert_eq!(back(&actions, &payment.txid()), (Some(stood_in.into()), false));
    for bench in [&mut restarted(&bench.disk, MiningPolicy::Off), &mut bench] {
        assert_eq!(ask(bench, payment.txid()), Some((Some(entry(&payment)), true)));
    }
}

#[test]
fn one_that_was_displaced_is_told_with_the_block_that_it_stood_in_and_can_still_be_read() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    let (ours, theirs) = (author.record(0, 0, "ours"), author.record(0, 0, "theirs"));
    bench.submit(&ours);
    let mut first = Maker::new(1);
    first.next(&[&ours]);
    give(&mut bench, &first);
    let stood_in = bench.node.snapshot().tip;
    let mut rival = Maker::behind(&first);
    rival.next(&[&theirs]);
    let actions = give(&mut bench, &rival);
    assert_eq!(lost(&actions, &ours.txid()), Some(stood_in.into()));
    assert_eq!(ask(&mut bench, ours.txid()), Some((Some(entry(&ours)), false)));
}

#[test]
fn one_that_was_never_mined_is_displaced_from_no_block() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    let (ours, theirs) = (author.record(0, 0, "ours"), author.record(0, 0, "theirs"));
    bench.submit(&ours);
    let mut maker = Maker::new(1);
    maker.next(&[&theirs]);
    assert_eq!(lost(&give(&mut bench, &maker), &ours.txid()), None);
}

/// Between the pool and the disk it would be nowhere, for whoever looks in both.
#[test]
fn one_that_has_just_been_mined_is_asked_for_in_vain_only_once_its_block_can_be_read() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let record = Person::new(2).record(0, 0, "hi");
    bench.line(peer, &crate::common::ledger::line(&record));
    bench.hold_commits = true;
    bench.receive(peer, whole(&Maker::new(1).next(&[&record])));
    assert_eq!(ask(&mut bench, record.txid()), None, "its block is not durable yet");
    assert_eq!(known(&bench.release_commits()), Some((None, false)));
    assert_eq!(ask(&mut bench, record.txid()), Some((None, false)));
}

#[test]
fn what_nobody_knows_is_not_known() {
    let mut bench = bench(MiningPolicy::Off);
    assert_eq!(ask(&mut bench, Txid([7; 32])), Some((None, false)));
    assert!(is_submitted(&bench.submit(&Person::new(2).record(0, 0, "hi"))));
    assert_eq!(ask(&mut bench, Txid([7; 32])), Some((None, false)));
}

#[test]
fn a_node_that_mines_nothing_does_not_say_that_it_mines_on() {
    let reply = |actions: &[Action]| {
        actions.iter().find_map(|action| match action {
            Action::Reply(_, reply) => Some(reply.clone()),
            _ => None,
        })
    };
    let mine_on = Command::MineOn { seconds: 10 };
    let mut off = bench(MiningPolicy::Off);
    assert_eq!(reply(&off.command(mine_on.clone())), Some(Reply::MinesOn(Ok(false))));
    let mut classic = Bench::new(kusari_node::NodeConfig::default());
    assert_eq!(reply(&classic.command(mine_on.clone())), Some(Reply::MinesOn(Err(NoLedger))));
    for policy in [MiningPolicy::OnDemand, MiningPolicy::Always] {
        assert_eq!(reply(&bench(policy).command(mine_on.clone())), Some(Reply::MinesOn(Ok(true))));
    }
}

#[test]
fn what_comes_to_wait_is_told_of_once_and_with_whose_it_is() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let own = Person::new(2).record(0, 0, "hi");
    let other = Person::new(3).record(0, 0, "ho");
    bench.hold_commits = true;
    assert_eq!(pooled(&bench.submit(&own)), [], "a crash may yet take it back");
    assert_eq!(pooled(&bench.release_commits()), [(own.txid(), true)]);
    bench.hold_commits = false;
    assert_eq!(pooled(&bench.line(peer, &line(&other))), [(other.txid(), false)]);
    for transaction in [&own, &other] {
        assert_eq!(pooled(&bench.submit(&own)), []);
        assert_eq!(pooled(&bench.line(peer, &line(transaction))), []);
    }
}
