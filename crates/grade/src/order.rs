//! The order of checks: as they stand in the kit, or one that a number decides.

/// Brings things into an order that the seed decides.
pub(super) fn shuffle<T>(things: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..things.len()).rev() {
        // The bound is far below 2^64, so no place is noticeably likelier than another.
        let place = draw(&mut state) % (last as u64 + 1);
        things.swap(last, usize::try_from(place).unwrap_or(last));
    }
}

/// SplitMix64, by its reference: https://prng.di.unimi.it/splitmix64.c
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut drawn = *state;
    drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    drawn ^ (drawn >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_order_and_another_seed_another() {
        let order = |seed| {
            let mut things: Vec<u32> = (0..100).collect();
            shuffle(&mut things, seed);
            things
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let mut sorted = order(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>(), "something was lost");
    }
}
