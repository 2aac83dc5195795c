//! Who is not let in at all, and how a node tells of one that does not let it in.

use crate::common::{Bench, is_closed, sent_to};
use kusari_node::interface::Direction;
use kusari_node::wire::Message;
use kusari_node::{Action, Event, NodeConfig};

#[test]
fn only_hosts_of_networks_that_are_allowed_and_not_denied_may_connect_and_are_told_so() {
    let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let config = NodeConfig {
        allow: networks(&["10.0.0.0/8", "2001:db8::/32"]),
        deny: networks(&["10.1.0.0/16"]),
        ..NodeConfig::default()
    };
    let mut bench = Bench::new(config);
    for (address, is_let_in) in [
        ("10.0.0.1:50000", true),
        ("[::ffff:10.0.0.2]:50000", true),
        ("[2001:db8::1]:50000", true),
        ("10.1.0.1:50000", false),
        ("[::ffff:10.1.0.2]:50000", false),
        ("192.0.2.1:50000", false),
        ("127.0.0.1:50000", false),
    ] {
        let (peer, actions) = bench.connect(Direction::Inbound, address);
        assert_eq!(!is_closed(&actions, peer), is_let_in, "{address}");
        let told: Vec<_> = sent_to(&actions, peer).into_iter().collect();
        match told[..] {
            [] => assert!(is_let_in),
            [Message::Error(report)] => assert_eq!(report.code, "not-allowed"),
            _ => panic!("{told:?}"),
        }
    }
    let (peer, actions) =
        bench.connect(Direction::Outbound("192.0.2.1:8080".parse().unwrap()), "192.0.2.1:8080");
    assert!(!is_closed(&actions, peer), "a person chose it");
}

#[test]
fn a_connection_that_is_refused_is_told_of_as_that() {
    let mut bench = Bench::new(NodeConfig::default());
    let target = Direction::Outbound("192.0.2.1:8080".parse().unwrap());
    for (code, is_connection) in [("banned", true), ("not-allowed", true), ("busy", false)] {
        let (peer, _) = bench.connect(target.clone(), "192.0.2.1:8080");
        let line = format!("ERROR:{{\"code\":\"{code}\",\"message\":\"no\"}}");
        let actions = bench.line(peer, &line);
        let told = actions.iter().find_map(|action| match action {
            Action::Notify(Event::PeerRefusedOurs { connection, .. }) => Some(*connection),
            _ => None,
        });
        assert_eq!(told, Some(is_connection), "{code}");
    }
}
