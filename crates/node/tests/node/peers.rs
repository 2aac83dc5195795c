//! How a node treats those it is connected to: introductions, limits, signs of life, faults.

use std::time::Duration;

use crate::common::{Bench, checked, child, hello, is_closed, sent_to};
use kusari_chain::Block;
use kusari_node::interface::{Direction, PeerId};
use kusari_node::limits::{
    ANSWER_SILENCE, HELLO_TIMEOUT, MAX_PER_ADDRESS, PING_AFTER, PONG_TIMEOUT, REDIAL_MAX,
    SILENT_TIMEOUT,
};
use kusari_node::wire::Message;
use kusari_node::{Action, Event, Input, NodeConfig, PeerAddress};

fn dialling(targets: &[&str]) -> (Bench, PeerAddress) {
    let connect: Vec<PeerAddress> = targets.iter().map(|text| text.parse().unwrap()).collect();
    let first = connect[0].clone();
    (Bench::new(NodeConfig { connect, ..NodeConfig::default() }), first)
}

fn our_id(actions: &[Action], peer: PeerId) -> u64 {
    let ids = sent_to(actions, peer).into_iter().find_map(|message| match message {
        Message::Hello(hello) => Some(hello.id.0),
        _ => None,
    });
    ids.expect("no HELLO was sent")
}

#[test]
fn a_listener_says_nothing_until_it_is_spoken_to() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, actions) = bench.connect(Direction::Inbound, "127.0.0.1:50000");
    assert!(sent_to(&actions, peer).is_empty());
    let actions = bench.line(peer, "STATUS");
    assert!(matches!(sent_to(&actions, peer)[..], [Message::Status(_)]));
}

#[test]
fn a_dialler_introduces_itself_and_an_introduction_is_answered_once() {
    let (mut bench, target) = dialling(&["127.0.0.1:8080"]);
    let (out, actions) = bench.connect(Direction::Outbound(target), "127.0.0.1:8080");
    assert!(matches!(sent_to(&actions, out)[..], [Message::Hello(_)]));
    let (inbound, actions) = bench.introduced(7, 0);
    assert!(matches!(sent_to(&actions, inbound)[..], [Message::Hello(_)]));
    let actions = bench.receive(inbound, Message::Hello(hello(7, 0)));
    assert!(sent_to(&actions, inbound).is_empty(), "a second HELLO was answered");
}

#[test]
fn a_dialled_peer_without_hello_is_asked_for_its_chain_and_told_nothing_it_does_not_know() {
    let (mut bench, target) = dialling(&["127.0.0.1:8080"]);
    let (peer, _) = bench.connect(Direction::Outbound(target), "127.0.0.1:8080");
    let actions = bench.pass(HELLO_TIMEOUT);
    assert_eq!(sent_to(&actions, peer), [&Message::GetChain]);
    assert!(sent_to(&bench.line(peer, "nonsense"), peer).is_empty(), "an original got an ERROR");
    let a = child(&Block::genesis(), "a");
    let other = bench.inbound();
    assert!(sent_to(&bench.receive(other, checked(&a)), peer).is_empty());
    let actions = bench.pass(ANSWER_SILENCE);
    assert!(matches!(sent_to(&actions, peer)[..], [Message::Block(_)]));
    let actions = bench.receive(peer, Message::Hello(hello(9, 0)));
    assert!(
        actions.iter().any(|a| matches!(a, Action::Notify(Event::PeerIntroduced { .. }))),
        "a late HELLO did not upgrade the peer"
    );
}

#[test]
fn a_connection_to_ourselves_ends_and_is_not_tried_again() {
    let (mut bench, target) = dialling(&["127.0.0.1:8080"]);
    let (peer, actions) = bench.connect(Direction::Outbound(target), "127.0.0.1:8080");
    let id = our_id(&actions, peer);
    let actions = bench.receive(peer, Message::Hello(hello(id, 0)));
    assert!(is_closed(&actions, peer));
    bench.give(Input::PeerDisconnected { peer, reason: "closed".to_string() });
    let actions = bench.pass(2 * REDIAL_MAX);
    assert!(!actions.iter().any(|action| matches!(action, Action::Connect(_))));
}

#[test]
fn an_address_covered_by_another_connection_is_dialled_again_when_that_ends() {
    let (mut bench, target) = dialling(&["127.0.0.1:8080", "localhost:8080"]);
    let (first, _) = bench.connect(Direction::Outbound(target), "127.0.0.1:8080");
    bench.receive(first, Message::Hello(hello(3, 0)));
    let second: PeerAddress = "localhost:8080".parse().unwrap();
    let (twin, _) = bench.connect(Direction::Outbound(second.clone()), "127.0.0.1:8080");
    assert!(is_closed(&bench.receive(twin, Message::Hello(hello(3, 0))), twin));
    bench.give(Input::PeerDisconnected { peer: twin, reason: "closed".to_string() });
    let dials = |actions: &[Action]| {
        actions.iter().any(|action| matches!(action, Action::Connect(to) if *to == second))
    };
    assert!(!dials(&bench.pass(2 * REDIAL_MAX)), "a covered address was dialled");
    bench.give(Input::PeerDisconnected { peer: first, reason: "lost".to_string() });
    assert!(dials(&bench.pass(Duration::from_secs(1))));
}

#[test]
fn a_lost_address_is_dialled_for_ever_with_growing_waits() {
    let (mut bench, target) = dialling(&["127.0.0.1:8080"]);
    let mut waits = Vec::new();
    for _ in 0..12 {
        let failed = Input::ConnectFailed { address: target.clone(), reason: "no".to_string() };
        let wait = bench.give(failed).into_iter().find_map(|action| match action {
            Action::Notify(Event::Redialling { after, .. }) => Some(after),
            _ => None,
        });
        let wait = wait.expect("the address was given up");
        let early = bench.pass(wait - Duration::from_millis(1));
        assert!(!early.iter().any(|action| matches!(action, Action::Connect(_))));
        let due = bench.pass(Duration::from_millis(1));
        assert!(due.iter().any(|action| matches!(action, Action::Connect(_))));
        waits.push(wait);
    }
    assert!(waits[0] < Duration::from_secs(2) && waits[11] >= REDIAL_MAX);
    assert!(waits.iter().all(|wait| *wait <= REDIAL_MAX + REDIAL_MAX / 4));
}

#[test]
fn a_quiet_peer_is_pinged_and_closed_when_it_does_not_answer() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let actions = bench.pass(PING_AFTER);
    let [Message::Ping(number)] = sent_to(&actions, peer)[..] else { panic!("no PING") };
    bench.receive(peer, Message::Pong(*number));
    let actions = bench.pass(PING_AFTER);
    assert!(matches!(sent_to(&actions, peer)[..], [Message::Ping(_)]));
    assert!(is_closed(&bench.pass(PONG_TIMEOUT), peer));
}

#[test]
fn a_stranger_who_says_nothing_is_closed_and_a_person_who_spoke_is_not() {
    let mut bench = Bench::new(NodeConfig::default());
    let (silent, person) = (bench.inbound(), bench.inbound());
    bench.line(person, "HELP");
    let actions = bench.pass(SILENT_TIMEOUT);
    assert!(is_closed(&actions, silent) && !is_closed(&actions, person));
    let actions = bench.pass(10 * SILENT_TIMEOUT);
    assert!(!is_closed(&actions, person));
}

#[test]
fn bad_blocks_end_a_connection_and_ban_the_address_unless_it_is_loopback() {
    for (address, banned) in [("192.0.2.7:50000", true), ("127.0.0.1:50000", false)] {
        let mut bench = Bench::new(NodeConfig::default());
        let (peer, _) = bench.connect(Direction::Inbound, address);
        bench.receive(peer, Message::Hello(hello(7, 0)));
        let mut bad = child(&Block::genesis(), "bad");
        bad.nonce ^= 1;
        let line = format!("BLOCK:{}", bad.to_canonical_json());
        let mut closed = false;
        for _ in 0..10 {
            closed |= is_closed(&bench.line(peer, &line), peer);
        }
        assert!(closed, "{address} was not closed");
        bench.give(Input::PeerDisconnected { peer, reason: "closed".to_string() });
        let (again, actions) = bench.connect(Direction::Inbound, address);
        assert_eq!(is_closed(&actions, again), banned, "{address}");
    }
}

#[test]
fn a_fault_each_minute_is_forgiven_however_the_clock_falls() {
    // Ten points each, and one forgiven in six seconds: 59.9 s apart each leaves a sixtieth of a point.
    for (pause, closed) in [(59_900, false), (54_000, true)] {
        let mut bench = Bench::new(NodeConfig::default());
        let (peer, _) = bench.introduced(7, 0);
        let mut was_closed = false;
        for _ in 0..180 {
            bench.receive(peer, Message::Pong(1));
            was_closed |= is_closed(&bench.line(peer, "PING:x"), peer);
            bench.pass(Duration::from_millis(pause / 2));
            bench.receive(peer, Message::Pong(1));
            bench.pass(Duration::from_millis(pause / 2));
        }
        assert_eq!(was_closed, closed, "a fault each {pause} ms");
    }
}

#[test]
fn one_address_gets_a_few_connections_and_loopback_any_number() {
    for (host, limited) in [("192.0.2.7", true), ("127.0.0.1", false)] {
        let mut bench = Bench::new(NodeConfig::default());
        let mut refused = 0;
        for port in 0..MAX_PER_ADDRESS + 3 {
            let address = format!("{host}:{}", 50_000 + port);
            let (peer, actions) = bench.connect(Direction::Inbound, &address);
            refused += usize::from(is_closed(&actions, peer));
        }
        assert_eq!(refused, if limited { 3 } else { 0 }, "{host}");
    }
}

#[test]
fn strangers_cannot_take_the_places_of_addresses_that_we_dial() {
    let mut bench = Bench::new(NodeConfig { max_peers: 8, ..NodeConfig::default() });
    let mut closed = 0;
    for port in 0..8 {
        let (_, actions) =
            bench.connect(Direction::Inbound, &format!("127.0.0.1:{}", 50_000 + port));
        closed += actions.iter().filter(|a| matches!(a, Action::Disconnect { .. })).count();
    }
    assert_eq!(closed, 2);
    let target = "127.0.0.1:8080".parse().unwrap();
    let (peer, actions) = bench.connect(Direction::Outbound(target), "127.0.0.1:8080");
    assert!(!is_closed(&actions, peer));
}

#[test]
fn another_chain_is_told_so_and_closed() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    let mut other = hello(7, 0);
    other.chain = "another".to_string();
    let actions = bench.receive(peer, Message::Hello(other));
    assert!(matches!(sent_to(&actions, peer)[..], [Message::Error(r)] if r.code == "wrong-chain"));
    assert!(is_closed(&actions, peer));
}

#[test]
fn a_flood_of_nonsense_shows_only_a_few_lines_to_the_person() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    let mut shown = 0;
    for _ in 0..1_000 {
        let actions = bench.line(peer, "nonsense");
        shown += actions
            .iter()
            .filter(|action| matches!(action, Action::Notify(Event::LineRefused { .. })))
            .count();
    }
    assert!((1..100).contains(&shown), "{shown} lines were shown");
}

#[test]
fn an_id_claimed_from_another_host_costs_nobody_a_connection() {
    let (mut bench, target) = dialling(&["192.0.2.1:8080"]);
    let (real, actions) = bench.connect(Direction::Outbound(target), "192.0.2.1:8080");
    let ours = our_id(&actions, real);
    for id in [ours - 1, ours + 1] {
        bench.receive(real, Message::Hello(hello(id, 0)));
        let (fake, _) = bench.connect(Direction::Inbound, "198.51.100.9:50000");
        let actions = bench.receive(fake, Message::Hello(hello(id, 0)));
        assert!(!is_closed(&actions, real) && !is_closed(&actions, fake));
        bench.give(Input::PeerDisconnected { peer: fake, reason: "gone".to_string() });
    }
}

#[test]
fn the_smallest_node_still_takes_a_connection() {
    let mut bench = Bench::new(NodeConfig { max_peers: 1, ..NodeConfig::default() });
    let (peer, actions) = bench.connect(Direction::Inbound, "127.0.0.1:50000");
    assert!(!is_closed(&actions, peer));
}

#[test]
fn an_error_is_never_answered_even_one_that_is_wrong() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    for line in ["ERROR:{\"code\":\"x\",\"message\":\"y\"}", "ERROR:{}", "ERROR", "ERROR:["] {
        assert!(sent_to(&bench.line(peer, line), peer).is_empty(), "{line}");
    }
}

#[test]
fn a_peer_that_reads_a_long_answer_need_not_say_that_it_lives() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    bench.line(peer, "GET_CHAIN");
    for _ in 0..10 {
        let actions = bench.pass(PING_AFTER + PONG_TIMEOUT);
        assert!(sent_to(&actions, peer).is_empty() && !is_closed(&actions, peer));
    }
    let hash = Block::genesis().hash;
    bench.give(Input::StreamEnded { peer, height: 0, hash, count: 0 });
    let actions = bench.pass(PING_AFTER);
    assert!(matches!(sent_to(&actions, peer)[..], [Message::Ping(_)]));
}

#[test]
fn a_flood_of_connections_shows_only_some_of_them() {
    let mut bench = Bench::new(NodeConfig::default());
    let mut shown = 0;
    for _ in 0..1_000 {
        let (peer, mut actions) = bench.connect(Direction::Inbound, "127.0.0.1:50000");
        let gone = Input::PeerDisconnected { peer, reason: "gone".to_string() };
        actions.extend(bench.give(gone));
        shown += actions.iter().filter(|action| matches!(action, Action::Notify(_))).count();
    }
    assert!((2..300).contains(&shown), "{shown} lines were shown");
}

#[test]
fn an_original_that_dials_and_passes_on_wrong_blocks_gets_no_error() {
    let mut bench = Bench::new(NodeConfig::default());
    let good = child(&Block::genesis(), "good");
    let mut bad = child(&good, "bad");
    bad.nonce ^= 1;
    let bad = format!("BLOCK:{}", bad.to_canonical_json());
    for (first, expected) in [("GET_CHAIN", 0), ("HELP", 1)] {
        let peer = bench.inbound();
        bench.line(peer, first);
        bench.receive(peer, checked(&good));
        assert_eq!(sent_to(&bench.line(peer, &bad), peer).len(), expected, "after {first}");
    }
}

#[test]
fn a_picture_is_made_anew_only_where_it_changed_and_of_peers_only_where_they_did() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(5, 0);
    let first = bench.node.snapshot();
    assert_eq!(bench.node.snapshot_since(&first), None);
    bench.receive(peer, Message::GetStatus);
    bench.receive(peer, Message::Ping(7));
    assert_eq!(bench.node.snapshot_since(&first), None);
    bench.say("a line");
    let second = bench.node.snapshot_since(&first).unwrap();
    assert_eq!((first.waiting_entries, second.waiting_entries), (0, 1));
    assert!(std::sync::Arc::ptr_eq(&first.peers, &second.peers));
    bench.receive(peer, checked(&child(&Block::genesis(), "theirs")));
    let third = bench.node.snapshot_since(&second).unwrap();
    assert_eq!((second.peers[0].height, third.peers[0].height), (Some(0), Some(1)));
    assert_eq!(third, bench.node.snapshot());
}
