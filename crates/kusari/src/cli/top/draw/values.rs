//! Values in a few columns.

use kusari_chain::Work;

use crate::cli::escape::{grouped, lasting};

/// For how long something has been, by two moments in Unix seconds.
pub(super) fn ago(now: u64, then: u64) -> String {
    now.checked_sub(then).map_or_else(|| String::from("ahead"), lasting)
}

/// Work: its number while that is short, and otherwise its size.
pub(super) fn short_work(work: Work) -> String {
    let number = work.tries();
    if number < 1e9 { grouped(work) } else { format!("{number:.3e}") }
}

/// Tries a second.
pub(super) fn rate(tries: u64) -> String {
    match tries {
        0..10_000 => format!("{} tries/s", grouped(tries)),
        10_000..10_000_000 => format!("{} thousand tries/s", grouped(tries / 1_000)),
        _ => format!("{} million tries/s", grouped(tries / 1_000_000)),
    }
}

/// A way there and back.
pub(super) fn latency(microseconds: u64) -> String {
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..100_000 => {
            format!("{}.{} ms", microseconds / 1_000, microseconds % 1_000 / 100)
        }
        _ => format!("{} ms", grouped(microseconds / 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_in_the_unit_that_fits() {
        for (then, said) in
            [(1_001, "ahead"), (1_000, "0 s"), (881, "119 s"), (880, "2 min"), (0, "16 min")]
        {
            assert_eq!(ago(1_000, then), said);
        }
        assert_eq!((ago(7_200, 0), ago(172_800, 0)), ("2 h".into(), "2 d".into()));
        assert_eq!(short_work(Work::of_classic_blocks(5)), "327,680");
        assert_eq!(short_work(Work::of_classic_blocks(1 << 20)), "6.872e10");
        assert_eq!(rate(9_999), "9,999 tries/s");
        assert_eq!(rate(1_234_567), "1,234 thousand tries/s");
        assert_eq!(rate(u64::MAX), "18,446,744,073,709 million tries/s");
        assert_eq!((latency(999), latency(1_250)), ("999 µs".into(), "1.2 ms".into()));
        assert_eq!(latency(2_000_000), "2,000 ms");
    }
}
