//! Lines on their way to peers, as the node's actions name them one after another.
//!
//! Owns what is written out once for many, and what is handed to a connection together. The order of
//! lines to a peer is the order of actions.

use std::collections::HashMap;
use std::sync::Arc;

use kusari_chain::StoredBlock;
use kusari_node::seam::PeerId;
use kusari_node::wire::{Message, encode};

use crate::net::PeerHandle;

/// Bytes from which on lines are not joined any more: by then a system call for them costs little.
const JOIN_BYTES: usize = 64 * 1024;

/// The forms of a block's line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Compact,
    SevenKeys,
}

/// The lines of a list of actions.
#[derive(Default)]
pub(super) struct Lines {
    /// The last one that was written out: a new block goes to many peers in a row.
    last: Last,
    /// Lines to one peer in a row: whoever sends many transactions is answered as often.
    burst: Vec<u8>,
    to: Option<PeerId>,
}

#[derive(Default)]
struct Last {
    block: Option<(Arc<StoredBlock>, Form)>,
    line: Vec<u8>,
}

impl Lines {
    /// Sends a line, now or with the ones that follow.
    pub(super) fn send(
        &mut self,
        peer: PeerId,
        message: &Message<Arc<StoredBlock>>,
        peers: &HashMap<PeerId, PeerHandle>,
    ) {
        if self.to != Some(peer) || self.burst.len() >= JOIN_BYTES {
            self.flush(peers);
        }
        self.to = Some(peer);
        self.burst.extend_from_slice(self.last.of(message));
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

impl Last {
    fn of(&mut self, message: &Message<Arc<StoredBlock>>) -> &[u8] {
        let block = match message {
            Message::Block(block) => Some((block, Form::Whole)),
            Message::Compact(block) => Some((block, Form::Compact)),
            Message::SevenKeys(block) => Some((block, Form::SevenKeys)),
            _ => None,
        };
        let is_same = |(block, form): (&Arc<StoredBlock>, Form)| {
            self.block.as_ref().is_some_and(|(last, of)| Arc::ptr_eq(last, block) && *of == form)
        };
        if !block.is_some_and(is_same) {
            self.line = encode(message);
            self.block = block.map(|(block, form)| (Arc::clone(block), form));
        }
        &self.line
    }
}
