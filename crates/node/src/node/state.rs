//! The whole state of a node as a value: a checkpoint from which another node goes on.
//!
//! Owns the form: JSON, one text for one state, so that two nodes are in the same state exactly
//! where their hashes agree. Only what the stores hold is not in it.
//!
//! Writing and reading it is `inline`, so that all of that code is built with the caller, for size, and
//! not with this crate, for speed: it is a twentieth of the program.

use kusari_chain::store::MemoryBlocks;
use kusari_chain::{BlockStore, Chain, ChainState, TreeLimits};
use serde::{Deserializer, Serializer, de};
use sha2::{Digest, Sha256};

use super::Node;
use crate::interface::PeerId;
use crate::limits::MAX_WAITING_SAYS;
use crate::prelude::*;
use crate::store::{OutboxStore, StoreBatch};

/// It is not the state of a node of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not the state of a node of this version: {0}")]
pub struct RestoreError(String);

/// The form of a chain in a checkpoint, without its store.
pub(super) mod chain {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        chain: &Chain,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        chain.state().serialize(serializer)
    }

    /// The chain stands over an empty store until it is given the right one.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Chain, D::Error> {
        let state = ChainState::deserialize(deserializer)?;
        let empty = Box::new(MemoryBlocks::default());
        Chain::restore(state, empty, TreeLimits::default()).map_err(de::Error::custom)
    }
}

/// The form of blocks in a checkpoint that wait to be written.
pub(super) mod held_blocks {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        batch: &StoreBatch,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        batch.blocks.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<StoreBatch, D::Error> {
        let blocks = Vec::deserialize(deserializer)?;
        Ok(StoreBatch { blocks, ..StoreBatch::default() })
    }
}

impl Node {
    /// Everything that decides what this node does next, apart from what its stores hold: one line
    /// of JSON. Costs time and memory in proportion to what the node holds in memory.
    #[inline]
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        // Numbers, texts and lists of them, with texts and numbers as keys, have no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// SHA-256 over [`Node::state`]. Nodes with one hash do the same from here on, if their stores
    /// and inputs are the same.
    #[inline]
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        hash_of_state(&self.state())
    }

    /// The node that had this state. `blocks` and `outbox` must answer as the stores of that node
    /// would have done. The text may come from a stranger.
    ///
    /// # Errors
    /// [`RestoreError`] where no node of this version was ever in that state.
    #[inline]
    pub fn restore(
        state: &[u8],
        blocks: Box<dyn BlockStore>,
        outbox: Box<dyn OutboxStore>,
    ) -> Result<Self, RestoreError> {
        let form = |error: serde_json::Error| RestoreError(error.to_string());
        let mut node: Self = serde_json::from_slice(state).map_err(form)?;
        if !node.is_within_bounds() {
            return Err(RestoreError(String::from("more is in it than may be")));
        }
        if !node.fits_its_chain() {
            return Err(RestoreError(String::from("it does not fit the chain")));
        }
        node.chain.set_store(blocks, node.config.tree_limits);
        node.outbox_store = outbox;
        Ok(node)
    }

    fn is_within_bounds(&self) -> bool {
        let is_peer = |peer: PeerId| self.peers.get(peer).is_some();
        self.gossip.is_within_bounds()
            && self.missing_payloads.is_within_bounds()
            && self.downloads.is_within_bounds(is_peer)
            && self.sync.is_within_bounds(is_peer)
            && self.headers.is_within_bounds(is_peer)
            && self.pending_announcements.is_within_bounds(is_peer)
            && self.originals.is_within_bounds()
            && self.bans.is_within_bounds()
            && self.peers.is_within(self.config.places())
            && self.refusals.is_within_bounds()
            && self.commits.is_sound(self.batch.blocks.len())
            && self.waiting_says.len() <= MAX_WAITING_SAYS
    }

    fn fits_its_chain(&self) -> bool {
        let is_of_one_kind = match (&self.config.ledger, &self.transactions, &self.witnesses) {
            (Some(ledger), Some(transactions), Some(witnesses)) => {
                let spec = self.chain.spec().filter(|spec| ledger.spec.as_ref() == *spec);
                spec.is_some_and(|spec| transactions.is_sound(spec))
                    && witnesses.is_sound(&ledger.witnesses)
            }
            (None, None, None) => self.chain.spec().is_none(),
            _ => false,
        };
        is_of_one_kind && self.outbox.is_sound()
    }
}

/// The hash of a state as [`Node::state`] wrote it.
#[must_use]
pub fn hash_of_state(state: &[u8]) -> [u8; 32] {
    Sha256::digest(state).into()
}
