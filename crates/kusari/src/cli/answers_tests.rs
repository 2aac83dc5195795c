//! What the prompt answers.

use super::*;
use kusari_chain::RecentWork;
use kusari_node::snapshot::PeerSummary;
use kusari_node::{Hindrance, PeerStage, Snapshot};

#[test]
fn the_state_of_the_chain_is_told() {
    let tip = BestPoint { height: 12, work: Work::of_classic_blocks(12), ..BestPoint::genesis() };
    assert_eq!(
        chain_state(&tip),
        format!(
            "Current chain state:\n- Height: 12 blocks\n- Tip   : {}\n- Work  : 786,432",
            tip.hash
        )
    );
}

fn snapshot(peers: Vec<PeerSummary>) -> Snapshot {
    let peers = peers.into();
    Snapshot {
        tip: BestPoint::genesis(),
        announced_tip: BestPoint::genesis(),
        peers,
        originals: 0,
        ledger: None,
        waiting_entries: 1,
        side_bytes: 0,
        side_limit: 67_108_864,
        held: Vec::new(),
        orphans: 2,
        catching_up: true,
        hindrances: vec![
            Hindrance::CatchingUp { height: 7 },
            Hindrance::StoreFillsUp { used_bytes: 95, limit_bytes: 100 },
        ],
    }
}

#[test]
fn peers_are_listed_and_what_they_say_is_not_obeyed() {
    let told = |peers| super::peers(&PeerList::new(&snapshot(peers)));
    assert!(told(Vec::new()).starts_with("No peers are connected; "));
    let address = "127.0.0.1:8080".parse().unwrap();
    let peer = |inbound, stage, agent: Option<&str>, height| PeerSummary {
        listen: None,
        address,
        inbound,
        stage,
        agent: agent.map(str::to_owned),
        height,
        latency: None,
    };
    let text = told(vec![
        peer(false, PeerStage::Introduced, Some("kusari/0.1.0\u{1b}[2J"), Some(12)),
        peer(true, PeerStage::Plain, None, None),
    ]);
    assert_eq!(
        text,
        "2 peers\n  127.0.0.1:8080, dialled by us, introduced as kusari/0.1.0\\u{1b}[2J, has \
         12 blocks\n  127.0.0.1:8080, connected to us, speaks without HELLO"
    );
}

#[test]
fn the_status_counts_what_waits() {
    let status = |listen, directory| status(&Status::new(&snapshot(Vec::new()), listen, directory));
    let listen = "127.0.0.1:8080".parse().unwrap();
    let text = status(Some(listen), Some(String::from("/da\u{7}ta")));
    for line in [
        "- Height: 0 blocks",
        "- Peers : 0 dialled by us, 0 connected to us",
        "- Lines : 1 line to be mined",
        "- Beside: 0 of 67,108,864 bytes of side branches, 2 blocks waiting for parents",
        "- NOT READY: the node is catching up: blocks that it asked for are coming in",
        "- Listening on 127.0.0.1:8080",
        "- Data directory: /da\\u{7}ta",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    let text = status(None, None);
    assert!(text.contains("\n- No node runs on it\n- Data directory: none, all is"), "{text}");
    assert!(!text.contains("Peers") && !text.contains("Listening"), "{text}");
}

#[test]
fn the_status_tells_in_one_line_what_rewriting_the_last_blocks_would_take() {
    let chain = Status::new(&snapshot(Vec::new()), None, None);
    assert_eq!(chain.recent_work, None);
    let recent = RecentWork {
        ten_blocks: Work::of_classic_blocks(10),
        hour: Work::of_classic_blocks(3_000_000_000),
        day: Work::of_classic_blocks(4_000_000_000),
    };
    let chain = Status { recent_work: Some(recent), ..chain };
    // Without a node nothing is measured unless it is asked for.
    assert!(!status(&chain).contains("To rewrite"));
    let mut chain = Status { machine_rate: Some(1_000_000), ..chain };
    let line_of = |chain: &Status| {
        let text = status(chain);
        text.lines().find(|line| line.starts_with("- To rewrite")).unwrap().to_owned()
    };
    let line = line_of(&chain);
    // The GPU's rate is known: 65,536 tries a block.
    for part in [
        "the last 10 blocks ",
        ", less than a millisecond; the last hour ",
        ", 6.4 hours; the last day ",
        ", 8.6 hours; no witness stands against it",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    chain.witnesses = Some(WitnessStanding { listed: 3, near_tip: 2 });
    assert!(line_of(&chain).ends_with("; 2 witnesses stand against it"));
}
