//! Bytes as hexadecimal digits: written in lower case, read in any.

use core::fmt::{self, Write};

use crate::prelude::*;

/// The digits of some bytes.
///
/// ```
/// assert_eq!(kusari_chain::hex::encode(&[0x0f, 0xa0]), "0fa0");
/// ```
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    // Writing to a string has no way to fail.
    let _ = write(bytes, &mut digits);
    digits
}

pub(crate) fn write(bytes: &[u8], target: &mut impl Write) -> fmt::Result {
    let mut place = [0; 64];
    bytes.chunks(32).try_for_each(|part| target.write_str(digits(part, &mut place)))
}

/// The digits of at most half as many bytes as there is place for, written there.
pub(crate) fn digits<'a>(bytes: &[u8], place: &'a mut [u8]) -> &'a str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in place.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    let written = place.get(..2 * bytes.len());
    written.and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or_default()
}

/// The bytes of some digits. `None` where there is an odd number of them, or something else among them.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks_exact(2).map(byte).collect()
}

/// The same for so many bytes: `None` too where there are more or fewer digits.
#[must_use]
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (place, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *place = byte(pair)?;
    }
    Some(bytes)
}

fn byte(pair: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_even_number_of_digits_is_not_read() {
        assert_eq!(decode("0fA0"), Some([0x0f, 0xa0].into()));
        assert_eq!(decode(""), Some(Vec::new()));
        for text in ["0", "0g", "+1", "\u{e9}", "0x"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode_array("0fA0"), Some([0x0f, 0xa0]));
        assert_eq!(decode_array::<2>("0fA000"), None);
    }
}
