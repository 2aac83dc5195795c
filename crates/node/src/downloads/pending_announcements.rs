//! Blocks that peers announced and we lack: whom to ask for one, and when.
//!
//! A peer that announces a block near our tip is not asked at once: most often another one is
//! pushing it to us already. After a short grace the peer that announced it first is asked for it
//! by its hash. Where it does not deliver in time, the announcement is left to whoever catches up,
//! as if it had been one of a longer chain; so a liar costs us seconds, and one that never answers
//! is asked no second time.
//!
//! Holds one announcement for each peer, its last. What is being asked stands in [`Downloads`]. Knows
//! nothing of connections and reads no block.

use kusari_chain::{BestPoint, BlockHash};

use super::{Answer, Downloads, Purpose};
use crate::interface::PeerId;
use crate::limits::{ANNOUNCED_AHEAD, ANNOUNCED_GRACE};
use crate::prelude::*;

#[derive(Serialize, Deserialize)]
struct Announcement {
    point: BestPoint,
    heard_at: Duration,
    /// The peer said so itself; of a hint, nobody knows who has the block.
    said: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct PendingAnnouncements {
    /// The last one of each peer.
    last: BTreeMap<PeerId, Announcement>,
}

impl PendingAnnouncements {
    /// An introduced peer has a block that no branch of ours has.
    pub(crate) fn heard(
        &mut self,
        downloads: &Downloads,
        peer: PeerId,
        point: BestPoint,
        tip: &BestPoint,
        now: Duration,
    ) {
        // Whoever owes an answer has had its turn: announcing again must not begin another wait.
        if downloads.owes_announced(peer) {
            return;
        }
        if let Some(last) = self.last.get_mut(&peer).filter(|last| last.point.hash == point.hash) {
            last.said = true;
            return;
        }
        // What is far away is no block on its way: it is caught up with at once.
        let ahead = point.height.checked_sub(tip.height);
        if ahead.is_some_and(|blocks| blocks <= ANNOUNCED_AHEAD) {
            self.last.insert(peer, Announcement { point, heard_at: now, said: true });
        } else {
            self.last.remove(&peer);
        }
    }

    /// An original sent the seven keys of a block that no branch of ours has: this peer may have the
    /// whole of it. What it announced itself comes first.
    pub(crate) fn hinted(
        &mut self,
        downloads: &Downloads,
        peer: PeerId,
        point: BestPoint,
        tip: &BestPoint,
        now: Duration,
    ) {
        if !self.last.contains_key(&peer) {
            self.heard(downloads, peer, point, tip, now);
            if let Some(last) = self.last.get_mut(&peer) {
                last.said = false;
            }
        }
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.last.remove(&peer);
    }

    /// Whether the block that this peer announced is being waited for here, so that the peer need
    /// not be asked otherwise. What others announce says nothing of this peer: a liar who announces
    /// a block again and again must not keep anybody else from being asked for it.
    pub(crate) fn is_waited_for(&self, peer: PeerId, hash: &BlockHash) -> bool {
        self.last.get(&peer).is_some_and(|last| last.point.hash == *hash)
    }

    /// The block is here, or is not waited for any more: nobody sent it in time. Returns who announced
    /// it.
    pub(crate) fn arrived(&mut self, hash: &BlockHash) -> Vec<PeerId> {
        let mut told_by = Vec::new();
        self.last.retain(|&peer, last| {
            let is_it = last.point.hash == *hash;
            if is_it && last.said {
                told_by.push(peer);
            }
            !is_it
        });
        told_by
    }

    /// The peer's answer about this block is complete: the block came with it, or the peer does not
    /// have it after all.
    pub(crate) fn answered(&mut self, peer: PeerId, hash: &BlockHash) {
        if self.is_waited_for(peer, hash) {
            self.last.remove(&peer);
        }
    }

    /// Whom to ask now for which block, and notes it: peers that are not being asked something else.
    pub(crate) fn due(
        &mut self,
        downloads: &mut Downloads,
        now: Duration,
        tip: &BestPoint,
    ) -> Vec<(PeerId, BlockHash)> {
        let mut questions = Vec::new();
        for (hash, grace) in self.graces() {
            if now < grace || downloads.is_announced_asked(&hash) {
                continue;
            }
            let first = self
                .last
                .iter()
                .filter(|(_, announcement)| announcement.point.hash == hash)
                // One block alone can be asked for by its hash, and only while it is of use.
                .filter(|(_, Announcement { point, .. })| {
                    point.height <= tip.height.saturating_add(1) && point.work >= tip.work
                })
                .filter(|(peer, _)| downloads.is_idle(**peer) && !downloads.owes_announced(**peer))
                .min_by_key(|(peer, announcement)| (announcement.heard_at, **peer))
                .map(|(peer, _)| *peer);
            match first {
                Some(peer) => {
                    downloads.ask(peer, Answer::Hashes(1), Purpose::Announced(hash), now);
                    questions.push((peer, hash));
                }
                None => {
                    self.arrived(&hash);
                }
            }
        }
        questions
    }

    /// When [`PendingAnnouncements::due`] has something next. What is being asked for waits for its answer.
    pub(crate) fn deadline(&self, downloads: &Downloads) -> Option<Duration> {
        let graces = self.graces().into_iter();
        graces.filter(|(hash, _)| !downloads.is_announced_asked(hash)).map(|(_, grace)| grace).min()
    }

    /// When each block may be asked for: it was announced long enough ago.
    fn graces(&self) -> BTreeMap<BlockHash, Duration> {
        let mut graces: BTreeMap<BlockHash, Duration> = BTreeMap::new();
        for Announcement { point, heard_at, .. } in self.last.values() {
            let grace = *heard_at + ANNOUNCED_GRACE;
            let first = graces.entry(point.hash).or_insert(grace);
            *first = grace.min(*first);
        }
        graces
    }

    /// Whether it holds announcements of peers that `exist` alone: it may come from a stranger's file.
    pub(crate) fn is_within_bounds(&self, exists: impl Fn(PeerId) -> bool) -> bool {
        self.last.keys().all(|peer| exists(*peer))
    }
}

#[cfg(test)]
mod tests;
