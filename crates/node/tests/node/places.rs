//! Who may connect, who keeps a place, and what a claim or a fault of others costs: never a link that this
//! node dialled.

use std::time::Duration;

use crate::common::ledger::errors_to;
use crate::common::{Bench, checked, child, hello, is_closed, sent_to};
use kusari_chain::Block;
use kusari_node::interface::{
    Ban, Command, Direction, DisconnectReason, Disconnected, PeerId, Reply,
};
use kusari_node::limits::{
    IDLE_BY_HAND, MAX_PER_ADDRESS, MAX_PER_GROUP, PING_AFTER, REDIAL_FIRST, REDIAL_MAX,
};
use kusari_node::wire::{Hello, Message};
use kusari_node::{Action, Event, Input, Node, NodeConfig, PeerAddress};

/// Inbound places of a node that is told nothing else.
const PLACES: usize = 48;

/// A node that dialled an address and is connected to it; its own id.
fn dialled(text: &str) -> (Bench, PeerId, u64) {
    let target: PeerAddress = text.parse().unwrap();
    let connect = vec![target.clone()];
    let mut bench = Bench::new(NodeConfig { connect, ..NodeConfig::default() });
    let (peer, actions) = bench.connect(Direction::Outbound(target), text);
    let ours = sent_to(&actions, peer).into_iter().find_map(|message| match message {
        Message::Hello(hello) => Some(hello.id.0),
        _ => None,
    });
    (bench, peer, ours.expect("no HELLO was sent"))
}

/// The `HELLO` of a node that listens on port 8080.
fn listening(id: u64) -> Message<kusari_chain::CheckedBlock> {
    Message::Hello(Hello { listen: Some(8080), ..hello(id, 0) })
}

fn ended(bench: &mut Bench, peer: PeerId) -> Vec<Action> {
    bench.give(Input::PeerDisconnected { peer, reason: "gone".to_string() })
}

fn dials(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Connect(_)))
}

/// Who is closed, and why.
fn closed(actions: &[Action]) -> Vec<(PeerId, DisconnectReason)> {
    let closed = actions.iter().filter_map(|action| match action {
        Action::Disconnect { peer, reason } => Some((*peer, reason.clone())),
        _ => None,
    });
    closed.collect()
}

/// So many strangers, each of its own address, in three groups.
fn strangers(bench: &mut Bench, count: usize) -> Vec<PeerId> {
    let address = |n: usize| format!("203.{}.{}.7:50000", n % 3, n / 3);
    (0..count).map(|n| bench.connect(Direction::Inbound, &address(n)).0).collect()
}

#[test]
fn no_claim_of_an_id_ends_a_link_that_was_dialled() {
    for from in ["192.0.2.1:50000", "[2001:db8::77]:50000"] {
        for (difference, is_first) in [(1, true), (1, false), (-1, true), (-1, false)] {
            let at = if from.starts_with('[') { "[2001:db8::1]:8080" } else { "192.0.2.1:8080" };
            let (mut bench, real, ours) = dialled(at);
            let theirs = ours.wrapping_add_signed(difference);
            let (liar, _) = bench.connect(Direction::Inbound, from);
            let mut order = [(real, listening(theirs)), (liar, listening(theirs))];
            if is_first {
                order.reverse();
            }
            for (peer, line) in order {
                assert!(!is_closed(&bench.receive(peer, line), real), "{from}, {difference}");
            }
            let claims =
                bench.line(liar, "ERROR:{\"code\":\"already-connected\",\"message\":\"\"}");
            assert!(!is_closed(&claims, real));
            // And whatever the liar goes on to claim, the link is dialled again when it is lost.
            ended(&mut bench, real);
            assert!(dials(&bench.pass(2 * REDIAL_FIRST)), "{from}, {difference}");
        }
    }
}

#[test]
fn of_two_links_that_cross_only_the_node_with_the_smaller_id_ends_the_one_that_came_in() {
    for theirs_is_smaller in [true, false] {
        let (mut bench, out, ours) = dialled("192.0.2.1:8080");
        let theirs = if theirs_is_smaller { ours - 1 } else { ours + 1 };
        bench.receive(out, listening(theirs));
        let (inbound, _) = bench.connect(Direction::Inbound, "192.0.2.1:50000");
        let actions = bench.receive(inbound, listening(theirs));
        assert!(!is_closed(&actions, out));
        assert_eq!(is_closed(&actions, inbound), !theirs_is_smaller);
        let told = sent_to(&actions, inbound)
            .into_iter()
            .any(|message| matches!(message, Message::Error(e) if e.code == "already-connected"));
        assert_eq!(told, !theirs_is_smaller);
        if !theirs_is_smaller {
            continue;
        }
        let word = "ERROR:{\"code\":\"already-connected\",\"message\":\"\"}";
        assert!(is_closed(&bench.line(out, word), out), "the other node's word counts for nothing");
        ended(&mut bench, out);
        assert!(!dials(&bench.pass(2 * REDIAL_MAX)), "it is dialled beside the link that is there");
        let (again, _) = bench.connect(Direction::Inbound, "192.0.2.1:50001");
        bench.receive(again, listening(theirs));
        ended(&mut bench, inbound);
        assert!(dials(&bench.pass(REDIAL_FIRST)), "a second claim covers the address for ever");
        // Who comes and goes under that id makes us dial, but ever more seldom.
        let covered = |bench: &mut Bench| {
            let target = "192.0.2.1:8080".parse().unwrap();
            let (out, _) = bench.connect(Direction::Outbound(target), "192.0.2.1:8080");
            bench.receive(out, listening(theirs));
            assert!(is_closed(&bench.line(out, word), out));
            ended(bench, out);
        };
        covered(&mut bench);
        let mut dialled = 0;
        for _ in 0..600 {
            let (liar, _) = bench.connect(Direction::Inbound, "198.51.100.9:1");
            bench.receive(liar, listening(theirs));
            bench.receive(again, Message::Pong(1));
            let mut actions = ended(&mut bench, liar);
            actions.extend(bench.pass(Duration::from_secs(1)));
            if dials(&actions) {
                dialled += 1;
                covered(&mut bench);
            }
        }
        assert!((5..20).contains(&dialled), "{dialled} times in ten minutes");
    }
}

#[test]
fn another_node_on_the_host_that_was_dialled_loses_no_link_to_a_claim() {
    let (mut bench, out, ours) = dialled("192.0.2.1:9000");
    bench.receive(out, listening(ours + 1));
    let (real, _) = bench.connect(Direction::Inbound, "192.0.2.1:50000");
    // It listens on 8080, so it is not what was dialled, which only says that it is.
    assert!(closed(&bench.receive(real, listening(ours + 1))).is_empty());
}

#[test]
fn a_ban_never_touches_what_the_person_had_dialled() {
    let (mut bench, out, _) = dialled("192.0.2.1:8080");
    let (liar, _) = bench.connect(Direction::Inbound, "192.0.2.1:50000");
    bench.receive(liar, Message::Hello(hello(7, 0)));
    let mut bad = child(&Block::genesis(), "bad");
    bad.nonce ^= 1;
    let line = format!("BLOCK:{}", bad.to_canonical_json());
    let mut actions = bench.line(liar, &line);
    actions.extend(bench.line(liar, &line));
    assert!(
        actions.iter().any(|action| matches!(action, Action::Notify(Event::PeerBanned { .. })))
    );
    assert!(!is_closed(&actions, out));
    ended(&mut bench, out);
    assert!(dials(&bench.pass(2 * REDIAL_FIRST)));
    let target = "192.0.2.1:8080".parse().unwrap();
    let (out, actions) = bench.connect(Direction::Outbound(target), "192.0.2.1:8080");
    assert!(!is_closed(&actions, out), "our own dial is refused");
    let (again, actions) = bench.connect(Direction::Inbound, "192.0.2.1:50001");
    assert_eq!(errors_to(&actions, again), ["banned"]);
    assert_eq!(closed(&actions), [(again, DisconnectReason::Banned)]);
    // A person can see the ban, and end it.
    let host = "192.0.2.1".parse().unwrap();
    let listed = replies(&bench.command(Command::GetBans));
    let [Reply::Bans(bans)] = &listed[..] else { panic!("{listed:?}") };
    assert!(matches!(bans[..], [Ban { host: it, seconds: 590..=600 }] if it == host), "{bans:?}");
    assert_eq!(replies(&bench.command(Command::Unban(host))), [Reply::Unbanned(true)]);
    assert_eq!(replies(&bench.command(Command::Unban(host))), [Reply::Unbanned(false)]);
    assert_eq!(replies(&bench.command(Command::GetBans)), [Reply::Bans(Vec::new())]);
    let (again, actions) = bench.connect(Direction::Inbound, "192.0.2.1:50002");
    assert!(!is_closed(&actions, again));
}

fn replies(actions: &[Action]) -> Vec<Reply> {
    let replies = actions.iter().filter_map(|action| match action {
        Action::Reply(_, reply) => Some(reply.clone()),
        _ => None,
    });
    replies.collect()
}

#[test]
fn what_a_person_disconnects_is_closed_and_dialled_no_more_until_they_connect_it_again() {
    let (mut bench, out, _) = dialled("192.0.2.1:8080");
    let (inbound, _) = bench.connect(Direction::Inbound, "192.0.2.1:50000");
    bench.receive(inbound, listening(7));
    let target: PeerAddress = "192.0.2.1:8080".parse().unwrap();
    let actions = bench.command(Command::Disconnect(target.clone()));
    let both = [out, inbound].map(|peer| (peer, DisconnectReason::ByPerson));
    assert_eq!(closed(&actions), both, "the one that it dialled, and the one that listens there");
    let ended_both = Reply::Disconnected(Disconnected { dialled: true, connections: 2 });
    assert_eq!(replies(&actions), [ended_both]);
    let mut later = ended(&mut bench, out);
    later.extend(ended(&mut bench, inbound));
    later.extend(bench.pass(2 * REDIAL_MAX));
    assert!(!dials(&later), "it is dialled again");
    let nothing = Reply::Disconnected(Disconnected { dialled: false, connections: 0 });
    assert_eq!(replies(&bench.command(Command::Disconnect(target.clone()))), [nothing]);
    let actions = bench.command(Command::Connect(target.clone()));
    assert!(dials(&actions) && replies(&actions) == [Reply::Dialled(Ok(false))]);
    // The end of an old link says nothing of one that was made since.
    let (old, _) = bench.connect(Direction::Outbound(target.clone()), "192.0.2.1:8080");
    bench.command(Command::Disconnect(target.clone()));
    assert!(dials(&bench.command(Command::Connect(target.clone()))));
    let (_new, _) = bench.connect(Direction::Outbound(target), "192.0.2.1:8080");
    let mut later = ended(&mut bench, old);
    later.extend(bench.pass(REDIAL_FIRST * 2));
    assert!(!dials(&later), "what is connected is dialled beside it");
}

#[test]
fn an_address_is_disconnected_however_its_numbers_are_written() {
    for (socket, typed) in [
        ("[::ffff:192.0.2.1]:50000", "192.0.2.1:50000"),
        ("[2001:db8::1]:50000", "[2001:DB8:0::1]:50000"),
    ] {
        let mut bench = Bench::new(NodeConfig::default());
        let (peer, _) = bench.connect(Direction::Inbound, socket);
        let actions = bench.command(Command::Disconnect(typed.parse().unwrap()));
        assert_eq!(closed(&actions), [(peer, DisconnectReason::ByPerson)], "{typed}");
    }
}

#[test]
fn what_a_person_disconnects_while_it_is_dialled_is_closed_when_it_is_reached() {
    let target: PeerAddress = "192.0.2.1:8080".parse().unwrap();
    let start = || {
        let connect = vec![target.clone()];
        let mut bench = Bench::new(NodeConfig { connect, ..NodeConfig::default() });
        let ended = Reply::Disconnected(Disconnected { dialled: true, connections: 0 });
        assert_eq!(replies(&bench.command(Command::Disconnect(target.clone()))), [ended]);
        bench
    };
    let outbound = || Direction::Outbound(target.clone());
    let mut bench = start();
    let (out, actions) = bench.connect(outbound(), "192.0.2.1:8080");
    assert_eq!(closed(&actions), [(out, DisconnectReason::ByPerson)]);
    assert!(!dials(&ended(&mut bench, out)) && !dials(&bench.pass(2 * REDIAL_MAX)));
    // Connected again meanwhile, it is kept.
    let mut bench = start();
    let actions = bench.command(Command::Connect(target.clone()));
    assert_eq!(replies(&actions), [Reply::Dialled(Ok(false))]);
    let (out, actions) = bench.connect(outbound(), "192.0.2.1:8080");
    assert!(!is_closed(&actions, out) && closed(&actions).is_empty());
}

#[test]
fn what_a_person_connects_is_dialled_at_once_where_the_next_try_waits() {
    let (mut bench, out, _) = dialled("192.0.2.1:8080");
    assert!(!dials(&ended(&mut bench, out)));
    let actions = bench.command(Command::Connect("192.0.2.1:8080".parse().unwrap()));
    assert!(dials(&actions), "it waits for the next try");
    assert_eq!(replies(&actions), [Reply::Dialled(Ok(true))]);
}

#[test]
fn a_dialled_peer_that_misbehaves_is_left_alone_for_the_longest_wait_and_not_banned() {
    let (mut bench, out, _) = dialled("192.0.2.1:8080");
    bench.receive(out, Message::Hello(hello(7, 0)));
    bench.pass(PING_AFTER / 2);
    let mut bad = child(&Block::genesis(), "bad");
    bad.nonce ^= 1;
    let line = format!("BLOCK:{}", bad.to_canonical_json());
    let mut actions = bench.line(out, &line);
    actions.extend(bench.line(out, &line));
    assert_eq!(closed(&actions), [(out, DisconnectReason::Misbehaved)]);
    actions.extend(ended(&mut bench, out));
    assert!(
        !actions.iter().any(|action| matches!(action, Action::Notify(Event::PeerBanned { .. })))
    );
    let early = bench.pass(REDIAL_MAX - Duration::from_millis(1));
    assert!(!dials(&early) && dials(&bench.pass(REDIAL_MAX / 4 + Duration::from_millis(1))));
}

#[test]
fn a_lan_of_twenty_nodes_gets_in_whatever_its_addresses_are() {
    let kinds: [fn(usize) -> String; 4] = [
        |n| format!("192.168.1.{}:50000", n + 2),
        |n| format!("[2001:db8:1:2::{n:x}]:50000"),
        |n| format!("[fe80::{n:x}]:50000"),
        |n| format!("198.51.100.7:{}", 50_000 + n),
    ];
    for kind in kinds {
        let mut bench = Bench::new(NodeConfig::default());
        for n in 0..20 {
            let (_, actions) = bench.connect(Direction::Inbound, &kind(n));
            assert!(closed(&actions).is_empty(), "{} is refused", kind(n));
        }
    }
}

#[test]
fn an_address_and_a_group_get_as_many_places_as_the_person_says() {
    let config = NodeConfig { max_per_address: 2, max_per_group: 3, ..NodeConfig::default() };
    let mut bench = Bench::new(config);
    let mut connect = |address: &str| {
        let (peer, actions) = bench.connect(Direction::Inbound, address);
        let reason = closed(&actions).pop().map(|(_, reason)| reason);
        let code = reason.as_ref().map(<&str>::from);
        assert_eq!(errors_to(&actions, peer), code.as_slice(), "it is told why, once");
        reason
    };
    assert_eq!(connect("198.51.100.7:1"), None);
    assert_eq!(connect("198.51.100.7:2"), None);
    assert_eq!(connect("198.51.100.7:3"), Some(DisconnectReason::TooManyFromAddress));
    // What was refused holds its socket until the driver has closed it, and counts until then.
    assert_eq!(connect("198.51.7.7:1"), Some(DisconnectReason::TooManyFromGroup));
    assert_eq!(connect("198.52.7.7:1"), None);
    for n in 0..5 {
        assert_eq!(connect(&format!("10.0.0.{n}:1")), None);
    }
}

#[test]
fn what_one_address_or_one_group_can_hold_is_bounded() {
    for (per_group, expected) in [(false, MAX_PER_ADDRESS), (true, MAX_PER_GROUP)] {
        let mut bench = Bench::new(NodeConfig::default());
        let mut open = 0;
        for n in 0..100 {
            let host = if per_group { n } else { 7 };
            let (_, actions) =
                bench.connect(Direction::Inbound, &format!("198.51.100.{host}:{}", 50_000 + n));
            open += usize::from(closed(&actions).is_empty());
        }
        assert_eq!(open, expected);
    }
}

#[test]
fn those_who_said_help_once_make_room_when_they_are_idle_and_the_idlest_first() {
    let mut bench = Bench::new(NodeConfig::default());
    let people = strangers(&mut bench, PLACES);
    for person in &people {
        bench.pass(Duration::from_millis(10));
        bench.line(*person, "HELP");
    }
    bench.line(people[0], "HELP");
    bench.pass(IDLE_BY_HAND);
    for place in [1, 2, 3] {
        let (newcomer, actions) =
            bench.connect(Direction::Inbound, &format!("198.51.100.{place}:1"));
        assert_eq!(closed(&actions), [(people[place], DisconnectReason::Evicted)]);
        bench.receive(newcomer, Message::Hello(hello(place as u64, 0)));
    }
}

#[test]
fn sockets_that_say_nothing_keep_nobody_out_and_no_node_with_blocks_loses_its_place() {
    let mut bench = Bench::new(NodeConfig::default());
    let (useful, _) = bench.connect(Direction::Inbound, "203.0.200.1:1");
    bench.receive(useful, Message::Hello(hello(1, 0)));
    bench.receive(useful, checked(&child(&Block::genesis(), "a")));
    strangers(&mut bench, PLACES - 1);
    for n in 0..300_u64 {
        let address = format!("203.{}.{}.9:50000", n % 3, n / 3);
        let (_, mut actions) = bench.connect(Direction::Inbound, &address);
        let (newcomer, more) = bench.connect(Direction::Inbound, "198.51.100.7:1");
        actions.extend(more);
        actions.extend(bench.receive(newcomer, Message::Hello(hello(100 + n, 0))));
        for kept in [useful, newcomer] {
            assert!(!is_closed(&actions, kept), "round {n}: {kept:?} has no place");
        }
        assert!(bench.node.snapshot().peers.len() <= PLACES);
        for (peer, _) in closed(&actions) {
            ended(&mut bench, peer);
        }
        ended(&mut bench, newcomer);
    }
}

#[test]
fn a_pong_that_was_sent_before_its_ping_could_be_read_makes_nobody_fast() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let actions = bench.pass(PING_AFTER);
    let [Message::Ping(number)] = sent_to(&actions, peer)[..] else { panic!("no PING") };
    bench.receive(peer, Message::Pong(number ^ 1));
    assert_eq!(bench.node.snapshot().peers[0].latency, None);
}

#[test]
fn a_state_with_more_peers_than_places_is_refused() {
    let mut bench = Bench::new(NodeConfig::default());
    strangers(&mut bench, PLACES);
    let (first, _) = (bench.connect(Direction::Inbound, "198.51.100.7:1"), bench.restore());
    bench.receive(first.0, Message::Hello(hello(7, 0)));
    let state = String::from_utf8(bench.node.state()).unwrap();
    let fewer = state.replace("\"inbound\":48", "\"inbound\":47");
    assert_ne!(fewer, state);
    for text in [fewer.clone(), fewer.replace("\"max_peers\":64", "\"max_peers\":62")] {
        let disk = (Box::new(bench.disk.clone()), Box::new(bench.disk.clone()));
        assert!(Node::restore(text.as_bytes(), disk.0, disk.1).is_err());
    }
}
