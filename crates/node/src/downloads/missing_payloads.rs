//! Blocks that are here without payloads which their transactions commit to: who is asked for them.
//!
//! A payload may be erased everywhere, by law or by wish, so nobody is asked for ever: a block is asked
//! of [`MAX_MISSING_TRIES`] peers, one after another, none of which sent it without. Where more blocks
//! lack something than are remembered, the oldest are let go.
//!
//! What is being asked stands in [`Downloads`]. Knows nothing of connections, and reads no block.

use kusari_chain::BlockHash;

use super::{Answer, Downloads, Purpose};
use crate::interface::PeerId;
use crate::limits::{ANNOUNCED_GRACE, MAX_MISSING_PAYLOADS, MAX_MISSING_TRIES, REQUEST_TIMEOUT};
use crate::prelude::*;

#[derive(Serialize, Deserialize)]
struct Missing {
    hash: BlockHash,
    /// When somebody may be asked: what comes by itself meanwhile is not asked for.
    ask_at: Duration,
    /// They sent it without, or were asked for it.
    tried: BTreeSet<PeerId>,
    /// How many were asked.
    tries: u8,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct MissingPayloads {
    /// Oldest first.
    blocks: VecDeque<Missing>,
}

impl MissingPayloads {
    /// A block came without payloads, from this peer if it came by itself.
    pub(crate) fn add(&mut self, hash: BlockHash, from: Option<PeerId>, now: Duration) {
        if self.blocks.iter().any(|missing| missing.hash == hash) {
            return;
        }
        if self.blocks.len() >= MAX_MISSING_PAYLOADS {
            self.blocks.pop_front();
        }
        let (ask_at, tried) = (now + ANNOUNCED_GRACE, from.into_iter().collect());
        self.blocks.push_back(Missing { hash, ask_at, tried, tries: 0 });
    }

    /// The block is here with its payloads.
    pub(crate) fn filled(&mut self, hash: &BlockHash) {
        self.blocks.retain(|missing| missing.hash != *hash);
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        for missing in &mut self.blocks {
            missing.tried.remove(&peer);
        }
    }

    /// Whom to ask now for which block, and notes it: one at a time of each peer, while it is not asked
    /// anything else.
    pub(crate) fn due(
        &mut self,
        downloads: &mut Downloads,
        now: Duration,
        peers: impl Iterator<Item = PeerId>,
    ) -> Vec<(PeerId, BlockHash)> {
        let is_over =
            |missing: &Missing| missing.tries >= MAX_MISSING_TRIES && now >= missing.ask_at;
        self.blocks.retain(|missing| !is_over(missing));
        let mut questions = Vec::new();
        for peer in peers {
            if !downloads.is_idle(peer) {
                continue;
            }
            let missing = self
                .blocks
                .iter_mut()
                .find(|missing| now >= missing.ask_at && !missing.tried.contains(&peer));
            let Some(missing) = missing else { continue };
            missing.ask_at = now + REQUEST_TIMEOUT;
            missing.tried.insert(peer);
            missing.tries += 1;
            downloads.ask(peer, Answer::Hashes(1), Purpose::Payloads(missing.hash), now);
            questions.push((peer, missing.hash));
        }
        questions
    }

    /// When [`MissingPayloads::due`] is to be called again, if there is anything to wait for.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        self.blocks.iter().map(|missing| missing.ask_at).filter(|at| *at > now).min()
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_idle(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Whether no more is remembered than may be: it may come from a stranger's file.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.blocks.len() <= MAX_MISSING_PAYLOADS
    }
}
