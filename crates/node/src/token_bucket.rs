//! How often something may happen: some times at once, then as time allows.
//!
//! Owns the arithmetic of every such limit of a node. Knows nothing of what is limited.

use crate::prelude::*;

/// A token bucket that loses no fraction of time.
///
/// It stores the time at which it will be full, so that a token which is half there stays half there
/// however often one asks. Source: the generic cell rate algorithm, ITU-T I.371, as virtual scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBucket {
    full_at: Duration,
    burst: u32,
    refill: Duration,
}

impl TokenBucket {
    /// Full from the start; one token more after each `refill`, up to `burst`.
    #[must_use]
    pub const fn new(burst: u32, refill: Duration, now: Duration) -> Self {
        Self { full_at: now, burst, refill }
    }

    /// Takes `count` tokens at once, if there are so many; else none. More than the burst never are.
    pub fn take(&mut self, count: u32, now: Duration) -> bool {
        let enough = self.ready_at(count) <= now;
        if enough {
            self.spend(count, now);
        }
        enough
    }

    /// Takes `count` tokens, or all that are left where there are fewer.
    pub fn spend(&mut self, count: u32, now: Duration) {
        let empty = now.saturating_add(self.time_of(self.burst));
        let spent = self.full_at.max(now).saturating_add(self.time_of(count));
        self.full_at = spent.min(empty);
    }

    /// Tokens that are missing until it is full, each that is half there counted.
    #[must_use]
    pub fn missing(&self, now: Duration) -> u32 {
        let missing = self.full_at.saturating_sub(now).as_nanos();
        let refill = self.refill.as_nanos().max(1);
        u32::try_from(missing.div_ceil(refill)).unwrap_or(u32::MAX).min(self.burst)
    }

    /// From when on [`TokenBucket::take`] finds so many, if nothing takes any until then. Never where
    /// that is more than the burst.
    #[must_use]
    pub fn ready_at(&self, count: u32) -> Duration {
        match self.burst.checked_sub(count) {
            Some(left) => self.full_at.saturating_sub(self.time_of(left)),
            None => Duration::MAX,
        }
    }

    fn time_of(&self, count: u32) -> Duration {
        self.refill.saturating_mul(count)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// A bucket that counts in nanoseconds what it has.
    struct Naive {
        nanos: u128,
        asked: Duration,
        burst: u128,
        refill: u128,
    }

    impl Naive {
        fn take(&mut self, count: u32, now: Duration, is_forced: bool) -> bool {
            self.nanos = (self.nanos + (now - self.asked).as_nanos()).min(self.burst * self.refill);
            self.asked = now;
            let cost = u128::from(count) * self.refill;
            let enough = self.nanos >= cost;
            if enough || is_forced {
                self.nanos = self.nanos.saturating_sub(cost);
            }
            enough
        }
    }

    proptest! {
        #[test]
        fn it_gives_what_its_rate_says_to_the_nanosecond(
            burst in 1_u32..200,
            refill in 1_u64..10_000_000_000,
            asks in proptest::collection::vec((0_u64..20_000_000_000, 0_u32..210, any::<bool>()), 1..200),
        ) {
            let refill = Duration::from_nanos(refill);
            let mut now = Duration::from_secs(7);
            let mut bucket = TokenBucket::new(burst, refill, now);
            let (full, refill) = (u128::from(burst), refill.as_nanos());
            let mut naive = Naive { nanos: full * refill, asked: now, burst: full, refill };
            for (pause, count, is_forced) in asks {
                now += Duration::from_nanos(pause);
                let ready = bucket.ready_at(count) <= now;
                let enough = naive.take(count, now, is_forced);
                prop_assert_eq!(ready, enough);
                if is_forced {
                    bucket.spend(count, now);
                } else {
                    prop_assert_eq!(bucket.take(count, now), enough);
                }
                let left = naive.nanos / refill;
                prop_assert_eq!(u128::from(burst - bucket.missing(now)), left);
            }
        }

        #[test]
        fn looking_often_takes_nothing(looks in proptest::collection::vec(1_u64..5_900, 1..100)) {
            let mut bucket = TokenBucket::new(5, Duration::from_secs(6), Duration::ZERO);
            bucket.spend(5, Duration::ZERO);
            let mut taken = 0;
            let mut now = Duration::ZERO;
            for pause in looks {
                now += Duration::from_millis(pause);
                taken += u64::from(bucket.take(1, now));
            }
            prop_assert_eq!(taken, now.as_secs() / 6);
        }
    }

    #[test]
    fn a_fault_each_5_9_seconds_is_forgiven_at_the_rate_of_one_in_6() {
        let mut bucket = TokenBucket::new(100, Duration::from_secs(6), Duration::ZERO);
        let mut missing = Vec::new();
        for fault in 0..600 {
            let now = Duration::from_millis(5_900 * fault);
            bucket.spend(1, now);
            missing.push(bucket.missing(now));
        }
        // Each adds a sixtieth of a point.
        assert_eq!(missing[0], 1);
        assert_eq!(missing[60], 2);
        assert_eq!(missing[599], 11);
    }

    #[test]
    fn no_time_and_no_rate_panics() {
        let mut bucket = TokenBucket::new(u32::MAX, Duration::MAX, Duration::MAX);
        bucket.spend(u32::MAX, Duration::MAX);
        bucket.take(1, Duration::ZERO);
        assert_eq!(bucket.missing(Duration::ZERO), 1);
        let mut endless = TokenBucket::new(1, Duration::ZERO, Duration::ZERO);
        assert!(endless.take(1, Duration::ZERO) && endless.take(1, Duration::ZERO));
        assert_eq!(endless.missing(Duration::ZERO), 0);
        assert!(!endless.take(2, Duration::MAX - Duration::from_secs(1)));
    }
}
