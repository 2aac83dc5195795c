//! What a user asks about, as written.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use kusari_chain::BlockHash;

/// Hex digits that a hash is named by at least: fewer would fit many.
const MIN_DIGITS: usize = 8;
/// Hex digits of a whole hash.
const DIGITS: usize = 64;

/// A block, a transaction or a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The best chain's block at this height.
    Height(u32),
    /// The block or the transaction with this hash.
    Hash(BlockHash),
    /// The block or the transaction whose hash begins so.
    Prefix(Prefix),
    /// A connection, by both of its halves.
    Address(SocketAddr),
    /// Every connection of a host.
    Host(IpAddr),
}

/// The first digits of a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// In lower case, fewer than a whole hash has.
    digits: String,
}

/// Nothing is named so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is neither a block, a transaction nor a peer; name a block by its height or by 8 digits of \
     its hash or more, a transaction by its id, and a peer by its address, as in 127.0.0.1:8080 or \
     127.0.0.1"
)]
pub struct UnknownSubject;

impl FromStr for Subject {
    type Err = UnknownSubject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The longest is a whole hash. The zone of an IPv6 address may begin with any number of zeros.
        if text.len() > DIGITS {
            return Err(UnknownSubject);
        }
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A height is not written with zeros before it, and hashes that prove work begin with some.
        let may_be_height = is_number && (text.len() < MIN_DIGITS || !text.starts_with('0'));
        if may_be_height && let Ok(height) = text.parse() {
            return Ok(Self::Height(height));
        }
        if let Some(prefix) = Prefix::read(text) {
            return Ok(Self::Prefix(prefix));
        }
        if let Ok(hash) = text.parse() {
            return Ok(Self::Hash(hash));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        bare.parse().map(Self::Host).map_err(|_| UnknownSubject)
    }
}

/// The digits.
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)
    }
}

impl Prefix {
    /// Reads the first digits of a hash: enough of them, and not all.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_part = (MIN_DIGITS..DIGITS).contains(&text.len());
        (is_hex && is_part).then(|| Self { digits: text.to_ascii_lowercase() })
    }

    /// Whether a hash begins so.
    pub(crate) fn fits(&self, hash: &BlockHash) -> bool {
        hash.to_string().starts_with(&self.digits)
    }

    /// The lowest and the highest number that the first eight bytes of such a hash may be.
    pub(crate) fn bounds(&self) -> (u64, u64) {
        let head = &self.digits[..self.digits.len().min(16)];
        let head = u64::from_str_radix(head, 16).unwrap_or_default();
        let missing = 4 * (16 - self.digits.len().min(16));
        let low = head << missing;
        (low, low | ((1_u64 << missing) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_as_people_write_it_and_anything_else_is_refused_with_the_remedy() {
        let hash = "0000".repeat(16);
        assert_eq!("0".parse(), Ok(Subject::Height(0)));
        assert_eq!("4294967295".parse(), Ok(Subject::Height(u32::MAX)));
        assert_eq!(hash.parse(), Ok(Subject::Hash(BlockHash([0; 32]))));
        assert_eq!("127.0.0.1:8080".parse(), Ok(Subject::Address(([127, 0, 0, 1], 8080).into())));
        let loopback = IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!("[::1]:1".parse(), Ok(Subject::Address((loopback, 1).into())));
        for host in ["::1", "[::1]"] {
            assert_eq!(host.parse(), Ok(Subject::Host(loopback)));
        }
        for prefix in ["00003812", "DEADBEEF", "4294967296"] {
            assert!(matches!(prefix.parse(), Ok(Subject::Prefix(_))), "{prefix}");
        }
        for wrong in [
            "",
            "-1",
            "abc",
            "0000381",
            "host.example:1",
            &"0".repeat(65),
            &format!("[fe80::1%{}1]:1", "0".repeat(64)),
            "ü",
            "+12",
        ] {
            let read = wrong.parse::<Subject>();
            assert!(matches!(read, Err(UnknownSubject) | Ok(Subject::Height(381..))), "{wrong}");
        }
    }

    #[test]
    fn the_bounds_of_a_prefix_hold_every_hash_that_begins_so() {
        for digits in ["00003812", "0000381200003812", "00003812000038120", "ffffffff"] {
            let Ok(Subject::Prefix(prefix)) = digits.parse() else { panic!("{digits}") };
            let (low, high) = prefix.bounds();
            for fill in ['0', '7', 'f'] {
                let text: String = digits.chars().chain(std::iter::repeat(fill)).take(64).collect();
                let hash: BlockHash = text.parse().unwrap();
                let first = u64::from_be_bytes(*hash.0.first_chunk().unwrap());
                assert!((low..=high).contains(&first) && prefix.fits(&hash), "{text}");
            }
        }
    }
}
