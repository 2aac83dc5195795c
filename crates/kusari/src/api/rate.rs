//! How often a client may ask.
//!
//! Owns a token bucket for each client, which fills with time: a request takes one token, and where
//! there is none it is refused. A client is known by its credential, or else by its address, so that a
//! program that went wild delays itself alone, and others without a credential at the same address.
//!
//! What a stranger can fill, and its bound: buckets of addresses, [`MAX_ADDRESSES`].

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// Requests of one client that are answered in a second. Far more than a page or a program of people
/// needs, and a bound on what a program that went wild takes from the node's processors.
const REQUESTS_PER_SECOND: u32 = 20_000;
/// Addresses that have a bucket of their own at once; any others share one. Of loopback a program may
/// use millions, and people use one or two.
const MAX_ADDRESSES: usize = 256;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    /// Programs with the node's token.
    Token,
    /// Pages in admitted browsers.
    Page,
    /// Anybody else, by the address that the connection comes from.
    Address(IpAddr),
}

/// The buckets.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: u32,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    token: Bucket,
    page: Bucket,
    /// A full bucket is left out: it says nothing.
    addresses: HashMap<IpAddr, Bucket>,
    /// Of every address for which there is no room.
    others: Bucket,
}

/// Tokens that are left, and when that was so; `None` while it is full.
#[derive(Debug, Default)]
struct Bucket(Option<(f64, Instant)>);

impl Default for Rate {
    fn default() -> Self {
        Self::new(REQUESTS_PER_SECOND)
    }
}

impl Rate {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, buckets: Mutex::default() }
    }

    /// Takes a token of a caller's, if there is one. A full bucket has those of one second.
    pub(super) fn take(&self, caller: Caller, now: Instant) -> bool {
        let full = f64::from(self.per_second);
        // Nothing panics while it holds the lock.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.of(caller, full, now).take(full, now)
    }
}

impl Buckets {
    fn of(&mut self, caller: Caller, full: f64, now: Instant) -> &mut Bucket {
        let address = match caller {
            Caller::Token => return &mut self.token,
            Caller::Page => return &mut self.page,
            Caller::Address(address) => address.to_canonical(),
        };
        if self.addresses.len() >= MAX_ADDRESSES && !self.addresses.contains_key(&address) {
            self.addresses.retain(|_, bucket| bucket.left(full, now) < full);
            if self.addresses.len() >= MAX_ADDRESSES {
                return &mut self.others;
            }
        }
        self.addresses.entry(address).or_default()
    }
}

impl Bucket {
    fn left(&self, full: f64, now: Instant) -> f64 {
        let Some((left, since)) = self.0 else { return full };
        let new = now.saturating_duration_since(since).as_secs_f64() * full;
        (left + new).min(full)
    }

    fn take(&mut self, full: f64, now: Instant) -> bool {
        let left = self.left(full, now);
        let taken = left >= 1.0;
        self.0 = Some((if taken { left - 1.0 } else { left }, now));
        taken
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Duration;

    use super::*;

    fn address(number: u32) -> Caller {
        Caller::Address(IpAddr::from((0x7f00_0001 + number).to_be_bytes()))
    }

    #[test]
    fn so_many_are_let_through_at_once_and_then_so_many_a_second() {
        let rate = Rate::new(10);
        let began = Instant::now();
        let through = |after: u64, asked: usize| {
            let now = began + Duration::from_millis(after);
            (0..asked).filter(|_| rate.take(address(0), now)).count()
        };
        assert_eq!(through(0, 50), 10);
        assert_eq!(through(100, 50), 1);
        assert_eq!(through(600, 50), 5);
        // However long nobody asks, it never has more than those of a second.
        assert_eq!(through(3_600_000, 50), 10);
    }

    #[test]
    fn a_client_that_asks_without_end_takes_nothing_from_another() {
        let rate = Rate::new(10);
        let now = Instant::now();
        let through = |caller| (0..50).filter(|_| rate.take(caller, now)).count();
        for caller in [address(0), address(1), Caller::Token, Caller::Page] {
            assert_eq!(through(caller), 10, "{caller:?}");
        }
        let mapped = Caller::Address("::ffff:127.0.0.1".parse().unwrap());
        assert_eq!(through(mapped), 0, "the same address, written in another way");
    }

    #[test]
    fn a_program_of_many_addresses_fills_a_bounded_table_and_keeps_no_known_client_out() {
        let rate = Rate::new(10);
        let began = Instant::now();
        assert!(rate.take(address(0), began));
        let let_through = (1..10_000).filter(|&number| rate.take(address(number), began)).count();
        assert_eq!(let_through, MAX_ADDRESSES - 1 + 10);
        assert!(rate.take(address(0), began) && rate.take(Caller::Token, began));
        let kept = || rate.buckets.lock().unwrap().addresses.len();
        assert_eq!(kept(), MAX_ADDRESSES);
        // Those that asked no more make room.
        assert!(rate.take(address(200_000), began + Duration::from_secs(1)));
        assert_eq!(kept(), 1);
    }
}
