//! What the target says on one connection from a question to the end, and the chain in it.

use std::collections::HashSet;

use kusari_chain::params::MAX_LINE_BYTES;
use kusari_chain::{Block, CheckedBlock};

use super::connection::Heard;
use super::mining::line;
use super::report::{Evidence, Verdict, broken, verdict};
use super::transcript::Kept;

/// Lines, and how they ended.
pub(super) struct Answer {
    pub(super) lines: Kept,
    pub(super) end: Heard,
}

impl Answer {
    /// The blocks in it by height, each once. Nothing is checked: a target that is wrong in one
    /// respect is followed all the same, so that its other faults are found.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut seen = HashSet::new();
        let mut blocks = self.blocks_as_they_came();
        blocks.retain(|block| seen.insert(block.hash));
        blocks.sort_by_key(|block| block.index);
        blocks
    }

    /// The blocks in it, in the order of their lines.
    pub(super) fn blocks_as_they_came(&self) -> Vec<Block> {
        self.lines.iter().filter_map(|line| read_block(line)).collect()
    }

    /// The last line, or how it ended where there is none.
    pub(super) fn last(&self) -> String {
        self.lines.last().cloned().unwrap_or_else(|| self.end.to_string())
    }

    /// Whether each block keeps the rules and follows on the one before it, from the genesis block on.
    pub(super) fn is_a_chain(&self) -> Verdict {
        let mut parent = Block::genesis();
        for line in self.lines.iter() {
            let next = next_block(&parent, line);
            parent = next.map_err(|why| Evidence::new("GET_CHAIN", format!("({why}) {line}")))?;
        }
        verdict(!self.lines.is_empty(), "GET_CHAIN", self.last())
    }

    /// Whether each line is the canonical form of its block.
    pub(super) fn is_canonical(&self) -> Verdict {
        for line in self.lines.iter() {
            let block = read_block(line).filter(|block| {
                line.len() < MAX_LINE_BYTES
                    && format!("BLOCK:{}", block.to_canonical_json()) == *line
            });
            if block.is_none() {
                return broken("GET_CHAIN", line);
            }
        }
        verdict(!self.lines.is_empty(), "GET_CHAIN", self.last())
    }

    /// How often this block's line is in it, letter by letter.
    pub(super) fn count(&self, block: &Block) -> usize {
        let wanted = line(block);
        self.lines.iter().filter(|line| **line == *wanted.trim_end_matches('\n')).count()
    }
}

/// The block of a `BLOCK` line.
pub(super) fn read_block(line: &str) -> Option<Block> {
    serde_json::from_str(line.strip_prefix("BLOCK:")?).ok()
}

/// The block in a line that must follow `parent` in the answer to `GET_CHAIN`.
fn next_block(parent: &Block, line: &str) -> Result<Block, String> {
    let block = read_block(line).ok_or("not a block")?;
    if Some(block.index) != parent.index.checked_add(1) {
        return Err(format!("after index {}", parent.index));
    }
    if block.prev_hash != parent.hash {
        return Err(format!("after {}", parent.hash));
    }
    CheckedBlock::check(block).map(CheckedBlock::into_block).map_err(|rule| rule.to_string())
}
