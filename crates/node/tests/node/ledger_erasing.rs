//! Dropping a payload: it is gone from everything that this node keeps, and block and proofs stand.

use crate::common::ledger::{Maker, Person, bench, funded, give, restarted, returned};
use kusari_node::interface::{Command, Reply};
use kusari_node::store::Erasure;
use kusari_node::wire::{BlockForm, SentBlock};
use kusari_node::{Action, MiningPolicy};

#[test]
fn erasing_drops_the_payload_from_block_outbox_and_disk() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let record = Person::new(2).record(0, 0, "a private note");
    let work = bench.submit(&record);
    bench.mine(&work);
    let block = bench.mined_block().block.hash;
    let erasure = Erasure { block, place: 0 };
    bench.hold_commits = true;
    let told = |actions: &[Action]| {
        actions.iter().any(|action| matches!(action, Action::Reply(_, Reply::Erased(true))))
    };
    assert!(!told(&bench.command(Command::Erase(erasure))), "it is not durable yet");
    assert!(told(&bench.release_commits()));
    assert_eq!(bench.mined_block().part().unwrap().body[0].payload, None);
    assert!(bench.disk.entry(1).text.is_empty());
    assert!(bench.disk.pool.borrow().is_empty());
    assert!(!String::from_utf8(bench.node.state()).unwrap().contains("a private note"));
    let again = bench.command(Command::Erase(erasure));
    assert!(again.iter().any(|a| matches!(a, Action::Reply(_, Reply::Erased(false)))));
    // The block is whole without it, for us and for others.
    let peer = bench.ledger_peer(7);
    let ask = kusari_node::wire::GetBlocks::ByHash(vec![block]);
    let actions = bench.receive(peer, kusari_node::wire::Message::GetBlocks(ask));
    assert!(matches!(
        crate::common::sent_to(&actions, peer)[0],
        kusari_node::wire::Message::Block(SentBlock { form: BlockForm::Whole, .. })
    ));
    // What is erased does not come back, and nothing waits for it.
    let mut bench = restarted(&bench.disk, MiningPolicy::OnDemand);
    let mut rival = Maker::new(3);
    (0..2).for_each(|_| drop(rival.next(&[])));
    let actions = give(&mut bench, &rival);
    assert_eq!((returned(&actions), bench.own_waiting()), (vec![], 0));
}

#[test]
fn what_was_erased_and_loses_its_block_waits_no_more_whether_the_node_restarted_or_not() {
    let mut bench = bench(MiningPolicy::OnDemand);
    let record = Person::new(2).record(0, 0, "a private note");
    let work = bench.submit(&record);
    bench.mine(&work);
    let block = bench.mined_block().block.hash;
    bench.command(Command::Erase(Erasure { block, place: 0 }));
    let mut rival = Maker::new(3);
    (0..2).for_each(|_| drop(rival.next(&[])));
    let actions = give(&mut bench, &rival);
    assert_eq!((returned(&actions), bench.own_waiting(), bench.pooled()), (vec![], 0, 0));
}

#[test]
fn there_is_nothing_to_erase_where_there_is_no_payload() {
    let mut bench = funded(MiningPolicy::Off);
    let block = bench.mined_block().block.hash;
    for erasure in
        [Erasure { block, place: 0 }, Erasure { block: kusari_chain::BlockHash([1; 32]), place: 0 }]
    {
        let actions = bench.command(Command::Erase(erasure));
        assert!(matches!(actions[..], [Action::Reply(_, Reply::Erased(false)), ..]));
    }
}
