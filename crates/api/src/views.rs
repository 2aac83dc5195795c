//! The forms of the local API, filled from a store.
//!
//! Owns nothing but the way from one to the other: the API, the prompt and the commands tell the
//! same.

use std::sync::Arc;

use kusari_api_types::audit::{Audit, AuditFinding, AuditedFile};
use kusari_api_types::{
    BlockReport, HeaderReport, RecordPlace, ReorganisationList, ReorganisationReport, Status,
    TextPlace, TransactionList, TransactionPlace, TransactionReport, WhyEntry, WhyReport,
    WhySubject, WitnessClaim, WitnessList, WitnessReport,
};
use kusari_chain::ledger::{Address, PublicKey};
use kusari_chain::{BlockHash, RecentWork, StoredBlock};
use kusari_node::Event;
use kusari_node::snapshot::WitnessSummary;
use kusari_runtime::Traffic;
use kusari_store::event_log::Subject;
use kusari_store::{
    AuditReport, Header, KnownWitness, Match, Placed, Reorganisation, SearchPage, Story, TextMatch,
};

pub use crate::record::{record, records};

/// A status with what the last blocks took, where there are any.
#[must_use]
pub fn with_recent_work(status: Status, recent: RecentWork) -> Status {
    Status { recent_work: (status.height > 0).then_some(recent), ..status }
}

/// A status with what went over the connections of the node that runs.
#[must_use]
pub fn with_traffic(status: Status, traffic: &Traffic) -> Status {
    Status { bytes_sent: traffic.sent(), bytes_received: traffic.received(), ..status }
}

/// A block where it stands.
#[must_use]
pub fn block(placed: Placed) -> BlockReport {
    BlockReport {
        block: placed.block,
        work: placed.work,
        best_chain: placed.confirmations.is_some(),
        confirmations: placed.confirmations.unwrap_or(0),
        durable: true,
    }
}

/// Those of these blocks that follow the last one of a page from the disk, which ends there; where the page is
/// empty, those from a height on. None where the chain has left that last one since.
pub(crate) fn that_follow(
    from: u32,
    last: Option<(u32, BlockHash)>,
    undurable: &[Arc<StoredBlock>],
) -> &[Arc<StoredBlock>] {
    let from = last.map_or(from, |(height, _)| height.saturating_add(1));
    let begin = undurable.partition_point(|stored| stored.block.index < from);
    let following = undurable.get(begin..).unwrap_or_default();
    let follows = |first: &Arc<StoredBlock>| {
        first.block.index == from && last.is_none_or(|(_, hash)| first.block.prev_hash == hash)
    };
    if following.first().is_some_and(follows) { following } else { &[] }
}

/// A block of the best chain that is not on the disk yet, below `tip`.
pub(crate) fn undurable_block(stored: &StoredBlock, tip: u32) -> BlockReport {
    BlockReport {
        work: stored.work,
        best_chain: true,
        confirmations: tip.saturating_sub(stored.block.index).saturating_add(1),
        durable: false,
        block: stored.clone().into_whole(),
    }
}

/// A block without what stands in it.
#[must_use]
pub fn header(header: Header) -> HeaderReport {
    let Header { block, work, transactions, bytes, miner } = header;
    HeaderReport {
        height: block.index,
        hash: block.hash,
        prev_hash: block.prev_hash,
        timestamp: block.timestamp,
        work,
        transactions,
        bytes,
        miner: miner.map(Address),
        durable: true,
    }
}

/// A header of a block that is not on the disk yet.
pub(crate) fn undurable_header(stored: &StoredBlock) -> HeaderReport {
    HeaderReport { durable: false, ..header(Header::of_stored(stored)) }
}

/// Where a text stands.
#[must_use]
pub fn text(found: TextMatch) -> TextPlace {
    let TextMatch { height, hash, timestamp, txid, text } = found;
    TextPlace { height, hash, timestamp, txid, text }
}

/// What a search found.
#[must_use]
pub fn transactions(SearchPage { found, tip, next }: SearchPage) -> TransactionList {
    let reports = found.into_iter().map(|one| transaction(one, tip));
    let next = next.map(|position| position.to_string());
    TransactionList { transactions: reports.collect(), next }
}

/// A transaction that a search found, where the best chain has this height.
fn transaction(one: Match, tip: u32) -> TransactionReport {
    let Match { found, timestamp, transaction, payload } = one;
    let block = TransactionPlace {
        height: found.height,
        hash: found.block,
        timestamp,
        place: found.place,
        confirmations: tip.saturating_sub(found.height).saturating_add(1),
    };
    let txid = transaction.txid();
    TransactionReport {
        txid,
        transaction,
        payload,
        waits: false,
        displaced_by: None,
        former_txid: None,
        record: None,
        block: Some(block),
        beside: None,
        hindrances: Vec::new(),
    }
}

/// What an audit found.
#[must_use]
pub fn audit(report: AuditReport) -> Audit {
    let file = report.file.map(|file| AuditedFile { bytes: file.bytes, pages: file.pages });
    let finding = report.finding.map(|finding| AuditFinding {
        code: String::from(finding.fault.code()),
        place: finding.place.to_string(),
        height: finding.place.height(),
        message: finding.to_string(),
    });
    let AuditReport { best_blocks, side_blocks, outbox_entries, waiting_entries, .. } = report;
    let sound = finding.is_none();
    Audit { sound, file, best_blocks, side_blocks, outbox_entries, waiting_entries, finding }
}

/// The answer to a question about `subject`.
#[must_use]
pub fn story(subject: &Subject, story: Story) -> WhyReport {
    let Story { block, transaction, placed, entries, has_more, begins, missed } = story;
    let subject = match (block, transaction, subject) {
        (Some(hash), _, _) => WhySubject::Block { hash },
        (_, Some(txid), _) => WhySubject::Transaction { txid },
        (_, _, Subject::Address(address)) => WhySubject::Peer { address: address.to_string() },
        (_, _, Subject::Host(host)) => WhySubject::Peer { address: host.to_string() },
        // The store names what it found for any other question.
        _ => WhySubject::Peer { address: String::new() },
    };
    let entries = entries.into_iter().map(|(number, entry)| WhyEntry { number, entry }).collect();
    let block = placed.map(|placed| {
        let block = &placed.block.block;
        let confirmations = placed.confirmations.unwrap_or(0);
        RecordPlace { height: block.index, hash: block.hash, confirmations }
    });
    let hindrances = Vec::new();
    WhyReport { subject, block, event_log_begins: begins, missed, hindrances, has_more, entries }
}

/// At most `limit` of the moves that were found; the rest shows only that there is more.
#[must_use]
pub fn reorganisations(mut found: Vec<Reorganisation>, limit: usize) -> ReorganisationList {
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|(number, _)| *number).filter(|_| has_more);
    let report = |(number, entry): Reorganisation| match entry.event {
        Event::Reorganised { depth, from, to, .. } => {
            Some(ReorganisationReport { number, time: entry.time, depth, from, to })
        }
        _ => None,
    };
    ReorganisationList { reorganisations: found.into_iter().filter_map(report).collect(), next }
}

/// What a node that runs knows of witnesses.
#[must_use]
pub fn witnesses(summary: &WitnessSummary, known: &[KnownWitness]) -> WitnessList {
    let own = summary.own;
    let is_listed = |key: &PublicKey| summary.listed.contains(key);
    let mut witnesses: Vec<WitnessReport> =
        known.iter().map(|known| witness(known, own, Some(is_listed(&known.key)))).collect();
    // Whoever lists a key wants to see that it said nothing.
    let is_silent = |key: &&PublicKey| !known.iter().any(|known| known.key == **key);
    witnesses.extend(summary.listed.iter().filter(is_silent).map(|key| {
        let nothing = KnownWitness { key: *key, count: 0, newest: None, equivocation: None };
        witness(&nothing, own, Some(true))
    }));
    witnesses.sort_by_key(|report| (report.listed != Some(true), !report.own, report.key));
    WitnessList {
        own,
        witnessing: Some(summary.witnessing),
        stopped: summary.stopped.map(|why| why.to_string()),
        near_tip: Some(summary.near_tip),
        witnesses,
    }
}

/// What a store holds of them that no node runs on, with the key beside it.
#[must_use]
pub fn stored_witnesses(summary: &WitnessSummary, known: &[KnownWitness]) -> WitnessList {
    let own = summary.own;
    let witnesses = known.iter().map(|known| witness(known, own, None)).collect();
    let stopped = summary.stopped.map(|why| why.to_string());
    WitnessList { own, witnessing: None, stopped, near_tip: None, witnesses }
}

fn witness(known: &KnownWitness, own: Option<PublicKey>, listed: Option<bool>) -> WitnessReport {
    let KnownWitness { key, count, newest, equivocation } = *known;
    let newest = newest.map(|newest| WitnessClaim {
        sequence: newest.sequence,
        height: newest.height,
        hash: newest.hash,
        claimed_time: newest.time,
    });
    WitnessReport { key, own: own == Some(key), listed, count, newest, equivocation }
}
