//! From received bytes to what the node is handed.
//!
//! Owns where that is done. A short read, as a new block is, is decoded where it came in, on the
//! node's own thread: nothing has to be woken for it. A long one, as when a chain is synced, goes to
//! another thread, and so do those of other peers, so that blocks are checked beside the node and
//! beside one another.

use super::Net;
use kusari_chain::CheckedBlock;
use kusari_node::wire::{Dialect, LineFramer, LineTooLong, Message, Received, Refusal};

/// Bytes from which on a stretch is decoded elsewhere: some fifty short blocks, which take about as
/// long as the two wakes of threads that it costs.
const ELSEWHERE_BYTES: usize = 16 * 1024;
/// Messages other than blocks that are decoded before they are handed over. A buffer may hold tens
/// of thousands of faulty lines, and each costs more memory as a refusal than as a line.
const MAX_MESSAGES: usize = 64;

/// What the node is handed.
pub(super) enum Item {
    /// Blocks in a row.
    Blocks(Vec<CheckedBlock>),
    /// Any other line.
    Message(Result<Received, Refusal>),
}

/// Why decoding ended.
pub(super) enum End {
    /// What is left is no whole line.
    NeedsBytes,
    /// There may be more.
    MayGoOn,
    /// What follows makes no sense.
    TooLong(LineTooLong),
}

/// A stretch of lines. `None` where the program is ending.
pub(super) async fn decode(net: &Net, framer: &mut LineFramer) -> Option<(Vec<Item>, End)> {
    // A long line that drips in is looked at here, until its end is there.
    if framer.buffered() < ELSEWHERE_BYTES || !framer.has_line() {
        return Some(decode_here(net.dialect, framer));
    }
    let mut moved = std::mem::take(framer);
    let dialect = net.dialect;
    let decoded = net.elsewhere(move || {
        let decoded = decode_here(dialect, &mut moved);
        (moved, decoded)
    });
    let (back, decoded) = decoded.await?;
    *framer = back;
    Some(decoded)
}

fn decode_here(dialect: Dialect, framer: &mut LineFramer) -> (Vec<Item>, End) {
    let (mut items, mut blocks) = (Vec::new(), Vec::new());
    let end = loop {
        if items.len() >= MAX_MESSAGES {
            break End::MayGoOn;
        }
        let received = match framer.next_line() {
            Ok(Some(line)) => dialect.receive(line),
            Ok(None) => break End::NeedsBytes,
            Err(error) => break End::TooLong(error),
        };
        if let Ok(Message::Block(block)) = received {
            blocks.push(block);
            continue;
        }
        if matches!(received, Ok(Message::Hello(_))) {
            framer.set_introduced();
        }
        if !blocks.is_empty() {
            items.push(Item::Blocks(std::mem::take(&mut blocks)));
        }
        items.push(Item::Message(received));
    };
    if !blocks.is_empty() {
        items.push(Item::Blocks(blocks));
    }
    (items, end)
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
            let (items, end) = decode_here(Dialect::Classic, &mut framer);
            assert!(items.len() <= MAX_MESSAGES + 1);
            lines += items.len();
            if matches!(end, End::NeedsBytes) {
                break;
            }
        }
        assert_eq!(lines, 60_000);
    }
}
