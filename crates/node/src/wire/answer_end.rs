//! The end of an answer of blocks, seen before its lines are read.
//!
//! Owns how it is told from other lines. Reads two lines, and none that is longer than one of the classic chain
//! may be, however much is held: it is done on the node's own thread. Checks nothing: what
//! it says is what a peer says, and is good for a question to that peer alone.

use kusari_chain::{Block, BlockHash};

use super::decode::receive;
use super::{MAX_PLAIN_LINE, Message};
use crate::prelude::*;

/// The last block of an answer, and how many blocks its `END` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerEnd {
    /// Height that the last block says it has.
    pub height: u32,
    /// Hash that it says it has.
    pub hash: BlockHash,
    /// Blocks in the answer.
    pub count: u32,
}

impl AnswerEnd {
    /// The end of the answer that whole lines end with, where they end with a `BLOCK` line of the classic
    /// chain and an `END` line.
    #[must_use]
    pub fn of(lines: &[u8]) -> Option<Self> {
        let tail = lines.len().saturating_sub(2 * MAX_PLAIN_LINE);
        let lines = lines[tail..].strip_suffix(b"\n")?;
        let (before, end) = split_last(lines)?;
        if !end.starts_with(b"END:") {
            return None;
        }
        // Where the tail begins within the line, it does not begin as a line of ours.
        let (_, block) = split_last(before).unwrap_or((&[], before));
        if end.len().max(block.len()) >= MAX_PLAIN_LINE {
            return None;
        }
        let json = core::str::from_utf8(block.strip_prefix(b"BLOCK:")?).ok()?;
        let (Ok(Message::End { count, .. }), Ok(block)) = (receive(end), Block::from_json(json))
        else {
            return None;
        };
        Some(Self { height: block.index, hash: block.hash, count })
    }
}

/// What comes before the last line, and that line.
fn split_last(lines: &[u8]) -> Option<(&[u8], &[u8])> {
    let newline = memchr::memrchr(b'\n', lines)?;
    Some((&lines[..newline], &lines[newline + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{encode, encode_block};

    #[test]
    fn the_end_of_an_answer_is_seen_where_whole_lines_end_with_it_and_nowhere_else() {
        let block = Block::genesis();
        let mut lines = Vec::new();
        encode_block(&block, &mut lines);
        let one = lines.len();
        encode_block(&block, &mut lines);
        assert_eq!(AnswerEnd::of(&lines), None);
        let end: Message<Block> = Message::End { count: 2, missing: Vec::new() };
        lines.extend(encode(&end));
        let seen = Some(AnswerEnd { height: 0, hash: block.hash, count: 2 });
        assert_eq!(AnswerEnd::of(&lines), seen);
        assert_eq!(AnswerEnd::of(&lines[one..]), seen);
        for cut in [&lines[..lines.len() - 1], &lines[2 * one..], &lines[one + 1..], b"", b"\n"] {
            assert_eq!(AnswerEnd::of(cut), None);
        }
    }

    #[test]
    fn a_long_line_is_not_read_here_however_it_ends() {
        let end = encode(&Message::<Block>::End { count: 1, missing: Vec::new() });
        let block = Block { data: "x".repeat(MAX_PLAIN_LINE), ..Block::genesis() };
        let mut lines = Vec::new();
        encode_block(&block, &mut lines);
        lines.extend(&end);
        assert_eq!(AnswerEnd::of(&lines), None);
        let missing = alloc::vec![block.hash; 100];
        let mut lines = Vec::new();
        encode_block(&Block::genesis(), &mut lines);
        lines.extend(encode(&Message::<Block>::End { count: 1, missing }));
        assert_eq!(AnswerEnd::of(&lines), None);
    }
}
