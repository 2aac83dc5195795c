//! The work that a number of hashes shows.
//!
//! Owns the one number that says how hard it is to make hashes as low as these.

use ruint::aliases::{U256, U512};

use crate::hash::BlockHash;
use crate::pow::Work;
use crate::prelude::*;

/// The lowest hashes that count. Six tell the work within a factor of 1.5, two times out of three.
pub const COUNTED_HASHES: usize = 6;

/// Tries that it takes on average to find as many hashes that are as low as the lowest of these: k
/// times 2^256 / (h + 1), where k is the smaller of their number and [`COUNTED_HASHES`] and h the k-th
/// lowest. None where there are none.
#[must_use]
pub fn work_shown(hashes: impl Iterator<Item = BlockHash>) -> Work {
    let mut hashes: Vec<BlockHash> = hashes.collect();
    hashes.sort_unstable();
    hashes.truncate(COUNTED_HASHES);
    let Some(highest) = hashes.last() else { return Work::ZERO };
    let span = U512::from(U256::from_be_bytes(highest.0)).saturating_add(U512::ONE);
    let all = U512::from(hashes.len()).wrapping_shl(256);
    let tries: U256 = all.checked_div(span).unwrap_or_default().saturating_to();
    Work::from_be_bytes(tries.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn hash(first: u8) -> BlockHash {
        let mut hash = [0xff; 32];
        hash[0] = first;
        BlockHash(hash)
    }

    #[test]
    fn six_lowest_hashes_count_however_many_there_are() {
        // h + 1 is 2^248 times (first + 1).
        let of = |firsts: &[u8]| work_shown(firsts.iter().map(|first| hash(*first))).to_string();
        assert_eq!(of(&[]), "0");
        assert_eq!(of(&[0]), "256");
        assert_eq!(of(&[1, 0]), "256");
        assert_eq!(of(&[5, 4, 3, 2, 1, 0]), "256");
        assert_eq!(of(&[5, 4, 3, 2, 1, 0, 200, 255]), "256");
        assert_eq!(of(&[200, 255]), "2");
    }

    #[test]
    fn a_hash_of_zero_shows_as_much_as_a_number_can_say() {
        let most = Work::from_be_bytes([0xff; 32]);
        assert_eq!(work_shown([BlockHash::ZERO].into_iter()), most);
    }
}
