//! Framing: however a stream is cut into pieces, the same lines come out, and no line is over its
//! limit.

use kusari_node::wire::{
    AnswerEnd, Beginning, LineFramer, MAX_BLOCK_LINE, MAX_LINE, MAX_PLAIN_LINE, Message, receive,
};

/// Most pieces of one stream: 32 of the longest fill the longest line.
const MAX_PIECES: usize = 256;

/// Takes the bytes for the pieces of a stream. The first byte is odd for a peer that said `HELLO`.
/// A piece is a byte with the length of some bytes, those bytes, and two bytes (low first) with a
/// number of fillers in units of 8, so that short inputs make long lines.
pub fn check(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let introduced = first % 2 == 1;
    let pieces = pieces(rest);
    let expected = expected(introduced, &pieces.concat());
    assert_eq!(lines(introduced, &pieces), expected);
    assert_eq!(lines_of_stretches(introduced, &pieces), expected);
    judged_once(&pieces.concat());
    answer_end(&pieces.concat());
}

/// What a connection begins as is never judged anew, however its first bytes are cut.
fn judged_once(bytes: &[u8]) {
    let mut judged = Beginning::Open;
    for end in 0..=bytes.len().min(256) {
        let now = Beginning::of(&bytes[..end]);
        assert!(judged == Beginning::Open || judged == now, "{judged:?}, then {now:?}");
        judged = now;
    }
}

/// What is seen of the end of an answer is what its last line says.
fn answer_end(stream: &[u8]) {
    if let Some(end) = AnswerEnd::of(stream) {
        let last = stream.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
        let said = last.map(receive);
        assert!(
            matches!(said, Some(Ok(Message::End { count, .. })) if count == end.count),
            "{end:?}"
        );
    }
}

fn pieces(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    while let Some((&length, rest)) = bytes.split_first().filter(|_| pieces.len() < MAX_PIECES) {
        let (piece, rest) = rest.split_at(usize::from(length).min(rest.len()));
        let (fillers, rest) = rest.split_at(rest.len().min(2));
        let count = fillers.iter().rev().fold(0, |count, byte| count << 8 | usize::from(*byte));
        pieces.push([piece, &vec![b'x'; count * 8]].concat());
        bytes = rest;
    }
    pieces
}

/// The lines that the framer gives out, and whether it refused one.
fn lines(introduced: bool, pieces: &[Vec<u8>]) -> (Vec<Vec<u8>>, bool) {
    let mut framer = LineFramer::default();
    if introduced {
        framer.set_introduced();
    }
    let mut found = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next_line() {
                Ok(Some(line)) => found.push(line.to_vec()),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
        assert!(framer.buffered() < MAX_BLOCK_LINE, "an unfinished line is over every limit");
    }
    (found, false)
}

/// The same, where whole lines are split off to be given out by another framer.
fn lines_of_stretches(introduced: bool, pieces: &[Vec<u8>]) -> (Vec<Vec<u8>>, bool) {
    let mut framer = LineFramer::default();
    if introduced {
        framer.set_introduced();
    }
    let mut found = Vec::new();
    for piece in pieces {
        framer.push(piece);
        let mut stretch = framer.split_off_lines();
        assert!(!framer.has_line(), "a whole line stays behind");
        loop {
            match stretch.next_line() {
                Ok(Some(line)) => found.push(line.to_vec()),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
        assert_eq!(stretch.buffered(), 0, "a part of a line was split off");
        if framer.next_line().is_err() {
            return (found, true);
        }
    }
    (found, false)
}

/// The same, by the definition: split at newlines, up to the first line over its limit.
fn expected(introduced: bool, stream: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut found = Vec::new();
    let mut rest = stream;
    loop {
        let limit = match (introduced, rest.starts_with(b"BLOCK:")) {
            (false, _) => MAX_PLAIN_LINE,
            (true, false) => MAX_LINE,
            (true, true) => MAX_BLOCK_LINE,
        };
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return (found, rest.len() >= limit);
        };
        if end >= limit {
            return (found, true);
        }
        found.push(rest[..end].to_vec());
        rest = &rest[end + 1..];
    }
}
