//! Proof of work: targets, and the work that a hash below a target proves.
//!
//! Owns 256-bit arithmetic on them; knows no clock and no chain.

pub mod asert;
mod compact;

use core::fmt;

use ruint::aliases::U256;
use serde::{Deserializer, Serializer};

use crate::hash::BlockHash;
use crate::hex::digits;
use crate::params::CLASSIC_ZERO_BITS;
use crate::prelude::*;

pub use asert::{AsertParams, ChainTime};
pub use compact::CompactTarget;

/// The greatest value that a block hash, read as a big-endian number, may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target(#[serde(with = "digits")] U256);

impl Target {
    /// The constant target of a classic chain: `2^240 - 1`.
    pub const CLASSIC: Self = Self(U256::MAX.wrapping_shr(CLASSIC_ZERO_BITS));

    /// The hardest target that a difficulty rule gives.
    pub(crate) const HARDEST: Self = Self(U256::ONE);

    /// The target of these big-endian bytes.
    #[must_use]
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }

    /// Whether `hash` meets this target.
    #[must_use]
    pub fn is_met_by(&self, hash: &BlockHash) -> bool {
        U256::from_be_bytes(hash.0) <= self.0
    }

    /// The first 32 bits. A hash whose first 32 bits are greater does not meet this target.
    #[must_use]
    pub fn first_word(&self) -> u32 {
        self.0.wrapping_shr(256 - 32).saturating_to()
    }

    /// Expected number of hashes to meet this target: `2^256 / (target + 1)`, rounded down.
    #[must_use]
    pub fn work(&self) -> Work {
        // 2^256 does not fit 256 bits; (2^256 - (target + 1)) / (target + 1) + 1 is the same.
        match self.0.checked_add(U256::ONE).and_then(|span| (!self.0).checked_div(span)) {
            Some(rest) => Work(rest.saturating_add(U256::ONE)),
            None => Work(U256::ONE),
        }
    }
}

/// Accumulated work of a chain: the expected number of hashes that mined it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Work(#[serde(with = "digits")] U256);

/// Work of the best chain's last blocks: tries that replacing them would need on average.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecentWork {
    /// Of the last ten blocks, or of all where there are fewer.
    pub ten_blocks: Work,
    /// Of those of the last hour, by their own timestamps.
    pub hour: Work,
    /// Of those of the last day.
    pub day: Work,
}

crate::bytes::described!(
    Work,
    "Tries that blocks took on average: a number of 256 bits, as 64 hexadecimal digits.",
    crate::bytes::pattern(32),
    "0000000000000000000000000000000000000000000000000000000000010000"
);

impl Work {
    /// No work.
    pub const ZERO: Self = Self(U256::ZERO);

    /// Work of `blocks` classic blocks; what people are shown as a chain's work counts from here.
    #[must_use]
    pub fn of_classic_blocks(blocks: u32) -> Self {
        Self(Target::CLASSIC.work().0.saturating_mul(U256::from(blocks)))
    }

    /// What is left without some of it; nothing where that is more than all.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum. It saturates: 2^256 hashes are out of reach, so the case never decides.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// So many times as much. It saturates, as [`Work::plus`] does.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self(self.0.saturating_mul(U256::from(factor)))
    }

    /// As a floating-point number of tries, to compare it with rates.
    #[must_use]
    pub fn tries(self) -> f64 {
        self.to_be_bytes().iter().fold(0.0, |number, byte| number * 256.0 + f64::from(*byte))
    }

    /// Big-endian bytes, which sort as the numbers do.
    #[must_use]
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// The number that [`Work::to_be_bytes`] wrote.
    #[must_use]
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }
}

/// Decimal, for people.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// 64 hexadecimal digits, as `HELLO` and `HAVE` carry a number.
mod digits {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        number: &U256,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut hex = [0; 64];
        serializer.serialize_str(digits(&number.to_be_bytes::<32>(), &mut hex))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<U256, D::Error> {
        BlockHash::deserialize(deserializer).map(|hash| U256::from_be_bytes(hash.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn classic_work_is_65536_hashes_a_block() {
        assert_eq!(Target::CLASSIC.work().to_string(), "65536");
        assert_eq!(Work::of_classic_blocks(3).to_string(), "196608");
        assert_eq!(Work::of_classic_blocks(2).tries(), 131_072.0);
    }

    #[test]
    fn two_zero_bytes_meet_the_classic_target_and_one_does_not() {
        let mut hash = BlockHash([0xff; 32]);
        hash.0[0] = 0;
        assert!(!Target::CLASSIC.is_met_by(&hash));
        hash.0[1] = 0;
        assert!(Target::CLASSIC.is_met_by(&hash));
    }

    #[test]
    fn the_first_word_of_a_target_is_its_first_four_bytes() {
        let mut bytes = [0xff; 32];
        bytes[..4].copy_from_slice(&[1, 2, 3, 4]);
        assert_eq!(Target::from_be_bytes(bytes).first_word(), 0x0102_0304);
        assert_eq!(Target::CLASSIC.first_word(), 0xffff);
        assert_eq!((Target(U256::MAX).first_word(), Target(U256::ONE).first_word()), (u32::MAX, 0));
    }

    #[test]
    fn extreme_targets_have_the_work_of_their_definition() {
        assert_eq!(Target(U256::MAX).work().to_string(), "1");
        assert_eq!(Target(U256::ZERO).work(), Work(U256::MAX));
        assert_eq!(Target(U256::ONE).work(), Work(U256::ONE << 255));
    }
}
