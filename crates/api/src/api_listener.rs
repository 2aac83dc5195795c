//! The socket of the local API.
//!
//! Owns the choice of its address. It is taken before the node starts, so that a node that was told
//! to answer at an address does so or does not start.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Port of the local API, unless told otherwise or taken.
pub const DEFAULT_PORT: u16 = 7878;

/// Where the local API is to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindAddress {
    /// None: there is no local API.
    Off,
    /// At its usual port, or a free one where that is taken.
    Usual,
    /// Here; a loopback address.
    At(SocketAddr),
}

/// A socket that is bound and not yet served.
#[derive(Debug)]
pub struct ApiListener {
    pub(super) socket: TcpListener,
    pub(super) address: SocketAddr,
}

/// The address is not to be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "the local API cannot answer on {address}: {}; without --http it has a free port",
    kusari_runtime::why_unbound(.source, "--http 7878")
)]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl ApiListener {
    /// Binds a socket, if there is to be one.
    ///
    /// # Errors
    /// [`BindError`], one sentence.
    pub fn open(address: BindAddress) -> Result<Option<Self>, BindError> {
        match address {
            BindAddress::Off => Ok(None),
            BindAddress::At(address) => Self::bind(address).map(Some),
            BindAddress::Usual => {
                let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let usual = Self::bind(loopback(DEFAULT_PORT));
                usual.or_else(|_| Self::bind(loopback(0))).map(Some)
            }
        }
    }

    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let refused = |source| BindError { address, source };
        let socket = TcpListener::bind(address).map_err(refused)?;
        socket.set_nonblocking(true).map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        Ok(Self { socket, address })
    }
}
