//! Peers that a node dialled and that say nothing, and what comes of one that speaks later.

use std::time::Duration;

use crate::common::ledger::events;
use crate::common::{Bench, checked, child, hello, is_closed, sent_to};
use kusari_chain::Block;
use kusari_node::interface::{Direction, PeerId};
use kusari_node::limits::{ANSWER_PATIENCE, HELLO_TIMEOUT, HINDRANCE_AFTER};
use kusari_node::wire::Message;
use kusari_node::{Action, Event, Hindrance, Input, NodeConfig, PeerAddress, PeerStage};

const FIRST: &str = "[2001:db8::1]:8080";
const SECOND: &str = "192.0.2.1:8080";

fn dialling(target: &str) -> (Bench, PeerAddress) {
    let target: PeerAddress = target.parse().unwrap();
    let connect = vec![target.clone()];
    (Bench::new(NodeConfig { connect, ..NodeConfig::default() }), target)
}

fn stages(bench: &Bench) -> Vec<PeerStage> {
    bench.node.snapshot().peers.iter().map(|peer| peer.stage).collect()
}

/// Dials and hears nothing, until that is told.
fn silent(bench: &mut Bench, target: &PeerAddress, address: &str) -> (PeerId, Vec<Action>) {
    let (peer, _) = bench.connect(Direction::Outbound(target.clone()), address);
    let mut actions = bench.pass(HELLO_TIMEOUT);
    actions.extend(bench.pass(ANSWER_PATIENCE));
    (peer, actions)
}

#[test]
fn a_dialled_peer_that_says_nothing_is_shown_as_silent_and_counts_as_no_peer() {
    let (mut bench, target) = dialling(SECOND);
    let (peer, _) = bench.connect(Direction::Outbound(target), SECOND);
    assert_eq!(stages(&bench), [PeerStage::Greeted]);
    assert_eq!(sent_to(&bench.pass(HELLO_TIMEOUT), peer), [&Message::GetChain]);
    assert_eq!(stages(&bench), [PeerStage::Greeted], "it has had no time to answer");
    let actions = bench.pass(ANSWER_PATIENCE);
    assert!(matches!(events(&actions)[..], [Event::PeerSilent { .. }, ..]), "{actions:?}");
    assert!(!is_closed(&actions, peer), "a new original is as silent");
    bench.restore();
    let snapshot = bench.node.snapshot();
    assert_eq!(stages(&bench), [PeerStage::Silent]);
    assert_eq!(snapshot.peer_counts(), (0, 0));
    assert_eq!(snapshot.hindrances, [Hindrance::NoPeers { addresses: 1 }]);
    assert!(snapshot.hindrances[0].is_unready());
    let person = bench.inbound();
    let actions = bench.line(person, "STATUS");
    let [Message::Status(report)] = sent_to(&actions, person)[..] else { panic!("{actions:?}") };
    assert_eq!(report.peers, 1, "the one who asks");
}

#[test]
fn a_silent_peer_that_speaks_is_what_it_speaks_like() {
    let (mut bench, target) = dialling(SECOND);
    let (peer, _) = silent(&mut bench, &target, SECOND);
    let typed = child(&Block::genesis(), "typed there");
    let actions = bench.receive(peer, checked(&typed));
    assert!(events(&actions).iter().any(|e| matches!(e, Event::FoundOriginal { .. })));
    assert_eq!(bench.node.snapshot().tip.hash, typed.hash);
    assert_eq!(stages(&bench), [PeerStage::Original]);
    assert_eq!(bench.node.snapshot().peer_counts(), (1, 0));
    assert_eq!(bench.node.snapshot().hindrances, []);

    let (mut bench, target) = dialling(SECOND);
    let (peer, _) = silent(&mut bench, &target, SECOND);
    let actions = bench.receive(peer, Message::Hello(hello(9, 0)));
    assert!(!events(&actions).iter().any(|e| matches!(e, Event::FoundOriginal { .. })));
    assert_eq!(stages(&bench), [PeerStage::Introduced]);
}

#[test]
fn a_new_line_reaches_a_silent_peer_at_once() {
    let (mut bench, target) = dialling(SECOND);
    let (peer, _) = silent(&mut bench, &target, SECOND);
    let actions = bench.say("to a new original");
    let actions = bench.mine(&actions);
    assert!(matches!(sent_to(&actions, peer)[..], [Message::Block(_)]), "{actions:?}");
}

fn beside(actions: &[Action]) -> Option<Vec<String>> {
    actions.iter().find_map(|action| match action {
        Action::ConnectBeside { except, .. } => {
            Some(except.iter().map(ToString::to_string).collect())
        }
        _ => None,
    })
}

#[test]
fn of_a_name_the_next_address_is_dialled_beside_a_silent_one_and_what_speaks_first_stays() {
    for speaks in [0, 1] {
        let (mut bench, target) = dialling("club.example:8080");
        let (first, actions) = silent(&mut bench, &target, FIRST);
        assert_eq!(beside(&actions), Some(vec![FIRST.to_owned()]));
        let (second, actions) = bench.connect(Direction::Outbound(target.clone()), SECOND);
        assert!(matches!(sent_to(&actions, second)[..], [Message::Hello(_)]));
        let (speaker, other) = if speaks == 0 { (first, second) } else { (second, first) };
        let actions = bench.receive(speaker, Message::Hello(hello(9, 0)));
        assert!(is_closed(&actions, other) && !is_closed(&actions, speaker), "{actions:?}");
        let end = Input::PeerDisconnected { peer: other, reason: "closed".to_string() };
        let mut actions = bench.give(end);
        actions.extend(bench.pass(Duration::from_secs(20)));
        let again = |a: &Action| matches!(a, Action::Connect(_) | Action::ConnectBeside { .. });
        assert!(!actions.iter().any(again), "the name is connected");
        let end = Input::PeerDisconnected { peer: speaker, reason: "lost".to_string() };
        let mut actions = bench.give(end);
        actions.extend(bench.pass(Duration::from_secs(2)));
        assert!(actions.iter().any(again), "its last connection is lost");
    }
}

#[test]
fn a_number_or_a_name_without_another_address_is_left_as_it_is() {
    let (mut bench, target) = dialling(SECOND);
    assert_eq!(beside(&silent(&mut bench, &target, SECOND).1), None);

    let (mut bench, target) = dialling("club.example:8080");
    let (peer, actions) = silent(&mut bench, &target, SECOND);
    assert!(beside(&actions).is_some());
    let reason = "the name has no other address".to_string();
    let actions = bench.give(Input::ConnectFailed { address: target.clone(), reason });
    assert!(events(&actions).is_empty(), "{actions:?}");
    let actions = bench.pass(Duration::from_secs(600));
    assert!(beside(&actions).is_none() && !is_closed(&actions, peer));
    let typed = child(&Block::genesis(), "typed there");
    bench.receive(peer, checked(&typed));
    assert_eq!(bench.node.snapshot().tip.hash, typed.hash);
}

#[test]
fn a_name_that_a_person_gave_up_stays_so_when_its_next_address_answers() {
    let (mut bench, target) = dialling("club.example:8080");
    silent(&mut bench, &target, FIRST);
    bench.command(kusari_node::interface::Command::Disconnect(target.clone()));
    let (second, actions) = bench.connect(Direction::Outbound(target), SECOND);
    assert!(is_closed(&actions, second));
}

#[test]
fn a_person_is_told_of_a_hindrance_that_lasts_and_of_its_end_and_not_of_a_short_one() {
    let (mut bench, target) = dialling(SECOND);
    let told = |actions: &[Action]| -> Vec<&'static str> {
        let word = |event: &&Event| match event {
            Event::HindranceBegan { hindrance: Hindrance::NoPeers { .. } } => Some("began"),
            Event::HindranceEnded { hindrance: Hindrance::NoPeers { .. } } => Some("ended"),
            _ => None,
        };
        events(actions).iter().filter_map(word).collect()
    };
    assert_eq!(told(&bench.pass(HINDRANCE_AFTER / 2)), [""; 0]);
    assert_eq!(told(&bench.pass(HINDRANCE_AFTER)), ["began"]);
    let (peer, _) = bench.connect(Direction::Outbound(target.clone()), SECOND);
    assert_eq!(told(&bench.receive(peer, Message::Hello(hello(9, 0)))), ["ended"]);
    let lost = Input::PeerDisconnected { peer, reason: "lost".to_string() };
    assert_eq!(told(&bench.give(lost)), [""; 0]);
    let (peer, _) = bench.connect(Direction::Outbound(target), SECOND);
    assert_eq!(told(&bench.receive(peer, Message::Hello(hello(9, 0)))), [""; 0]);
}
