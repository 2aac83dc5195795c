//! Difficulty of a ledger chain: aserti3-2d over active time.
//!
//! Owns the arithmetic of the target and of the time that counts for it. Source: protocol, section
//! 4.2; the formula and its constants are those of Bitcoin Cash's ASERT specification.

use ruint::Uint;

use super::{CompactTarget, Target};
use crate::prelude::*;

/// Wide enough for a target near 2^240 times a factor below 2^17, shifted.
type U512 = Uint<512, 8>;

/// Least bound of what one block adds to the active time, in seconds.
const MIN_STEP_BOUND_S: u64 = 240;
/// The same bound in block times, where that is more.
const STEP_BOUND_BLOCKS: u64 = 6;

/// What a chain chooses of its difficulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsertParams {
    /// Seconds that a block is to take.
    pub block_time_s: u32,
    /// Seconds behind that, or ahead of it, by which the target doubles or halves.
    pub half_life_s: u32,
}

/// The time of a chain up to one block, as difficulty counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainTime {
    /// Seconds during which blocks were being mined: pauses count up to a bound, and timestamps
    /// that run back and forth count once.
    pub active_s: u64,
    /// The latest timestamp from block 1 on, in Unix seconds; zero before block 1.
    pub latest: u64,
}

impl ChainTime {
    /// The time after a block of this height and timestamp. The chain before is that of its parent.
    #[must_use]
    pub fn after(self, height: u32, timestamp: u64, params: AsertParams) -> Self {
        if height <= 1 {
            return Self { active_s: 0, latest: timestamp };
        }
        let bound = (STEP_BOUND_BLOCKS * u64::from(params.block_time_s)).max(MIN_STEP_BOUND_S);
        let step = timestamp.saturating_sub(self.latest).min(bound);
        // Fewer than 2^32 blocks add less than 2^15 seconds each.
        Self { active_s: self.active_s + step, latest: self.latest.max(timestamp) }
    }
}

/// The target of the block that follows one of this height, where the chain has been active for so
/// many seconds since block 1. Block 1, which follows the genesis block, has the limit.
#[must_use]
pub fn next_target(parent_height: u32, active_s: u64, params: AsertParams) -> CompactTarget {
    const FRACTION_BITS: u32 = 16;
    let Some(limit) = CompactTarget::LIMIT.target() else { return CompactTarget::LIMIT };
    if parent_height == 0 {
        return CompactTarget::LIMIT;
    }
    // With block 1 as the anchor: time_diff - block_time * (height_diff + 1).
    let due = i128::from(params.block_time_s) * i128::from(parent_height - 1);
    let behind = i128::from(active_s) - due;
    let exponent = (behind << FRACTION_BITS) / i128::from(params.half_life_s.max(1));
    let shift = exponent >> FRACTION_BITS;
    let fraction = (exponent & 0xffff) as u128;
    if shift >= 0 {
        // The anchor has the limit already, and nothing is easier.
        return CompactTarget::LIMIT;
    }
    // A cubic approximation of 2^x for x in [0, 1), times 65,536.
    let cubic = 195_766_423_245_049 * fraction
        + 971_821_376 * fraction * fraction
        + 5_127 * fraction * fraction * fraction
        + (1 << 47);
    let factor = U512::from(65_536 + (cubic >> 48));
    let down = usize::try_from(-shift).unwrap_or(usize::MAX).min(511) + FRACTION_BITS as usize;
    let target = (U512::from(limit.0).wrapping_mul(factor)).wrapping_shr(down);
    let target = Target(target.saturating_to());
    CompactTarget::of(target.clamp(Target::HARDEST, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(block_time_s: u32, half_life_s: u32) -> AsertParams {
        AsertParams { block_time_s, half_life_s }
    }

    #[test]
    fn a_half_life_ahead_of_schedule_halves_the_target() {
        let params = params(10, 600);
        // Sixty blocks in no time are 600 seconds ahead.
        assert_eq!(next_target(61, 0, params), CompactTarget(0x1e7f_ff80));
        assert_eq!(next_target(121, 0, params), CompactTarget(0x1e3f_ffc0));
        // On schedule, late, or at the first block: the limit.
        for (height, active) in [(0, 0), (1, 0), (61, 600), (61, 10_000), (2, u64::MAX)] {
            assert_eq!(next_target(height, active, params), CompactTarget::LIMIT);
        }
    }

    #[test]
    fn the_hardest_target_is_one_and_no_arithmetic_runs_over() {
        let params = params(3_600, 3_600);
        assert_eq!(next_target(u32::MAX, 0, params), CompactTarget::of(Target::HARDEST));
        assert_eq!(next_target(u32::MAX, u64::MAX, params), CompactTarget::LIMIT);
    }

    #[test]
    fn pauses_count_up_to_a_bound_and_zigzag_counts_once() {
        let fast = params(10, 600);
        let mut time = ChainTime::default();
        let mut height = 0;
        let mut step = |timestamp, params: AsertParams| {
            height += 1;
            time = time.after(height, timestamp, params);
            time.active_s
        };
        assert_eq!(step(1_000_000, fast), 0);
        assert_eq!(step(1_000_010, fast), 10);
        assert_eq!(step(1_100_000, fast), 250, "a night counts 240 seconds");
        assert_eq!(step(1_000_500, fast), 250, "going back gains nothing");
        assert_eq!(step(1_100_000, fast), 250, "and coming again neither");
        assert_eq!(step(1_200_000, params(100, 600)), 850, "six block times are more than 240 s");
    }
}
