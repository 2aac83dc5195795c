//! One connection: reading lines beside writing them, from its beginning to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kusari_node::interface::{Direction, PeerId};
use kusari_node::wire::OtherProtocol;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::handle::{self, Abort};
use super::reader::{READ_BYTES, ReadEnd, Reader};
use super::writer::Writer;
use super::{LINGER, Net, NetEvent};

/// Idle time after which the operating system asks whether the other end is still there.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
/// Bytes of a closed connection that are read and thrown away.
const LINGER_BYTES: usize = 1024 * 1024;

impl Net {
    /// Serves a connection from its beginning to its end.
    pub(super) async fn serve(
        &self,
        peer: PeerId,
        direction: Direction,
        address: SocketAddr,
        stream: TcpStream,
    ) {
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER);
        if let Err(error) = stream
            .set_nodelay(true)
            .and_then(|()| SockRef::from(&stream).set_tcp_keepalive(&keepalive))
        {
            tracing::debug!(%address, %error, "socket options could not be set");
        }
        let (reading, writing) = stream.into_split();
        let (writing, abort) = (Arc::new(writing), Arc::new(Abort::default()));
        let (handle, queue) = handle::queue(&writing, &self.traffic, &abort);
        let connected = NetEvent::Connected { peer, direction, address, handle };
        if self.inbox.send(connected).await.is_err() {
            return;
        }
        let reader = Reader::new(self, peer, address, reading);
        let writer = Writer::new(self, peer, writing, queue);
        let reason = run(reader, writer, &abort, self.explorer).await;
        tracing::debug!(%address, %reason, "connection ended");
        let _ = self.inbox.send(NetEvent::Disconnected { peer, reason }).await;
    }
}

/// Runs both directions until one ends the connection, and says why it ended.
async fn run(
    mut reader: Reader<'_>,
    mut writer: Writer<'_>,
    abort: &Abort,
    explorer: Option<SocketAddr>,
) -> String {
    let mut other = None;
    let written = {
        let (reading, writing) = (reader.read_lines(), writer.write_all_queued());
        // Both go on where they were, whatever the other does: a half-written line stays one line.
        tokio::pin!(reading, writing);
        let mut still_reading = true;
        loop {
            tokio::select! {
                end = &mut reading, if still_reading => match end {
                    // What was asked before is still answered, and a fault is still named.
                    ReadEnd::Told => still_reading = false,
                    ReadEnd::Failed(reason) => return reason,
                    ReadEnd::Other(protocol) => {
                        other = Some(protocol);
                        break Ok(());
                    }
                },
                written = &mut writing => {
                    // What the peer wrote before it stopped reading still counts.
                    if written.is_err() && still_reading {
                        let _ = timeout(LINGER, &mut reading).await;
                    }
                    break written;
                }
                () = abort.wake.notified() => {
                    return abort.reason.get().copied().unwrap_or("it was closed").to_string();
                }
            }
        }
    };
    if let Some(other) = other {
        let stream = writer.into_stream();
        if other == OtherProtocol::Http {
            // What finds no room at once is not worth waiting for.
            let _ = stream.try_write(http_answer(explorer).as_bytes());
        }
        linger(&mut reader.stream, stream).await;
        return other.to_string();
    }
    match written {
        Ok(()) => {
            linger(&mut reader.stream, writer.into_stream()).await;
            "closed".to_string()
        }
        Err(reason) => reason,
    }
}

/// What a browser is told that found the port of peers.
fn http_answer(explorer: Option<SocketAddr>) -> String {
    let place = match explorer {
        Some(address) => format!("; on its own machine, its explorer is at http://{address}/"),
        None => String::new(),
    };
    let sentence = format!("This port of a kusari node is for peers and not for browsers{place}\n");
    format!(
        "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{sentence}",
        sentence.len()
    )
}

/// Ends the sending direction and reads a little of what still comes: closing a socket with unread
/// bytes would reset it, and take back the lines that were written last.
async fn linger(reading: &mut OwnedReadHalf, writing: Arc<OwnedWriteHalf>) {
    // Nobody else holds it for longer than one write takes.
    drop(writing);
    let drain = async {
        let mut scrap = vec![0; READ_BYTES];
        let mut total = 0;
        while let Ok(count @ 1..) = reading.read(&mut scrap).await {
            total += count;
            if total > LINGER_BYTES {
                break;
            }
        }
    };
    let _ = timeout(LINGER, drain).await;
}
