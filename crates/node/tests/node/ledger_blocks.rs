//! Blocks of a ledger: what originals are sent and what theirs is worth, other chains, other clocks.

use std::time::Duration;

use crate::common::ledger::{
    Maker, Person, START, bare, bench, config, errors_to, ledger_hello, spec, whole,
};
use crate::common::{Bench, hello, is_closed, sent_to, streams_to};
use kusari_chain::{BlockHash, CheckedBlock};
use kusari_node::interface::{Direction, PeerId, StreamForm};
use kusari_node::limits::{
    ANNOUNCED_GRACE, ANNOUNCED_TIMEOUT, ANSWER_SILENCE, GET_CHAIN_GRACE, HELLO_TIMEOUT, RELAY_AFTER,
};
use kusari_node::wire::{BlockForm, GetBlocks, Message, encode};
use kusari_node::{Action, Event, MiningPolicy, NodeConfig, PeerStage};

/// What a peer is asked for by hash.
fn asked_for(actions: &[Action], peer: PeerId) -> Vec<BlockHash> {
    let asked = sent_to(actions, peer).into_iter().filter_map(|message| match message {
        Message::GetBlocks(GetBlocks::ByHash(hashes)) => Some(hashes.clone()),
        _ => None,
    });
    asked.flatten().collect()
}

fn lines_to(actions: &[Action], peer: PeerId) -> Vec<String> {
    let lines = sent_to(actions, peer).into_iter().map(encode);
    lines.map(|line| String::from_utf8(line).unwrap()).collect()
}

/// An original that connected and asked for the chain, as it does first, and was asked for its own.
fn original(bench: &mut Bench) -> PeerId {
    let original = bench.inbound();
    let actions = bench.line(original, "GET_CHAIN");
    if let [StreamForm::Plain] = streams_to(&actions, original)[..] {
        let tip = bench.node.snapshot().tip;
        let (peer, height, hash) = (original, tip.height, tip.hash);
        bench.give(kusari_node::Input::StreamEnded { peer, height, hash, count: height });
    }
    bench.pass(GET_CHAIN_GRACE);
    bench.pass(ANSWER_SILENCE);
    original
}

fn keys(line: &str) -> Vec<String> {
    let json = line.strip_prefix("BLOCK:").unwrap();
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn an_original_is_sent_seven_keys_and_a_peer_of_the_ledger_the_whole() {
    let mut bench = bench(MiningPolicy::Off);
    let (sender, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let dialled = bench.connect(Direction::Outbound("a:1".parse().unwrap()), "10.0.0.1:1").0;
    bench.pass(HELLO_TIMEOUT);
    let originals = [original(&mut bench), dialled];
    // As much in a block as there is room for.
    let text = "\u{1}".repeat(64 << 10);
    let records: Vec<_> = (2..17).map(|n| Person::new(n).record(0, 0, &text)).collect();
    let block = Maker::new(1).next(&records.iter().collect::<Vec<_>>());
    let mut actions = bench.receive(sender, whole(&block));
    actions.extend(bench.pass(2 * RELAY_AFTER));
    for original in originals {
        let lines = lines_to(&actions, original);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() <= 4_096);
        let seven = ["data", "hash", "index", "nonce", "prev_hash", "timestamp", "transactions"];
        let mut found = keys(&lines[0]);
        found.sort();
        assert_eq!(found, seven);
    }
    assert!(!lines_to(&actions, other).is_empty());
}

#[test]
fn get_chain_is_answered_in_seven_keys_whoever_asks() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    bench.receive(peer, whole(&Maker::new(1).next(&[])));
    let (person, peer) = (bench.inbound(), bench.ledger_peer(8));
    for asking in [person, peer] {
        let actions = bench.line(asking, "GET_CHAIN");
        assert_eq!(streams_to(&actions, asking), [StreamForm::Plain]);
    }
    let after = Message::GetBlocks(GetBlocks::After { locator: vec![], limit: 9 });
    bench.give(kusari_node::Input::StreamEnded {
        peer,
        height: 1,
        hash: bench.node.snapshot().tip.hash,
        count: 1,
    });
    let actions = bench.receive(peer, after);
    assert_eq!(streams_to(&actions, peer), [StreamForm::Counted]);
}

#[test]
fn seven_keys_of_an_original_are_asked_for_and_neither_kept_nor_passed_on() {
    let mut bench = bench(MiningPolicy::Off);
    let peers = [bench.ledger_peer(7), bench.ledger_peer(8)];
    let (original, other) = (original(&mut bench), original(&mut bench));
    let block = Maker::new(1).next(&[]);
    let actions = bench.receive(original, bare(&block));
    assert!(sent_to(&actions, other).is_empty() && sent_to(&actions, original).is_empty());
    assert_eq!((bench.node.snapshot().tip.height, bench.node.snapshot().orphans), (0, 0));
    assert!(
        bench.held.is_empty()
            && !actions.iter().any(|a| matches!(a, Action::Notify(Event::BlockAdded { .. })))
    );
    let actions = bench.pass(ANNOUNCED_GRACE);
    let asked: Vec<_> = peers.iter().flat_map(|peer| asked_for(&actions, *peer)).collect();
    assert_eq!(asked, [block.block().hash], "one of them is asked");
    // The whole one is accepted as if nothing had been, and the others are sent it.
    let asked = peers.iter().find(|peer| !asked_for(&actions, **peer).is_empty()).unwrap();
    let mut actions = bench.receive(*asked, whole(&block));
    actions.extend(bench.pass(2 * RELAY_AFTER));
    assert_eq!(bench.node.snapshot().tip.hash, block.block().hash);
    assert_eq!(lines_to(&actions, other).len(), 1);
    assert!(lines_to(&actions, original).is_empty());
    assert_eq!(bench.mined_block().part(), block.ledger());
}

#[test]
fn a_block_that_an_original_sent_is_not_sent_back_when_it_is_accepted() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let original = original(&mut bench);
    let mut maker = Maker::new(1);
    let (first, second) = (maker.next(&[]), maker.next(&[]));
    bench.receive(original, bare(&first));
    let mut actions = bench.receive(peer, whole(&first));
    actions.extend(bench.receive(peer, whole(&second)));
    assert_eq!(lines_to(&actions, original).len(), 1);
    // Once it is known, its seven keys say that the original has it.
    assert!(sent_to(&bench.receive(original, bare(&second)), original).is_empty());
}

#[test]
fn one_peer_after_another_is_asked_for_what_an_original_announced() {
    let mut bench = bench(MiningPolicy::Off);
    let peers = [bench.ledger_peer(7), bench.ledger_peer(8), bench.ledger_peer(9)];
    let original = original(&mut bench);
    let hash = {
        let block = Maker::new(1).next(&[]);
        bench.receive(original, bare(&block));
        block.block().hash
    };
    let mut asked = Vec::new();
    let mut actions = bench.pass(ANNOUNCED_GRACE);
    while let Some(peer) = peers.into_iter().find(|peer| !asked_for(&actions, *peer).is_empty()) {
        asked.push(peer);
        actions = bench.receive(peer, Message::End { count: 0, missing: vec![hash] });
        actions.extend(bench.pass(ANNOUNCED_GRACE));
    }
    assert_eq!(asked, peers, "each once, and then it is forgotten");
}

/// Otherwise none of them would be told of the block.
#[test]
fn a_hint_does_not_say_that_those_who_may_be_asked_have_the_block() {
    let mut bench = bench(MiningPolicy::Off);
    let (sender, other, teller) =
        (bench.ledger_peer(7), bench.ledger_peer(8), bench.ledger_peer(9));
    let original = original(&mut bench);
    let block = Maker::new(1).next(&[]);
    bench.receive(original, bare(&block));
    let (hash, height) = (block.block().hash, 1);
    let work = kusari_chain::Work::of_classic_blocks(1);
    bench.receive(teller, Message::Have(kusari_node::wire::Have { hash, height, work }));
    let actions = bench.receive(sender, whole(&block));
    let sent = |peer| lines_to(&actions, peer).iter().any(|line| line.starts_with("BLOCK:"));
    assert!(sent(other) && !sent(teller), "whoever announced it has it, and nobody else");
}

/// It was sent seven keys while it might have been an original, which are worth little to it.
#[test]
fn a_peer_that_is_late_to_introduce_itself_is_told_of_what_it_was_sent_in_seven_keys() {
    let mut bench = bench(MiningPolicy::Off);
    let sender = bench.ledger_peer(7);
    let late = bench.connect(Direction::Outbound("a:1".parse().unwrap()), "10.0.0.1:1").0;
    let mut maker = Maker::new(1);
    bench.receive(sender, whole(&maker.next(&[])));
    bench.pass(HELLO_TIMEOUT);
    let actions = bench.pass(ANSWER_SILENCE);
    assert_eq!(keys(&lines_to(&actions, late)[0]).len(), 7);
    let mut actions = bench.receive(late, Message::Hello(ledger_hello(8, 0)));
    actions.extend(bench.pass(Duration::from_secs(1)));
    let told = |message: &&crate::common::Sent| match message {
        Message::Block(sent) => sent.form != BlockForm::SevenKeys,
        message => matches!(message, Message::Have(_)),
    };
    assert!(sent_to(&actions, late).iter().any(told));
}

#[test]
fn a_silent_peer_that_is_asked_for_a_hint_is_given_up() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let original = original(&mut bench);
    bench.receive(original, bare(&Maker::new(1).next(&[])));
    assert_eq!(asked_for(&bench.pass(ANNOUNCED_GRACE), peer).len(), 1);
    for _ in 0..5 {
        assert!(asked_for(&bench.pass(ANNOUNCED_TIMEOUT), peer).is_empty());
    }
}

/// Whoever repeats a block every now and then must not keep it from being asked for.
#[test]
fn a_hint_that_is_repeated_does_not_put_the_question_off() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let original = original(&mut bench);
    let block = Maker::new(1).next(&[]);
    let mut asked = 0;
    for _ in 0..10 {
        let mut actions = bench.receive(original, bare(&block));
        actions.extend(bench.pass(ANNOUNCED_GRACE / 2));
        asked += asked_for(&actions, peer).len();
    }
    assert_eq!(asked, 1);
}

#[test]
fn hints_take_no_more_room_than_one_for_each_peer() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let original = original(&mut bench);
    let before = bench.node.state().len();
    for number in 2..40 {
        bench.receive(original, bare(&Maker::new(number).next(&[])));
    }
    assert!(bench.node.state().len() < before + 1_000);
    assert_eq!(asked_for(&bench.pass(ANNOUNCED_GRACE), peer).len(), 1);
}

#[test]
fn an_original_that_passes_on_what_is_no_block_of_the_ledger_is_not_told() {
    let mut bench = bench(MiningPolicy::Off);
    let original = original(&mut bench);
    // Its own block, which is right by its rules, shows what it is.
    let own = crate::common::child(&kusari_chain::Block::genesis(), "hello");
    let mut actions = bench.receive(original, crate::common::checked(&own));
    let wrong = spoiled(&own);
    for _ in 0..20 {
        actions.extend(bench.line(original, &wrong));
    }
    assert!(sent_to(&actions, original).is_empty());
    assert!(!is_closed(&actions, original));
}

fn spoiled(block: &kusari_chain::Block) -> String {
    let line = encode(&Message::Block(block));
    String::from_utf8(line).unwrap().trim_end().replace("\"nonce\":", "\"nonce\":1")
}

#[test]
fn seven_keys_of_a_peer_are_not_held_against_it() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    for number in 2..6 {
        let actions = bench.receive(peer, bare(&Maker::new(number).next(&[])));
        assert!(!is_closed(&actions, peer) && errors_to(&actions, peer).is_empty());
    }
    assert_eq!(bench.node.snapshot().tip.height, 0);
}

#[test]
fn nodes_of_different_chains_part_with_a_sentence() {
    let mut other = spec();
    other.name = "other".to_string();
    let foreign = crate::common::hello(7, 0);
    let cases = [
        (config(MiningPolicy::Off), foreign),
        (NodeConfig::default(), ledger_hello(7, 0)),
        (
            config(MiningPolicy::Off),
            kusari_node::wire::Hello { chain: other.chain_id().to_string(), ..hello(7, 0) },
        ),
    ];
    for (config, hello) in cases {
        let mut bench = Bench::new(config);
        let dialled = bench.connect(Direction::Outbound("a:1".parse().unwrap()), "10.0.0.1:1").0;
        let inbound = bench.inbound();
        for peer in [dialled, inbound] {
            let actions = bench.receive(peer, Message::Hello(hello.clone()));
            let [Message::Error(report)] = sent_to(&actions, peer)[..] else {
                panic!("{actions:?}")
            };
            assert_eq!(report.code, "wrong-chain");
            assert!(report.message.contains(&hello.chain), "{}", report.message);
            assert!(is_closed(&actions, peer));
        }
    }
}

#[test]
fn a_block_ahead_of_the_clock_is_held_and_accepted_when_its_time_comes() {
    let mut bench = bench(MiningPolicy::Off);
    let (peer, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let mut maker = Maker::new(1);
    let block = maker.make(&[], START + 150);
    maker.take(block.clone());
    let child = maker.make(&[], START + 151);
    let mut actions = bench.receive(peer, whole(&block));
    assert!(bench.next_wish() <= bench.now.monotonic + Duration::from_secs(30));
    actions.extend(bench.receive(peer, whole(&child)));
    assert!(!is_closed(&actions, peer) && errors_to(&actions, peer).is_empty());
    assert_eq!(bench.node.snapshot().tip.height, 0);
    assert!(sent_to(&actions, other).is_empty());
    bench.pass(Duration::from_secs(29));
    assert_eq!(bench.node.snapshot().tip.height, 0);
    let mut actions = bench.pass(Duration::from_secs(1));
    // The child is a second further ahead.
    actions.extend(bench.pass(Duration::from_secs(1)));
    assert_eq!(bench.node.snapshot().tip.height, 2);
    assert_eq!(lines_to(&actions, other).iter().filter(|l| l.starts_with("BLOCK")).count(), 2);
}

#[test]
fn a_block_that_is_held_survives_a_checkpoint() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let block = Maker::new(1).make(&[], START + 150);
    bench.receive(peer, whole(&block));
    bench.restore();
    bench.pass(Duration::from_secs(30));
    assert_eq!(bench.node.snapshot().tip.height, 1);
}

#[test]
fn a_block_that_breaks_a_rule_of_the_ledger_is_refused_by_its_code() {
    let (rich, poor) = (Person::new(1), Person::new(2));
    let mut maker = Maker::new(1);
    let first = maker.next(&[]);
    let good = maker.make(&[&rich.pay(&poor, 1, 0, 0)], START);
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    bench.receive(peer, whole(&first));
    let line = lines_of(&good);
    for (text, code) in [
        (line.replace("\"amount\":1", "\"amount\":2"), "bad-body-root"),
        (line.replace("\"body_count\":1", "\"body_count\":2"), "bad-commitment"),
        (line.replace(",\"body\":[", ",\"body_\":["), "bad-field"),
    ] {
        let person = bench.inbound();
        assert_eq!(errors_to(&bench.line(person, &text), person), [code]);
    }
    let person = bench.inbound();
    assert!(errors_to(&bench.line(person, &line), person).is_empty());
    assert_eq!(bench.node.snapshot().tip.height, 2, "no liar keeps the right one out");
}

fn lines_of(block: &CheckedBlock) -> String {
    String::from_utf8(encode(&Message::Block(block.clone()))).unwrap().trim_end().to_string()
}

#[test]
fn a_dialled_peer_that_says_no_hello_is_asked_for_its_chain() {
    let mut bench = bench(MiningPolicy::Off);
    let (peer, _) = bench.connect(Direction::Outbound("a:1".parse().unwrap()), "10.0.0.1:1");
    assert_eq!(sent_to(&bench.pass(HELLO_TIMEOUT), peer), [&Message::GetChain]);
    bench.line(peer, "BLOCK:nonsense");
    assert_eq!(bench.node.snapshot().peers[0].stage, PeerStage::Original);
}

/// A line that holds as much as a block may is longer than what a driver queues for a peer: pushed
/// to everybody it would part everybody.
#[test]
fn a_block_too_large_for_the_queue_of_a_peer_is_announced_and_streamed() {
    let text = "\u{1}".repeat(64 << 10);
    let records: Vec<_> = (2..17).map(|n| Person::new(n).record(0, 0, &text)).collect();
    let block = Maker::new(1).next(&records.iter().collect::<Vec<_>>());
    let mut bench = bench(MiningPolicy::Off);
    let (sender, other) = (bench.ledger_peer(7), bench.ledger_peer(8));
    let actions = bench.receive(sender, whole(&block));
    assert!(
        matches!(sent_to(&actions, other)[..], [Message::Have(_)]),
        "{:?}",
        sent_to(&actions, other).len()
    );
    let ask = Message::GetBlocks(GetBlocks::ByHash(vec![block.block().hash]));
    let actions = bench.receive(other, ask);
    assert_eq!(streams_to(&actions, other), [StreamForm::Counted]);
    assert!(sent_to(&actions, other).is_empty());
}
