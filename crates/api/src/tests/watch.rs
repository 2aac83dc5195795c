//! What programs get that watch a node: its numbers, and whether it lives and is ready.

use std::collections::BTreeSet;

use kusari_chain::ledger::{ChainId, PublicKey};
use kusari_node::drafts::DraftWait;
use kusari_node::snapshot::{LedgerSummary, PeerSummary, WitnessSummary};
use kusari_node::{Hindrance, HindranceReason, MiningPolicy, PeerStage, Snapshot};

use strum::VariantArray;

use super::*;

/// A node of a ledger with something of everything.
fn busy() -> Snapshot {
    let peer = |inbound| PeerSummary {
        address: SocketAddr::from(([192, 0, 2, 7], 8080)),
        inbound,
        listen: None,
        stage: PeerStage::Introduced,
        agent: Some("stranger/9 \"\n# EOF".into()),
        height: Some(9),
        latency: None,
    };
    let mut busy = Snapshot {
        peers: [peer(true), peer(false), peer(true)].into(),
        waiting_entries: 4,
        ledger: Some(LedgerSummary {
            chain_id: ChainId([7; 32]),
            name: "a \"ledger\"".into(),
            miner: PublicKey::ZERO,
            mining: MiningPolicy::Off,
            pooled: 5,
            pooled_bytes: 600,
            local_transactions: 1,
            displaced_entries: 4,
            drafts: 2,
            drafts_wait: Some(DraftWait::Unlock),
            wallet: None,
            may_sign: true,
            witnesses: WitnessSummary {
                listed: vec![PublicKey::ZERO; 3],
                near_tip: 2,
                ..WitnessSummary::default()
            },
        }),
        side_bytes: 700,
        side_limit: 8_000,
        orphans: 9,
        hindrances: vec![Hindrance::NoPeers { addresses: 1 }],
        ..Snapshot::default()
    };
    busy.tip.height = 10;
    busy.tip.work = Work::of_classic_blocks(10);
    busy
}

/// The body of `/metrics`.
fn metrics(rig: &Rig) -> String {
    let answer = rig.answer(&get("/metrics"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let form = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n";
    assert!(head.contains(form), "{head}");
    body.to_owned()
}

fn metrics_of(snapshot: Snapshot) -> String {
    let rig = Rig::new(store(0));
    rig.node.publish(snapshot);
    metrics(&rig)
}

/// What is said of one name, with its samples.
#[derive(Debug, Default)]
struct Family<'a> {
    name: &'a str,
    help: &'a str,
    kind: &'a str,
    unit: Option<&'a str>,
    /// Name, labels with their braces, value.
    samples: Vec<(&'a str, &'a str, f64)>,
}

/// Reads the text by the grammar of OpenMetrics, as far as this one needs it.
#[track_caller]
fn families(text: &str) -> Vec<Family<'_>> {
    let lines = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text:?}"));
    let mut families: Vec<Family> = Vec::new();
    for line in lines.lines() {
        let mut words = line.splitn(4, ' ');
        if words.next() != Some("#") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_at(series.find('{').unwrap_or(series.len()));
            let value = value.parse().unwrap_or_else(|_| panic!("{line:?} has no number"));
            families.last_mut().unwrap().samples.push((name, labels, value));
            continue;
        }
        let [what, name, rest] = [(); 3].map(|()| words.next().unwrap_or_else(|| panic!("{line}")));
        if what == "HELP" {
            families.push(Family { name, help: rest, ..Family::default() });
            continue;
        }
        let family = families.last_mut().filter(|family| family.name == name);
        let family = family.unwrap_or_else(|| panic!("{line:?} stands elsewhere"));
        assert!(family.samples.is_empty(), "{line:?} comes late");
        match what {
            "TYPE" => family.kind = rest,
            "UNIT" => family.unit = Some(rest),
            _ => panic!("{line:?} is none of the lines that there are"),
        }
    }
    families
}

#[test]
fn every_line_is_one_of_openmetrics() {
    let text = metrics_of(busy());
    let mut seen = BTreeSet::new();
    for family in families(&text) {
        let name = family.name;
        assert!(seen.insert(name), "{name} stands twice");
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        assert!(name.bytes().all(is_plain), "{name}");
        assert!(name.starts_with("kusari_") || name.starts_with("process_"), "{name}");
        assert!(family.help.ends_with('.') && !family.help.contains('\\'), "{}", family.help);
        assert!(!family.samples.is_empty(), "{name} has no value");
        let suffix = match family.kind {
            "counter" => "_total",
            "gauge" => "",
            "info" => "_info",
            other => panic!("{name} is a {other}"),
        };
        if let Some(unit) = family.unit {
            assert!(name.ends_with(&format!("_{unit}")), "{name} is in {unit}");
        }
        let has_unit = name.ends_with("_bytes") || name.ends_with("_seconds");
        assert_eq!(family.unit.is_some(), has_unit, "{name}");
        for (sample, _, value) in &family.samples {
            assert_eq!(*sample, format!("{name}{suffix}"));
            assert!(*value >= 0.0, "{sample}");
        }
    }
}

#[test]
fn the_numbers_are_those_that_the_node_has_shown() {
    let text = metrics_of(busy());
    for line in [
        "kusari_chain_height 10",
        "kusari_chain_work 655360.0",
        "kusari_catching_up 0",
        "kusari_held_branches 0",
        "kusari_peers{direction=\"inbound\"} 2",
        "kusari_peers{direction=\"outbound\"} 1",
        "kusari_outbox_entries 5",
        "kusari_orphan_blocks 9",
        "kusari_side_bytes 700",
        "kusari_side_limit_bytes 8000",
        "kusari_pool_transactions 5",
        "kusari_pool_bytes 600",
        "kusari_drafts 2",
        "kusari_displaced_entries 4",
        "kusari_witnesses_listed 3",
        "kusari_witnesses_near_tip 2",
        "kusari_hindrance{reason=\"no_peers\"} 1",
        "kusari_hindrance{reason=\"clock_differs\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing from {text}");
    }
}

#[test]
fn labels_say_nothing_that_a_stranger_chose() {
    let text = metrics_of(busy());
    let families = families(&text);
    let samples = families.iter().flat_map(|family| &family.samples);
    let labels: BTreeSet<&str> =
        samples.map(|(_, labels, _)| *labels).filter(|labels| !labels.is_empty()).collect();
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    let reasons = HindranceReason::VARIANTS.iter().map(<&str>::from);
    let reasons: Vec<String> = reasons.map(|reason| format!("{{reason=\"{reason}\"}}")).collect();
    let expected = ["{direction=\"inbound\"}", "{direction=\"outbound\"}", version.as_str()];
    let expected = expected.into_iter().chain(reasons.iter().map(String::as_str));
    assert_eq!(labels, expected.collect());
    // So much for an alone node, and no more for one with everything.
    let names =
        |text: &str| -> usize { text.lines().filter(|line| !line.starts_with('#')).count() };
    assert_eq!(names(&metrics_of(Snapshot::default())) + 6, names(&text));
}

#[test]
fn a_node_of_the_classic_chain_has_no_numbers_of_a_ledger() {
    let text = metrics_of(Snapshot::default());
    for name in ["kusari_pool", "kusari_drafts", "kusari_displaced", "kusari_witnesses"] {
        assert!(!text.contains(name), "{text}");
    }
}

#[track_caller]
fn assert_says(rig: &Rig, path: &str, status: u16, text: &str) {
    let answer = rig.answer(&get(path));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
    assert!(head.contains("content-type: text/plain; charset=utf-8\r\n"), "{path}: {head}");
    assert_eq!(body, format!("{text}\n"), "{path}");
}

#[test]
fn a_node_is_ready_once_it_runs_and_nothing_makes_it_unready() {
    let rig = Rig::new(store(0));
    assert_says(&rig, "/readyz", 503, "the node is starting");
    rig.node.publish(Snapshot::default());
    assert_says(&rig, "/readyz", 200, "ready");
    rig.node.publish(Snapshot {
        hindrances: vec![
            Hindrance::StoreFull { used_bytes: 9, limit_bytes: 9 },
            Hindrance::CatchingUp { height: 7 },
        ],
        ..Snapshot::default()
    });
    let catching_up = "the node is catching up: blocks that it asked for are coming in";
    assert_says(&rig, "/readyz", 503, catching_up);
    rig.node.publish(Snapshot {
        hindrances: vec![Hindrance::StoreFull { used_bytes: 9, limit_bytes: 9 }],
        ..Snapshot::default()
    });
    assert_says(&rig, "/readyz", 200, "ready");
    assert_says(&rig, "/healthz", 200, "ok");
}

#[test]
fn a_node_that_has_stopped_is_not_ready_although_the_process_serves() {
    let mut rig = Rig::new(store(0));
    rig.node.publish(Snapshot::default());
    // Another one in its place, which nobody asks.
    rig.node = TestNode::new(rig.store.clone()).0;
    assert_says(&rig, "/readyz", 503, "the node has stopped");
    assert_says(&rig, "/healthz", 200, "ok");
    assert!(metrics(&rig).ends_with("# EOF\n"));
}

#[test]
fn web_pages_of_elsewhere_watch_nothing() {
    let rig = Rig::new(store(0));
    for path in ["/metrics", "/healthz", "/readyz"] {
        let request = get(path).replace("localhost", "evil.example");
        assert_problem(&rig.answer(&request), 421, "host");
        let by_address = get(path).replace("localhost", "127.0.0.1:7878");
        assert!(!rig.answer(&by_address).starts_with("HTTP/1.1 421"), "{path}");
        assert_problem(&rig.answer(&get(path).replace("GET", "POST")), 405, "method");
    }
}
