//! A moment as people write it.

use core::fmt;

/// Seconds of a day.
const DAY: u64 = 86_400;
/// Days from the first of March of year 0 to the first day of Unix time.
const BEFORE_UNIX: u64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const DAYS_OF_400_YEARS: u64 = 146_097;

/// Unix time in seconds, written as `2026-03-01 12:00:00 UTC`; as a number where it is beyond the
/// year 9999, as only a lying block says.
pub(crate) struct UtcTime(pub(crate) u64);

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0 / DAY, self.0 % DAY);
        let (year, month, day) = date(days);
        if year > 9_999 {
            return write!(f, "second {} of Unix time", self.0);
        }
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

/// Year, month and day of a day of Unix time. Years are counted from March, so that the day that
/// may be missing is the last one.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + BEFORE_UNIX;
    let (cycle, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let leaps = day / 1_460 + day / 146_096;
    let year = (day + day / 36_524 - leaps) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on have 31, 30, 31, 30, 31 days, again and again: 153 days for five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * cycle + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_827_696, "2000-02-29 12:34:56 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_799, "2000-02-29 23:59:59 UTC"),
            (1_672_531_200, "2023-01-01 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
            (253_402_300_800, "second 253402300800 of Unix time"),
            (u64::MAX, "second 18446744073709551615 of Unix time"),
        ] {
            assert_eq!(UtcTime(seconds).to_string(), text);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut last = date(0);
        for day in 1..200_000 {
            let next = date(day);
            assert!(next > last, "{next:?} after {last:?}");
            assert!(next.2 == last.2 + 1 || next.2 == 1, "{next:?} after {last:?}");
            last = next;
        }
    }
}
