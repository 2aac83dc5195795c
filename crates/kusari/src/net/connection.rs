//! One connection: reading lines within the limits, beside the writer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kusari_node::seam::{Direction, PeerId};
use kusari_node::wire::{LineFramer, MAX_PLAIN_LINE, Refusal, WireError};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};

use super::decode::{End, Item, decode};
use super::dial::describe;
use super::handle::{self, Abort};
use super::writer::Writer;
use super::{LINE_DEADLINE, LINGER, Net, NetEvent};

/// Bytes read at once from a peer that says little.
const READ_BYTES: usize = 4 * 1024;
/// Bytes read at once from a peer that has much to say.
const MAX_READ_BYTES: usize = 64 * 1024;
/// Idle time after which the operating system asks whether the other end is still there.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
/// Refused lines in a row that are answered at once; each one more waits first.
const FREE_REFUSALS: u32 = 16;
/// That wait. A stranger who sends nonsense gets it read at 20 lines a second.
const REFUSAL_PAUSE: Duration = Duration::from_millis(50);
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
        let reader = Reader { net: self, peer, stream: reading };
        let writer = Writer::new(self, peer, writing, queue);
        let reason = run(reader, writer, &abort).await;
        tracing::debug!(%address, %reason, "connection ended");
        let _ = self.inbox.send(NetEvent::Disconnected { peer, reason }).await;
    }
}

/// Runs both directions until one ends the connection, and says why it ended.
async fn run(mut reader: Reader<'_>, mut writer: Writer<'_>, abort: &Abort) -> String {
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
    match written {
        Ok(()) => {
            linger(&mut reader.stream, writer.into_stream()).await;
            "closed".to_string()
        }
        Err(reason) => reason,
    }
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

enum ReadEnd {
    /// Nothing more is read, and the node knows why: it closes the connection.
    Told,
    Failed(String),
}

struct Reader<'a> {
    net: &'a Net,
    peer: PeerId,
    stream: OwnedReadHalf,
}

impl Reader<'_> {
    async fn read_lines(&mut self) -> ReadEnd {
        let mut framer = LineFramer::default();
        let mut bytes = vec![0; READ_BYTES];
        let mut budget: Option<SemaphorePermit<'_>> = None;
        let mut deadline: Option<Instant> = None;
        let mut refusals = 0;
        loop {
            let count = match read(&mut self.stream, &mut bytes, deadline).await {
                Ok(0) => return self.end_of_input(&framer).await,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    let seconds = LINE_DEADLINE.as_secs();
                    return self.tell(WireError::Unfinished { seconds }).await;
                }
                Err(error) => return ReadEnd::Failed(describe(&error)),
            };
            self.net.traffic.note_received(count);
            framer.push(&bytes[..count]);
            fit_to(count, &mut bytes);
            match self.take_lines(&mut framer, &mut refusals).await {
                Ok(true) => deadline = None,
                Ok(false) => {}
                Err(end) => return end,
            }
            if framer.buffered() == 0 {
                deadline = None;
            } else {
                // The deadline of a line runs from its first byte, however many come after.
                let _ = deadline.get_or_insert_with(|| Instant::now() + LINE_DEADLINE);
            }
            if !hold_budget(self.net, &framer, &mut budget, deadline).await {
                return ReadEnd::Failed("too many long lines are being received".to_string());
            }
        }
    }

    /// The other side sends nothing more.
    async fn end_of_input(&self, framer: &LineFramer) -> ReadEnd {
        if framer.buffered() > 0 {
            let bytes = framer.buffered();
            let refusal = Err(Refusal::Malformed(WireError::CutOff { bytes }));
            let message = NetEvent::Message { peer: self.peer, received: refusal };
            let _ = self.net.inbox.send(message).await;
        }
        // The node's thread is gone only when everything ends.
        let _ = self.net.inbox.send(NetEvent::Finished { peer: self.peer }).await;
        ReadEnd::Told
    }

    /// Reports a fault after which the rest of the stream makes no sense.
    async fn tell(&self, error: WireError) -> ReadEnd {
        let message =
            NetEvent::Message { peer: self.peer, received: Err(Refusal::Malformed(error)) };
        let _ = self.net.inbox.send(message).await;
        ReadEnd::Told
    }

    /// Hands every whole line to the node. Returns whether there was one.
    async fn take_lines(
        &self,
        framer: &mut LineFramer,
        refusals: &mut u32,
    ) -> Result<bool, ReadEnd> {
        let mut any = false;
        loop {
            let Some((items, end)) = decode(self.net, framer).await else {
                return Err(ReadEnd::Failed("the node has stopped".to_string()));
            };
            any |= !items.is_empty();
            for item in items {
                self.hand_over(item, refusals).await?;
            }
            match end {
                End::NeedsBytes => return Ok(any),
                End::MayGoOn => {}
                End::TooLong(error) => return Err(self.tell(error.into()).await),
            }
        }
    }

    async fn hand_over(&self, item: Item, refusals: &mut u32) -> Result<(), ReadEnd> {
        let peer = self.peer;
        match item {
            Item::Blocks(blocks) => {
                *refusals = 0;
                self.give(NetEvent::Blocks { peer, blocks }).await
            }
            Item::Message(received) => {
                match &received {
                    Ok(_) => *refusals = 0,
                    // A verb of a later version costs its sender nothing.
                    Err(Refusal::Malformed(WireError::UnknownVerb(_))) => {}
                    Err(_) => {
                        *refusals += 1;
                        if *refusals > FREE_REFUSALS {
                            tokio::time::sleep(REFUSAL_PAUSE).await;
                        }
                    }
                }
                self.give(NetEvent::Message { peer, received }).await
            }
        }
    }

    async fn give(&self, event: NetEvent) -> Result<(), ReadEnd> {
        let given = self.net.inbox.send(event).await;
        given.map_err(|_| ReadEnd::Failed("the node has stopped".to_string()))
    }
}

/// Makes room for more where a read filled what there was, and gives it back after one that took
/// little: many connections are quiet most of the time.
fn fit_to(count: usize, bytes: &mut Vec<u8>) {
    let size = bytes.len();
    if count == size && size < MAX_READ_BYTES {
        bytes.resize(size * 2, 0);
    } else if count < READ_BYTES / 2 && size > READ_BYTES {
        *bytes = vec![0; READ_BYTES];
    }
}

async fn read(
    stream: &mut OwnedReadHalf,
    bytes: &mut [u8],
    deadline: Option<Instant>,
) -> io::Result<usize> {
    match deadline {
        Some(deadline) => timeout_at(deadline, stream.read(bytes)).await?,
        None => stream.read(bytes).await,
    }
}

/// Takes from, or gives back to, the budget of all connections what an unfinished line holds
/// beyond an ordinary one. While the budget is spent, this connection is not read. `false` where
/// the line's deadline passed meanwhile.
async fn hold_budget<'a>(
    net: &'a Net,
    framer: &LineFramer,
    budget: &mut Option<SemaphorePermit<'a>>,
    deadline: Option<Instant>,
) -> bool {
    let needed = framer.buffered().saturating_sub(MAX_PLAIN_LINE);
    let held = budget.as_ref().map_or(0, SemaphorePermit::num_permits);
    if needed == 0 {
        *budget = None;
    } else if needed > held {
        let more = u32::try_from(needed - held).unwrap_or(u32::MAX);
        let deadline = deadline.unwrap_or_else(|| Instant::now() + LINE_DEADLINE);
        let Ok(Ok(permit)) = timeout_at(deadline, net.budget.acquire_many(more)).await else {
            return false;
        };
        match budget {
            Some(budget) => budget.merge(permit),
            None => *budget = Some(permit),
        }
    }
    true
}
