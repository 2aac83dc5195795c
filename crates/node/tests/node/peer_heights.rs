//! What is shown of a peer's chain: not what it said once, but what it has by now.

use crate::common::{Bench, checked, child, hello, sent_to};
use kusari_chain::{Block, BlockHash};
use kusari_node::interface::{Direction, PeerId};
use kusari_node::limits::ANNOUNCED_TIMEOUT;
use kusari_node::wire::{GetBlocks, Hello, Message};
use kusari_node::{Input, NodeConfig};

fn height_of(bench: &Bench, port: u16) -> Option<u32> {
    let snapshot = bench.node.snapshot();
    snapshot.peers.iter().find(|peer| peer.address.port() == port)?.height
}

fn introduced(bench: &mut Bench, id: u64, port: u16) -> PeerId {
    let (peer, _) = bench.connect(Direction::Inbound, &format!("127.0.0.1:{port}"));
    bench.receive(peer, Message::Hello(Hello { listen: Some(8_080), ..hello(id, 0) }));
    peer
}

fn chain(length: usize) -> Vec<Block> {
    let mut blocks = vec![Block::genesis()];
    for number in 0..length {
        let parent = &blocks[number];
        blocks.push(child(parent, &number.to_string()));
    }
    blocks.split_off(1)
}

#[test]
fn a_peer_that_is_sent_each_new_block_is_shown_with_it() {
    let mut bench = Bench::new(NodeConfig::default());
    let receiver = introduced(&mut bench, 7, 50_007);
    let sender = introduced(&mut bench, 8, 50_008);
    assert_eq!(height_of(&bench, 50_007), Some(0));
    for (block, height) in chain(2).iter().zip(1..) {
        let actions = bench.receive(sender, checked(block));
        assert!(matches!(sent_to(&actions, receiver)[..], [Message::Block(_)]));
        assert_eq!(height_of(&bench, 50_007), Some(height));
        assert_eq!(height_of(&bench, 50_008), Some(height));
    }
}

#[test]
fn a_peer_that_asks_for_blocks_is_shown_with_what_it_was_sent() {
    let mut bench = Bench::new(NodeConfig::default());
    let sender = introduced(&mut bench, 8, 50_008);
    let blocks = chain(3);
    bench.give(Input::blocks(
        sender,
        blocks.iter().map(|block| kusari_chain::CheckedBlock::check(block.clone()).unwrap()),
    ));
    let asking = introduced(&mut bench, 7, 50_007);
    assert_eq!(height_of(&bench, 50_007), Some(0));
    let locator: Vec<BlockHash> = Vec::new();
    bench.receive(asking, Message::GetBlocks(GetBlocks::After { locator, limit: 2 }));
    let hash = blocks[1].hash;
    bench.give(Input::StreamEnded { peer: asking, height: 2, hash, count: 2 });
    assert_eq!(height_of(&bench, 50_007), Some(2));
    bench.receive(asking, Message::GetBlocks(GetBlocks::ByHash(vec![blocks[2].hash])));
    assert_eq!(height_of(&bench, 50_007), Some(3));
    bench.restore();
    assert_eq!(height_of(&bench, 50_007), Some(3));
}

#[test]
fn a_peer_that_does_not_ask_for_what_it_was_told_of_has_it() {
    let mut bench = Bench::new(NodeConfig::default());
    let sender = introduced(&mut bench, 8, 50_008);
    let told = introduced(&mut bench, 7, 50_007);
    let blocks = chain(2);
    bench.receive(sender, checked(&blocks[0]));
    // It had the block that was pushed to it, so that the next one is announced.
    bench.receive(told, checked(&blocks[0]));
    bench.receive(sender, checked(&blocks[1]));
    let actions = bench.pass(std::time::Duration::from_secs(1));
    assert!(matches!(sent_to(&actions, told)[..], [Message::Have(_)]), "{actions:?}");
    assert_eq!(height_of(&bench, 50_007), Some(1));
    bench.pass(ANNOUNCED_TIMEOUT);
    assert_eq!(height_of(&bench, 50_007), Some(2));
}

#[test]
fn a_peer_that_dialled_is_shown_with_where_it_takes_connections() {
    let mut bench = Bench::new(NodeConfig::default());
    introduced(&mut bench, 7, 50_007);
    let snapshot = bench.node.snapshot();
    assert_eq!(snapshot.peers[0].listen, Some("127.0.0.1:8080".parse().unwrap()));
}
