//! One of each thing that the trail writes down.

use std::net::SocketAddr;

use kusari_chain::ledger::Txid;
use kusari_chain::{BestPoint, BlockHash, Work};
use kusari_node::happening::{BlockName, Happening, Kind, Origin, Sender};

/// All kinds, and with them all origins.
pub(super) fn happenings() -> Vec<Happening> {
    let all = blocks().into_iter().chain(transactions()).chain(peers());
    all.chain([Happening::Missed { of: Kind::Peers, count: 3 }]).collect()
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

fn blocks() -> Vec<Happening> {
    let (block, parent) = (name(), BlockHash([1; 32]));
    let (height, hash) = (block.height, block.hash);
    let tip = BestPoint { height, hash, work: Work::of_classic_blocks(7) };
    let (reverted, connected) = (vec![block], vec![block, block]);
    vec![
        Happening::BlocksJoined { first: block, last: block, origin: Origin::Person },
        Happening::SideBlock { block, origin: Origin::Announced(sender(Some("a"))), held: true },
        Happening::OrphanKept { block, parent, origin: Origin::Synced(sender(None)) },
        Happening::BlockAhead { block, due: 9, origin: Origin::Mined { entry: Some(1) } },
        Happening::BlocksJoined {
            first: block,
            last: block,
            origin: Origin::Mined { entry: None },
        },
        Happening::BlockRefused { block, code: words(), reason: words(), origin: Origin::Waited },
        Happening::BlockPassedOn { block, pushed: 1, announced: 2 },
        Happening::Reorganised { depth: 1, from: tip, to: tip, reverted, connected },
    ]
}

fn transactions() -> Vec<Happening> {
    let (txid, block) = (Txid([3; 32]), name());
    let (code, reason) = (words(), words());
    vec![
        Happening::TransactionPooled { txid, origin: Origin::Reconsidered },
        Happening::TransactionRefused { txid, code, reason, origin: Origin::Person },
        Happening::TransactionDisplaced { txid, by: None, from: None },
        Happening::TransactionDisplaced { txid, by: Some(txid), from: Some(block) },
        Happening::TransactionMined { txid, height: 7 },
        Happening::TransactionMoved { txid, from: block, to: block },
        Happening::TransactionReturned { txid, from: None, pooled: false },
        Happening::TransactionReturned { txid, from: Some(block), pooled: true },
    ]
}

fn peers() -> Vec<Happening> {
    let address = address();
    let (code, reason) = (words(), words());
    vec![
        Happening::PeerConnected { address, target: None },
        Happening::PeerConnected { address, target: Some("localhost:8080".parse().unwrap()) },
        Happening::PeerIntroduced { address, agent: words() },
        Happening::LineRefused { sender: sender(Some("a")), code, reason },
        Happening::PeerPenalised { address, points: 1, total: 2 },
        Happening::PeerBanned { address, seconds: u64::MAX },
        Happening::PeerRefusedOurs { address, message: words() },
        Happening::PeerDisconnected { address, reason: words() },
    ]
}
