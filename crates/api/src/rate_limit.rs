//! How often a client may ask.
//!
//! Owns a token bucket for each client, which fills with time: a request takes one token, and where
//! there is none it is refused. A client is known by its credential, or else by its address, so that a
//! program that went wild delays itself alone, and others without a credential at the same address. What
//! only looks whether the node lives is apart: a watchdog that is refused would restart a sound node.
//!
//! What a stranger can fill, and its bound: buckets of addresses, [`MAX_ADDRESSES`] of each kind.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use kusari_node::token_bucket::TokenBucket;
use tokio::time::{Duration, Instant};

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
    /// Any other caller, by the address that the connection comes from.
    Address(IpAddr),
    /// The same, with a request for nothing but how the node is.
    Watcher(IpAddr),
}

/// The buckets.
#[derive(Debug)]
pub(super) struct RateLimit {
    began: Instant,
    buckets: Mutex<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    token: TokenBucket,
    page: TokenBucket,
    addresses: Addresses,
    watchers: Addresses,
}

#[derive(Debug)]
struct Addresses {
    /// What a new one has.
    full: TokenBucket,
    known: HashMap<IpAddr, TokenBucket>,
    /// Of every address for which there is no room.
    others: TokenBucket,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::new(REQUESTS_PER_SECOND)
    }
}

impl RateLimit {
    /// A full bucket has the tokens of one second.
    pub(super) fn new(per_second: u32) -> Self {
        let refill = Duration::from_secs(1) / per_second.max(1);
        let full = TokenBucket::new(per_second, refill, Duration::ZERO);
        let addresses = || Addresses { full, known: HashMap::new(), others: full };
        let (addresses, watchers) = (addresses(), addresses());
        let buckets = Mutex::new(Buckets { token: full, page: full, addresses, watchers });
        Self { began: Instant::now(), buckets }
    }

    /// Takes a token of a caller's, if there is one.
    pub(super) fn take(&self, caller: Caller, now: Instant) -> bool {
        let now = now.saturating_duration_since(self.began);
        // Nothing panics while it holds the lock.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = match caller {
            Caller::Token => &mut buckets.token,
            Caller::Page => &mut buckets.page,
            Caller::Address(address) => buckets.addresses.of(address, now),
            Caller::Watcher(address) => buckets.watchers.of(address, now),
        };
        bucket.take(1, now)
    }
}

impl Addresses {
    fn of(&mut self, address: IpAddr, now: Duration) -> &mut TokenBucket {
        let address = address.to_canonical();
        if self.known.len() >= MAX_ADDRESSES && !self.known.contains_key(&address) {
            // A full bucket says nothing.
            self.known.retain(|_, bucket| bucket.missing(now) > 0);
            if self.known.len() >= MAX_ADDRESSES {
                return &mut self.others;
            }
        }
        self.known.entry(address).or_insert(self.full)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(number: u32) -> Caller {
        Caller::Address(IpAddr::from((0x7f00_0001 + number).to_be_bytes()))
    }

    #[test]
    fn so_many_are_let_through_at_once_and_then_so_many_a_second() {
        let rate = RateLimit::new(10);
        let began = Instant::now();
        let through = |after: u64, asked: usize| {
            let now = began + Duration::from_millis(after);
            (0..asked).filter(|_| rate.take(address(0), now)).count()
        };
        assert_eq!(through(0, 50), 10);
        assert_eq!(through(100, 50), 1);
        assert_eq!(through(600, 50), 5);
        // However long no request comes, it never has more than those of a second.
        assert_eq!(through(3_600_000, 50), 10);
    }

    #[test]
    fn a_client_that_asks_without_end_takes_nothing_from_another() {
        let rate = RateLimit::new(10);
        let now = Instant::now();
        let through = |caller| (0..50).filter(|_| rate.take(caller, now)).count();
        let watcher = Caller::Watcher(Ipv4Addr::LOCALHOST.into());
        for caller in [address(0), address(1), watcher, Caller::Token, Caller::Page] {
            assert_eq!(through(caller), 10, "{caller:?}");
        }
        let mapped = Caller::Address("::ffff:127.0.0.1".parse().unwrap());
        assert_eq!(through(mapped), 0, "the same address, written in another way");
    }

    #[test]
    fn a_program_of_many_addresses_fills_a_bounded_table_and_keeps_no_known_client_out() {
        let rate = RateLimit::new(10);
        let began = Instant::now();
        assert!(rate.take(address(0), began));
        let let_through = (1..10_000).filter(|&number| rate.take(address(number), began)).count();
        assert_eq!(let_through, MAX_ADDRESSES - 1 + 10);
        assert!(rate.take(address(0), began) && rate.take(Caller::Token, began));
        let kept = || rate.buckets.lock().unwrap().addresses.known.len();
        assert_eq!(kept(), MAX_ADDRESSES);
        // Those that asked no more make room.
        assert!(rate.take(address(200_000), began + Duration::from_secs(1)));
        assert_eq!(kept(), 1);
    }
}
