//! Taking connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kusari_node::interface::Direction;
use tokio::net::{TcpListener, TcpSocket};

use super::Net;
use crate::Seldom;

/// Connections that the operating system holds for us until we take them.
const BACKLOG: u32 = 128;
/// How long to wait after the operating system could not give us a connection, which is nearly
/// always because this process has no file descriptors left: at once would be a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Binds a listening socket; the address may be taken again right after an earlier process.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Elsewhere than on Unix an address is free at once anyway, and the option would let another
    // process take it while we have it.
    socket.set_reuseaddr(cfg!(unix))?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Net {
    /// Takes connections for ever, at most as many at once as there are sockets to spend.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut failures = Seldom::default();
        loop {
            let Ok(place) = Arc::clone(&self.sockets).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, address)) => {
                    let net = Arc::clone(&self);
                    let peer = self.next_peer();
                    tokio::spawn(async move {
                        net.serve(peer, Direction::Inbound, address, stream).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    if let Some(unsaid) = failures.happened() {
                        tracing::warn!(%error, unsaid, "connections could not be accepted");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}
