//! A node in numbers, in the text form of OpenMetrics.
//!
//! Owns their names, units and words, which `docs/api.md` repeats. The numbers come from the published
//! snapshot and from counts that only rise, so that reading them costs the node nothing, however long
//! its chain is. A label has a few values that stand here: never an address, a hash or an agent, which
//! strangers choose and of which there is no end.

use std::fmt;

use kusari_node::snapshot::LedgerSummary;
use kusari_node::{HindranceReason, Snapshot};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use strum::VariantArray;

use kusari_runtime::{Counts, Traffic};

/// The `Content-Type` of the text.
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
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    page.0.register("kusari_build", "The version that runs", version);
    page.measure(
        "process_start_time",
        "Unix time at which the node started",
        Unit::Seconds,
        counts.started(),
    );
    let memory =
        resident.map(|bytes| ("process_resident_memory", "Memory that the process takes", bytes));
    page.bytes(memory);
    page.chain(snapshot);
    page.peers(snapshot);
    page.hindrances(snapshot);
    page.gauges([
        (
            "kusari_outbox_entries",
            "Outbox entries that wait to be mined, drafts included",
            snapshot.outbox_entries(),
        ),
        ("kusari_orphan_blocks", "Blocks that wait for their parents", count(snapshot.orphans)),
    ]);
    page.bytes([
        ("kusari_side", "Bytes of blocks beside the best chain", snapshot.side_bytes),
        (
            "kusari_side_limit",
            "Bytes that blocks beside the best chain may take",
            snapshot.side_limit,
        ),
    ]);
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
    fn chain(&mut self, snapshot: &Snapshot) {
        self.gauges([(
            "kusari_chain_height",
            "Height of the best chain",
            snapshot.tip.height.into(),
        )]);
        let work = ConstGauge::new(snapshot.tip.work.tries());
        self.0.register("kusari_chain_work", "Work of the best chain, in tries", work);
        self.gauges([
            (
                "kusari_catching_up",
                "1 while blocks that were asked for are coming in, and 0 else",
                snapshot.catching_up.into(),
            ),
            (
                "kusari_held_branches",
                "Branches with more work than the best chain that are not followed",
                count(snapshot.held.len()),
            ),
        ]);
    }

    fn peers(&mut self, snapshot: &Snapshot) {
        let (outbound, inbound) = snapshot.peer_counts();
        let words =
            "Connected peers that dialled this node (`inbound`) or that it dialled (`outbound`)";
        let peers = [("inbound", inbound), ("outbound", outbound)];
        self.labelled("kusari_peers", words, "direction", peers);
    }

    fn hindrances(&mut self, snapshot: &Snapshot) {
        let hinders = |reason: &HindranceReason| {
            snapshot.hindrances.iter().any(|one| HindranceReason::from(one) == *reason)
        };
        let reasons = HindranceReason::VARIANTS.iter();
        let reasons = reasons.map(|reason| (reason.into(), usize::from(hinders(reason))));
        let words = "1 while this keeps the node from doing all that it is for, and 0 else";
        self.labelled("kusari_hindrance", words, "reason", reasons);
    }

    fn labelled(
        &mut self,
        name: &str,
        words: &str,
        label: &'static str,
        values: impl IntoIterator<Item = (&'static str, usize)>,
    ) {
        let family = Family::<[(&str, &str); 1], Gauge>::default();
        for (value, number) in values {
            let gauge = family.get_or_create(&[(label, value)]);
            gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
        }
        self.0.register(name, words, family);
    }

    fn ledger(&mut self, ledger: &LedgerSummary) {
        self.gauges([(
            "kusari_pool_transactions",
            "Transactions that wait to be mined",
            count(ledger.pooled),
        )]);
        self.bytes([(
            "kusari_pool",
            "Bytes that transactions that wait count for",
            ledger.pooled_bytes,
        )]);
        self.gauges([
            ("kusari_drafts", "Drafts in memory that wait to be signed", count(ledger.drafts)),
            (
                "kusari_displaced_entries",
                "Outbox entries that other transactions displaced",
                ledger.displaced_entries,
            ),
            (
                "kusari_witnesses_listed",
                "Witnesses whose word counts here",
                count(ledger.witnesses.listed.len()),
            ),
            (
                "kusari_witnesses_near_tip",
                "Those of them that stand by the tip or a block near it",
                count(ledger.witnesses.near_tip),
            ),
        ]);
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

    fn gauges<'a>(&mut self, gauges: impl IntoIterator<Item = (&'a str, &'a str, u64)>) {
        for (name, words, value) in gauges {
            self.0.register(name, words, ConstGauge::new(value));
        }
    }

    fn bytes<'a>(&mut self, gauges: impl IntoIterator<Item = (&'a str, &'a str, u64)>) {
        for (name, words, value) in gauges {
            self.measure(name, words, Unit::Bytes, value);
        }
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
