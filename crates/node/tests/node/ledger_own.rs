//! What becomes of transactions that people submit to a node: none is lost, whatever the chain does.

use std::time::Duration;

use crate::common::ledger::{
    self, Maker, Person, bench, config, displaced, funded, give, is_submitted, mined, moved,
    restarted, returned, stored_ids, transactions_to, whole,
};
use crate::common::{Bench, Sent, outbox_of, sent_to};
use kusari_chain::ledger::Txid;
use kusari_chain::mempool::CheckedTransaction;
use kusari_node::interface::{AccountState, Command, Reply, SubmitRefusal};
use kusari_node::limits::{EXPIRE_INTERVAL, LOOKS_UNTIL_TOLD_AGAIN};
use kusari_node::wire::Message;
use kusari_node::{Action, MiningPolicy, NodeConfig};

fn refusal(actions: &[Action]) -> Option<&SubmitRefusal> {
    actions.iter().find_map(|action| match action {
        Action::Reply(_, Reply::Submitted(Err(refusal))) => Some(refusal),
        _ => None,
    })
}

#[test]
fn a_submitted_transaction_is_acknowledged_once_it_is_durable_and_again_at_once() {
    let mut bench = bench(MiningPolicy::Off);
    let record = Person::new(2).record(0, 0, "hi");
    bench.hold_commits = true;
    assert!(!is_submitted(&bench.submit(&record)));
    assert!(!is_submitted(&bench.submit(&record)), "it is known, but not durable yet");
    let actions = bench.release_commits();
    let replies = actions.iter().filter(|a| matches!(a, Action::Reply(_, Reply::Submitted(Ok(_)))));
    assert_eq!(replies.count(), 2);
    assert!(is_submitted(&bench.submit(&record)), "whoever submits again waits for nothing");
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 1));
}

#[test]
fn a_submitted_transaction_is_passed_on_once_it_is_durable_and_to_whoever_comes_later() {
    let mut bench = bench(MiningPolicy::Off);
    let (peer, asking) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let record = Person::new(2).record(0, 0, "hi");
    bench.hold_commits = true;
    let mut actions = bench.submit(&record);
    actions.extend(bench.submit(&record));
    actions.extend(bench.line(asking, "GET_MEMPOOL"));
    // So long that peers are told again of what still waits.
    for _ in 0..2 * LOOKS_UNTIL_TOLD_AGAIN {
        actions.extend(bench.pass(EXPIRE_INTERVAL));
        actions.extend(bench.line(peer, "PING:1"));
        actions.extend(bench.line(asking, "PING:1"));
    }
    for peer in [peer, asking] {
        assert!(transactions_to(&actions, peer).is_empty(), "a crash would make it forget that");
    }
    bench.restore();
    let actions = bench.release_commits();
    for peer in [peer, asking] {
        assert_eq!(transactions_to(&actions, peer), std::slice::from_ref(&record));
    }
    let mut bench = restarted(&bench.disk, MiningPolicy::Off);
    let later = bench.ledger_peer(9);
    assert_eq!(transactions_to(&bench.line(later, "GET_MEMPOOL"), later), [record]);
}

#[test]
fn a_block_with_a_submitted_transaction_is_spoken_of_once_both_are_durable() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let peer = bench.ledger_peer(7);
    let record = Person::new(2).record(0, 0, "hi");
    bench.hold_commits = true;
    let mut actions = bench.submit(&record);
    actions.extend(bench.mine(&actions));
    let hash = bench.node.snapshot().tip.hash;
    assert_eq!(bench.node.snapshot().tip.height, 1);
    actions.extend(bench.line(peer, &format!("GET_BLOCKS:{{\"hashes\":[\"{hash}\"]}}")));
    let tells = |message: &&Sent| {
        let text = String::from_utf8(kusari_node::wire::encode(*message)).unwrap();
        text.contains(&record.txid().to_string()) || text.starts_with("TX:")
    };
    let sent = sent_to(&actions, peer);
    assert_eq!(sent.iter().filter(|message| tells(message)).count(), 0, "{sent:?}");
    assert!(!sent.iter().any(|message| matches!(message, Message::Block(_))), "{sent:?}");
    let actions = bench.release_commits();
    assert!(sent_to(&actions, peer).iter().any(tells), "it is durable now");
}

/// A peer forgets what waits too long, and what others outbid. Whoever waits for it does not.
#[test]
fn peers_are_told_again_of_what_still_waits_in_its_order_and_not_of_what_others_sent() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let person = Person::new(2);
    let own = [person.record(0, 0, "hi"), person.record(1, 0, "ho")];
    own.iter().for_each(|record| drop(bench.submit(record)));
    let other = bench.ledger_peer(8);
    bench.line(other, &ledger::line(&Person::new(3).record(0, 0, "another")));
    let mut told = Vec::new();
    let mut seconds = 0;
    while told.is_empty() {
        seconds += 60;
        assert!(seconds < 3_600, "peers are never told again");
        told = transactions_to(&bench.pass(Duration::from_secs(60)), peer);
        // It is still there.
        bench.line(peer, "PING:1");
    }
    assert_eq!(told, own);
    assert!(seconds >= 300, "too often: after {seconds} s");
}

#[test]
fn a_classic_node_takes_no_transactions() {
    let mut bench = Bench::new(NodeConfig::default());
    let actions = bench.submit(&Person::new(2).record(0, 0, "hi"));
    assert!(matches!(
        actions[..],
        [Action::Reply(_, Reply::Submitted(Err(SubmitRefusal::NoLedger))), ..]
    ));
}

#[test]
fn no_more_transactions_wait_than_the_outbox_holds_and_there_is_room_once_one_is_mined() {
    let config = NodeConfig { outbox: outbox_of(2), ..config(MiningPolicy::OnDemand) };
    let mut bench = Bench::new(config);
    let author = Person::new(2);
    let records: Vec<_> = (0..3).map(|n| author.record(n, 0, "hi")).collect();
    assert!(is_submitted(&bench.submit(&records[0])));
    assert!(is_submitted(&bench.submit(&records[1])));
    let full = bench.submit(&records[2]);
    assert_eq!(refusal(&full), Some(&SubmitRefusal::OutboxFull { waiting: 2 }));
    assert!(is_submitted(&bench.submit(&records[1])), "what waits already needs no room");
    let work = bench.pass(std::time::Duration::from_secs(2));
    bench.mine(&work);
    assert!(is_submitted(&bench.submit(&records[2])));
}

#[test]
fn a_transaction_that_the_pool_refuses_leaves_nothing_behind() {
    let mut bench = bench(MiningPolicy::Off);
    let actions = bench.submit(&Person::new(2).record(1, 0, "hi"));
    assert!(matches!(refusal(&actions), Some(SubmitRefusal::Pool(_))));
    assert_eq!((bench.own_waiting(), bench.pooled()), (0, 0));
    assert_eq!(restarted(&bench.disk, MiningPolicy::Off).own_waiting(), 0);
}

#[test]
fn a_transaction_that_a_heavier_branch_leaves_out_returns_and_is_mined_again() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let record = Person::new(2).record(0, 0, "hi");
    let work = bench.submit(&record);
    bench.mine(&work);
    assert_eq!(bench.own_waiting(), 0);
    let mut branch = Maker::new(3);
    branch.next(&[]);
    branch.next(&[]);
    let actions = give(&mut bench, &branch);
    assert_eq!((returned(&actions), displaced(&actions)), (vec![record.txid()], vec![]));
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 1));
    let actions = bench.mine(&actions);
    assert_eq!(mined(&actions), [(record.txid(), 3)]);
    assert_eq!(stored_ids(&bench.disk), [record.txid()]);
}

#[test]
fn a_transaction_that_the_new_branch_holds_as_well_does_not_return() {
    let mut bench = bench(MiningPolicy::Off);
    let record = Person::new(2).record(0, 0, "hi");
    bench.submit(&record);
    let mut first = Maker::new(1);
    first.next(&[&record]);
    give(&mut bench, &first);
    let old = bench.node.snapshot().tip;
    let mut rival = Maker::behind(&first);
    rival.next(&[&record]);
    let actions = give(&mut bench, &rival);
    let new = bench.node.snapshot().tip;
    assert_eq!((returned(&actions), mined(&actions)), (vec![], vec![]));
    assert_eq!(moved(&actions), [(record.txid(), old.into(), new.into())]);
    assert_eq!((bench.own_waiting(), bench.pooled()), (0, 0));
}

#[test]
fn another_transaction_of_the_account_that_is_mined_displaces_one_that_waits() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    let (ours, theirs) = (author.record(0, 0, "ours"), author.record(0, 0, "theirs"));
    bench.submit(&ours);
    let mut maker = Maker::new(1);
    maker.next(&[&theirs]);
    assert_eq!(displaced(&give(&mut bench, &maker)), [ours.txid()]);
    assert_eq!((bench.own_waiting(), bench.pooled()), (0, 0));
    let bench = restarted(&bench.disk, MiningPolicy::OnDemand);
    assert_eq!(bench.own_waiting(), 0, "it can never be mined, so it does not wait");
}

#[test]
fn another_transaction_of_the_account_on_a_heavier_branch_displaces_one_that_was_mined() {
    let mut bench = bench(MiningPolicy::Off);
    let author = Person::new(2);
    let (ours, theirs) = (author.record(0, 0, "ours"), author.record(0, 0, "theirs"));
    bench.submit(&ours);
    let mut first = Maker::new(1);
    first.next(&[&ours]);
    give(&mut bench, &first);
    let mut rival = Maker::behind(&first);
    rival.next(&[&theirs]);
    let actions = give(&mut bench, &rival);
    assert_eq!((returned(&actions), displaced(&actions)), (vec![], vec![ours.txid()]));
    assert_eq!(bench.own_waiting(), 0);
}

#[test]
fn one_that_was_displaced_on_a_branch_that_lost_waits_again() {
    for restarts in [false, true] {
        let mut bench = bench(MiningPolicy::Off);
        let author = Person::new(2);
        let (ours, theirs) = (author.record(0, 0, "ours"), author.record(0, 0, "theirs"));
        bench.submit(&ours);
        let mut first = Maker::new(1);
        let block = first.next(&[&theirs]);
        // Without its payload the other one cannot come back.
        let mut stripped = block.into_whole();
        stripped.ledger.as_mut().unwrap().body[0].payload = None;
        let (part, chain) = (stripped.ledger.unwrap(), ledger::spec().chain_id());
        let block = kusari_chain::CheckedBlock::check_whole(stripped.block, part, &chain).unwrap();
        let peer = bench.ledger_peer(7);
        assert_eq!(displaced(&bench.receive(peer, whole(&block))), [ours.txid()]);
        let mut bench = if restarts { restarted(&bench.disk, MiningPolicy::Off) } else { bench };
        let mut rival = Maker::behind(&first);
        rival.next(&[]);
        let actions = give(&mut bench, &rival);
        assert_eq!((returned(&actions), displaced(&actions)), (vec![ours.txid()], vec![]));
        assert_eq!((bench.own_waiting(), bench.pooled()), (1, 1));
    }
}

#[test]
fn one_that_replaces_ours_displaces_it_and_the_outbox_stays_in_step_across_a_restart() {
    let mut bench = funded(MiningPolicy::Off);
    let (rich, other) = (Person::new(1), Person::new(2));
    let (old, new) = (rich.pay(&other, 1, 0, 1), rich.pay(&other, 1, 0, 2));
    bench.submit(&old);
    assert_eq!(displaced(&bench.submit(&new)), [old.txid()]);
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 1));
    let bench = restarted(&bench.disk, MiningPolicy::Off);
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 1));
}

#[test]
fn one_that_somebody_outbids_is_displaced_only_once_the_other_is_mined() {
    let mut bench = funded(MiningPolicy::OnDemand);
    let (rich, other) = (Person::new(1), Person::new(2));
    let (ours, theirs) = (rich.pay(&other, 1, 0, 1), rich.pay(&other, 1, 0, 9));
    bench.submit(&ours);
    let peer = bench.ledger_peer(7);
    let actions =
        bench.receive(peer, kusari_node::wire::Message::Transaction(theirs.clone().into()));
    assert!(displaced(&actions).is_empty(), "nothing is mined yet");
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 1));
    // The other one is mined: now ours cannot be any more.
    let mut maker = Maker::new(1);
    maker.next(&[]);
    maker.next(&[&theirs]);
    let actions = give(&mut bench, &maker);
    assert_eq!(displaced(&actions), [ours.txid()]);
    assert_eq!(bench.own_waiting(), 0);
}

/// What paid for it was a reward on the branch that lost.
#[test]
fn one_whose_money_a_branch_took_away_is_mined_once_there_is_money_again() {
    let mut bench = funded(MiningPolicy::Off);
    let (rich, other) = (Person::new(1), Person::new(2));
    let payment = rich.pay(&other, 900, 0, 0);
    bench.submit(&payment);
    let mut first = Maker::new(1);
    first.next(&[]);
    first.next(&[&payment]);
    give(&mut bench, &first);
    let mut rival = Maker::new(3);
    (0..3).for_each(|_| drop(rival.next(&[])));
    let actions = give(&mut bench, &rival);
    assert_eq!((returned(&actions), displaced(&actions)), (vec![payment.txid()], vec![]));
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 0));
    let mut both =
        [bench.disk.copy(), bench.disk.copy()].map(|disk| restarted(&disk, MiningPolicy::OnDemand));
    both[0] = bench;
    let mut paid = rival.fork(3, 1);
    paid.next(&[]);
    for bench in &mut both {
        assert_eq!(bench.own_waiting(), 1);
        give(bench, &paid);
        assert_eq!(bench.pooled(), 1, "there is money for it now");
    }
}

#[test]
fn several_of_one_account_return_in_their_order() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let author = Person::new(2);
    let records: Vec<_> = (0..3).map(|n| author.record(n, 0, "hi")).collect();
    let mut work = Vec::new();
    for record in &records {
        work.extend(bench.submit(record));
        let mined = bench.mine(&work);
        work = mined;
    }
    let mut rival = Maker::new(3);
    (0..4).for_each(|_| drop(rival.next(&[])));
    let actions = give(&mut bench, &rival);
    assert_eq!(returned(&actions).len(), 3);
    assert_eq!((bench.own_waiting(), bench.pooled()), (3, 3));
    bench.mine(&actions);
    let ids: Vec<Txid> = records.iter().map(CheckedTransaction::txid).collect();
    assert_eq!(stored_ids(&bench.disk), ids);
}

/// The block came from somebody who had left the payload out, and then lost its place.
#[test]
fn one_that_was_mined_without_its_payload_returns_with_it() {
    let mut bench = bench(MiningPolicy::Off);
    let record = Person::new(2).record(0, 0, "hi");
    bench.submit(&record);
    let mut first = Maker::new(1);
    let block = first.next(&[&record]);
    let mut stripped = block.into_whole();
    stripped.ledger.as_mut().unwrap().body[0].payload = None;
    let chain = ledger::spec().chain_id();
    let stripped =
        kusari_chain::CheckedBlock::check_whole(stripped.block, stripped.ledger.unwrap(), &chain);
    let peer = bench.ledger_peer(7);
    let actions = bench.receive(peer, whole(&stripped.unwrap()));
    assert_eq!(mined(&actions).len(), 1);
    let mut rival = Maker::new(3);
    (0..2).for_each(|_| drop(rival.next(&[])));
    let actions = give(&mut bench, &rival);
    assert_eq!(returned(&actions), [record.txid()]);
    assert_eq!((bench.own_waiting(), bench.pooled()), (1, 1));
    let peer = bench.ledger_peer(8);
    assert_eq!(transactions_to(&bench.line(peer, "GET_MEMPOOL"), peer), [record]);
}

#[test]
fn an_account_is_told_with_the_sequence_that_its_next_transaction_needs() {
    let mut bench = funded(MiningPolicy::Off);
    let (rich, other) = (Person::new(1), Person::new(2));
    bench.submit(&rich.pay(&other, 1, 0, 1));
    let actions = bench.command(Command::GetAccount(rich.public));
    let [Action::Reply(_, Reply::Account(Ok(AccountState { account, next_sequence }))), ..] =
        &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!((account.balance, account.sequence, *next_sequence), (1_000, 0, 1));
}
