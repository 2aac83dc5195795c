//! Blocks made and read by the letter of the protocol, beside the code that is tested.

use std::sync::OnceLock;

use kusari_chain::{Block, BlockHash, Target};
use kusari_miner::Search;
use sha2::{Digest, Sha256};

/// Hash of the genesis block. Source: protocol section 1.
const GENESIS: &str = "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13";

/// Time of the blocks made here, in Unix seconds: the one of the published sample.
const TIMESTAMP: u64 = 1_746_151_143;

/// A block on `parent` with proof of work.
pub(crate) fn mine(parent: &Block, data: &str) -> Block {
    prove(Block {
        index: parent.index + 1,
        timestamp: TIMESTAMP,
        nonce: 0,
        data: data.to_owned(),
        prev_hash: parent.hash,
        hash: BlockHash::ZERO,
        transactions: Vec::new(),
    })
}

/// Blocks on `parent`, one after another, whose data is `name` with a number.
pub(crate) fn mine_many(parent: &Block, name: &str, count: usize) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::with_capacity(count);
    for number in 1..=count {
        let block = mine(blocks.last().unwrap_or(parent), &format!("{name}{number}"));
        blocks.push(block);
    }
    blocks
}

/// A chain that is far longer than what is shown block by block. Mined once.
pub(crate) fn long_chain() -> &'static [Block] {
    static CHAIN: OnceLock<Vec<Block>> = OnceLock::new();
    CHAIN.get_or_init(|| mine_many(&Block::genesis(), "n", 400))
}

/// The block with the first nonce that meets the target, and its hash.
pub(crate) fn prove(mut block: Block) -> Block {
    let mut search = Search::new(&block, Target::CLASSIC);
    block.nonce = search.try_nonces(block.nonce, u64::MAX).unwrap();
    block.hash = search.hash(block.nonce);
    block
}

/// The block's line, without the newline.
pub(crate) fn line(block: &Block) -> String {
    format!("BLOCK:{}", block.to_canonical_json())
}

/// The lines of many blocks, each with its newline.
pub(crate) fn lines(blocks: &[Block]) -> String {
    blocks.iter().map(|block| line(block) + "\n").collect()
}

pub(crate) fn read(line: &str) -> Block {
    serde_json::from_str(line.strip_prefix("BLOCK:").unwrap()).unwrap()
}

/// A whole chain, as `GET_CHAIN` gives it, without the genesis block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chain(pub(crate) Vec<Block>);

impl Chain {
    /// Reads an answer and checks every line by the protocol. As section 3 has it, the news of a
    /// reorganisation may follow an answer: the new branch, from the first block that is new.
    #[track_caller]
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line has no end");
        let mut blocks: Vec<Block> = Vec::new();
        for text in text.lines() {
            let block = read(text);
            assert!(text.len() < 4_096, "a line of {} bytes", text.len());
            assert_eq!(text, canonical_line(&block));
            blocks.truncate((block.index as usize).saturating_sub(1));
            let prev_hash = blocks.last().map_or(GENESIS.to_owned(), |tip| tip.hash.to_string());
            assert_eq!(block.prev_hash.to_string(), prev_hash, "{text}");
            assert_eq!(block.index as usize, blocks.len() + 1, "{text}");
            assert_eq!(block.hash.to_string(), hash_by_the_rule(&block), "{text}");
            assert!(text.contains("\"hash\":\"0000"), "too little work: {text}");
            blocks.push(block);
        }
        Self(blocks)
    }

    /// What was said, in order.
    pub(crate) fn data(&self) -> Vec<String> {
        self.0.iter().map(|block| block.data.clone()).collect()
    }

    /// How often `data` stands in the chain.
    pub(crate) fn count(&self, data: &str) -> usize {
        self.0.iter().filter(|block| block.data == data).count()
    }
}

/// The seven keys in order, without spaces. Source: protocol section 3.
fn canonical_line(block: &Block) -> String {
    let Block { index, timestamp, nonce, data, prev_hash, hash, transactions } = block;
    let transfers: Vec<String> = transactions
        .iter()
        .map(|t| {
            format!(
                "{{\"sender\":{},\"receiver\":{},\"amount\":{}}}",
                quoted(&t.sender),
                quoted(&t.receiver),
                t.amount
            )
        })
        .collect();
    format!(
        "BLOCK:{{\"index\":{index},\"timestamp\":{timestamp},\"nonce\":{nonce},\"data\":{},\
         \"prev_hash\":\"{prev_hash}\",\"hash\":\"{hash}\",\"transactions\":[{}]}}",
        quoted(data),
        transfers.join(",")
    )
}

/// A JSON string with the fewest escapes. Source: protocol section 2.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0'..='\u{1f}' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}

/// The hash rule. Source: protocol section 1.
fn hash_by_the_rule(block: &Block) -> String {
    let mut hasher = Sha256::new();
    hasher.update(block.index.to_le_bytes());
    hasher.update(block.timestamp.to_le_bytes());
    hasher.update(block.nonce.to_le_bytes());
    hasher.update(block.prev_hash.0);
    for transfer in &block.transactions {
        hasher.update(&transfer.sender);
        hasher.update(&transfer.receiver);
        hasher.update(transfer.amount.to_le_bytes());
    }
    hasher.update(&block.data);
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
