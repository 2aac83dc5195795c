//! Pushing blocks of the best chain to the peers that lack them.
//!
//! Owns what one round of pushes reads: each block once, however many peers are sent it, and all of
//! them the same value, so that a driver can write its line once. Which peer is pushed what is up to
//! [`crate::gossip`].

use core::ops::RangeInclusive;

use kusari_chain::{BestPoint, Chain, StoreResult, StoredBlock};

use super::Node;
use super::blocks::line_bytes;
use crate::interface::PeerId;
use crate::limits::MAX_SENT_BYTES;
use crate::peers::Peer;
use crate::prelude::*;

/// The blocks that a round of pushes has read, by height. At most [`DIRECT_BLOCKS`], the last of the
/// best chain: a peer that lacks more is not pushed to.
///
/// [`DIRECT_BLOCKS`]: crate::limits::DIRECT_BLOCKS
#[derive(Default)]
pub(super) struct Round(BTreeMap<u32, Option<Arc<StoredBlock>>>);

impl Round {
    /// The block of the best chain at a height; `None` where there is none, or it was altered.
    fn block(&mut self, chain: &Chain, height: u32) -> StoreResult<Option<Arc<StoredBlock>>> {
        if let Some(read) = self.0.get(&height) {
            return Ok(read.clone());
        }
        let read = match chain.best_at(height)? {
            Some(BestPoint { hash, .. }) => chain.block(&hash)?,
            None => None,
        };
        self.0.insert(height, read.clone());
        Ok(read)
    }
}

impl Node {
    /// Whether blocks of the best chain are more than an introduced peer is sent at once. The seven
    /// keys alone, which others get, never are.
    pub(super) fn are_large(
        &self,
        round: &mut Round,
        peer: PeerId,
        heights: RangeInclusive<u32>,
    ) -> StoreResult<bool> {
        if self.transactions.is_none() || !self.peers.get(peer).is_some_and(Peer::is_introduced) {
            return Ok(false);
        }
        let mut bytes = 0;
        for height in heights {
            bytes += round.block(&self.chain, height)?.map_or(0, |stored| line_bytes(&stored));
            if bytes > MAX_SENT_BYTES {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends the blocks of the best chain between two heights to one peer.
    pub(super) fn send_blocks(
        &mut self,
        round: &mut Round,
        peer: PeerId,
        heights: RangeInclusive<u32>,
    ) -> StoreResult {
        let tip = self.chain.tip().height;
        for height in heights {
            // Without one that was altered on the medium, a peer could not place those above it.
            let Some(stored) = round.block(&self.chain, height)? else { break };
            let message = self.block_message(peer, stored, height == tip);
            self.send(peer, message);
        }
        Ok(())
    }
}
