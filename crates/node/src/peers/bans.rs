//! Addresses that misbehaved, from which no connection is taken for a time. What we dial ourselves is none
//! of their concern.

use core::net::IpAddr;

use super::limits::host;
use crate::interface::Ban;
use crate::limits::{BAN_TIME, MAX_BANS};
use crate::prelude::*;

/// Banned hosts and when each ban ends.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Bans(BTreeMap<IpAddr, Duration>);

impl Bans {
    /// Bans a host, and says whether it did: loopback is never banned.
    pub(crate) fn ban(&mut self, address: IpAddr, now: Duration) -> bool {
        if address.to_canonical().is_loopback() {
            return false;
        }
        if self.0.len() >= MAX_BANS {
            let first = self.0.iter().min_by_key(|(_, end)| **end).map(|(host, _)| *host);
            first.map(|first| self.0.remove(&first));
        }
        self.0.insert(host(address), now + BAN_TIME);
        true
    }

    pub(crate) fn is_banned(&mut self, address: IpAddr, now: Duration) -> bool {
        let host = host(address);
        if self.0.get(&host).is_some_and(|end| *end <= now) {
            self.0.remove(&host);
        }
        self.0.contains_key(&host)
    }

    /// The hosts, and for how many seconds more, rounded up.
    pub(crate) fn list(&self, now: Duration) -> Vec<Ban> {
        let left = self.0.iter().map(|(host, end)| (*host, end.saturating_sub(now)));
        let left = left.filter(|(_, left)| !left.is_zero());
        left.map(|(host, left)| Ban { host, seconds: whole_seconds(left) }).collect()
    }

    /// Ends the ban of a host, and says whether there was one.
    pub(crate) fn lift(&mut self, address: IpAddr, now: Duration) -> bool {
        self.0.remove(&host(address)).is_some_and(|end| end > now)
    }

    /// Whether no more are banned than may: it may come from a stranger's file.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.0.len() <= MAX_BANS
    }
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn a_ban_ends_and_the_table_stays_bounded() {
        let mut bans = Bans::default();
        for n in 0..2 * u32::try_from(MAX_BANS).unwrap() {
            assert!(
                bans.ban(Ipv4Addr::from(0x0a00_0000 + n).into(), Duration::from_secs(n.into()))
            );
            assert!(bans.0.len() <= MAX_BANS);
        }
        let last = Ipv4Addr::from(0x0a00_0000 + 2 * 1024 - 1).into();
        assert!(bans.is_banned(last, Duration::from_secs(2_100)));
        assert!(!bans.is_banned(last, Duration::from_secs(2_047) + BAN_TIME));
    }

    #[test]
    fn loopback_is_never_banned() {
        let mut bans = Bans::default();
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(!bans.ban(text.parse().unwrap(), Duration::ZERO), "{text}");
        }
    }

    #[test]
    fn one_ipv6_subscriber_is_one_host() {
        let mut bans = Bans::default();
        bans.ban("2001:db8::1".parse().unwrap(), Duration::ZERO);
        assert!(bans.is_banned("2001:db8::2".parse().unwrap(), Duration::ZERO));
        assert!(!bans.is_banned("2001:db8:0:1::1".parse().unwrap(), Duration::ZERO));
    }
}
