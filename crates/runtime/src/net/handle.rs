//! The node thread's end of a connection.
//!
//! Owns what is on its way to a peer, and in which order: a line goes out at once where nothing
//! waits, and else behind what waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use kusari_node::interface::{DisconnectReason, StreamForm};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{Notify, mpsc};

use super::{CLOSE_DEADLINE, QUEUE_BYTES, QUEUE_LINES, Traffic};
use kusari_store::ChainPosition;

/// Something to write to a peer.
pub(super) enum Outgoing {
    /// Bytes: whole lines, or the rest of one whose beginning is written.
    Line(Vec<u8>),
    Stream {
        after: ChainPosition,
        through: Option<u32>,
        form: StreamForm,
    },
    Close,
}

/// What waits for a peer, from its writer's side.
pub(super) struct Queue {
    outgoing: mpsc::Receiver<Outgoing>,
    /// What was queued and is not written. Only the owner of the [`PeerHandle`] adds to it, so
    /// where it finds nothing, nothing else is being written.
    waiting: Arc<AtomicUsize>,
    /// Bytes of lines among it.
    bytes: Arc<AtomicUsize>,
}

impl Queue {
    pub(super) async fn next(&mut self) -> Option<Outgoing> {
        let outgoing = self.outgoing.recv().await;
        self.taken(outgoing)
    }

    pub(super) fn next_at_once(&mut self) -> Option<Outgoing> {
        let outgoing = self.outgoing.try_recv().ok();
        self.taken(outgoing)
    }

    fn taken(&self, outgoing: Option<Outgoing>) -> Option<Outgoing> {
        if let Some(Outgoing::Line(line)) = &outgoing {
            self.bytes.fetch_sub(line.len(), Ordering::Relaxed);
        }
        outgoing
    }

    /// So much of what was taken is written.
    pub(super) fn written(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Release);
    }
}

/// The node thread's end of a connection.
pub(crate) struct PeerHandle {
    outgoing: mpsc::Sender<Outgoing>,
    waiting: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
    /// The connection may end whenever its task wants.
    stream: Weak<OwnedWriteHalf>,
    traffic: Arc<Traffic>,
    abort: Arc<Abort>,
}

/// Ends a connection at once, with a reason for people.
#[derive(Default)]
pub(super) struct Abort {
    pub(super) reason: std::sync::OnceLock<&'static str>,
    pub(super) wake: Notify,
}

impl Abort {
    fn now(&self, reason: &'static str) {
        let _ = self.reason.set(reason);
        self.wake.notify_one();
    }
}

/// Both ends of what is on its way over a connection.
pub(super) fn queue(
    stream: &Arc<OwnedWriteHalf>,
    traffic: &Arc<Traffic>,
    abort: &Arc<Abort>,
) -> (PeerHandle, Queue) {
    let (sender, outgoing) = mpsc::channel(QUEUE_LINES);
    let (waiting, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let handle = PeerHandle {
        outgoing: sender,
        waiting: Arc::clone(&waiting),
        bytes: Arc::clone(&bytes),
        stream: Arc::downgrade(stream),
        traffic: Arc::clone(traffic),
        abort: Arc::clone(abort),
    };
    (handle, Queue { outgoing, waiting, bytes })
}

impl PeerHandle {
    /// Writes a line, as far as the connection takes it at once, and queues the rest. A peer whose
    /// queue is full is closed.
    pub(crate) fn send_line(&self, line: &[u8]) {
        let written = self.write_at_once(line);
        if let Some(rest) = line.get(written..).filter(|rest| !rest.is_empty()) {
            let before = self.bytes.fetch_add(rest.len(), Ordering::Relaxed);
            if before > 0 && before + rest.len() > QUEUE_BYTES {
                return self.abort.now("it reads too slowly");
            }
            self.queue(Outgoing::Line(rest.to_vec()));
        }
    }

    fn write_at_once(&self, line: &[u8]) -> usize {
        if self.waiting.load(Ordering::Acquire) > 0 {
            return 0;
        }
        let Some(stream) = self.stream.upgrade() else { return 0 };
        // Whatever goes wrong here goes wrong again for the task of the connection, which ends it.
        let written = stream.try_write(line).unwrap_or(0);
        self.traffic.note_sent(written);
        written
    }

    /// Queues a stream of stored blocks.
    pub(crate) fn send_stored(&self, after: ChainPosition, through: Option<u32>, form: StreamForm) {
        self.queue(Outgoing::Stream { after, through, form });
    }

    /// Closes the connection once everything queued is written.
    pub(crate) fn close(&self) {
        self.queue(Outgoing::Close);
    }

    /// Closes the connection as the node wants it.
    pub(crate) fn close_for(&self, reason: &DisconnectReason) {
        match reason {
            // Whoever ended its input by itself may take its answer as slowly as any reader.
            DisconnectReason::Finished => self.close(),
            // Somebody else waits for the socket, and there are few to spare.
            DisconnectReason::Evicted
            | DisconnectReason::TooManyPeers
            | DisconnectReason::TooManyFromAddress
            | DisconnectReason::TooManyFromGroup
            | DisconnectReason::NotAllowed
            | DisconnectReason::Banned => self.abort.now("its place was needed"),
            _ => self.close_soon(),
        }
    }

    /// Closes the connection once everything queued is written, or after a short while.
    fn close_soon(&self) {
        self.close();
        let abort = Arc::clone(&self.abort);
        tokio::spawn(async move {
            tokio::time::sleep(CLOSE_DEADLINE).await;
            abort.now("it did not take its last lines");
        });
    }

    fn queue(&self, outgoing: Outgoing) {
        // Counted before it can be taken, so that the count is never short.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        match self.outgoing.try_send(outgoing) {
            // A closed queue belongs to a connection that has ended and says so itself.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(_)) => self.abort.now("it reads too slowly"),
        }
    }
}
