//! The address of a peer as a person writes it.
//!
//! Owns its form; resolving a name is up to the driver, again at each dial.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;

use crate::prelude::*;

/// `host:port`, where the host is an IPv4 address, an IPv6 address in brackets, or a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PeerAddress {
    host: String,
    port: u16,
}

/// Why a text is not a peer's address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a peer's address; write `host:port`, as in 127.0.0.1:8080, [::1]:8080 or \
     localhost:8080"
)]
pub struct ParseAddressError {
    text: String,
}

/// Longest name that the domain name system allows, in bytes.
const MAX_HOST: usize = 253;

impl PeerAddress {
    /// The host, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether its host is an IP address, and no name.
    pub(crate) fn is_numeric(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }

    /// Whether it names this host by its number.
    pub(crate) fn is_on(&self, host: IpAddr) -> bool {
        self.host.parse::<IpAddr>().is_ok_and(|own| own.to_canonical() == host.to_canonical())
    }

    /// Whether it names this socket by its numbers.
    pub(crate) fn is(&self, socket: SocketAddr) -> bool {
        self.port == socket.port() && self.is_on(socket.ip())
    }

    /// The port, never 0.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl FromStr for PeerAddress {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseAddressError { text: crate::wire::cut(text, MAX_HOST) };
        let (host, port) = text.rsplit_once(':').ok_or_else(error)?;
        let port: u16 = port.parse().map_err(|_| error())?;
        let bracketed = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let valid = match bracketed {
            Some(inner) => matches!(inner.parse(), Ok(IpAddr::V6(_))),
            None => {
                !host.is_empty()
                    && host.len() <= MAX_HOST
                    && host.bytes().all(|byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
                    })
            }
        };
        if !valid || port == 0 {
            return Err(error());
        }
        Ok(Self { host: bracketed.unwrap_or(host).to_string(), port })
    }
}

impl TryFrom<String> for PeerAddress {
    type Error = ParseAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PeerAddress> for String {
    fn from(address: PeerAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_and_write_as_people_type_them() {
        for text in ["127.0.0.1:8080", "[::1]:8080", "localhost:1", "node-1.example.org:65535"] {
            assert_eq!(text.parse::<PeerAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_form_to_use() {
        for text in
            ["", "8080", ":8080", "host:", "host:0", "host:65536", "::1:80", "[::1]", "a b:1"]
        {
            let error = text.parse::<PeerAddress>().unwrap_err().to_string();
            assert!(error.contains("host:port"), "{text:?}: {error}");
        }
    }
}
