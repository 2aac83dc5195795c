//! Dialling: a name is resolved anew each time, and its addresses are tried in turn.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use kusari_node::PeerAddress;
use kusari_node::interface::Direction;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{ADDRESS_DEADLINE, DIAL_DEADLINE, Net, NetEvent};

impl Net {
    /// Dials once, none of the sockets of `except`; serves the connection until it ends, or reports why there
    /// is none.
    pub(crate) async fn dial(self: Arc<Self>, target: PeerAddress, except: Vec<SocketAddr>) {
        let dialled = timeout(DIAL_DEADLINE, connect(&target, &except)).await;
        let reason = match dialled {
            Ok(Ok((stream, address))) => {
                let peer = self.next_peer();
                return self.serve(peer, Direction::Outbound(target), address, stream).await;
            }
            Ok(Err(error)) => describe(&error),
            Err(_) => format!("no answer within {} s", DIAL_DEADLINE.as_secs()),
        };
        // The node's thread is gone only when everything ends.
        let _ = self.inbox.send(NetEvent::ConnectFailed { address: target, reason }).await;
    }
}

async fn connect(
    target: &PeerAddress,
    except: &[SocketAddr],
) -> io::Result<(TcpStream, SocketAddr)> {
    let without =
        if except.is_empty() { "the name has no address" } else { "the name has no other address" };
    let mut last_error = io::Error::new(io::ErrorKind::NotFound, without);
    let addresses = tokio::net::lookup_host((target.host(), target.port())).await?;
    for address in addresses.filter(|address| !except.contains(address)) {
        match timeout(ADDRESS_DEADLINE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, address)),
            Ok(Err(error)) => last_error = error,
            Err(_) => last_error = io::Error::new(io::ErrorKind::TimedOut, "no answer"),
        }
    }
    Err(last_error)
}

/// The operating system's words without its error number, which helps nobody.
pub(super) fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
