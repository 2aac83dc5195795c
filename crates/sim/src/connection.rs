//! One virtual TCP connection: two ends, and what is on its way between them.
//!
//! Owns the plain state; how it moves is up to [`crate::network`].

use std::collections::VecDeque;

use kusari_chain::BlockHash;
use kusari_node::interface::{PeerId, StreamForm};
use kusari_node::wire::LineFramer;

use crate::world::Micros;

/// Lines that may wait for one peer, as in the real driver.
pub(crate) const MAX_QUEUED_LINES: usize = 1_024;
/// Bytes that may wait for one peer, as in the real driver.
pub(crate) const MAX_QUEUED_BYTES: usize = 4 * 1024 * 1024;
/// Bytes that may be on their way or unread: a usual TCP window.
pub(crate) const WINDOW: usize = 64 * 1024;

/// Blocks that are read from the disk while they are sent.
#[derive(Debug)]
pub(crate) struct Stream {
    /// The last block that was sent, or the one to begin after.
    pub(crate) after: (u32, BlockHash),
    pub(crate) through: Option<u32>,
    pub(crate) form: StreamForm,
    pub(crate) count: u32,
    /// All of it has been read.
    pub(crate) finished: bool,
}

/// What waits to be written to a connection.
#[derive(Debug)]
pub(crate) enum Item {
    Line(Vec<u8>),
    Stream(Stream),
}

/// One direction of a connection, seen from its sender.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    pub(crate) queue: VecDeque<Item>,
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
    /// The item that is being written.
    pub(crate) writing: VecDeque<u8>,
    /// Bytes that left and were not read yet.
    pub(crate) in_flight: usize,
    /// Whether the next piece is on the event queue.
    pub(crate) scheduled: bool,
    /// Pieces arrive in order: none before this.
    pub(crate) last_arrival: Micros,
    /// When bytes were written last, or began to wait.
    pub(crate) moved_at: Micros,
}

impl Pipe {
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.writing.is_empty()
    }

    /// Something is about to be queued: where nothing waited, waiting begins now.
    pub(crate) fn note_waiting(&mut self, now: Micros) {
        if self.is_empty() {
            self.moved_at = now;
        }
    }

    pub(crate) fn is_full_for(&self, line: usize) -> bool {
        self.lines >= MAX_QUEUED_LINES || self.bytes + line > MAX_QUEUED_BYTES
    }
}

/// One end of a connection, seen from its machine.
#[derive(Debug, Default)]
pub(crate) struct End {
    pub(crate) host: usize,
    /// Whether the machine knows of the connection and has not closed it.
    pub(crate) open: bool,
    /// To be closed as soon as everything is written.
    pub(crate) draining: bool,
    pub(crate) framer: LineFramer,
    /// Bytes that arrived and were not read.
    pub(crate) inbox: Vec<u8>,
    /// Bytes that were sent and wait for a cut link to heal.
    pub(crate) held: Vec<u8>,
    /// The other end sends nothing more.
    pub(crate) ended: bool,
    /// A line was too long: nothing more is read.
    pub(crate) deaf: bool,
    /// Not before this does the machine read again.
    pub(crate) reads_at: Micros,
    pub(crate) out: Pipe,
}

impl End {
    pub(crate) fn new(host: usize) -> Self {
        Self { host, ..Self::default() }
    }
}

/// A connection; end 0 dialled, end 1 listened.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) ends: [End; 2],
    /// Since when nothing gets through any more, in either direction, without notice.
    pub(crate) hung: Option<Micros>,
    /// One-way delay of most pieces.
    pub(crate) latency: Micros,
}

/// Names one end of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) connection: u64,
    pub(crate) side: usize,
}

impl Place {
    pub(crate) fn peer(self) -> PeerId {
        PeerId(self.connection * 2 + self.side as u64)
    }

    pub(crate) fn of(peer: PeerId) -> Self {
        Self { connection: peer.0 / 2, side: usize::from(peer.0 % 2 == 1) }
    }

    pub(crate) fn other(self) -> Self {
        Self { side: 1 - self.side, ..self }
    }
}
