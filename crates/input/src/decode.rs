//! From the bytes of a file or a pipe to a text.

use zeroize::Zeroizing;

/// What some editors and shells put before a text, to say how it is encoded.
pub const BYTE_ORDER_MARK: char = '\u{feff}';
/// The same in UTF-8.
pub(crate) const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// No mark says that it is anything but UTF-8, and it is not.
    #[error("its byte {at} is not UTF-8")]
    Utf8 {
        /// Counts from 1, the mark included.
        at: usize,
    },
    /// A mark says that it is UTF-16, and it is not.
    #[error("it begins as UTF-16 and is not UTF-16 from byte {at} on")]
    Utf16 {
        /// Counts from 1, the mark included.
        at: usize,
    },
}

/// How two bytes of UTF-16 are one unit.
pub(crate) type Unit = fn([u8; 2]) -> u16;

/// The order of the bytes, by the mark that UTF-16 begins with.
pub(crate) fn utf_16(bytes: &[u8]) -> Option<Unit> {
    match bytes {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// The text of a file: UTF-8 with its mark or without, or UTF-16 with its mark. The mark is no part of the
/// text; everything else is as it was. A secret may be in it, so it is overwritten when it is dropped.
///
/// # Errors
/// [`NotText`] names the first byte that is none.
pub fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, NotText> {
    // Growing would leave copies behind. A unit of UTF-16 is at most three bytes of UTF-8.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 3 / 2 + 1));
    if let Some(unit) = utf_16(bytes) {
        let (pairs, rest) = bytes[2..].as_chunks();
        let mut at = 3;
        for found in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
            let found = found.map_err(|_| NotText::Utf16 { at })?;
            text.push(found);
            at += 2 * found.len_utf16();
        }
        return if rest.is_empty() { Ok(text) } else { Err(NotText::Utf16 { at }) };
    }
    let marked = bytes.strip_prefix(UTF_8_MARK);
    let before = if marked.is_some() { UTF_8_MARK.len() } else { 0 };
    let read = core::str::from_utf8(marked.unwrap_or(bytes));
    text.push_str(read.map_err(|error| NotText::Utf8 { at: before + error.valid_up_to() + 1 })?);
    Ok(text)
}

/// A text that is UTF-8 already, or the first byte that is none; it counts from 1.
///
/// # Errors
/// Where that byte is.
pub fn utf_8(bytes: Vec<u8>) -> Result<String, usize> {
    String::from_utf8(bytes).map_err(|error| error.utf8_error().valid_up_to() + 1)
}

/// The same text with lines that end as on Unix.
#[must_use]
pub fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A text without the one newline that an editor or `echo` puts at its end.
#[must_use]
pub fn without_last_newline(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    if line.len() < text.len() { line.strip_suffix('\r').unwrap_or(line) } else { line }
}

/// Whether there is nothing to see.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as an editor of Windows may save it.
    fn in_utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let marked = format!("{BYTE_ORDER_MARK}{text}");
        marked.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_text_is_the_same_however_it_was_saved() {
        for text in ["", "hi", "読書会\r\n", "🙂 ü"] {
            let marked = format!("{BYTE_ORDER_MARK}{text}");
            for bytes in [
                text.as_bytes().to_vec(),
                marked.into_bytes(),
                in_utf_16(text, u16::to_le_bytes),
                in_utf_16(text, u16::to_be_bytes),
            ] {
                assert_eq!(*decode(&bytes).unwrap(), text, "{bytes:?}");
            }
        }
        // A mark within a text is a part of it.
        assert_eq!(*decode("a\u{feff}b".as_bytes()).unwrap(), "a\u{feff}b");
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_first_byte() {
        for (bytes, at) in [
            (&b"\xff"[..], NotText::Utf8 { at: 1 }),
            (b"ab\xc3", NotText::Utf8 { at: 3 }),
            (b"\xef\xbb\xbfa\xff", NotText::Utf8 { at: 5 }),
            (b"\xff\xfea\0b", NotText::Utf16 { at: 5 }),
            (b"\xff\xfea\0\0\xd8b\0", NotText::Utf16 { at: 5 }),
        ] {
            assert_eq!(decode(bytes).unwrap_err(), at, "{bytes:?}");
        }
    }

    #[test]
    fn one_newline_at_the_end_is_no_part_of_a_text_and_others_are() {
        for (text, expected) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a\r", "a\r"),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(without_last_newline(text), expected, "{text:?}");
        }
        assert_eq!(unix_lines("a\r\nb\rc\n"), "a\nb\rc\n");
    }
}
