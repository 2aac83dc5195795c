//! Which addresses count as one host, and which as one group.

use core::net::{IpAddr, Ipv4Addr};

/// Whether two addresses belong to one host.
pub(super) fn same_host(a: IpAddr, b: IpAddr) -> bool {
    host(a) == host(b)
}

/// What stands for the whole host of an address: the same IPv4 address, one /64 of IPv6, or loopback in
/// any form. All of a LAN shares the /64 that is only known there, so each address in it is a host.
pub(super) fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address if address.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if !is_local(address) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

/// The network that an address is in, as its first address: a /16 of IPv4, a /32 of IPv6. Sizes: what
/// Bitcoin Core takes for one group.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            IpAddr::from([a, b, 0, 0])
        }
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            IpAddr::from([a, b, 0, 0, 0, 0, 0, 0])
        }
    }
}

/// The group of an address, which one provider has as a whole: its network. `None` for what is routed
/// nowhere: loopback, a LAN, a link.
pub(super) fn group(address: IpAddr) -> Option<IpAddr> {
    (!is_local(address)).then(|| network(address))
}

/// Addresses that are likely to be of one hand: those of a group, or one that belongs to none.
pub(super) fn neighbourhood(address: IpAddr) -> IpAddr {
    group(address).unwrap_or_else(|| address.to_canonical())
}

/// Whether an address means something only on this machine, on its link or in its LAN.
fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_what_one_provider_has_and_a_lan_is_none() {
        let parsed = |text: &str| text.parse::<IpAddr>().unwrap();
        for (address, expected) in [
            ("198.51.100.7", Some("198.51.0.0")),
            ("::ffff:198.51.7.7", Some("198.51.0.0")),
            ("2001:db8:1:2::7", Some("2001:db8::")),
            ("127.3.0.1", None),
            ("10.9.8.7", None),
            ("192.168.1.2", None),
            ("169.254.1.2", None),
            ("::1", None),
            ("fd00:1::2", None),
            ("fe80::1", None),
        ] {
            assert_eq!(group(parsed(address)), expected.map(parsed), "{address}");
        }
    }

    #[test]
    fn neighbours_in_a_lan_are_hosts_of_their_own_and_a_subscriber_is_one() {
        let same = |a: &str, b: &str| same_host(a.parse().unwrap(), b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::2") && same("127.0.0.1", "::1"));
        assert!(!same("fe80::1", "fe80::2") && !same("fd00::1", "fd00::2"));
        assert!(!same("192.168.0.1", "192.168.0.2"));
    }
}
