//! From received bytes to what the node is handed.
//!
//! Owns where that is done. A short read, as a new block is, is decoded where it came in, on the
//! node's own thread: nothing has to be woken for it. A long one, as when a chain is synced, goes to
//! another thread, and so do those of other peers and the ones that follow, so that blocks and
//! signatures are checked beside the node and beside one another. The order of lines stays.

use std::collections::VecDeque;
use std::net::SocketAddr;

use kusari_node::wire::{Dialect, LineBatch, LineBatches, LineFramer, LineTooLong};
use tokio::task::JoinHandle;

use super::Net;
use super::span::{LineSpan, Reading};

/// Bytes from which on a stretch is decoded elsewhere: some fifty short blocks, which take about as
/// long as the two wakes of threads that it costs.
const ELSEWHERE_BYTES: usize = 16 * 1024;
/// The same for transactions, whose signatures are what takes time: two take as long as the wakes.
const SIGNED_BYTES: usize = 1024;
/// Rows that are decoded before they are handed over. A buffer may hold tens of thousands of faulty
/// lines, and each costs more memory as a refusal than as a line.
const MAX_ROWS: usize = 64;
/// Stretches of one connection that are decoded at once or wait for their turn: with two cores at
/// work, one more is ready for whichever is done first.
const MAX_STRETCHES: usize = 3;

/// Why decoding ended.
pub(super) enum End {
    /// What is left is no whole line.
    NeedsBytes,
    /// There may be more.
    MayGoOn,
    /// What follows makes no sense.
    TooLong(LineTooLong),
}

/// What came of a stretch of lines.
pub(super) struct Decoded {
    pub(super) rows: Vec<LineBatch>,
    pub(super) line: LineSpan,
    pub(super) end: End,
    /// What is not decoded of it.
    pub(super) rest: LineFramer,
}

struct Stretch {
    bytes: usize,
    decoding: JoinHandle<Decoded>,
}

/// Stretches of one connection that are decoded elsewhere, in the order of their lines.
#[derive(Default)]
pub(super) struct Stretches(VecDeque<Stretch>);

impl Stretches {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.0.len() < MAX_STRETCHES
    }

    /// Bytes of all their lines.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|stretch| stretch.bytes).sum()
    }

    /// Has lines decoded that follow on all others, or of which the beginning was decoded last. `None` where
    /// the program is ending.
    pub(super) async fn push(
        &mut self,
        net: &Net,
        peer: SocketAddr,
        lines: LineFramer,
        is_rest: bool,
    ) -> Option<()> {
        let stretch = start(net, peer, lines).await?;
        let at = if is_rest { 0 } else { self.0.len() };
        self.0.insert(at, stretch);
        Some(())
    }

    /// The first stretch, once it is decoded. `None` where there is none, or the program is ending.
    /// Nothing is lost where nobody waits for it to the end.
    pub(super) async fn next(&mut self) -> Option<Decoded> {
        let first = self.0.front_mut()?;
        let decoded = (&mut first.decoding).await.ok();
        self.0.pop_front();
        decoded
    }
}

async fn start(net: &Net, peer: SocketAddr, mut lines: LineFramer) -> Option<Stretch> {
    let (dialect, bytes) = (net.dialect, lines.buffered());
    let decode = move || {
        let (rows, end, line) = decode_here(dialect, peer, &mut lines);
        Decoded { rows, line, end, rest: lines }
    };
    Some(Stretch { bytes, decoding: net.start_elsewhere(decode).await? })
}

/// Whether the lines take so long that they are decoded elsewhere. A long line that drips in is looked
/// at here, until its end is there.
pub(super) fn take_long(dialect: Dialect, framer: &LineFramer) -> bool {
    let are_signed = dialect != Dialect::Classic && framer.begins_with(b"TX:");
    let bytes = if are_signed { SIGNED_BYTES } else { ELSEWHERE_BYTES };
    framer.buffered() >= bytes && framer.has_line()
}

/// Decodes whole lines on this thread.
pub(super) fn decode_here(
    dialect: Dialect,
    peer: SocketAddr,
    framer: &mut LineFramer,
) -> (Vec<LineBatch>, End, LineSpan) {
    let reading = Reading::begin(peer, framer.buffered());
    let mut rows = LineBatches::new(dialect);
    let end = loop {
        if rows.complete() >= MAX_ROWS {
            break End::MayGoOn;
        }
        match framer.next_line() {
            Ok(Some(line)) => {
                if rows.push(line) {
                    framer.set_introduced();
                }
            }
            Ok(None) => break End::NeedsBytes,
            Err(error) => break End::TooLong(error),
        }
    };
    let rows = rows.take_all();
    let line = reading.end(&rows);
    (rows, end, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_of_nonsense_is_refused_some_lines_at_a_time() {
        let mut framer = LineFramer::default();
        framer.push(&[b'\n'; 60_000]);
        let mut lines = 0;
        loop {
            let peer = SocketAddr::from(([127, 0, 0, 1], 1));
            let (rows, end, _) = decode_here(Dialect::Classic, peer, &mut framer);
            assert!(rows.len() <= MAX_ROWS + 1);
            lines += rows.len();
            if matches!(end, End::NeedsBytes) {
                break;
            }
        }
        assert_eq!(lines, 60_000);
    }
}
