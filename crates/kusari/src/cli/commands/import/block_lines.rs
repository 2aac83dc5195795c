//! `BLOCK` lines of a file or a pipe, in bounded memory.
//!
//! Owns what of an input is a block that a chain may be asked to take: the form of a line and the
//! rules that a block keeps by itself are those for peers, by [`kusari_node::wire`].

use std::io::{self, BufRead, Read};

use kusari_chain::CheckedBlock;
use kusari_node::wire::{Dialect, MAX_BLOCK_LINE, Message, Refusal, WireError};

use crate::cli::prelude::*;

/// One line that holds something.
#[derive(Debug)]
pub(super) struct BlockLine {
    /// Counts from 1, empty lines included, as an editor does.
    pub(super) number: u64,
    /// The block, or why there is none.
    pub(super) block: Result<CheckedBlock, String>,
}

/// Reads the lines of `reader`.
pub(super) struct BlockLines<R> {
    reader: R,
    dialect: Dialect,
    number: u64,
    bytes: u64,
    /// Reused for each line; holds at most [`MAX_BLOCK_LINE`].
    line: Vec<u8>,
}

/// How a line ended.
#[derive(PartialEq, Eq)]
enum End {
    Newline,
    /// The input ended without one.
    Input,
    /// It is too long, and was skipped.
    TooLong,
}

impl<R: BufRead> BlockLines<R> {
    pub(super) fn new(reader: R, dialect: Dialect) -> Self {
        Self { reader, dialect, number: 0, bytes: 0, line: Vec::new() }
    }

    /// Bytes of the lines that were given out.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line that is not empty; `None` at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<BlockLine>> {
        loop {
            self.line.clear();
            let end = self.read()?;
            if self.line.is_empty() && end == End::Input {
                return Ok(None);
            }
            self.number += 1;
            if matches!(self.line.as_slice(), b"" | b"\r") && end == End::Newline {
                continue;
            }
            return Ok(Some(BlockLine {
                number: self.number,
                block: judge(self.dialect, &self.line, &end),
            }));
        }
    }

    /// Reads up to and with the next newline.
    fn read(&mut self) -> io::Result<End> {
        let mut within = self.reader.by_ref().take(MAX_BLOCK_LINE as u64);
        self.bytes += within.read_until(b'\n', &mut self.line)? as u64;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            return Ok(End::Newline);
        }
        if self.line.len() < MAX_BLOCK_LINE {
            return Ok(End::Input);
        }
        self.bytes += self.reader.skip_until(b'\n')? as u64;
        Ok(End::TooLong)
    }
}

fn judge(dialect: Dialect, line: &[u8], end: &End) -> Result<CheckedBlock, String> {
    if *end == End::TooLong {
        return Err(format!("it is longer than {} bytes", grouped(MAX_BLOCK_LINE)));
    }
    let refusal = match dialect.receive(line) {
        Ok(Message::Block(block)) => return Ok(block),
        Ok(_) | Err(Refusal::Malformed(WireError::UnknownVerb(_))) => {
            return Err(String::from("it is not a BLOCK line, and only those are imported"));
        }
        Err(refusal) => refusal,
    };
    Err(match end {
        End::Input => format!("the input ends within it, or it is no block: {refusal}"),
        End::Newline | End::TooLong => refusal.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::scripted_node::BLOCKS;
    use std::io::BufReader;

    const BLOCK: &str = BLOCKS[0];

    /// The number of each line, and `ok` or what is said of it.
    fn read(bytes: impl Read) -> Vec<(u64, String)> {
        // A small buffer, so that lines come in pieces.
        let mut lines = BlockLines::new(BufReader::with_capacity(7, bytes), Dialect::Classic);
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            found.push((line.number, line.block.err().unwrap_or_else(|| String::from("ok"))));
        }
        found
    }

    #[track_caller]
    fn assert_read(input: &str, expected: &[(u64, &str)]) {
        let found = read(input.as_bytes());
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((number, said), (place, words)) in found.iter().zip(expected) {
            assert_eq!(number, place);
            assert!(said.contains(words), "line {number}: {said}");
        }
    }

    #[test]
    fn blocks_are_read_whatever_ends_their_lines() {
        assert_read("", &[]);
        assert_read("\n\r\n\n", &[]);
        assert_read(&format!("{BLOCK}\n"), &[(1, "ok")]);
        assert_read(&format!("{BLOCK}\r\n\r\n{BLOCK}"), &[(1, "ok"), (3, "ok")]);
    }

    #[test]
    fn what_is_no_block_is_refused_with_its_place_and_reason() {
        let cut = &BLOCK[..BLOCK.len() - 4];
        let other = BLOCK.replace("hi", "ho");
        assert_read(
            &format!("junk\nGET_CHAIN\nBLOCK:{{}}\n \n{other}\n{BLOCK}\n{cut}"),
            &[
                (1, "it is not a BLOCK line, and only those"),
                (2, "it is not a BLOCK line"),
                (3, "BLOCK has a wrong field: missing field `index`"),
                (4, "it is not a BLOCK line"),
                (5, "but the content hashes to"),
                (6, "ok"),
                (7, "the input ends within it, or it is no block: BLOCK carries no valid JSON"),
            ],
        );
        assert_eq!(read(&b"ab\xff\n"[..])[0].1, "the line is not UTF-8 from byte 2 on");
    }

    #[test]
    fn a_huge_line_takes_bounded_memory_and_the_next_one_is_read() {
        let huge = io::repeat(b'x').take(5 * MAX_BLOCK_LINE as u64);
        let input = BufReader::new(huge.chain(&b"\n"[..]).chain(BLOCK.as_bytes()));
        let mut lines = BlockLines::new(input, Dialect::Classic);
        let line = lines.next_line().unwrap().unwrap();
        assert_eq!((line.number, line.block.unwrap_err().as_str()), {
            (1, "it is longer than 8,388,608 bytes")
        });
        assert!(lines.line.capacity() <= 2 * MAX_BLOCK_LINE);
        assert!(lines.next_line().unwrap().unwrap().block.is_ok());
        assert_eq!(lines.bytes(), 5 * MAX_BLOCK_LINE as u64 + 1 + BLOCK.len() as u64);
    }
}
