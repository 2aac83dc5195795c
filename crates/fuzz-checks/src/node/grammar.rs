//! Lines that peers send, made from few bytes: mostly of the protocol, some nearly so, some not.

use std::sync::OnceLock;

use kusari_chain::{Block, BlockHash, Target, Work};
use kusari_miner::Search;
use kusari_node::wire::{GetBlocks, Have, Hello, InstanceId, MAX_BLOCKS, Message, encode};

use super::Bytes;

/// Which block each block builds on, genesis being 0: branches that overtake one another, and a
/// long one.
const PARENTS: [usize; 24] =
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 11, 12, 2, 14, 15, 16, 17, 18, 19, 20, 21, 5, 23];

/// A block with the first nonce that meets the target.
pub(super) fn prove(mut block: Block) -> Block {
    let mut search = Search::new(&block, Target::CLASSIC);
    block.nonce = search.try_nonces(block.nonce, u64::MAX).expect("some nonce meets the target");
    block.hash = search.hash(block.nonce);
    block
}

/// Valid blocks, genesis first. Mined once in each process.
pub(super) fn blocks() -> &'static [Block] {
    static BLOCKS: OnceLock<Vec<Block>> = OnceLock::new();
    BLOCKS.get_or_init(|| {
        let mut blocks = vec![Block::genesis()];
        for (number, parent) in PARENTS.into_iter().enumerate() {
            let parent: &Block = &blocks[parent];
            let block = prove(Block {
                index: parent.index + 1,
                timestamp: 1_800_000_000,
                nonce: 0,
                data: format!("block {number}"),
                prev_hash: parent.hash,
                hash: BlockHash::ZERO,
                transactions: Vec::new(),
            });
            blocks.push(block);
        }
        blocks
    })
}

/// One line without its newline.
pub(super) fn line(bytes: &mut Bytes<'_>) -> Vec<u8> {
    match bytes.byte() % 14 {
        0..=3 => written(&Message::Block(block(bytes).clone())),
        4 => written(&Message::Block(nearly_a_block(bytes))),
        5 => written(&Message::Hello(hello(bytes))),
        6 => {
            let (hash, height, work) = claim(bytes);
            written(&Message::Have(Have { hash, height, work }))
        }
        7 => {
            let locator = (0..bytes.byte() % 8).map(|_| hash(bytes)).collect();
            let limit = u32::from(bytes.byte()).clamp(1, MAX_BLOCKS);
            written(&Message::GetBlocks(GetBlocks::After { locator, limit }))
        }
        8 => {
            let hashes = (0..bytes.byte() % 8).map(|_| hash(bytes)).collect();
            written(&Message::GetBlocks(GetBlocks::ByHash(hashes)))
        }
        9 => {
            let missing = (0..bytes.byte() % 4).map(|_| hash(bytes)).collect();
            written(&Message::End { count: u32::from(bytes.byte()), missing })
        }
        10 => match bytes.byte() % 4 {
            0 => written(&Message::Ping(7)),
            1 => written(&Message::Pong(u64::from(bytes.byte()))),
            2 => written(&Message::GetPeers),
            _ => written(&Message::Peers(vec![([127, 0, 0, 1], 9).into()])),
        },
        11 => {
            const WORDS: [&[u8]; 5] = [b"GET_CHAIN", b"STATUS", b"HELP", b"", b"BLOCK:{}"];
            WORDS[usize::from(bytes.byte()) % WORDS.len()].to_vec()
        }
        _ => {
            let count = usize::from(bytes.byte() % 64);
            bytes.take(count).to_vec()
        }
    }
}

fn written(message: &Message<Block>) -> Vec<u8> {
    let mut line = encode(message);
    line.pop();
    line
}

fn block(bytes: &mut Bytes<'_>) -> &'static Block {
    &blocks()[usize::from(bytes.byte()) % blocks().len()]
}

/// A block that breaks a rule, or its hash at least.
fn nearly_a_block(bytes: &mut Bytes<'_>) -> Block {
    let mut block = block(bytes).clone();
    match bytes.byte() % 6 {
        0 => block.index = block.index.wrapping_add(u32::from(bytes.byte())),
        1 => block.timestamp ^= 1 << (bytes.byte() % 64),
        2 => block.nonce = u64::MAX,
        3 => block.data = "x".repeat(usize::from(bytes.byte()) * 20),
        4 => block.prev_hash = hash(bytes),
        _ => block.hash = hash(bytes),
    }
    if bytes.byte().is_multiple_of(4) {
        block.hash = block.compute_hash();
    }
    block
}

/// A known hash, or an unknown one.
fn hash(bytes: &mut Bytes<'_>) -> BlockHash {
    let which = usize::from(bytes.byte());
    blocks().get(which % 32).map_or(BlockHash([which as u8; 32]), |block| block.hash)
}

/// A tip: true, or exaggerated.
fn claim(bytes: &mut Bytes<'_>) -> (BlockHash, u32, Work) {
    let block = block(bytes);
    match bytes.byte() {
        0 => (hash(bytes), u32::MAX, Work::from_be_bytes([0xff; 32])),
        1 => {
            let height = u32::from(bytes.byte());
            (hash(bytes), height, Work::of_classic_blocks(height))
        }
        _ => (block.hash, block.index, Work::of_classic_blocks(block.index)),
    }
}

fn hello(bytes: &mut Bytes<'_>) -> Hello {
    let (tip, height, work) = claim(bytes);
    let kind = bytes.byte();
    Hello {
        agent: String::from("fuzz/1"),
        protocol: if kind == 1 { 2 } else { 1 },
        chain: String::from(if kind == 2 { "ledger" } else { "classic" }),
        height,
        work,
        tip,
        listen: kind.is_multiple_of(2).then_some(9_000),
        id: InstanceId(u64::from(kind % 16)),
        time: (kind > 200).then(|| u64::from(kind) << 32),
    }
}
