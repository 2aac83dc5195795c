//! Forms that no answer of the other tests has: held against the document one by one.

use kusari_api_types::audit::{Audit, AuditFinding, AuditedFile};
use kusari_api_types::branches::{AcceptReceipt, BranchReport, HeldReport, RefusedBlock};
use kusari_api_types::{
    DraftChange, MiningReport, NodeEvent, PeerChange, TransactionState, WhyEntry,
};
use kusari_chain::ledger::{
    Equivocation, PublicKey, Signature, StatementHash, Txid, WitnessStatement,
};
use kusari_chain::{BestPoint, BlockHash, Branch, Work};
use kusari_node::drafts::DraftWait;
use kusari_store::event_log::EventEntry;
use serde::Serialize;

use super::held::Held;
use super::log_entries::logged_events;
use crate::support::Node;

const HASH: BlockHash = BlockHash([0xab; 32]);
const KEY: PublicKey = PublicKey([2; 32]);

#[track_caller]
fn hold(held: &Held, name: &str, value: &impl Serialize) {
    let value = serde_json::to_value(value).unwrap();
    let place = format!("/components/schemas/{name}");
    held.document.check(&place, &value).unwrap_or_else(|why| panic!("{name}: {value}\n{why}"));
}

fn branch() -> BranchReport {
    let best = BestPoint { height: 7, hash: HASH, work: Work::of_classic_blocks(7) };
    let branch = Branch {
        tip: best,
        fork: best,
        depth: 1,
        began: 1,
        ended: 2,
        best_began: 3,
        best_ended: 4,
        held_since: Some(5),
        is_accepted: false,
    };
    BranchReport::new(&branch, &best)
}

fn events() -> Vec<NodeEvent> {
    let tip = BestPoint { height: 7, hash: HASH, work: Work::of_classic_blocks(7) };
    let address = "127.0.0.1:8080".parse().unwrap();
    let peer = |change| NodeEvent::Peer { address, change };
    let (txid, words) = (Txid([3; 32]), String::from("words"));
    vec![
        NodeEvent::Block { tip, transactions: 2 },
        NodeEvent::Reorganisation { depth: 1, from: tip, to: tip },
        NodeEvent::Transaction {
            txid,
            own: true,
            state: TransactionState::Displaced,
            by: Some(txid),
        },
        NodeEvent::Draft(DraftChange::Signed { record: 1, txid, former_txid: Some(txid) }),
        NodeEvent::Draft(DraftChange::Waiting { drafts: 2, waits_for: DraftWait::Peer }),
        peer(PeerChange::Connected { inbound: true }),
        peer(PeerChange::Introduced { agent: words.clone() }),
        peer(PeerChange::Original),
        peer(PeerChange::Diverged),
        peer(PeerChange::Disconnected { reason: words }),
        NodeEvent::HeldBranch { tip, branch: Box::new(branch()), others: 1 },
        NodeEvent::Witness { key: KEY, height: 7, hash: HASH },
        NodeEvent::Equivocation { key: KEY, sequence: u64::MAX, listed: false },
        NodeEvent::Mining(MiningReport { active: true, tries: 1, tries_per_second: 2 }),
        NodeEvent::Missed { count: Some(3) },
        NodeEvent::Missed { count: None },
    ]
}

#[test]
fn events_and_what_seldom_happens_have_the_form_that_the_document_says() {
    let node = Node::start("A");
    let held = Held::new(&node);
    for event in events() {
        hold(&held, "NodeEvent", &event);
    }
    for (number, event) in (1..).zip(logged_events()) {
        let entry = EventEntry { time: 8, checked_us: Some(9), handled_us: None, event };
        hold(&held, "WhyEntry", &WhyEntry { number, entry });
    }
    let statement = WitnessStatement {
        key: KEY,
        sequence: u64::MAX,
        previous: StatementHash([1; 32]),
        height: 7,
        hash: HASH,
        time: 8,
        signature: Signature([9; 64]),
    };
    hold(&held, "WitnessStatement", &statement);
    hold(&held, "Equivocation", &Equivocation { first: statement, second: statement });
    hold(&held, "BranchReport", &branch());
    let work = Work::of_classic_blocks(7);
    hold(&held, "HeldReport", &HeldReport { height: 7, hash: HASH, work, since: 5 });
    for refused in [None, Some(RefusedBlock { hash: HASH, reason: String::from("words") })] {
        let receipt = AcceptReceipt { height: 7, tip: HASH, followed: true, reverted: 2, refused };
        hold(&held, "AcceptReceipt", &receipt);
    }
    let finding = AuditFinding {
        code: String::from("bad-hash"),
        place: String::from("block 7"),
        height: Some(7),
        message: String::from("words"),
    };
    let audit = Audit {
        sound: false,
        file: Some(AuditedFile { bytes: 1, pages: None }),
        best_blocks: 7,
        side_blocks: 0,
        outbox_entries: 0,
        waiting_entries: 0,
        finding: Some(finding),
    };
    hold(&held, "Audit", &audit);
}
