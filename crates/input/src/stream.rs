//! A pipe or a file of any length, as UTF-8.
//!
//! What begins with the mark of UTF-16 is read as that. A unit that is none becomes bytes that are no UTF-8,
//! so that whoever looks at the lines names the one that is wrong and goes on with the next.

use std::io::{self, BufRead, Read};

use crate::decode::{UTF_8_MARK, Unit, utf_16};

/// An unpaired surrogate, as the bytes that no text in UTF-8 has.
const SURROGATE_BYTES: usize = 3;

/// Another reader, without its mark and in UTF-8.
#[derive(Debug)]
pub struct Decoded<R> {
    source: R,
    begun: bool,
    /// The unit of UTF-16, where it is that.
    unit: Option<Unit>,
    /// Bytes that were read ahead of the source, or made of what it said.
    ready: Vec<u8>,
    given: usize,
    /// The first byte of a unit whose second one is still to come.
    half: Option<u8>,
    /// The first of a pair of surrogates whose second one is still to come.
    high: Option<u16>,
}

impl<R: BufRead> Decoded<R> {
    /// Decodes what `source` says.
    pub fn new(source: R) -> Self {
        Self {
            source,
            begun: false,
            unit: None,
            ready: Vec::new(),
            given: 0,
            half: None,
            high: None,
        }
    }

    /// Reads so much of the beginning as it takes to know how it is encoded: of a text without a mark a
    /// byte, so that a person who types is not kept waiting.
    fn begin(&mut self) -> io::Result<()> {
        let mut head = Vec::with_capacity(UTF_8_MARK.len());
        let may_be_mark = |head: &[u8]| {
            [UTF_8_MARK, b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| mark.starts_with(head))
        };
        while may_be_mark(&head) && utf_16(&head).is_none() && head != UTF_8_MARK {
            let Some(byte) = self.source.fill_buf()?.first().copied() else { break };
            self.source.consume(1);
            head.push(byte);
        }
        self.begun = true;
        self.unit = utf_16(&head);
        if self.unit.is_none() && head != UTF_8_MARK {
            self.ready = head;
        }
        Ok(())
    }

    /// Makes bytes of UTF-8 out of what the source has at hand. At its end there are none.
    fn transcode(&mut self, unit: Unit) -> io::Result<()> {
        (self.given, self.ready) = (0, Vec::new());
        while self.ready.is_empty() {
            let bytes = self.source.fill_buf()?;
            let count = bytes.len();
            if count == 0 {
                if self.half.take().is_some() || self.high.is_some() {
                    self.unpaired(0xdfff);
                }
                self.high = None;
                return Ok(());
            }
            let bytes = bytes.to_vec();
            self.source.consume(count);
            for byte in bytes {
                match self.half.take() {
                    None => self.half = Some(byte),
                    Some(first) => self.take(unit([first, byte])),
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, unit: u16) {
        let before = self.high.take();
        match (before, unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                let pair = char::decode_utf16([high, unit]).next().and_then(Result::ok);
                self.push(pair.unwrap_or(char::REPLACEMENT_CHARACTER));
                return;
            }
            (Some(high), _) => self.unpaired(high),
            (None, _) => {}
        }
        match unit {
            0xd800..=0xdbff => self.high = Some(unit),
            _ => match char::from_u32(unit.into()) {
                Some(found) => self.push(found),
                None => self.unpaired(unit),
            },
        }
    }

    fn push(&mut self, found: char) {
        self.ready.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn unpaired(&mut self, unit: u16) {
        let [high, low] = unit.to_be_bytes();
        let bytes: [u8; SURROGATE_BYTES] =
            [0xe0 | high >> 4, 0x80 | (high & 0xf) << 2 | low >> 6, 0x80 | low & 0x3f];
        self.ready.extend_from_slice(&bytes);
    }
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.begun {
            self.begin()?;
        }
        if self.given == self.ready.len() {
            match self.unit {
                Some(unit) => self.transcode(unit)?,
                None => return self.source.fill_buf(),
            }
        }
        Ok(&self.ready[self.given..])
    }

    fn consume(&mut self, count: usize) {
        if self.given < self.ready.len() {
            self.given += count;
        } else if self.unit.is_none() {
            self.source.consume(count);
        }
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;
    use crate::BYTE_ORDER_MARK;

    /// What is read where the source gives out a few bytes at a time.
    fn read(bytes: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        for capacity in [1, 3, 64] {
            let mut found = Vec::new();
            let source = BufReader::with_capacity(capacity, bytes);
            Decoded::new(source).read_to_end(&mut found).unwrap();
            all.push(found);
        }
        assert!(all.iter().all(|found| *found == all[0]), "{bytes:?}: {all:?}");
        all.swap_remove(0)
    }

    fn in_utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_pipe_says_the_same_however_it_is_encoded() {
        for text in ["", "h", "hi\n", "\u{feff}", "読書会\r\n🙂\n"] {
            let marked = format!("{BYTE_ORDER_MARK}{text}");
            assert_eq!(read(marked.as_bytes()), text.as_bytes());
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                assert_eq!(read(&in_utf_16(&marked, bytes)), text.as_bytes(), "{text:?}");
            }
        }
        for plain in [&b""[..], b"\xef", b"\xef\xbb", b"\xefabc", b"\xff", b"\xfe\xfe", b"hi\0"] {
            assert_eq!(read(plain), plain);
        }
    }

    #[test]
    fn what_is_no_utf_16_is_no_utf_8_either_and_what_follows_is_read() {
        for wrong in [&[0xd800][..], &[0xdc00], &[0xd800, 0xd800]] {
            let units = [&[0xfeff, 0x61], wrong, &[0x0a, 0x62]].concat();
            let bytes: Vec<u8> = units.iter().flat_map(|unit: &u16| unit.to_le_bytes()).collect();
            let found = read(&bytes);
            let mut lines = found.split(|byte| *byte == b'\n');
            assert!(core::str::from_utf8(lines.next().unwrap()).is_err(), "{found:?}");
            assert_eq!(lines.next(), Some(&b"b"[..]), "{found:?}");
        }
        for cut in [&b"\xff\xfea\0b"[..], b"\xff\xfea\0\0\xd8"] {
            let found = read(cut);
            assert!(found.starts_with(b"a") && core::str::from_utf8(&found).is_err(), "{found:?}");
        }
    }
}
