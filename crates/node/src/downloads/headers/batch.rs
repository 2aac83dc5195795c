//! The bodies of a batch of headers: of whom each is asked, and what is asked of another.

use kusari_chain::BestPoint;

use super::Standing;
use crate::downloads::{Answer, Body, Download, Downloads, Purpose};
use crate::interface::PeerId;
use crate::limits::{FIRST_BODIES, MAX_BODIES_ASKED, MAX_RETRIES};
use crate::prelude::*;
use crate::wire::{GetBlocks, MAX_BLOCKS, MAX_HASHES};

/// The bodies of a batch of headers.
#[derive(Serialize, Deserialize)]
pub(super) struct Batch {
    /// Whose headers they are.
    pub(super) from: PeerId,
    pub(super) tip: BestPoint,
    /// Not asked for, or only of peers that share it; parents first.
    pub(super) wanted: VecDeque<Body>,
    /// They were asked and delivered nothing.
    pub(super) useless: BTreeSet<PeerId>,
    /// When the last body of it came.
    pub(super) moved_at: Duration,
}

impl Batch {
    /// Whether the peer can be asked for bodies.
    pub(super) fn is_free(&self, downloads: &Downloads, peer: PeerId) -> bool {
        !downloads.owes_bodies(peer)
            && downloads.has_room(peer)
            && (peer == self.from || downloads.is_idle(peer))
            && !self.useless.contains(&peer)
    }

    /// What these downloads were to bring is asked of others as well. `is_slow` is given how many came.
    pub(super) fn share(
        &mut self,
        downloads: &mut Downloads,
        is_slow: impl Fn(&Download, u32) -> bool,
    ) {
        for (_, download) in downloads.bodies_mut() {
            let is_slow = match download.purpose() {
                Purpose::Bodies { delivered, .. } => is_slow(download, *delivered),
                _ => false,
            };
            if let Purpose::Bodies { bodies, is_shared, .. } = download.purpose_mut()
                && is_slow
                && !core::mem::replace(is_shared, true)
            {
                self.give_back(bodies);
            }
        }
    }

    /// Asks what is wanted of those that are free, and notes it.
    pub(super) fn ask(
        &mut self,
        downloads: &mut Downloads,
        now: Duration,
        peers: &[(PeerId, Standing)],
    ) -> Vec<(PeerId, GetBlocks)> {
        let mut questions = Vec::new();
        for &(peer, standing) in peers {
            let room = MAX_BODIES_ASKED.saturating_sub(downloads.bodies_asked()).min(MAX_HASHES);
            if room == 0 || self.wanted.is_empty() {
                break;
            }
            if !self.is_free(downloads, peer) {
                continue;
            }
            let (bodies, question) = match standing {
                Standing::Proven => self.question(room, peer == self.from),
                Standing::Unproven if downloads.bodies_shared() < MAX_RETRIES => self.sample(),
                Standing::Unproven | Standing::Unfit => continue,
            };
            let is_shared = standing == Standing::Unproven;
            let count = u32::try_from(bodies.len()).unwrap_or(u32::MAX);
            let answer = match &question {
                GetBlocks::After { limit, .. } => Answer::Stream(*limit),
                GetBlocks::ByHash(_) => Answer::Hashes(count),
            };
            let purpose = Purpose::Bodies { bodies, delivered: 0, is_shared };
            downloads.ask(peer, answer, purpose, now);
            questions.push((peer, question));
        }
        questions
    }

    /// What to ask for next, and how. Whoever sent the headers has these blocks in its best chain, and
    /// streams those that follow one another however large they are; of blocks by their hashes nobody
    /// sends more than a little at once.
    fn question(&mut self, most: usize, of_source: bool) -> (Vec<Body>, GetBlocks) {
        let mut count = most.min(self.wanted.len());
        let Some(first) = self.wanted.front().copied().filter(|_| of_source) else {
            let bodies: Vec<Body> = self.wanted.drain(..count).collect();
            let hashes = bodies.iter().map(|body| body.hash).collect();
            return (bodies, GetBlocks::ByHash(hashes));
        };
        let pairs = self.wanted.iter().zip(self.wanted.iter().skip(1));
        let download = 1 + pairs.take_while(|(before, after)| before.hash == after.parent).count();
        count = count.min(download);
        let bodies: Vec<Body> = self.wanted.drain(..count).collect();
        // There are at most as many as may be asked for.
        let limit = u32::try_from(bodies.len()).unwrap_or(MAX_BLOCKS);
        (bodies, GetBlocks::After { locator: Vec::from([first.parent]), limit })
    }

    /// What to ask of a peer that may deliver nothing: others are asked for the same.
    fn sample(&self) -> (Vec<Body>, GetBlocks) {
        let bodies: Vec<Body> = self.wanted.iter().take(FIRST_BODIES).copied().collect();
        let hashes = bodies.iter().map(|body| body.hash).collect();
        (bodies, GetBlocks::ByHash(hashes))
    }

    /// What a peer was asked for and did not deliver is to be asked of another.
    pub(super) fn give_back(&mut self, bodies: &[Body]) {
        for body in bodies.iter().rev() {
            if !self.wanted.contains(body) {
                self.wanted.push_front(*body);
            }
        }
    }
}
