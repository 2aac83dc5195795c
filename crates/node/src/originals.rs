//! Originals: when each is asked for its chain, what its answers show, and when it is sent what it
//! lacks.
//!
//! An original appends every block that it gets, checking the work alone, and passes it on. It asks
//! for a chain when it dials and never again, and an answer of its own has no end but silence. So it
//! is asked for its chain, and after the first answer of a connection it is sent what its list lacks,
//! once. Blocks that it sends twice it holds twice: while one original is sent what it lacks, the
//! others wait, since it may pass all of that on to them.
//!
//! What is being asked stands in [`Downloads`]. Knows nothing of connections, and of a block only its
//! hash.

#[cfg(test)]
mod tests;

use kusari_chain::{BlockHash, StoreResult};

use crate::downloads::{Answer, Downloads, Purpose};
use crate::interface::PeerId;
use crate::limits::{
    ANSWER_SILENCE, GET_CHAIN_GRACE, GET_CHAIN_INTERVAL, GET_CHAIN_INTERVAL_MAX, GET_CHAIN_TIMEOUT,
    MAX_ORPHAN_QUESTIONS, MAX_TRIED_ORPHANS, MEND_TIMEOUT,
};
use crate::prelude::*;

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
struct Original {
    /// When it is asked although no orphan is a reason.
    ask_at: Option<Duration>,
    asked_at: Option<Duration>,
    /// Least time between two questions.
    wait: Duration,
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
        is_known: &mut impl FnMut(&BlockHash) -> StoreResult<bool>,
    ) -> StoreResult<Option<BlockHash>> {
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
    pub(crate) fn remove(&mut self, downloads: &mut Downloads, peer: PeerId) {
        self.table.remove(&peer);
        downloads.take_chain(peer);
    }

    /// A block came from the peer. `is_new` tells whether it was not known here.
    pub(crate) fn block_came(
        downloads: &mut Downloads,
        peer: PeerId,
        hash: BlockHash,
        is_new: bool,
        now: Duration,
    ) {
        downloads.chain_moved(
            peer,
            |_| LastBlock::Block(hash),
            |sent_at| {
                // Originals that pass one block around in a ring are never silent.
                (is_new || now < sent_at + GET_CHAIN_TIMEOUT).then_some(now)
            },
        );
    }

    /// A line came from the peer that is no valid block. One that reads as a block breaks a rule that
    /// an original knows too: it passes such a block on and does not keep it.
    pub(crate) fn bad_line_came(
        downloads: &mut Downloads,
        peer: PeerId,
        reads_as_block: bool,
        now: Duration,
    ) {
        let last = |before| match before {
            LastBlock::Block(_) if reads_as_block => before,
            _ => LastBlock::Unreadable,
        };
        downloads
            .chain_moved(peer, last, |sent_at| (now < sent_at + GET_CHAIN_TIMEOUT).then_some(now));
    }

    /// Whether the peer is to be sent nothing until its first answer has ended: what it is sent before
    /// would be the last block of its list, and hide what the list lacks.
    pub(crate) fn is_held(&self, downloads: &Downloads, peer: PeerId) -> bool {
        self.table.get(&peer).is_some_and(|original| !original.answered)
            && downloads.owes_chain(peer)
    }

    /// Whom to ask for its chain now. A peer that `is_busy` with an answer of ours is asked after it.
    pub(crate) fn due(
        &mut self,
        downloads: &mut Downloads,
        now: Duration,
        is_busy: impl Fn(PeerId) -> bool,
        mut is_known: impl FnMut(&BlockHash) -> StoreResult<bool>,
    ) -> StoreResult<Vec<PeerId>> {
        let mut due = Vec::new();
        for (&peer, original) in &mut self.table {
            if downloads.owes_chain(peer) || is_busy(peer) {
                continue;
            }
            let orphan = original.take_reason(now, &mut is_known)?;
            if orphan.is_none() && original.ask_at.is_none_or(|at| at > now) {
                continue;
            }
            let purpose = Purpose::Chain { last: LastBlock::Nothing, orphan };
            downloads.ask(peer, Answer::Chain, purpose, now);
            (original.ask_at, original.asked_at) = (None, Some(now));
            due.push(peer);
        }
        Ok(due)
    }

    /// Takes an answer that came to its end, if there is one. Of first answers, after which an
    /// original may be sent what it lacks, only one at a time.
    pub(crate) fn ended(
        &mut self,
        downloads: &mut Downloads,
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
            let moved_at = downloads.chain_moved_at(peer)?;
            if now < moved_at + ANSWER_SILENCE || !(original.answered || may_mend) {
                return None;
            }
            let (last, orphan) = downloads.take_chain(peer)?;
            let is_first = !original.answered;
            original.answered = true;
            Some(Ended { peer, last, orphan: orphan.or(original.wanted), is_first })
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
    pub(crate) fn deadline(&self, downloads: &Downloads, now: Duration) -> Option<Duration> {
        let times = self.table.iter().flat_map(|(&peer, original)| {
            let end = downloads.chain_moved_at(peer).map(|moved_at| {
                let silent_at = moved_at + ANSWER_SILENCE;
                if original.answered { silent_at } else { silent_at.max(self.mend_after) }
            });
            let asks = end.is_none();
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
