//! Originals: when each is asked for its chain, what its answers show, and when it is sent what it
//! lacks.
//!
//! An original appends every block that it gets, checking the work alone, and passes it on. It asks
//! for a chain when it dials and never again, and an answer of its own has no end but silence. So it
//! is asked for its chain, and after the first answer of a connection it is sent what its list lacks,
//! once. Blocks that it sends twice it holds twice: while one original is sent what it lacks, the
//! others wait, since it may pass all of that on to them.
//!
//! Knows nothing of connections, and of a block only its hash.

#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use kusari_chain::{BlockHash, StoreError};
use serde::{Deserialize, Serialize};

use crate::limits::{
    ANSWER_SILENCE, GET_CHAIN_GRACE, GET_CHAIN_INTERVAL, GET_CHAIN_INTERVAL_MAX, GET_CHAIN_TIMEOUT,
    MAX_ORPHAN_QUESTIONS, MAX_TRIED_ORPHANS, MEND_TIMEOUT,
};
use crate::seam::PeerId;

/// The last block of an answer to `GET_CHAIN`, which is what an original mines on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LastBlock {
    /// No block came.
    #[default]
    Nothing,
    /// The block of this hash, which keeps the rules by itself.
    Block(BlockHash),
    /// A line that is no block to us, such as one with text that should have been escaped.
    Unreadable,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    asked_at: Duration,
    /// When the last line of it came, or the question was sent.
    moved_at: Duration,
    last: LastBlock,
    /// The orphan that made us ask, if one did.
    orphan: Option<BlockHash>,
}

#[derive(Serialize, Deserialize)]
struct Original {
    /// When it is asked although no orphan is a reason.
    ask_at: Option<Duration>,
    asked_at: Option<Duration>,
    /// Least time between two questions.
    wait: Duration,
    answer: Option<Answer>,
    /// Its first answer has been dealt with.
    answered: bool,
    /// The last orphan that it sent, until it is asked about it.
    wanted: Option<BlockHash>,
    /// How often it was asked about each orphan, newest last. At most [`MAX_TRIED_ORPHANS`].
    tries: VecDeque<(BlockHash, u8)>,
}

impl Original {
    fn new(ask_at: Option<Duration>) -> Self {
        Self {
            ask_at,
            asked_at: None,
            wait: GET_CHAIN_INTERVAL,
            answer: None,
            answered: false,
            wanted: None,
            tries: VecDeque::new(),
        }
    }

    /// When an orphan is reason enough to ask.
    fn may_ask_at(&self) -> Duration {
        self.asked_at.map_or(Duration::ZERO, |asked_at| asked_at + self.wait)
    }

    /// Counts one more question about an orphan; `false` where there were enough.
    fn try_orphan(&mut self, orphan: BlockHash) -> bool {
        let place = self.tries.iter().position(|(tried, _)| *tried == orphan);
        let times = place.and_then(|place| self.tries.remove(place)).map_or(0, |(_, times)| times);
        if self.tries.len() >= MAX_TRIED_ORPHANS {
            self.tries.pop_front();
        }
        let may = times < MAX_ORPHAN_QUESTIONS;
        self.tries.push_back((orphan, times + u8::from(may)));
        may
    }

    /// The orphan to ask about now, if there is one.
    fn take_reason(
        &mut self,
        now: Duration,
        is_known: &mut impl FnMut(&BlockHash) -> Result<bool, StoreError>,
    ) -> Result<Option<BlockHash>, StoreError> {
        if now < self.may_ask_at() {
            return Ok(None);
        }
        let Some(orphan) = self.wanted.take() else { return Ok(None) };
        Ok((!is_known(&orphan)? && self.try_orphan(orphan)).then_some(orphan))
    }
}

/// An answer that came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) peer: PeerId,
    pub(crate) last: LastBlock,
    /// The orphan whose parent it was to bring.
    pub(crate) orphan: Option<BlockHash>,
    /// It is the first of its connection.
    pub(crate) is_first: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Originals {
    table: BTreeMap<PeerId, Original>,
    /// Who is being sent what it lacks, and since when.
    mending: Option<(PeerId, Duration)>,
    /// Until when no other is.
    mend_after: Duration,
}

impl Originals {
    /// A dialled peer turned out to be an original: it is asked at once.
    pub(crate) fn found(&mut self, peer: PeerId, now: Duration) {
        self.table.entry(peer).or_insert_with(|| Original::new(None)).ask_at = Some(now);
    }

    /// A peer that dialled us began with `GET_CHAIN`: it is asked unless it ends soon.
    pub(crate) fn began(&mut self, peer: PeerId, now: Duration) {
        self.table.insert(peer, Original::new(Some(now + GET_CHAIN_GRACE)));
    }

    /// A peer that began with `GET_CHAIN` sent a valid block, as originals do: if it has not been
    /// asked yet it is asked at once.
    pub(crate) fn sent_block(&mut self, peer: PeerId, now: Duration) {
        let original = self.table.get_mut(&peer);
        if let Some(ask_at) = original.and_then(|original| original.ask_at.as_mut()) {
            *ask_at = now.min(*ask_at);
        }
    }

    /// A peer without `HELLO` sent a block whose parent is unknown.
    pub(crate) fn sent_orphan(&mut self, peer: PeerId, orphan: BlockHash) {
        self.table.entry(peer).or_insert_with(|| Original::new(None)).wanted = Some(orphan);
    }

    /// The peer is gone, introduced itself, or sends nothing more.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.table.remove(&peer);
    }

    /// A block came from the peer. `is_new` tells whether it was not known here.
    pub(crate) fn block_came(
        &mut self,
        peer: PeerId,
        hash: BlockHash,
        is_new: bool,
        now: Duration,
    ) {
        let Some(answer) = self.answer_of(peer) else { return };
        answer.last = LastBlock::Block(hash);
        // Originals that pass one block around in a ring are never silent.
        if is_new || now < answer.asked_at + GET_CHAIN_TIMEOUT {
            answer.moved_at = now;
        }
    }

    /// A line came from the peer that is no valid block. One that reads as a block breaks a rule that
    /// an original knows too: it passes such a block on and does not keep it.
    pub(crate) fn bad_line_came(&mut self, peer: PeerId, reads_as_block: bool, now: Duration) {
        let Some(answer) = self.answer_of(peer) else { return };
        if !reads_as_block || answer.last == LastBlock::Nothing {
            answer.last = LastBlock::Unreadable;
        }
        if now < answer.asked_at + GET_CHAIN_TIMEOUT {
            answer.moved_at = now;
        }
    }

    fn answer_of(&mut self, peer: PeerId) -> Option<&mut Answer> {
        self.table.get_mut(&peer)?.answer.as_mut()
    }

    /// Nothing is read from peers for now, so silence means nothing.
    pub(crate) fn nothing_is_read(&mut self, now: Duration) {
        for answer in self.table.values_mut().filter_map(|original| original.answer.as_mut()) {
            answer.moved_at = now;
        }
    }

    /// Whether an answer of the peer is under way.
    pub(crate) fn is_asked(&self, peer: PeerId) -> bool {
        self.table.get(&peer).is_some_and(|original| original.answer.is_some())
    }

    /// Whether the peer is to be sent nothing until its first answer has ended: what it is sent before
    /// would be the last block of its list, and hide what the list lacks.
    pub(crate) fn is_held(&self, peer: PeerId) -> bool {
        self.table
            .get(&peer)
            .is_some_and(|original| original.answer.is_some() && !original.answered)
    }

    /// Whom to ask for its chain now. A peer that `is_busy` with an answer of ours is asked after it.
    pub(crate) fn due(
        &mut self,
        now: Duration,
        is_busy: impl Fn(PeerId) -> bool,
        mut is_known: impl FnMut(&BlockHash) -> Result<bool, StoreError>,
    ) -> Result<Vec<PeerId>, StoreError> {
        let mut due = Vec::new();
        for (&peer, original) in &mut self.table {
            if original.answer.is_some() || is_busy(peer) {
                continue;
            }
            let orphan = original.take_reason(now, &mut is_known)?;
            if orphan.is_none() && original.ask_at.is_none_or(|at| at > now) {
                continue;
            }
            let (asked_at, moved_at) = (now, now);
            let last = LastBlock::Nothing;
            original.answer = Some(Answer { asked_at, moved_at, last, orphan });
            (original.ask_at, original.asked_at) = (None, Some(now));
            due.push(peer);
        }
        Ok(due)
    }

    /// Takes an answer that came to its end, if there is one. Of first answers, after which an
    /// original may be sent what it lacks, only one at a time.
    pub(crate) fn ended(
        &mut self,
        now: Duration,
        is_busy: impl Fn(PeerId) -> bool,
    ) -> Option<Ended> {
        if let Some((peer, since)) = self.mending {
            if is_busy(peer) && now < since + MEND_TIMEOUT {
                self.mend_after = now + ANSWER_SILENCE;
            } else {
                self.mending = None;
            }
        }
        let may_mend = now >= self.mend_after;
        self.table.iter_mut().find_map(|(&peer, original)| {
            let may_end = |answer: &mut Answer| {
                now >= answer.moved_at + ANSWER_SILENCE && (original.answered || may_mend)
            };
            let answer = original.answer.take_if(may_end)?;
            let is_first = !original.answered;
            original.answered = true;
            let orphan = answer.orphan.or(original.wanted);
            Some(Ended { peer, last: answer.last, orphan, is_first })
        })
    }

    /// Says whether an answer brought the parent of the orphan that it was to bring.
    pub(crate) fn brought(&mut self, peer: PeerId, brought: bool) {
        if let Some(original) = self.table.get_mut(&peer) {
            let longer = (original.wait * 2).min(GET_CHAIN_INTERVAL_MAX);
            original.wait = if brought { GET_CHAIN_INTERVAL } else { longer };
        }
    }

    /// The peer is being sent what it lacks.
    pub(crate) fn mends(&mut self, peer: PeerId, now: Duration) {
        self.mending = Some((peer, now));
        self.mend_after = now + ANSWER_SILENCE;
    }

    /// When there is something to do next. What waits for a peer that is busy is looked at when its
    /// stream ends.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        let times = self.table.values().flat_map(|original| {
            let end = original.answer.as_ref().map(|answer| {
                let silent_at = answer.moved_at + ANSWER_SILENCE;
                if original.answered { silent_at } else { silent_at.max(self.mend_after) }
            });
            let asks = original.answer.is_none();
            let ask_at = original.ask_at.filter(|_| asks);
            let wanted = original.wanted.filter(|_| asks).map(|_| original.may_ask_at());
            [end, ask_at, wanted].into_iter().flatten()
        });
        times.filter(|time| *time > now).min()
    }

    /// Whether it holds no more than it would by itself: it may come from a stranger's file.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.table.values().all(|original| original.tries.len() <= MAX_TRIED_ORPHANS)
    }
}
