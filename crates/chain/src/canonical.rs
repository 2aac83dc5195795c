//! The canonical JSON of a block, written and read without a detour.
//!
//! Owns the one form in which blocks travel between nodes. Nearly every block that arrives is in
//! that form, and a reader that expects it costs a fraction of one that takes any JSON. It judges
//! nothing: what it does not recognise is left to the general reader, which also says what is wrong.
//! Knows neither rules nor lines.

use crate::block::Block;
use crate::hash::BlockHash;
use crate::hex::digits;
use crate::prelude::*;
use crate::transaction::Transaction;

/// Appends the canonical JSON of `block`.
pub(crate) fn write(block: &Block, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"index\":");
    write_number(u64::from(block.index), out);
    out.extend_from_slice(b",\"timestamp\":");
    write_number(block.timestamp, out);
    out.extend_from_slice(b",\"nonce\":");
    write_number(block.nonce, out);
    out.extend_from_slice(b",\"data\":\"");
    write_escaped(&block.data, out);
    out.extend_from_slice(b"\",\"prev_hash\":\"");
    write_hash(&block.prev_hash, out);
    out.extend_from_slice(b"\",\"hash\":\"");
    write_hash(&block.hash, out);
    out.extend_from_slice(b"\",\"transactions\":[");
    for (place, transaction) in block.transactions.iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"{\"sender\":\"" } else { b",{\"sender\":\"" });
        write_escaped(&transaction.sender, out);
        out.extend_from_slice(b"\",\"receiver\":\"");
        write_escaped(&transaction.receiver, out);
        out.extend_from_slice(b"\",\"amount\":");
        write_number(transaction.amount, out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    // u64::MAX has 20 digits.
    let mut digits = [b'0'; 20];
    let mut start = digits.len() - 1;
    for place in (0..digits.len()).rev() {
        digits[place] = b'0' + (number % 10) as u8;
        number /= 10;
        start = place;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

fn write_hash(hash: &BlockHash, out: &mut Vec<u8>) {
    let mut hex = [0; 64];
    out.extend_from_slice(digits(&hash.0, &mut hex).as_bytes());
}

/// Whether the byte stands for itself between the quotes of a JSON string.
fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

fn write_escaped(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(is_plain) {
        return out.extend_from_slice(text.as_bytes());
    }
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..=0x1f => {
                let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
                let (high, low) = (digit(byte >> 4), digit(byte & 15));
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
            _ => out.push(byte),
        }
    }
}

/// Bytes that `text` takes between the quotes of a canonical JSON string.
pub(crate) fn escaped_bytes(text: &str) -> usize {
    if text.bytes().all(is_plain) {
        return text.len();
    }
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..=0x1f => 6,
            _ => 1,
        })
        .sum()
}

/// Reads canonical JSON without escapes. `None` says nothing about the text but that this reader is
/// not the one for it.
pub(crate) fn read(json: &str) -> Option<Block> {
    let mut reader = Reader { text: json, at: 0 };
    let index = u32::try_from(reader.after("{\"index\":")?.number()?).ok()?;
    let timestamp = reader.after(",\"timestamp\":")?.number()?;
    let nonce = reader.after(",\"nonce\":")?.number()?;
    let data = reader.after(",\"data\":\"")?.plain_text()?;
    let prev_hash = reader.after("\",\"prev_hash\":\"")?.hash()?;
    let hash = reader.after("\",\"hash\":\"")?.hash()?;
    reader.after("\",\"transactions\":[")?;
    let mut transactions = Vec::new();
    while !reader.takes("]}") {
        reader.after(if transactions.is_empty() { "{" } else { ",{" })?;
        let sender = reader.after("\"sender\":\"")?.plain_text()?;
        let receiver = reader.after("\",\"receiver\":\"")?.plain_text()?;
        let amount = reader.after("\",\"amount\":")?.number()?;
        reader.after("}")?;
        transactions.push(Transaction { sender, receiver, amount });
    }
    let is_all = reader.at == json.len();
    is_all.then_some(Block { index, timestamp, nonce, data, prev_hash, hash, transactions })
}

struct Reader<'a> {
    text: &'a str,
    /// Always at a boundary of characters: only ASCII is stepped over by itself.
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn takes(&mut self, expected: &str) -> bool {
        let takes = self.rest().starts_with(expected.as_bytes());
        if takes {
            self.at += expected.len();
        }
        takes
    }

    fn after(&mut self, expected: &str) -> Option<&mut Self> {
        self.takes(expected).then_some(self)
    }

    /// A number as it is written: digits, and no zero before others.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        let mut digits = 0;
        for &byte in self.rest() {
            if !byte.is_ascii_digit() {
                break;
            }
            if digits > 0 && number == 0 {
                return None;
            }
            number = number.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
            digits += 1;
        }
        self.at += digits;
        (digits > 0).then_some(number)
    }

    /// Text up to the next quote, where nothing in it is escaped or would have to be.
    fn plain_text(&mut self) -> Option<String> {
        let end = self.rest().iter().position(|&byte| !is_plain(byte))?;
        let text = self.text.get(self.at..self.at + end)?;
        self.at += end;
        // A backslash or a control character fails here, where the quote is expected next.
        self.rest().starts_with(b"\"").then(|| String::from(text))
    }

    /// 64 digits in lower case.
    fn hash(&mut self) -> Option<BlockHash> {
        let digits = self.rest().get(..64)?;
        let mut bytes = [0; 32];
        let mut wrong = 0;
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (DIGIT[usize::from(pair[0])], DIGIT[usize::from(pair[1])]);
            wrong |= high | low;
            *byte = (high << 4) | (low & 15);
        }
        self.at += 64;
        (wrong & NO_DIGIT == 0).then_some(BlockHash(bytes))
    }
}

/// Marks a byte that is no digit; no value of a digit has this bit.
const NO_DIGIT: u8 = 0x80;

/// The value of each byte as a hexadecimal digit in lower case.
const DIGIT: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
        table[digit as usize] = value;
        value += 1;
    }
    table
};
