//! Catching up: whom to ask for blocks that we lack, and when to give up on an answer.
//!
//! A peer is worth asking while it claims a better tip that we do not know. Claims are only hints:
//! they choose whom to ask, never what to believe, and a claim that led to nothing is forgotten.
//! One peer is asked at a time; another one beside it as soon as our own, verified work stands
//! still, so that a silent, slow or lying peer delays us by seconds and never stops us. Peers wait
//! in a line, and one whose answer did not raise our work goes to its end: what a peer claims gives
//! it no place before others, so a crowd of liars delays us by a round and never keeps us from an
//! honest peer.
//!
//! An answer makes progress when it ends higher than the one before it, whether its blocks are new
//! or known: after an interruption, or below a fork that our locator steps over, the way to what we
//! lack leads through blocks that we have.
//!
//! Knows nothing of connections, and reads no block.

#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use core::time::Duration;

use kusari_chain::{BestPoint, BlockHash, StoreError, Work};
use serde::{Deserialize, Serialize};

use crate::limits::{ANSWER_TIMEOUT, HEDGE_AFTER, MAX_REQUESTS, REQUEST_TIMEOUT, REST_TIME};
use crate::seam::PeerId;

#[derive(Serialize, Deserialize)]
struct Request {
    sent_at: Duration,
    /// When the last new block of the answer came, or the request was sent. What we have already
    /// does not count: anybody can repeat it for ever.
    moved_at: Duration,
    /// Our work when it was sent.
    work_before: Work,
    /// The block after which the peer was asked to go on.
    cursor: Option<BestPoint>,
    /// The last block that came and has a place in the tree.
    last: Option<BestPoint>,
    /// The orphan that made us ask, if one did.
    orphan: Option<BlockHash>,
}

impl Request {
    /// When it is given up, if nothing happens until then.
    fn deadline(&self) -> Duration {
        (self.moved_at + REQUEST_TIMEOUT).min(self.sent_at + ANSWER_TIMEOUT)
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Source {
    /// Its place in the line: the lowest number is asked first.
    turn: u64,
    claim: Option<BestPoint>,
    /// It sent this block, whose parent we lacked.
    orphan: Option<BlockHash>,
    request: Option<Request>,
    /// Where its last answer ended, if that is not the end of what it has.
    cursor: Option<BestPoint>,
    rest_until: Duration,
}

/// What became of a block that a peer sent, as far as catching up is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is new, and has this place in the tree.
    Fresh(BestPoint),
    /// It was here before, at this place.
    Known(BestPoint),
    /// Its parent is not known.
    Orphan(BlockHash),
    /// It is ahead of the clock, and is kept until its time comes.
    Held,
    /// It came with its seven keys alone on a chain where they are not enough.
    Bare,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Sync {
    sources: BTreeMap<PeerId, Source>,
    /// The last place in the line that was given out.
    last_turn: u64,
    best_work: Work,
    /// When our best work rose last, or a request was sent.
    moved_at: Duration,
    /// When our best work rose last.
    rose_at: Option<Duration>,
    /// When our best work last rose by a block that we had asked for.
    synced_at: Option<Duration>,
}

impl Sync {
    /// An introduced peer can be asked.
    pub(crate) fn add(&mut self, peer: PeerId) {
        if !self.sources.contains_key(&peer) {
            self.last_turn += 1;
            let source = Source { turn: self.last_turn, ..Source::default() };
            self.sources.insert(peer, source);
        }
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.sources.remove(&peer);
    }

    /// What the peer says it has, or what it has shown.
    pub(crate) fn claims(&mut self, peer: PeerId, claim: BestPoint) {
        if let Some(source) = self.sources.get_mut(&peer) {
            source.claim = Some(claim);
        }
    }

    /// What the peer claims to have.
    pub(crate) fn claim_of(&self, peer: PeerId) -> Option<BestPoint> {
        self.sources.get(&peer)?.claim
    }

    /// A block came from the peer.
    pub(crate) fn block_came(&mut self, peer: PeerId, arrival: Arrival, now: Duration) {
        let Some(source) = self.sources.get_mut(&peer) else { return };
        let point = match arrival {
            Arrival::Orphan(hash) => {
                source.orphan = Some(hash);
                return;
            }
            Arrival::Fresh(point) | Arrival::Known(point) => point,
            Arrival::Held | Arrival::Bare => return,
        };
        let Some(request) = &mut source.request else { return };
        request.last = Some(point);
        if matches!(arrival, Arrival::Fresh(_)) {
            request.moved_at = now;
            if self.rose_at == Some(now) {
                self.synced_at = Some(now);
            }
        }
    }

    /// A peer's answer goes on without a block of its own so far.
    pub(crate) fn answer_moved(&mut self, peer: PeerId, now: Duration) {
        if let Some(request) = self.sources.get_mut(&peer).and_then(|s| s.request.as_mut()) {
            request.moved_at = now;
        }
    }

    /// Whether the block belongs to an answer that we asked for.
    pub(crate) fn is_asked(&self, peer: PeerId) -> bool {
        self.sources.get(&peer).is_some_and(|source| source.request.is_some())
    }

    /// The peer's answer is complete. Returns whether there was a question.
    pub(crate) fn answer_ended(&mut self, peer: PeerId, now: Duration) -> bool {
        let Some(source) = self.sources.get_mut(&peer) else { return false };
        let Some(request) = source.request.take() else { return false };
        let work = |point: Option<BestPoint>| point.map_or(Work::ZERO, |point| point.work);
        if self.best_work <= request.work_before {
            self.last_turn += 1;
            source.turn = self.last_turn;
        }
        if work(request.last) > work(request.cursor) {
            source.cursor = request.last;
        } else {
            // It promised more than it has. Its next claim counts again, after a rest.
            source.claim = None;
            source.cursor = None;
            source.orphan = None;
            source.rest_until = now + REST_TIME;
        }
        true
    }

    /// The peer's answer is of no use yet, which is nobody's fault: it is asked again from then on.
    pub(crate) fn answer_waits(&mut self, peer: PeerId, until: Duration) {
        let Some(source) = self.sources.get_mut(&peer) else { return };
        if let Some(request) = source.request.take() {
            source.orphan = source.orphan.or(request.orphan);
            source.rest_until = until;
            self.last_turn += 1;
            source.turn = self.last_turn;
        }
    }

    /// Our own best chain has this much work.
    pub(crate) fn set_best_work(&mut self, work: Work, now: Duration) {
        if work > self.best_work {
            self.best_work = work;
            self.moved_at = now;
            self.rose_at = Some(now);
        }
    }

    /// The peer to ask for blocks now, if there is one, and the block after which its last answer
    /// ended. `tip` is ours; `unknown` tells whether no branch has
    /// a block that makes a peer worth asking.
    pub(crate) fn next(
        &mut self,
        now: Duration,
        tip: &BestPoint,
        mut unknown: impl FnMut(PeerId, &BlockHash) -> Result<bool, StoreError>,
    ) -> Result<Option<(PeerId, Option<BestPoint>)>, StoreError> {
        self.give_up_late_answers(now);
        let requests = || self.sources.values().filter_map(|source| source.request.as_ref());
        let running = requests().count();
        // An old request keeps no place from another: it may be a liar's that drips.
        let young = requests().filter(|request| now < request.sent_at + REQUEST_TIMEOUT).count();
        let stalled = now >= self.moved_at + HEDGE_AFTER;
        if young >= MAX_REQUESTS || (running > 0 && !stalled) {
            return Ok(None);
        }
        let mut first: Option<(u64, PeerId)> = None;
        for (&peer, source) in &self.sources {
            if source.request.is_some() || now < source.rest_until {
                continue;
            }
            let better = |claim: &BestPoint| claim.work >= tip.work && claim.hash != tip.hash;
            let place = (source.turn, peer);
            if first.is_some_and(|first| first < place) {
                continue;
            }
            let lacks = match (source.claim.filter(better), source.orphan) {
                (Some(claim), _) if unknown(peer, &claim.hash)? => true,
                (_, Some(orphan)) => unknown(peer, &orphan)?,
                _ => false,
            };
            if lacks {
                first = Some(place);
            }
        }
        let Some((_, peer)) = first else { return Ok(None) };
        let Some(source) = self.sources.get_mut(&peer) else { return Ok(None) };
        let cursor = source.cursor.take();
        source.request = Some(Request {
            sent_at: now,
            moved_at: now,
            work_before: self.best_work,
            cursor,
            last: None,
            orphan: source.orphan.take(),
        });
        self.moved_at = now;
        Ok(Some((peer, cursor)))
    }

    fn give_up_late_answers(&mut self, now: Duration) {
        for source in self.sources.values_mut() {
            if let Some(request) = source.request.take_if(|request| now >= request.deadline()) {
                source.cursor = None;
                source.orphan = source.orphan.or(request.orphan);
                source.rest_until = now + REST_TIME;
                self.last_turn += 1;
                source.turn = self.last_turn;
            }
        }
    }

    /// Whether blocks that we asked for raise our best chain: what is mined now would be stale at
    /// once. Blocks that do not raise it never hold mining up, so nobody can stop it for nothing.
    pub(crate) fn is_catching_up(&self, now: Duration) -> bool {
        self.catching_up_until().is_some_and(|until| now < until)
    }

    /// Whether our work, which is this, is that of every peer that says what it has and answers, and
    /// there is one. Whoever was asked in vain does not count: a claim costs nothing.
    pub(crate) fn has_caught_up(&self, work: Work) -> bool {
        let mut is_equal = false;
        for source in self.sources.values() {
            match source.claim {
                Some(claim) if claim.work <= work => is_equal = true,
                Some(_) if source.rest_until == Duration::ZERO => return false,
                _ => {}
            }
        }
        is_equal
    }

    /// Whether an answer of blocks is under way.
    pub(crate) fn is_asking(&self) -> bool {
        self.sources.values().any(|source| source.request.is_some())
    }

    fn catching_up_until(&self) -> Option<Duration> {
        self.synced_at.filter(|_| self.is_asking()).map(|synced_at| synced_at + HEDGE_AFTER)
    }

    /// When [`Sync::next`] is to be asked again, at the latest.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        let requests = self.sources.values().filter_map(|source| source.request.as_ref());
        let late = requests.map(Request::deadline).min();
        let hedge = late.map(|_| self.moved_at + HEDGE_AFTER).filter(|hedge| *hedge > now);
        let wants = |source: &&Source| source.claim.is_some() || source.orphan.is_some();
        let rested =
            self.sources.values().filter(wants).map(|s| s.rest_until).filter(|rest| *rest > now);
        let mining = self.catching_up_until().filter(|until| *until > now);
        rested.chain(late).chain(hedge).chain(mining).min()
    }
}
