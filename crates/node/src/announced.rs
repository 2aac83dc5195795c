//! Blocks that peers announced and we lack: whom to ask for one, and when.
//!
//! A peer that announces a block near our tip is not asked at once: most often another one is
//! pushing it to us already. After a short grace the peer that announced it first is asked for it
//! by its hash. Where it does not deliver in time, the announcement is left to whoever catches up,
//! as if it had been one of a longer chain; so a liar costs us seconds, and one that never answers
//! is asked no second time.
//!
//! Holds one announcement for each peer, its last. Knows nothing of connections and reads no block.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use kusari_chain::{BestPoint, BlockHash};
use serde::{Deserialize, Serialize};

use crate::limits::{ANNOUNCED_AHEAD, ANNOUNCED_GRACE, ANNOUNCED_TIMEOUT};
use crate::seam::PeerId;

#[derive(Serialize, Deserialize)]
struct Announcement {
    point: BestPoint,
    heard_at: Duration,
    /// When this peer was asked for it, if it was.
    asked_at: Option<Duration>,
    /// The peer said so itself; of a hint, nobody knows who has the block.
    said: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct Teller {
    last: Option<Announcement>,
    /// It was asked for a block and has not ended its answer.
    owes: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Announced {
    tellers: BTreeMap<PeerId, Teller>,
}

impl Announced {
    /// An introduced peer has a block that no branch of ours has.
    pub(crate) fn heard(&mut self, peer: PeerId, point: BestPoint, tip: &BestPoint, now: Duration) {
        let teller = self.tellers.entry(peer).or_default();
        // Whoever owes an answer has had its turn: announcing again must not begin another wait.
        if teller.owes {
            return;
        }
        if let Some(last) = teller.last.as_mut().filter(|last| last.point.hash == point.hash) {
            last.said = true;
            return;
        }
        // What is far away is no block on its way: it is caught up with at once.
        let ahead = point.height.checked_sub(tip.height);
        let is_near = ahead.is_some_and(|blocks| blocks <= ANNOUNCED_AHEAD);
        let (heard_at, asked_at, said) = (now, None, true);
        teller.last = is_near.then_some(Announcement { point, heard_at, asked_at, said });
    }

    /// An original sent the seven keys of a block that no branch of ours has: this peer may have the
    /// whole of it. What it announced itself comes first.
    pub(crate) fn hinted(
        &mut self,
        peer: PeerId,
        point: BestPoint,
        tip: &BestPoint,
        now: Duration,
    ) {
        if self.tellers.get(&peer).is_none_or(|teller| teller.last.is_none()) {
            self.heard(peer, point, tip, now);
            let last = self.tellers.get_mut(&peer).and_then(|teller| teller.last.as_mut());
            if let Some(last) = last {
                last.said = false;
            }
        }
    }

    /// Whether the peer was asked for a block here and has not ended its answer.
    pub(crate) fn is_owed_by(&self, peer: PeerId) -> bool {
        self.tellers.get(&peer).is_some_and(|teller| teller.owes)
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.tellers.remove(&peer);
    }

    /// Whether the block that this peer announced is being waited for here, so that the peer need
    /// not be asked otherwise. What others announce says nothing of this peer: a liar who announces
    /// a block again and again must not keep anybody else from being asked for it.
    pub(crate) fn is_waited_for(&self, peer: PeerId, hash: &BlockHash) -> bool {
        let last = self.tellers.get(&peer).and_then(|teller| teller.last.as_ref());
        last.is_some_and(|last| last.point.hash == *hash)
    }

    /// The block is here. Returns who announced it.
    pub(crate) fn arrived(&mut self, hash: &BlockHash) -> Vec<PeerId> {
        let mut told_by = Vec::new();
        for (&peer, teller) in &mut self.tellers {
            let last = teller.last.take_if(|last| last.point.hash == *hash);
            if last.is_some_and(|last| last.said) {
                told_by.push(peer);
            }
        }
        told_by
    }

    /// A peer's answer is complete. Returns whether it was one to a question asked here: the first
    /// answer belongs to the first question.
    pub(crate) fn answer_ended(&mut self, peer: PeerId) -> bool {
        let Some(teller) = self.tellers.get_mut(&peer).filter(|teller| teller.owes) else {
            return false;
        };
        teller.owes = false;
        // It came with the answer, or the peer does not have it after all.
        teller.last.take_if(|last| last.asked_at.is_some());
        true
    }

    /// Whom to ask now for which block. `may_ask` tells who is not being asked something else.
    pub(crate) fn due(
        &mut self,
        now: Duration,
        tip: &BestPoint,
        may_ask: impl Fn(PeerId) -> bool,
    ) -> Vec<(PeerId, BlockHash)> {
        let mut questions = Vec::new();
        for (hash, deadline) in self.deadlines() {
            if now < deadline {
                continue;
            }
            let first = self
                .announcements()
                .filter(|(_, announcement)| announcement.point.hash == hash)
                // One block alone can be asked for by its hash, and only while it is of use.
                .filter(|(_, Announcement { point, .. })| {
                    point.height <= tip.height.saturating_add(1) && point.work >= tip.work
                })
                .filter(|(peer, _)| self.tellers.get(peer).is_some_and(|t| !t.owes))
                .filter(|(peer, _)| may_ask(*peer))
                .min_by_key(|(peer, announcement)| (announcement.heard_at, *peer))
                .map(|(peer, _)| peer);
            let was_asked = self
                .announcements()
                .any(|(_, last)| last.point.hash == hash && last.asked_at.is_some());
            let asked = first.filter(|_| !was_asked).and_then(|peer| self.tellers.get_mut(&peer));
            match (asked, first) {
                (Some(teller), Some(peer)) => {
                    teller.owes = true;
                    if let Some(last) = &mut teller.last {
                        last.asked_at = Some(now);
                    }
                    questions.push((peer, hash));
                }
                _ => {
                    self.arrived(&hash);
                }
            }
        }
        questions
    }

    /// When [`Announced::due`] has something next.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadlines().into_values().min()
    }

    fn announcements(&self) -> impl Iterator<Item = (PeerId, &Announcement)> {
        self.tellers.iter().filter_map(|(&peer, teller)| Some((peer, teller.last.as_ref()?)))
    }

    /// When something is to be done about each block: the end of the answer to the question that
    /// was asked, or else the end of its grace.
    fn deadlines(&self) -> BTreeMap<BlockHash, Duration> {
        let mut graces: BTreeMap<BlockHash, Duration> = BTreeMap::new();
        let mut asked: BTreeMap<BlockHash, Duration> = BTreeMap::new();
        for (_, Announcement { point, heard_at, asked_at, .. }) in self.announcements() {
            let grace = *heard_at + ANNOUNCED_GRACE;
            let first = graces.entry(point.hash).or_insert(grace);
            *first = grace.min(*first);
            if let Some(asked_at) = asked_at {
                asked.insert(point.hash, *asked_at + ANNOUNCED_TIMEOUT);
            }
        }
        graces.extend(asked);
        graces
    }
}

#[cfg(test)]
mod tests;
