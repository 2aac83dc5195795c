//! What the arithmetic of a kernel costs at least.
//!
//! Owns the counts of operations. A count takes the rounds as the kernel writes them, without what
//! does not depend on the nonce, and nothing else: no loads, no moves, no loop. For each vector of
//! the first block: 2 for the low words and 2 that add them to the state after round 3; the rounds
//! 4 to 63, of which three have all but two terms in one constant and eleven more have no word to
//! add; 420 for the schedule, from word 18 on, with 44 and 32 of the two sigmas; 8 for the final
//! sum. For each later block 64 rounds without words, and 8. At the end one addition and one
//! comparison in place of 8.

/// Vector operations that a processor begins in one cycle. That is what Zen 5 does with vectors of
/// 512 bits and Zen 3 to 5 with 256 bits, two of them rotates or shifts; others do fewer.
const OPERATIONS_A_CYCLE: f64 = 4.0;

/// Operations of one round without its word: six rotates, four of logic and six additions.
const AVX512_ROUND: u32 = 16;

/// The same where a rotate is two shifts and an `or`, and logic has two operands: eleven for each
/// sum, three to choose, four for the majority, and six additions.
const AVX2_ROUND: u32 = 35;

/// Operations of the schedule of the first block; AVX2 has five more for each of 76 sigmas.
const AVX512_SCHEDULE: u32 = 420;
const AVX2_SCHEDULE: u32 = AVX512_SCHEDULE + 5 * 76;

/// Cycles that a try takes at least, where a preimage has so many blocks after the first.
pub(super) fn avx512(later_blocks: u32) -> f64 {
    f64::from(operations(AVX512_ROUND, AVX512_SCHEDULE, later_blocks)) / OPERATIONS_A_CYCLE / 16.0
}

pub(super) fn avx2(later_blocks: u32) -> f64 {
    f64::from(operations(AVX2_ROUND, AVX2_SCHEDULE, later_blocks)) / OPERATIONS_A_CYCLE / 8.0
}

fn operations(round: u32, schedule: u32, later_blocks: u32) -> u32 {
    let rounds = 3 * (round - 1) + 11 * round + 46 * (round + 1);
    let first_block = 2 + 2 + rounds + schedule + 8;
    first_block + later_blocks * (64 * round + 8) - 8 + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_bytes_of_data_cost_2461_operations_for_sixteen_tries() {
        assert_eq!(operations(AVX512_ROUND, AVX512_SCHEDULE, 1), 2_461);
    }
}
