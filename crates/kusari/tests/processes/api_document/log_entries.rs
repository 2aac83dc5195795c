//! One of each event that the event log keeps.

use std::net::SocketAddr;

use kusari_chain::ledger::Txid;
use kusari_chain::{BestPoint, BlockHash, Work};
use kusari_node::event::{BlockName, Event, EventKind, Origin, Sender};

/// All kinds, and with them all origins.
pub(super) fn logged_events() -> Vec<Event> {
    let all = blocks().into_iter().chain(transactions()).chain(peers());
    all.chain([Event::Missed { of: EventKind::Peers, count: 3 }]).collect()
}

fn name() -> BlockName {
    BlockName { height: 7, hash: BlockHash([0xab; 32]) }
}

fn address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

fn sender(agent: Option<&str>) -> Sender {
    Sender { address: address(), agent: agent.map(String::from) }
}

fn words() -> String {
    String::from("words")
}

fn blocks() -> Vec<Event> {
    let (block, parent) = (name(), BlockHash([1; 32]));
    let (height, hash) = (block.height, block.hash);
    let tip = BestPoint { height, hash, work: Work::of_classic_blocks(7) };
    let (reverted, connected) = (vec![block], vec![block, block]);
    vec![
        Event::BlocksJoined { first: block, last: block, origin: Origin::Person },
        Event::SideBlock { block, origin: Origin::Announced(sender(Some("a"))), held: true },
        Event::OrphanKept { block, parent, origin: Origin::Synced(sender(None)) },
        Event::BlockAhead { block, due: 9, origin: Origin::Mined { entry: Some(1) } },
        Event::BlocksJoined { first: block, last: block, origin: Origin::Mined { entry: None } },
        Event::BlockRefused { block, code: words(), reason: words(), origin: Origin::Waited },
        Event::BlockPassedOn { block, pushed: 1, announced: 2 },
        Event::Reorganised { depth: 1, from: tip, to: tip, reverted, connected },
    ]
}

fn transactions() -> Vec<Event> {
    let (txid, block) = (Txid([3; 32]), name());
    let (code, reason) = (words(), words());
    vec![
        Event::TransactionPooled { txid, origin: Origin::Reconsidered },
        Event::TransactionRefused { txid, code, reason, origin: Origin::Person },
        Event::TransactionDisplaced { txid, by: None, from: None, again: false },
        Event::TransactionDisplaced { txid, by: Some(txid), from: Some(block), again: false },
        Event::TransactionMined { txid, height: 7 },
        Event::TransactionMoved { txid, from: block, to: block },
        Event::TransactionReturned { txid, from: None, pooled: false },
        Event::TransactionReturned { txid, from: Some(block), pooled: true },
    ]
}

fn peers() -> Vec<Event> {
    let address = address();
    let (code, reason) = (words(), words());
    vec![
        Event::PeerConnected { address, target: None },
        Event::PeerConnected { address, target: Some("localhost:8080".parse().unwrap()) },
        Event::PeerIntroduced { address, agent: words() },
        Event::LineRefused { sender: sender(Some("a")), code, reason },
        Event::PeerPenalised { address, points: 1, total: 2 },
        Event::PeerBanned { address, seconds: u64::MAX },
        Event::PeerRefusedOurs { address, message: words(), connection: true },
        Event::PeerDisconnected { address, reason: words() },
    ]
}
