//! What it would cost to redo work.
//!
//! Owns the rates that work is compared with, and the words for how long it takes. Says nothing of who
//! would do it: whoever has ten machines needs a tenth of the time.

use core::fmt;

use kusari_api_types::{REFERENCE_GPU_RATE, WitnessStanding};
use kusari_chain::{RecentWork, Work};

/// A time in one of a few words: nobody needs more digits of an expectation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Roughly(f64);

impl Roughly {
    /// How long so much work takes at so many tries a second.
    pub(crate) fn of(work: Work, rate: f64) -> Self {
        Self(work.tries() / rate)
    }
}

/// What it would take to replace the last blocks, which are named so, and who would have seen it.
pub(crate) fn to_rewrite(
    recent: &RecentWork,
    names: [&str; 3],
    here: f64,
    witnesses: Option<WitnessStanding>,
) -> String {
    let works = [recent.ten_blocks, recent.hour, recent.day];
    let costs = names.iter().zip(works).map(|(name, work)| {
        let gpu = Roughly::of(work, REFERENCE_GPU_RATE);
        format!("{name} {}, {gpu}", Roughly::of(work, here))
    });
    let costs: Vec<String> = costs.collect();

    let against = match witnesses {
        Some(WitnessStanding { near_tip: 1, .. }) => String::from("1 witness stands"),
        Some(WitnessStanding { near_tip, .. }) => format!("{near_tip} witnesses stand"),
        None => String::from("no witness stands"),
    };
    format!("{}; {against} against it", costs.join("; "))
}

impl fmt::Display for Roughly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const YEAR: f64 = 365.25 * 86_400.0;
        let units = [
            (1e9 * YEAR, "billion years"),
            (1e6 * YEAR, "million years"),
            (YEAR, "years"),
            (86_400.0, "days"),
            (3_600.0, "hours"),
            (60.0, "minutes"),
            (1.0, "seconds"),
            (1e-3, "milliseconds"),
        ];
        // What rounds up to the next unit is said in that one.
        match units.iter().find(|(unit, _)| self.0 >= *unit * 0.9995) {
            Some((unit, name)) => {
                let number = self.0 / unit;
                let digits = usize::from(number < 99.5) * usize::from(number < 9.95);
                write!(f, "{number:.digits$} {name}")
            }
            None => f.write_str("less than a millisecond"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        for (seconds, said) in [
            (0.0, "less than a millisecond"),
            (0.0123, "12 milliseconds"),
            (1.0, "1.0 seconds"),
            (59.99, "1.0 minutes"),
            (3_600.0 * 5.0, "5.0 hours"),
            (86_400.0 * 12.4, "12 days"),
            (86_400.0 * 365.25 * 3e7, "30 million years"),
            (1e40, "316880878140289502412800 billion years"),
        ] {
            assert_eq!(Roughly(seconds).to_string(), said, "{seconds}");
        }
    }
}
