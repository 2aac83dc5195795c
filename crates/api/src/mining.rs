//! The rate of the search for a block.
//!
//! Owns the rate: what the miner counted, looked at once a second. Asks nothing of the node, and holds
//! nothing that grows.

use tokio::sync::watch;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};

use kusari_api_types::MiningReport;
use kusari_runtime::Counts;

/// How often the count is looked at.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// Where the newest report is.
pub(super) type Meter = watch::Receiver<MiningReport>;

/// Looks at the counts until nothing reads the reports any more.
pub(super) async fn measure(counts: &Counts, reports: watch::Sender<MiningReport>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = (ticks.tick().await, counts.tries());
    while !reports.is_closed() {
        let now = (ticks.tick().await, counts.tries());
        let report = report(before, now);
        before = now;
        // A node that mines nothing has nothing new to say.
        reports.send_if_modified(|shown| std::mem::replace(shown, report) != report);
    }
}

fn report((earlier, before): (Instant, u64), (later, tries): (Instant, u64)) -> MiningReport {
    let tried = u128::from(tries.saturating_sub(before));
    let nanoseconds = later.saturating_duration_since(earlier).as_nanos().max(1);
    let rate = tried * Duration::from_secs(1).as_nanos() / nanoseconds;
    let tries_per_second = u64::try_from(rate).unwrap_or(u64::MAX);
    MiningReport { active: tried > 0, tries, tries_per_second }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_of_the_time_that_passed() {
        let began = Instant::now();
        let after = |seconds: f64| began + Duration::from_secs_f64(seconds);
        let of = |seconds, tries| report((began, 1_000), (after(seconds), tries));
        let report =
            |active, tries, tries_per_second| MiningReport { active, tries, tries_per_second };
        assert_eq!(of(1.0, 1_000), report(false, 1_000, 0));
        assert_eq!(of(1.0, 6_000), report(true, 6_000, 5_000));
        assert_eq!(of(2.5, 6_000), report(true, 6_000, 2_000));
        // Nothing is divided by no time at all.
        assert!(of(0.0, u64::MAX).tries_per_second > 0);
    }
}
