//! Lines of a pipe or a file, in bounded memory.
//!
//! A line is text up to a newline; a carriage return before that is not part of it, nor is the mark that a file
//! begins with. What cannot be recorded is counted and skipped, however long it is.

use std::io::{self, BufRead, Read};

use kusari_chain::block::escaped_bytes;
use kusari_chain::params::MAX_TEXT_BYTES;
use kusari_input::Decoded;

/// Bytes of a line that are looked at together.
const PIECE_BYTES: u64 = 16 * 1024;

/// What fits: so many bytes, counted in a way of the chain's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    limit: usize,
    bytes_of: fn(&str) -> usize,
}

impl Fit {
    /// A line of the classic chain, which counts by its bytes after escaping.
    const LINE: Self = Self { limit: MAX_TEXT_BYTES, bytes_of: escaped_bytes };

    /// A record of a ledger that takes so many bytes.
    pub(crate) fn record(limit: u32) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX - 1), bytes_of: str::len }
    }

    /// Most bytes kept of a line: one that counts takes at least one, and a carriage return may follow.
    fn kept_bytes(self) -> usize {
        self.limit + 1
    }
}

/// One line that holds something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Counts from 1, empty lines included, as an editor does.
    pub(crate) number: u64,
    pub(crate) content: Content,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// What can be recorded.
    Text(String),
    /// It does not fit a block.
    TooLong {
        /// Its bytes; those that count where it was kept.
        bytes: u64,
        /// As many would fit.
        limit: usize,
    },
    /// It is not UTF-8.
    NotUtf8 {
        /// The first byte that is wrong, counted from 1.
        at: usize,
    },
}

/// Reads the lines of `reader`.
pub(crate) struct Lines<R> {
    reader: Decoded<R>,
    fit: Fit,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines that are recorded on the classic chain.
    pub(crate) fn new(reader: R) -> Self {
        Self::fitting(reader, Fit::LINE)
    }

    pub(crate) fn fitting(reader: R, fit: Fit) -> Self {
        Self { reader: Decoded::new(reader), fit, number: 0 }
    }

    /// The next line that is not empty; `None` at the end.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut kept = Vec::new();
            let Some(mut bytes) = self.read(&mut kept)? else {
                return Ok(None);
            };
            self.number += 1;
            if bytes == kept.len() as u64 && kept.last() == Some(&b'\r') {
                kept.pop();
                bytes -= 1;
            }
            if bytes > 0 {
                return Ok(Some(Line {
                    number: self.number,
                    content: judge(kept, bytes, self.fit),
                }));
            }
        }
    }

    /// Reads up to and with the next newline, keeps the beginning, and says how long the line is.
    fn read(&mut self, kept: &mut Vec<u8>) -> io::Result<Option<u64>> {
        let mut bytes = None;
        loop {
            let mut piece = Vec::new();
            let mut within = self.reader.by_ref().take(PIECE_BYTES);
            if within.read_until(b'\n', &mut piece)? == 0 {
                return Ok(bytes);
            }
            let is_whole = piece.pop_if(|byte| *byte == b'\n').is_some();
            *bytes.get_or_insert(0) += piece.len() as u64;
            let room = self.fit.kept_bytes() - kept.len();
            kept.extend_from_slice(&piece[..piece.len().min(room)]);
            if is_whole {
                return Ok(bytes);
            }
        }
    }
}

fn judge(kept: Vec<u8>, bytes: u64, fit: Fit) -> Content {
    let limit = fit.limit;
    if bytes > kept.len() as u64 || kept.len() > limit {
        return Content::TooLong { bytes, limit };
    }
    let text = match kusari_input::utf_8(kept) {
        Ok(text) => text,
        Err(at) => return Content::NotUtf8 { at },
    };
    match (fit.bytes_of)(&text) {
        counted if counted > limit => Content::TooLong { bytes: counted as u64, limit },
        _ => Content::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn lines(bytes: &[u8]) -> Vec<(u64, Content)> {
        // A small buffer, so that lines come in pieces.
        let mut lines = Lines::new(BufReader::with_capacity(7, bytes));
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            found.push((line.number, line.content));
        }
        found
    }

    fn text(text: &str) -> Content {
        Content::Text(text.into())
    }

    #[test]
    fn every_line_is_data_and_empty_ones_only_count() {
        assert_eq!(
            lines(b"hi\r\n\n\r\n/quit\n \nlast"),
            [(1, text("hi")), (4, text("/quit")), (5, text(" ")), (6, text("last"))]
        );
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n"), []);
    }

    #[test]
    fn only_the_last_carriage_return_is_no_part_of_a_line() {
        assert_eq!(lines(b"a\rb\r\r\nend\r"), [(1, text("a\rb\r")), (2, text("end"))]);
    }

    #[test]
    fn a_file_of_another_system_holds_the_same_lines() {
        let saved = "\u{feff}読書会\r\nhi\r\n";
        let said = [(1, text("読書会")), (2, text("hi"))];
        assert_eq!(lines(saved.as_bytes()), said);
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = saved.encode_utf16().flat_map(unit).collect();
            assert_eq!(lines(&bytes), said);
        }
    }

    #[test]
    fn odd_but_legal_text_is_kept() {
        assert_eq!(lines(b"\0\x1b[2J\x7f\n"), [(1, text("\0\u{1b}[2J\u{7f}"))]);
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_its_place_and_the_next_line_is_read() {
        assert_eq!(lines(b"ab\xff\nok\n"), [(1, Content::NotUtf8 { at: 3 }), (2, text("ok"))]);
    }

    #[test]
    fn the_limit_counts_escaped_bytes_and_is_exact() {
        let fits = "x".repeat(MAX_TEXT_BYTES);
        let long = format!("{fits}y");
        let escaped = "\"".repeat(MAX_TEXT_BYTES / 2 + 1);
        let input = format!("{fits}\r\n{long}\n{escaped}\nok");
        assert_eq!(
            lines(input.as_bytes()),
            [
                (1, text(&fits)),
                (2, Content::TooLong { bytes: long.len() as u64, limit: MAX_TEXT_BYTES }),
                (3, Content::TooLong { bytes: 2 * escaped.len() as u64, limit: MAX_TEXT_BYTES }),
                (4, text("ok")),
            ]
        );
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        const BYTES: u64 = 64 << 20;
        let endless = io::repeat(b'x').take(BYTES).chain(&b"\nok\n"[..]);
        let mut lines = Lines::new(BufReader::new(endless));
        let line = lines.next_line().unwrap().unwrap();
        assert_eq!(line.content, Content::TooLong { bytes: BYTES, limit: MAX_TEXT_BYTES });
        assert_eq!(lines.next_line().unwrap().unwrap().content, text("ok"));
        let mut kept = Vec::new();
        let mut lines = Lines::new(BufReader::new(io::repeat(b'x').take(1 << 20)));
        lines.read(&mut kept).unwrap();
        assert_eq!(kept.len(), Fit::LINE.kept_bytes());
    }

    #[test]
    fn a_record_counts_by_its_bytes_and_may_be_longer_than_a_line() {
        let text = format!("{}\"\n{}\n", "x".repeat(9_999), "y".repeat(10_001));
        let mut lines = Lines::fitting(BufReader::new(text.as_bytes()), Fit::record(10_000));
        let first = lines.next_line().unwrap().unwrap().content;
        assert!(matches!(first, Content::Text(text) if text.len() == 10_000));
        let second = lines.next_line().unwrap().unwrap().content;
        assert_eq!(second, Content::TooLong { bytes: 10_001, limit: 10_000 });
    }
}
