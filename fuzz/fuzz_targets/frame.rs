//! Framing: however a stream is cut into pieces, the same lines come out, and no line is over its
//! limit.
#![no_main]

use kusari_node::wire::{LineFramer, MAX_BLOCK_LINE, MAX_LINE, MAX_PLAIN_LINE};
use libfuzzer_sys::fuzz_target;

/// One piece of a stream: some bytes, then so many fillers, so that short inputs make long lines.
type Piece<'a> = (&'a [u8], u16);

fuzz_target!(|input: (bool, Vec<Piece<'_>>)| {
    let (introduced, pieces) = input;
    let pieces: Vec<Vec<u8>> = pieces
        .iter()
        .map(|(bytes, fillers)| [*bytes, &vec![b'x'; usize::from(*fillers)]].concat())
        .collect();
    assert_eq!(lines(introduced, &pieces), expected(introduced, &pieces.concat()));
});

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
