//! Nobody keeps from a node what transactions carry by passing their block on without it.

use std::time::Duration;

use crate::common::ledger::{Maker, Person, bench, config, ledger_hello, line, spec, whole};
use crate::common::{Bench, sent_to};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{BlockHash, BlockStore, CheckedBlock, TreeLimits};
use kusari_node::interface::{Command, Direction, PeerId};
use kusari_node::limits::{
    HELLO_TIMEOUT, MAX_MISSING_PAYLOADS, MAX_MISSING_TRIES, REQUEST_TIMEOUT,
};
use kusari_node::store::Erasure;
use kusari_node::wire::{GetBlocks, Message};
use kusari_node::{Action, MiningPolicy, NodeConfig};

/// Longer than a block that comes by itself is waited for.
const GRACE: Duration = Duration::from_millis(500);

fn record() -> CheckedTransaction {
    Person::new(2).record(0, 0, "kept from you")
}

/// The same block without what its transactions carry.
fn stripped(block: &CheckedBlock) -> CheckedBlock {
    let mut stripped = block.clone().into_whole();
    let body = &mut stripped.ledger.as_mut().unwrap().body;
    body.iter_mut().for_each(|entry| entry.payload = None);
    CheckedBlock::check_whole(stripped.block, stripped.ledger.unwrap(), &spec().chain_id()).unwrap()
}

fn stored_text(bench: &Bench, block: &CheckedBlock) -> Option<String> {
    let stored = bench.disk.by_hash(&block.block().hash).unwrap().unwrap();
    stored.part().unwrap().body[0].payload.as_ref().map(|payload| payload.data.clone())
}

/// How many commits a block from a peer leads to.
fn commits(bench: &mut Bench, peer: PeerId, block: &CheckedBlock) -> u64 {
    let last = |bench: &Bench| {
        let state: serde_json::Value = serde_json::from_slice(&bench.node.state()).unwrap();
        state["commits"]["last"].as_u64().unwrap()
    };
    let before = last(bench);
    bench.receive(peer, whole(block));
    last(bench) - before
}

/// Whether the peer is asked for the block by its hash.
fn is_asked(actions: &[Action], peer: PeerId, hash: BlockHash) -> bool {
    sent_to(actions, peer).iter().any(|message| {
        matches!(message, Message::GetBlocks(GetBlocks::ByHash(hashes)) if *hashes == [hash])
    })
}

#[test]
fn a_payload_that_comes_with_a_known_block_is_stored_once() {
    let mut bench = bench(MiningPolicy::Off);
    let (liar, peer) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let block = Maker::new(1).next(&[&record()]);
    bench.receive(liar, whole(&stripped(&block)));
    assert_eq!(stored_text(&bench, &block), None);
    assert_eq!(commits(&mut bench, peer, &block), 1);
    assert_eq!(stored_text(&bench, &block).unwrap(), "kept from you");
    for _ in 0..3 {
        assert_eq!(commits(&mut bench, liar, &stripped(&block)), 0);
        assert_eq!(commits(&mut bench, peer, &block), 0, "it costs nothing again");
    }
    assert_eq!(stored_text(&bench, &block).unwrap(), "kept from you");
}

#[test]
fn a_peer_that_was_late_to_introduce_itself_is_asked_as_any_other() {
    let mut bench = bench(MiningPolicy::Off);
    let late = bench.connect(Direction::Outbound("a:1".parse().unwrap()), "10.0.0.1:1").0;
    let taken = bench.pass(HELLO_TIMEOUT);
    assert!(matches!(sent_to(&taken, late)[..], [Message::GetChain]), "{taken:?}");
    bench.receive(late, Message::Hello(ledger_hello(8, 0)));
    let liar = bench.ledger_peer(7);
    let block = Maker::new(1).next(&[&record()]);
    bench.receive(liar, whole(&stripped(&block)));
    assert!(is_asked(&bench.pass(GRACE), late, block.block().hash));
}

#[test]
fn what_waits_in_the_pool_is_stored_with_the_block_whoever_leaves_it_out() {
    let mut bench = bench(MiningPolicy::Off);
    let (liar, peer) = (bench.ledger_peer(7), bench.ledger_peer(8));
    bench.line(peer, &line(&record()));
    let block = Maker::new(1).next(&[&record()]);
    bench.receive(liar, whole(&stripped(&block)));
    assert_eq!(stored_text(&bench, &block).unwrap(), "kept from you");
    assert!(!is_asked(&bench.pass(GRACE), peer, block.block().hash), "nothing is missing");
}

#[test]
fn a_block_without_payloads_is_asked_of_those_who_did_not_send_it_so() {
    let mut bench = bench(MiningPolicy::Off);
    let (liar, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let block = Maker::new(1).next(&[&record()]);
    let hash = block.block().hash;
    bench.receive(liar, whole(&stripped(&block)));
    // It says so again and again, and nobody forgets what is missing.
    bench.receive(liar, whole(&stripped(&block)));
    let actions = bench.pass(GRACE);
    assert!(is_asked(&actions, other, hash) && !is_asked(&actions, liar, hash));
    // That one is no better, so the next one is asked, once there is one.
    bench.receive(other, whole(&stripped(&block)));
    bench.receive(other, Message::End { count: 1, missing: vec![] });
    let peer = bench.ledger_peer(9);
    assert!(is_asked(&bench.pass(REQUEST_TIMEOUT), peer, hash));
    bench.receive(peer, whole(&block));
    bench.receive(peer, Message::End { count: 1, missing: vec![] });
    assert_eq!(stored_text(&bench, &block).unwrap(), "kept from you");
    let late = bench.ledger_peer(10);
    assert!(!is_asked(&bench.pass(10 * REQUEST_TIMEOUT), late, hash), "nothing is missing");
}

#[test]
fn a_block_without_payloads_that_waited_for_its_parent_is_asked_for_on_a_branch_that_is_prepared() {
    let tree_limits = TreeLimits { at_once_blocks: 0, ..TreeLimits::default() };
    let mut bench = Bench::new(NodeConfig { tree_limits, ..config(MiningPolicy::Off) });
    let (liar, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let mut maker = Maker::new(1);
    let (parent, block) = (maker.next(&[]), maker.next(&[&record()]));
    bench.receive(other, whole(&Maker::new(3).next(&[])));
    bench.receive(liar, whole(&stripped(&block)));
    bench.receive(other, whole(&parent));
    assert!(is_asked(&bench.pass(GRACE), other, block.block().hash));
    bench.receive(other, whole(&block));
    assert_eq!(stored_text(&bench, &block).unwrap(), "kept from you");
}

/// Erased everywhere, it is asked of nobody for ever.
#[test]
fn what_nobody_has_is_asked_of_a_few_and_what_is_remembered_of_it_is_bounded() {
    let mut bench = bench(MiningPolicy::Off);
    let liar = bench.ledger_peer(7);
    let mut maker = Maker::new(1);
    let block = maker.next(&[&record()]);
    bench.receive(liar, whole(&stripped(&block)));
    let mut asked = 0;
    for id in 0..20 {
        let peer = bench.ledger_peer(100 + id);
        let actions = bench.pass(REQUEST_TIMEOUT);
        asked += u64::from(is_asked(&actions, peer, block.block().hash));
        bench.receive(peer, Message::End { count: 0, missing: vec![block.block().hash] });
    }
    assert_eq!(asked, u64::from(MAX_MISSING_TRIES));
    // The first one was silent for too long.
    let liar = bench.ledger_peer(8);
    for sequence in 1..=(MAX_MISSING_PAYLOADS as u64 + 10) {
        let block = maker.next(&[&Person::new(2).record(sequence, 0, "erased")]);
        bench.receive(liar, whole(&stripped(&block)));
    }
    let state: serde_json::Value = serde_json::from_slice(&bench.node.state()).unwrap();
    assert_eq!(state["missing_payloads"]["blocks"].as_array().unwrap().len(), MAX_MISSING_PAYLOADS);
    bench.restore();
}

#[test]
fn what_a_person_erased_is_not_taken_again_at_whatever_moment_it_comes() {
    let block = Maker::new(1).next(&[&record()]);
    let erase = Command::Erase(Erasure { block: block.block().hash, place: 0 });
    // Durable before it comes again.
    let mut first = bench(MiningPolicy::Off);
    let peer = first.ledger_peer(7);
    first.receive(peer, whole(&block));
    first.command(erase.clone());
    assert_eq!(commits(&mut first, peer, &block), 0);
    assert_eq!(stored_text(&first, &block), None);
    // While the erasure is on its way, and while the payload is.
    let mut second = bench(MiningPolicy::Off);
    let peer = second.ledger_peer(7);
    second.receive(peer, whole(&stripped(&block)));
    second.hold_commits = true;
    second.receive(peer, whole(&block));
    second.command(erase);
    second.receive(peer, whole(&block));
    second.restore();
    second.release_commits();
    assert_eq!(stored_text(&second, &block), None);
    second.receive(peer, whole(&block));
    assert_eq!(stored_text(&second, &block), None);
}
