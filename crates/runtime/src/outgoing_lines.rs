//! Lines on their way to peers, as the node's actions name them one after another.
//!
//! Owns what is written out once for many, and what is handed to a connection together. The order of
//! lines to a peer is the order of actions.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kusari_node::interface::PeerId;
use kusari_node::limits::{DIRECT_BLOCKS, MAX_SENT_BYTES};
use kusari_node::wire::{Message, Sent, SentBlock, encode};

use crate::net::PeerHandle;

/// Bytes from which on lines are not joined any more: by then a system call for them costs little.
const JOIN_BYTES: usize = 64 * 1024;

/// Lines of blocks that are kept for further peers: as many as one peer is pushed, in two forms.
const WRITTEN_LINES: usize = 2 * DIRECT_BLOCKS as usize;

/// The lines of a list of actions.
#[derive(Default)]
pub(super) struct Lines {
    written: Written,
    /// Lines to one peer in a row: whoever sends many transactions is answered as often.
    burst: Vec<u8>,
    to: Option<PeerId>,
}

/// The last lines of blocks that were written out: blocks go to many peers, one peer after another.
///
/// At most [`WRITTEN_LINES`], and [`MAX_SENT_BYTES`] beside the newest.
#[derive(Default)]
struct Written {
    lines: VecDeque<(SentBlock, Vec<u8>)>,
    bytes: usize,
    /// The last line of another kind.
    other: Vec<u8>,
}

impl Lines {
    /// Sends a line, now or with the ones that follow.
    pub(super) fn send(
        &mut self,
        peer: PeerId,
        message: &Sent,
        peers: &HashMap<PeerId, PeerHandle>,
    ) {
        if self.to != Some(peer) || self.burst.len() >= JOIN_BYTES {
            self.flush(peers);
        }
        self.to = Some(peer);
        self.burst.extend_from_slice(self.written.of(message));
    }

    /// Sends what was kept back.
    pub(super) fn flush(&mut self, peers: &HashMap<PeerId, PeerHandle>) {
        // A peer that is gone already needs nothing; the node is about to hear of it.
        if let Some(handle) = self.to.take().and_then(|peer| peers.get(&peer)) {
            handle.send_line(&self.burst);
        }
        self.burst.clear();
    }
}

impl Written {
    fn of(&mut self, message: &Sent) -> &[u8] {
        let Message::Block(block) = message else {
            self.other = encode(message);
            return &self.other;
        };
        let is_it = |(written, _): &(SentBlock, Vec<u8>)| {
            Arc::ptr_eq(&written.stored, &block.stored) && written.form == block.form
        };
        let at = self.lines.iter().position(is_it).unwrap_or_else(|| {
            let line = encode(message);
            while self.lines.len() >= WRITTEN_LINES || self.bytes > MAX_SENT_BYTES {
                let Some((_, oldest)) = self.lines.pop_front() else { break };
                self.bytes -= oldest.len();
            }
            self.bytes += line.len();
            self.lines.push_back((block.clone(), line));
            self.lines.len() - 1
        });
        self.lines.get(at).map_or(&[], |(_, line)| line)
    }
}

#[cfg(test)]
mod tests {
    use kusari_chain::{Block, StoredBlock, Work};
    use kusari_node::wire::BlockForm;

    use super::*;

    fn block(index: u32, bytes: usize) -> Arc<StoredBlock> {
        let block = Block { index, data: "x".repeat(bytes), ..Block::genesis() };
        let (order, work) = (u64::from(index), Work::of_classic_blocks(index));
        Arc::new(StoredBlock { order, work, total_bytes: 0, block, ledger: None })
    }

    #[test]
    fn the_line_of_a_block_is_written_once_for_all_peers_that_are_sent_it() {
        let blocks = [block(1, 9), block(2, 9), block(3, 9)];
        let mut written = Written::default();
        let mut places = || {
            let all = blocks.iter().flat_map(|block| {
                [BlockForm::Whole, BlockForm::SevenKeys]
                    .map(|form| Sent::block(Arc::clone(block), form))
            });
            all.map(|message| {
                let line = written.of(&message);
                assert_eq!(line, encode(&message));
                line.as_ptr()
            })
            .collect::<Vec<_>>()
        };
        let first = places();
        assert_eq!(places(), first, "written out again for the next peer");
    }

    #[test]
    fn lines_that_are_kept_for_further_peers_are_bounded() {
        let mut written = Written::default();
        for index in 0..200 {
            written.of(&Sent::block(block(index, 3), BlockForm::Whole));
            assert!(written.lines.len() <= WRITTEN_LINES);
        }
        for index in 0..20 {
            written.of(&Sent::block(block(index, MAX_SENT_BYTES / 3), BlockForm::Whole));
            let newest = written.lines.back().map_or(0, |(_, line)| line.len());
            let kept: usize = written.lines.iter().map(|(_, line)| line.len()).sum();
            assert_eq!(written.bytes, kept);
            assert!(kept <= MAX_SENT_BYTES + newest, "{kept} bytes");
        }
        assert!(written.lines.len() < 5);
    }
}
