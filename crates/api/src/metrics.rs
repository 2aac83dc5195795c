//! A node in numbers, in the text form of OpenMetrics.
//!
//! Owns their names, units and words, which `docs/api.md` repeats. The numbers come from the published
//! snapshot and from counts that only rise, so that reading them costs the node nothing, however long
//! its chain is. A label has a few values that stand here: never an address, a hash or an agent, which
//! strangers choose and of which there is no end.

use std::fmt;

use kusari_node::Snapshot;
use kusari_node::snapshot::LedgerSummary;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use kusari_runtime::{Counts, Traffic};

/// What the text is, for whoever reads it.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything, from its first line to `# EOF`. `resident` is the memory of the process in bytes, where
/// the system tells it.
pub(super) fn text(
    snapshot: &Snapshot,
    counts: &Counts,
    traffic: &Traffic,
    resident: Option<u64>,
) -> Result<String, fmt::Error> {
    let mut page = Page(Registry::default());
    page.process(counts, resident);
    page.chain(snapshot);
    page.peers(snapshot);
    page.waiting(snapshot);
    if let Some(ledger) = &snapshot.ledger {
        page.ledger(ledger);
    }
    page.done(counts, traffic);
    let mut text = String::new();
    encode(&mut text, &page.0)?;
    Ok(text)
}

/// The numbers in their order. Units are appended to names, and `_total` to those of counters.
struct Page(Registry);

impl Page {
    fn process(&mut self, counts: &Counts, resident: Option<u64>) {
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        self.0.register("kusari_build", "The version that runs", version);
        let words = "Unix time at which the node started";
        self.measure("process_start_time", words, Unit::Seconds, counts.started());
        if let Some(bytes) = resident {
            let words = "Memory that the process takes";
            self.measure("process_resident_memory", words, Unit::Bytes, bytes);
        }
    }

    fn chain(&mut self, snapshot: &Snapshot) {
        self.gauge("kusari_chain_height", "Height of the best chain", snapshot.tip.height.into());
        let work = ConstGauge::new(snapshot.tip.work.tries());
        self.0.register("kusari_chain_work", "Work of the best chain, in tries", work);
        let words = "1 while blocks that were asked for are coming in, and 0 else";
        self.gauge("kusari_catching_up", words, snapshot.catching_up.into());
        let words = "Branches with more work than the best chain that are not followed";
        self.gauge("kusari_held_branches", words, count(snapshot.held.len()));
    }

    fn peers(&mut self, snapshot: &Snapshot) {
        let inbound = snapshot.peers.iter().filter(|peer| peer.inbound).count();
        let outbound = snapshot.peers.len().saturating_sub(inbound);
        let peers = Family::<[(&str, &str); 1], Gauge>::default();
        for (direction, number) in [("inbound", inbound), ("outbound", outbound)] {
            let gauge = peers.get_or_create(&[("direction", direction)]);
            gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
        }
        let words =
            "Connected peers that dialled this node (`inbound`) or that it dialled (`outbound`)";
        self.0.register("kusari_peers", words, peers);
    }

    fn waiting(&mut self, snapshot: &Snapshot) {
        let words = "Typed lines that wait to be mined";
        self.gauge("kusari_outbox_lines", words, snapshot.waiting_lines);
        let words = "Blocks that wait for their parents";
        self.gauge("kusari_orphan_blocks", words, count(snapshot.orphans));
        let words = "Bytes of blocks beside the best chain";
        self.measure("kusari_side", words, Unit::Bytes, snapshot.side_bytes);
        let words = "Bytes that blocks beside the best chain may take";
        self.measure("kusari_side_limit", words, Unit::Bytes, snapshot.side_limit);
    }

    fn ledger(&mut self, ledger: &LedgerSummary) {
        let words = "Transactions that wait to be mined";
        self.gauge("kusari_pool_transactions", words, count(ledger.pooled));
        let words = "Bytes that transactions that wait count for";
        self.measure("kusari_pool", words, Unit::Bytes, ledger.pooled_bytes);
        let words = "Records of this node that wait to be mined, signed or not";
        self.gauge("kusari_outbox_records", words, ledger.own_waiting);
        let words = "Drafts in memory that wait to be signed";
        self.gauge("kusari_drafts", words, count(ledger.drafts));
        let words = "Records of this node that other transactions displaced";
        self.gauge("kusari_displaced_records", words, ledger.own_displaced);
        let words = "Witnesses whose word counts here";
        self.gauge("kusari_witnesses_listed", words, count(ledger.witnesses.listed.len()));
        let words = "Those of them that stand by the tip or a block near it";
        self.gauge("kusari_witnesses_near_tip", words, count(ledger.witnesses.near_tip));
    }

    fn done(&mut self, counts: &Counts, traffic: &Traffic) {
        for (name, words, bytes) in [
            ("kusari_sent", "Bytes that were sent to peers", traffic.sent()),
            ("kusari_received", "Bytes that were received from peers", traffic.received()),
        ] {
            self.0.register_with_unit(name, words, Unit::Bytes, ConstCounter::new(bytes));
        }
        for (name, words, number) in [
            (
                "kusari_blocks",
                "Blocks that were added, also beside the best chain",
                counts.blocks(),
            ),
            ("kusari_mined_blocks", "Blocks that were mined here", counts.mined()),
            ("kusari_tries", "Nonces that were tried", counts.tries()),
            (
                "kusari_reorganisations",
                "Moves of the best chain to another branch",
                counts.reorganisations(),
            ),
            (
                "kusari_reverted_blocks",
                "Blocks that left the best chain by such a move",
                counts.reverted(),
            ),
        ] {
            self.0.register(name, words, ConstCounter::new(number));
        }
    }

    fn gauge(&mut self, name: &str, words: &str, value: u64) {
        self.0.register(name, words, ConstGauge::new(value));
    }

    fn measure(&mut self, name: &str, words: &str, unit: Unit, value: u64) {
        self.0.register_with_unit(name, words, unit, ConstGauge::new(value));
    }
}

fn count(number: usize) -> u64 {
    number as u64
}

/// The memory of this process, where the system tells it in a file. That is no file on a disk.
pub(super) fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}
