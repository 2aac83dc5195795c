//! The checksum of a row.
//!
//! Owns what it is computed of.

use redb::Value;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a checksum, at the end of each row, little-endian.
pub(crate) const CHECKSUM_BYTES: usize = 8;

/// An odd number without pattern: the fraction of the golden ratio in 64 bits (Knuth, "The Art of Computer
/// Programming", 6.4).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// What the hash of a row's value is mixed with. Keys are short, and hashing them as values are doubled what
/// a read costs. A product with an odd number can be undone, so keys that differ in one word of eight bytes
/// never come to the same.
fn with_key(table: u64, key: &[u8]) -> u64 {
    key.chunks(8).fold(table, |mixed, bytes| {
        let word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        (mixed ^ word).wrapping_mul(GOLDEN)
    })
}

/// Makes and checks the checksums of one table.
#[derive(Clone, Copy)]
pub(super) struct Checksums {
    pub(super) table: &'static str,
    hash_of_name: u64,
}

impl Checksums {
    /// Of the table with this name.
    pub(super) fn of_table(table: &'static str) -> Self {
        Self { table, hash_of_name: xxh3_64(table.as_bytes()) }
    }

    fn of(self, key: &[u8], value: &[u8]) -> u64 {
        xxh3_64(value) ^ with_key(self.hash_of_name, key)
    }

    /// The row of a value.
    pub(super) fn seal<V: Value>(self, key: &[u8], value: &V::SelfType<'_>, row: &mut Vec<u8>) {
        row.clear();
        row.extend_from_slice(V::as_bytes(value).as_ref());
        let sum = self.of(key, row);
        row.extend_from_slice(&sum.to_le_bytes());
    }

    /// Whether the row is one that was written under this key.
    pub(super) fn fits<V: Value>(self, key: &[u8], row: &[u8]) -> bool {
        let Some((value, sum)) = row.split_last_chunk::<CHECKSUM_BYTES>() else { return false };
        V::fixed_width().is_none_or(|width| value.len() == width)
            && self.of(key, value) == u64::from_le_bytes(*sum)
    }
}
