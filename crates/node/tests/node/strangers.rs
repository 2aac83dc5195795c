//! What strangers do is shown in part, and summed up.

use std::time::Duration;

use crate::common::Bench;
use crate::common::ledger::events;
use kusari_node::interface::Direction;
use kusari_node::limits::{SHOWN_ACTS, SHOWN_CONNECTIONS, SUMMARY_INTERVAL};
use kusari_node::{Event, NodeConfig};

#[test]
fn a_thousand_connections_of_garbage_are_a_few_lines_a_minute_and_one_that_sums_them_up() {
    let mut bench = Bench::new(NodeConfig { max_peers: 4_096, ..NodeConfig::default() });
    let mut shown = 0;
    let mut summed = (0, 0);
    let mut count = |actions: &[kusari_node::Action]| {
        for event in events(actions) {
            match event {
                Event::LeftOut { connections, lines } => {
                    summed = (summed.0 + connections, summed.1 + lines);
                    shown += 1;
                }
                _ => shown += 1,
            }
        }
    };
    for round in 0..10_u8 {
        for host in 0..100_u8 {
            let address = format!("20.{host}.{round}.1:50000");
            let (peer, actions) = bench.connect(Direction::Inbound, &address);
            count(&actions);
            for _ in 0..16 {
                count(&bench.line(peer, "garbage"));
            }
            let reason = String::from("closed");
            count(&bench.give(kusari_node::Input::PeerDisconnected { peer, reason }));
        }
        count(&bench.pass(Duration::from_secs(12)));
    }
    count(&bench.pass(SUMMARY_INTERVAL));
    let (connections, lines) = summed;
    let burst = u64::from(2 * SHOWN_CONNECTIONS + SHOWN_ACTS);
    assert!(shown <= burst + 4 * 12, "{shown} lines in three minutes");
    assert!(connections + u64::from(SHOWN_CONNECTIONS) + 9 >= 1_000, "{connections}");
    assert!(lines + u64::from(SHOWN_ACTS) + 9 >= 16_000, "{lines}");
}
