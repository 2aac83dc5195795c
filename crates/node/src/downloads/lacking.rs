//! Blocks that are here without payloads which their transactions commit to: who is asked for them.
//!
//! A payload may be erased everywhere, by law or by wish, so nobody is asked for ever: a block is asked
//! of [`MAX_LACKING_TRIES`] peers, one after another, none of which sent it without. Where more blocks
//! lack something than are remembered, the oldest are let go.
//!
//! What is being asked stands in [`Downloads`]. Knows nothing of connections, and reads no block.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use kusari_chain::BlockHash;
use serde::{Deserialize, Serialize};

use super::{Answer, Downloads, Purpose};
use crate::interface::PeerId;
use crate::limits::{ANNOUNCED_GRACE, MAX_LACKING, MAX_LACKING_TRIES, REQUEST_TIMEOUT};

#[derive(Serialize, Deserialize)]
struct Lack {
    hash: BlockHash,
    /// When somebody may be asked: what comes by itself meanwhile is not asked for.
    ask_at: Duration,
    /// They sent it without, or were asked for it.
    tried: BTreeSet<PeerId>,
    /// How many were asked.
    tries: u8,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Lacking {
    /// Oldest first.
    blocks: VecDeque<Lack>,
}

impl Lacking {
    /// A block came without payloads, from this peer if it came by itself.
    pub(crate) fn add(&mut self, hash: BlockHash, from: Option<PeerId>, now: Duration) {
        if self.blocks.iter().any(|lack| lack.hash == hash) {
            return;
        }
        if self.blocks.len() >= MAX_LACKING {
            self.blocks.pop_front();
        }
        let (ask_at, tried) = (now + ANNOUNCED_GRACE, from.into_iter().collect());
        self.blocks.push_back(Lack { hash, ask_at, tried, tries: 0 });
    }

    /// The block is here with its payloads.
    pub(crate) fn filled(&mut self, hash: &BlockHash) {
        self.blocks.retain(|lack| lack.hash != *hash);
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        for lack in &mut self.blocks {
            lack.tried.remove(&peer);
        }
    }

    /// Whom to ask now for which block, and notes it: one at a time of each peer, while it is not asked
    /// anything else.
    pub(crate) fn due(
        &mut self,
        rows: &mut Downloads,
        now: Duration,
        peers: impl Iterator<Item = PeerId>,
    ) -> Vec<(PeerId, BlockHash)> {
        let is_over = |lack: &Lack| lack.tries >= MAX_LACKING_TRIES && now >= lack.ask_at;
        self.blocks.retain(|lack| !is_over(lack));
        let mut questions = Vec::new();
        for peer in peers {
            if !rows.is_idle(peer) {
                continue;
            }
            let lack = self
                .blocks
                .iter_mut()
                .find(|lack| now >= lack.ask_at && !lack.tried.contains(&peer));
            let Some(lack) = lack else { continue };
            lack.ask_at = now + REQUEST_TIMEOUT;
            lack.tried.insert(peer);
            lack.tries += 1;
            rows.ask(peer, Answer::Hashes(1), Purpose::Payloads(lack.hash), now);
            questions.push((peer, lack.hash));
        }
        questions
    }

    /// When [`Lacking::due`] is to be called again, if there is anything to wait for.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        self.blocks.iter().map(|lack| lack.ask_at).filter(|at| *at > now).min()
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_idle(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Whether no more is remembered than may be: it may come from a stranger's file.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.blocks.len() <= MAX_LACKING
    }
}
