//! The 32-byte block hash and its hexadecimal form.
//!
//! Owns how a hash is written, read and ordered; knows nothing of what is hashed.

use core::fmt;
use core::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserializer, Serializer, de};

use crate::hex::digits;
use crate::prelude::*;

/// SHA-256 hash of a block. Ordered as a big-endian 256-bit number, as fork choice needs it.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize,
)]
pub struct BlockHash(pub [u8; 32]);

crate::bytes::described!(
    BlockHash,
    "The hash of a block: 64 hexadecimal digits.",
    crate::bytes::pattern(32),
    "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13"
);

impl BlockHash {
    /// The parent hash of the genesis block.
    pub const ZERO: Self = Self([0; 32]);

    /// The last eight bytes as a number. The first two are zero by proof of work, so the end is
    /// the part that spreads evenly: stores index by it.
    #[must_use]
    pub fn suffix(&self) -> u64 {
        let mut tail = [0; 8];
        tail.copy_from_slice(&self.0[24..]);
        u64::from_be_bytes(tail)
    }
}

/// Why a text is not a block hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits, this has {found}")]
pub struct ParseHashError {
    found: ParsedShape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ParsedShape {
    Length(usize),
    Digit(usize),
}

impl fmt::Display for ParsedShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "{length} bytes"),
            Self::Digit(at) => write!(f, "another character at place {at}"),
        }
    }
}

impl FromStr for BlockHash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(ParseHashError { found: ParsedShape::Length(digits.len()) });
        }
        let mut bytes = [0; 32];
        for (place, &digit) in digits.iter().enumerate() {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                b'A'..=b'F' => digit - b'A' + 10,
                _ => return Err(ParseHashError { found: ParsedShape::Digit(place) }),
            };
            bytes[place / 2] = (bytes[place / 2] << 4) | value;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = [0; 64];
        f.write_str(digits(&self.0, &mut hex))
    }
}

impl fmt::Debug for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for BlockHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut hex = [0; 64];
        serializer.serialize_str(digits(&self.0, &mut hex))
    }
}

impl<'de> Deserialize<'de> for BlockHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn hexadecimal_reads_in_any_case_and_writes_in_lower_case() {
        let text = "000009FD818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13";
        let hash: BlockHash = text.parse().unwrap();
        assert_eq!(hash.to_string(), text.to_lowercase());
        assert_eq!(hash.suffix(), 0x8b95_9e4b_56a0_6f13);
    }

    #[test]
    fn odd_long_and_foreign_hexadecimal_is_refused() {
        let hash = "0".repeat(64);
        for wrong in ["", "0", &hash[1..], &(hash.clone() + "0"), &hash.replacen('0', "g", 1)] {
            assert!(wrong.parse::<BlockHash>().is_err(), "{wrong:?} was read");
        }
        assert!(hash.replacen("00", "é", 1).parse::<BlockHash>().is_err());
    }
}
