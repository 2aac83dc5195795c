//! The compact form of a target, "bits": one byte of exponent and three of mantissa.
//!
//! Owns both directions. Source: the form that Bitcoin's block headers carry.

use core::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ruint::aliases::U256;

use super::Target;
use crate::prelude::*;

/// A target in compact form: `mantissa * 256^(exponent - 3)`, the exponent in the highest byte. Not
/// every number is one that [`CompactTarget::of`] gives; consensus compares the number itself.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
pub struct CompactTarget(pub u32);

/// The bit of the mantissa that means a negative number, and so is never set.
const SIGN: u32 = 0x0080_0000;

impl CompactTarget {
    /// The easiest target of a ledger chain, and that of its first block: `0xffff * 2^224`, work
    /// 65,537. Source: protocol, section 4.2.
    pub const LIMIT: Self = Self(0x1f00_ffff);

    /// The target's compact form; bits beyond the mantissa are cut off.
    #[must_use]
    pub fn of(target: Target) -> Self {
        let mut bytes = target.0.byte_len();
        let mut mantissa: u32 = if bytes <= 3 {
            let small: u32 = target.0.saturating_to();
            small << (8 * (3 - bytes))
        } else {
            target.0.wrapping_shr(8 * (bytes - 3)).saturating_to()
        };
        if mantissa & SIGN != 0 {
            mantissa >>= 8;
            bytes += 1;
        }
        // At most 33 bytes.
        Self((bytes as u32) << 24 | mantissa)
    }

    /// The target; `None` where the number is negative, zero, does not fit 256 bits or is another
    /// way to write what has a shorter one.
    #[must_use]
    pub fn target(self) -> Option<Target> {
        let target = self.number()?;
        (Self::of(target) == self).then_some(target)
    }

    /// The target, whether or not this is the shortest way to write it; `None` where the number is
    /// negative, zero or does not fit 256 bits.
    pub(crate) fn number(self) -> Option<Target> {
        let (exponent, mantissa) = (self.0 >> 24, self.0 & 0x007f_ffff);
        if self.0 & SIGN != 0 {
            return None;
        }
        let mantissa = U256::from(mantissa);
        let target = match exponent.checked_sub(3) {
            Some(above) => mantissa.checked_shl(8 * above as usize)?,
            None => mantissa.wrapping_shr(8 * (3 - exponent) as usize),
        };
        (!target.is_zero()).then_some(Target(target))
    }
}

impl fmt::Display for CompactTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::Debug for CompactTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_limit_is_what_the_protocol_says() {
        let limit = CompactTarget::LIMIT.target().unwrap();
        assert_eq!(limit.0, U256::from(0xffff) << 224_usize);
        assert_eq!(limit.work().to_string(), "65537");
        assert_eq!(CompactTarget::of(limit), CompactTarget::LIMIT);
    }

    #[test]
    fn known_pairs_of_bitcoin_hold() {
        for (bits, hex) in [
            (0x1d00_ffff_u32, "00000000ffff0000000000000000000000000000000000000000000000000000"),
            (0x1b04_04cb, "00000000000404cb000000000000000000000000000000000000000000000000"),
            (0x0500_9234, "0000000000000000000000000000000000000000000000000000000092340000"),
            (0x0112_0000, "0000000000000000000000000000000000000000000000000000000000000012"),
        ] {
            let target = Target(U256::from_str_radix(hex, 16).unwrap());
            assert_eq!(CompactTarget(bits).target(), Some(target), "{bits:08x}");
            assert_eq!(CompactTarget::of(target).0, bits);
        }
    }

    #[test]
    fn negative_zero_large_and_roundabout_forms_are_no_targets() {
        for bits in
            [0, 0x0400_0000, 0x0492_3456, 0x2300_0001, 0xff12_3456, 0x0500_0012, 0x0112_3456]
        {
            assert_eq!(CompactTarget(bits).target(), None, "{bits:08x}");
        }
    }
}
