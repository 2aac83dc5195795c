//! Keys of rows, and how they are named where something is wrong with a row.

use redb::Key;

/// A key as it is named in a fault.
#[cfg_attr(not(feature = "test-util"), allow(unreachable_pub, reason = "of `checksummed`"))]
pub trait RowKey: Key + 'static {
    fn shown(key: &Self::SelfType<'_>) -> String;
}

macro_rules! shown_as_it_is {
    ($($key:ty),*) => {
        $(impl RowKey for $key {
            fn shown(key: &Self::SelfType<'_>) -> String {
                format!("{key:?}")
            }
        })*
    };
}

shown_as_it_is!(u8, u32, u64, (u8, u32), (u8, u64), (u64, u64), (u8, u64, u64));

impl RowKey for &'static str {
    fn shown(key: &&str) -> String {
        key.escape_debug().to_string()
    }
}

impl RowKey for &'static [u8; 32] {
    fn shown(key: &&[u8; 32]) -> String {
        kusari_chain::hex::encode(*key)
    }
}

impl RowKey for (&'static [u8; 32], u64) {
    fn shown((key, number): &(&[u8; 32], u64)) -> String {
        format!("({}, {number})", <&[u8; 32]>::shown(key))
    }
}
