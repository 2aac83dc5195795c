//! Which addresses count as one host.

use core::net::{IpAddr, Ipv4Addr};

/// Whether two addresses belong to one host: the same IPv4 address, one /64 of IPv6,
/// or loopback in any form.
pub(super) fn same_host(a: IpAddr, b: IpAddr) -> bool {
    host(a) == host(b)
}

/// What stands for the whole host of an address.
pub(super) fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address if address.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}
