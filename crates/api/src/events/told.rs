//! Which events of the node are for listeners, and in which form.
//!
//! Owns nothing but the way from one to the other. What a person is told about lines of peers,
//! refusals and dialling is for people, and left out.

use kusari_chain::StoredBlock;
use kusari_node::Event;

use kusari_api_types::branches::BranchReport;
use kusari_api_types::{DraftChange, NodeEvent, PeerChange, Tip, TransactionState};

/// The form of an event; `None` where it is not for listeners. Runs on the node's thread, for each
/// block that it takes: copies facts and writes nothing out.
pub(super) fn form_of(event: &Event) -> Option<NodeEvent> {
    use TransactionState::{Displaced, Mined, Waiting};
    let peer = |address, change| NodeEvent::Peer { address, change };
    let own = |txid, state| NodeEvent::Transaction { txid, own: true, state, by: None };
    Some(match event {
        Event::BlockAdded { block, source: _ } => block_added(block),
        Event::Reorganised { depth, from, to } => {
            NodeEvent::Reorganisation { depth: *depth, from: from.into(), to: to.into() }
        }
        Event::TransactionPooled { txid, own } => {
            NodeEvent::Transaction { txid: *txid, own: *own, state: Waiting, by: None }
        }
        Event::TransactionMined { txid, .. } | Event::TransactionMoved { txid, .. } => {
            own(*txid, Mined)
        }
        Event::TransactionReturned { txid, .. } => own(*txid, Waiting),
        Event::TransactionDisplaced { txid, by, .. } => {
            NodeEvent::Transaction { txid: *txid, own: true, state: Displaced, by: Some(*by) }
        }
        Event::DraftSigned { entry, txid, former } => NodeEvent::Draft(DraftChange::Signed {
            record: *entry,
            txid: *txid,
            former_txid: *former,
        }),
        Event::DraftsWait { drafts, wait } => {
            NodeEvent::Draft(DraftChange::Waiting { drafts: *drafts, waits_for: *wait })
        }
        Event::Connected { address, .. } => {
            peer(*address, PeerChange::Connected { inbound: false })
        }
        Event::Accepted { address } => peer(*address, PeerChange::Connected { inbound: true }),
        Event::Introduced { address, agent } => {
            peer(*address, PeerChange::Introduced { agent: agent.clone() })
        }
        Event::FoundOriginal { address } => peer(*address, PeerChange::Original),
        Event::OriginalDiverged { address } => peer(*address, PeerChange::Diverged),
        Event::Disconnected { address, reason } => {
            peer(*address, PeerChange::Disconnected { reason: reason.clone() })
        }
        Event::BranchHeld(report) => NodeEvent::HeldBranch {
            tip: Tip::from(&report.best),
            branch: Box::new(BranchReport::new(&report.branch, &report.best)),
            others: report.others,
        },
        Event::Witnessed { key, height, hash } => {
            NodeEvent::Witness { key: *key, height: *height, hash: *hash }
        }
        Event::WitnessEquivocated { key, sequence, listed } => {
            NodeEvent::Equivocation { key: *key, sequence: *sequence, listed: *listed }
        }
        Event::ConnectFailed { .. }
        | Event::Redialling { .. }
        | Event::RequestedChain { .. }
        | Event::ChainRequested { .. }
        | Event::SentBlocks { .. }
        | Event::SideBlock { .. }
        | Event::FromTheFuture { .. }
        | Event::Rejected { .. }
        | Event::PeerRefused { .. }
        | Event::LineReopened { .. }
        | Event::OutboxFull { .. }
        | Event::OwnStatementsReturned { .. }
        | Event::WitnessingStopped { .. }
        | Event::Banned { .. } => return None,
    })
}

fn block_added(stored: &StoredBlock) -> NodeEvent {
    let (height, hash, work) = (stored.block.index, stored.block.hash, stored.work);
    let transactions =
        stored.part().map_or(stored.block.transactions.len(), |part| part.body.len());
    NodeEvent::Block { tip: Tip { height, hash, work }, transactions }
}
