//! Sockets: listening, dialling, framing, back-pressure and deadlines.
//!
//! Each connection is one task that reads lines, has [`kusari_node::wire`] make messages of them
//! (the stateless check of a block runs here, beside the node's thread), and writes what is queued
//! for it. While nothing is queued, the node's thread writes a line itself: to wake a task for it
//! would take longer than the write. Knows nothing of what a message means.
//!
//! What a peer can fill, and its bound: unfinished lines, [`RECEIVE_BUDGET`] together; messages on
//! their way to the node, [`INBOX_MESSAGES`]; lines on their way to a peer, [`QUEUE_LINES`]; open
//! sockets, a few more than there may be peers.

mod connection;
mod decode;
mod dial;
mod handle;
mod listen;
mod reader;
mod span;
#[cfg(test)]
mod tests;
mod writer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kusari_node::PeerAddress;
use kusari_node::interface::{Direction, PeerId};
use kusari_node::wire::{AnswerEnd, Dialect, LineBatch};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

use kusari_store::{ChainPosition, Store};

pub(crate) use handle::PeerHandle;
pub(crate) use listen::bind;
pub(crate) use span::LineSpan;

/// Messages of all peers that may wait for the node. Each holds what came in one read at the most,
/// 64 KiB, so all together hold some MiB once decoded.
pub(crate) const INBOX_MESSAGES: usize = 64;
/// Lines that may wait for one peer; a peer that lets more pile up is closed. A block line takes
/// at most 4 KiB, so this is about 4 MiB.
const QUEUE_LINES: usize = 1_024;
/// Bytes of lines that may wait for one peer, beyond a single line, which may be longer. Only blocks
/// of a ledger reach it before their number reaches [`QUEUE_LINES`].
const QUEUE_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of unfinished lines of all peers together, beyond the first 4 KiB of each connection.
const RECEIVE_BUDGET: usize = 32 * 1024 * 1024;
/// Stretches of lines and of stored blocks that are worked on at once beside the node's thread. More
/// threads would not be faster on few cores, and each keeps memory of its own.
const ELSEWHERE: usize = 4;
/// How long one line may take from its first byte to its last.
const LINE_DEADLINE: Duration = Duration::from_secs(60);
/// How long a peer may take to accept the next piece of what is written to it.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// How long one of a name's addresses may take to answer, so that a dead one does not keep the
/// others from being tried.
const ADDRESS_DEADLINE: Duration = Duration::from_secs(5);
/// How long dialling may take, resolving the name and trying its addresses.
const DIAL_DEADLINE: Duration = Duration::from_secs(30);
/// How long a connection that the node closes may take to read what is queued for it.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);
/// How long a closed connection is still read, so that the last line we wrote is not lost to the
/// reset that unread bytes would cause.
const LINGER: Duration = Duration::from_secs(1);
/// Sockets that may be open beyond the node's own limit of peers, so that the node, and not the
/// queue of the operating system, refuses the ones that are too many.
const SPARE_SOCKETS: usize = 32;

/// What connections tell the node's thread, in the order of each connection.
pub(crate) enum NetEvent {
    Connected {
        peer: PeerId,
        direction: Direction,
        address: SocketAddr,
        handle: PeerHandle,
    },
    ConnectFailed {
        address: PeerAddress,
        reason: String,
    },
    /// All of an answer is here; its lines come next.
    AnswerArrived {
        peer: PeerId,
        end: AnswerEnd,
    },
    Received {
        peer: PeerId,
        row: LineBatch,
        line: LineSpan,
    },
    Finished {
        peer: PeerId,
    },
    Disconnected {
        peer: PeerId,
        reason: String,
    },
}

/// A stream of stored blocks is written.
pub(crate) struct StreamDone {
    pub(crate) peer: PeerId,
    pub(crate) last: ChainPosition,
    /// How many blocks; or why the store could not be read.
    pub(crate) result: Result<u32, kusari_chain::StoreError>,
}

/// Bytes that went over all connections since the start, closed ones included.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Traffic {
    /// Bytes that the operating system took from us, for peers of any kind.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes that were read from peers of any kind.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    fn note_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn note_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// What every connection shares.
pub(crate) struct Net {
    /// How lines are read.
    dialect: Dialect,
    inbox: mpsc::Sender<NetEvent>,
    streams: mpsc::UnboundedSender<StreamDone>,
    store: Store,
    budget: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
    next_peer: AtomicU64,
    traffic: Arc<Traffic>,
    /// Where a browser finds what it looks for.
    explorer: Option<SocketAddr>,
    /// Places for work that takes long.
    elsewhere: Arc<Semaphore>,
}

impl Net {
    /// `streams` is never longer than there are peers: each has one stream at a time.
    pub(crate) fn new(
        dialect: Dialect,
        max_peers: usize,
        store: Store,
        inbox: mpsc::Sender<NetEvent>,
        streams: mpsc::UnboundedSender<StreamDone>,
        explorer: Option<SocketAddr>,
    ) -> Arc<Self> {
        Self::with_budget(dialect, RECEIVE_BUDGET, max_peers, store, inbox, streams, explorer)
    }

    fn with_budget(
        dialect: Dialect,
        budget: usize,
        max_peers: usize,
        store: Store,
        inbox: mpsc::Sender<NetEvent>,
        streams: mpsc::UnboundedSender<StreamDone>,
        explorer: Option<SocketAddr>,
    ) -> Arc<Self> {
        Arc::new(Self {
            dialect,
            inbox,
            streams,
            store,
            budget: Arc::new(Semaphore::new(budget)),
            sockets: Arc::new(Semaphore::new(max_peers + SPARE_SOCKETS)),
            next_peer: AtomicU64::new(1),
            traffic: Arc::default(),
            explorer,
            elsewhere: Arc::new(Semaphore::new(ELSEWHERE)),
        })
    }

    /// Begins work that takes long for the node's thread on another one, once there is a place for it. `None` where
    /// the program is ending.
    async fn start_elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let place = Arc::clone(&self.elsewhere).acquire_owned().await.ok()?;
        Some(start_in(place, work))
    }

    /// Begins such work where there is a place at once.
    fn try_start_elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let place = Arc::clone(&self.elsewhere).try_acquire_owned().ok()?;
        Some(start_in(place, work))
    }

    /// What is counted of all connections.
    pub(crate) fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }

    fn next_peer(&self) -> PeerId {
        PeerId(self.next_peer.fetch_add(1, Ordering::Relaxed))
    }
}

/// Begins work that keeps its place until it is done. It goes on where nobody waits for it any more.
fn start_in<T: Send + 'static>(
    place: OwnedSemaphorePermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    })
}
