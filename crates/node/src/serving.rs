//! Answers with stored blocks: one at a time for each peer, the rest in a short queue.
//!
//! Owns the order of answers. An answer begins once everything that was accepted when it was asked
//! for is committed, because it is read from the store; so it never has less than what we told the
//! peer we have. Knows nothing of what the blocks are.

use kusari_chain::BestPoint;

use crate::interface::{CommitId, PeerId, StreamForm};
use crate::limits::MAX_PENDING_ANSWERS;
use crate::prelude::*;

/// Blocks to be streamed to a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) after: BestPoint,
    pub(crate) through: Option<u32>,
    pub(crate) form: StreamForm,
    /// It is read once this commit is durable.
    pub(crate) ready_after: CommitId,
    /// The peer asked for it; otherwise it is gossip that fell behind.
    pub(crate) asked: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct Queue {
    running: Option<Answer>,
    pending: VecDeque<Answer>,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Serving(BTreeMap<PeerId, Queue>);

impl Serving {
    /// Queues an answer. `false` where the peer has asked too much already.
    pub(crate) fn push(&mut self, peer: PeerId, answer: Answer) -> bool {
        let queue = self.0.entry(peer).or_default();
        if queue.pending.len() >= MAX_PENDING_ANSWERS {
            return false;
        }
        queue.pending.push_back(answer);
        true
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.0.remove(&peer);
    }

    /// Whether the peer is being answered, or waits to be.
    pub(crate) fn is_busy(&self, peer: PeerId) -> bool {
        self.0.contains_key(&peer)
    }

    /// Whether an answer is not read before this commit is durable.
    pub(crate) fn waits_for(&self, commit: CommitId) -> bool {
        let mut pending = self.0.values().flat_map(|queue| &queue.pending);
        pending.any(|answer| answer.ready_after >= commit)
    }

    /// Takes the answers that can begin, now that everything up to `committed` is durable.
    pub(crate) fn ready(&mut self, committed: CommitId) -> alloc::vec::Vec<(PeerId, Answer)> {
        let mut ready = alloc::vec::Vec::new();
        for (&peer, queue) in &mut self.0 {
            let waits = |answer: &Answer| answer.ready_after > committed;
            if queue.running.is_some() || queue.pending.front().is_none_or(waits) {
                continue;
            }
            queue.running = queue.pending.pop_front();
            ready.extend(queue.running.clone().map(|answer| (peer, answer)));
        }
        ready
    }

    /// The running answer is written. Returns it.
    pub(crate) fn ended(&mut self, peer: PeerId) -> Option<Answer> {
        let queue = self.0.get_mut(&peer)?;
        let ended = queue.running.take();
        if queue.pending.is_empty() {
            self.0.remove(&peer);
        }
        ended
    }
}
