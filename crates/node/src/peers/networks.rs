//! From which networks connections are taken.
//!
//! Owns the rule. What this node dials is none of its concern.

use core::net::IpAddr;

use ipnet::IpNet;

/// Whether a host may connect, where these networks are allowed and denied. A network that is denied is so
/// whatever else is allowed; where none is allowed by name, all others are.
pub(crate) fn admits(allow: &[IpNet], deny: &[IpNet], host: IpAddr) -> bool {
    // A listener of both families sees an IPv4 address as one of IPv6.
    let host = host.to_canonical();
    let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&host));
    !is_in(deny) && (allow.is_empty() || is_in(allow))
}
