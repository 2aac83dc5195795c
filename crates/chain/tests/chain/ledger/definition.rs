//! The protocol's formulas once more, written from its text in the plainest way there is, to hold
//! the program to. Nothing here is fast, and nothing here is the program's.

use sha2::{Digest, Sha256};

/// RFC 9162, section 2.1.1.
pub(crate) fn merkle(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => Sha256::digest([&[0_u8][..], one].concat()).into(),
        more => {
            let mut split = 1;
            while split * 2 < more.len() {
                split *= 2;
            }
            let (left, right) = more.split_at(split);
            Sha256::digest([&[1_u8][..], &merkle(left), &merkle(right)].concat()).into()
        }
    }
}

/// `A(1)`, `A(2)` and so on, for the timestamps from block 1 on.
pub(crate) fn active_times(timestamps: &[u64], block_time: u64) -> Vec<u64> {
    let mut active = Vec::new();
    for (place, &timestamp) in timestamps.iter().enumerate() {
        let Some(&before) = active.last() else {
            active.push(0);
            continue;
        };
        let latest = i128::from(*timestamps[..place].iter().max().unwrap());
        let step = (i128::from(timestamp) - latest).max(0);
        let bound = (6 * block_time).max(240);
        active.push(before + u64::try_from(step.min(i128::from(bound))).unwrap());
    }
    active
}

/// What the timestamp of block `timestamps.len()` must be above, where these are those of all its
/// ancestors, genesis first.
pub(crate) fn median(timestamps: &[u64]) -> u64 {
    let count = timestamps.len().min(11);
    let mut last = timestamps[timestamps.len() - count..].to_vec();
    last.sort_unstable();
    last[count / 2]
}

/// The target after block `parent`, where `active` is `A(parent)`.
pub(crate) fn asert(parent: u32, active: u64, block_time: u32, half_life: u32) -> u32 {
    if parent == 0 {
        return 0x1f00_ffff;
    }
    let (block_time, height_diff) = (i128::from(block_time), i128::from(parent) - 1);
    let time_diff = block_time + i128::from(active);
    // Division of integers truncates toward zero.
    let exponent = (time_diff - block_time * (height_diff + 1)) * 65_536 / i128::from(half_life);
    let shifts = exponent.div_euclid(65_536);
    let fraction = exponent.rem_euclid(65_536);
    let cubic = 195_766_423_245_049 * fraction
        + 971_821_376 * fraction * fraction
        + 5_127 * fraction * fraction * fraction
        + (1 << 47);
    let factor = 65_536 + cubic / (1 << 48);
    // The limit is 0xffff * 2^224. Of the product only where its bits stand changes.
    let bits = Bits::of(u128::try_from(0xffff * factor).unwrap(), 224 - 16 + shifts);
    bits.at_most(&Bits::of(0xffff, 224)).at_least_one().compact()
}

/// A number of any size, by the places of the bits that are set, the highest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Bits(Vec<u64>);

impl Bits {
    /// `number * 2^power`, rounded down.
    fn of(number: u128, power: i128) -> Self {
        let places = (0..128_i128).rev().filter(|place| number >> place & 1 == 1);
        Self(places.filter_map(|place| u64::try_from(place + power).ok()).collect())
    }

    /// Places in falling order compare as the numbers do: the first that differs decides, and one
    /// that ends first is less.
    fn at_most(self, limit: &Self) -> Self {
        if self > *limit { Self(limit.0.clone()) } else { self }
    }

    fn at_least_one(self) -> Self {
        if self.0.is_empty() { Self(vec![0]) } else { self }
    }

    /// The compact form: bytes of the number, then the first three, with a zero before them where
    /// they would look negative.
    fn compact(&self) -> u32 {
        let mut bytes = vec![0_u8; usize::try_from(self.0[0] / 8 + 1).unwrap()];
        for place in &self.0 {
            let at = bytes.len() - 1 - usize::try_from(place / 8).unwrap();
            bytes[at] |= 1 << (place % 8);
        }
        if bytes[0] >= 0x80 {
            bytes.insert(0, 0);
        }
        let size = u8::try_from(bytes.len()).unwrap();
        bytes.resize(bytes.len().max(3), 0);
        u32::from_be_bytes([size, bytes[0], bytes[1], bytes[2]])
    }
}
