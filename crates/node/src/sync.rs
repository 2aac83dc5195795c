//! Catching up: whom to ask for blocks that we lack, and when to give up on an answer.
//!
//! A peer is worth asking while it claims a better tip that we do not know. Claims are only hints:
//! they choose whom to ask, never what to believe, and a claim that led to nothing is forgotten.
//! One peer is asked at a time; another one beside it as soon as our own, verified work stands
//! still, so that a silent, slow or lying peer delays us by seconds and never stops us. Peers wait
//! in a line, and one that led to nothing goes to its end: what a peer claims gives it no place
//! before others, so a crowd of liars delays us by a round and never keeps us from an honest peer.
//!
//! Knows nothing of connections, and reads no block.

use alloc::collections::BTreeMap;
use core::time::Duration;

use kusari_chain::{BestPoint, BlockHash, StoreError, Work};

use crate::limits::{
    ANSWER_TIMEOUT, GET_CHAIN_INTERVAL, HEDGE_AFTER, MAX_REQUESTS, REQUEST_TIMEOUT, REST_TIME,
};
use crate::seam::PeerId;

struct Request {
    sent_at: Duration,
    /// When the last new block of the answer came, or the request was sent. What we have already
    /// does not count: anybody can repeat it for ever.
    moved_at: Duration,
    /// Our work when it was sent.
    work_before: Work,
    /// New blocks that came.
    fresh: u32,
    /// The last block that came.
    last: Option<BlockHash>,
    /// It goes on where an answer with new blocks ended.
    continues: bool,
}

impl Request {
    /// When it is given up, if nothing happens until then.
    fn deadline(&self) -> Duration {
        (self.moved_at + REQUEST_TIMEOUT).min(self.sent_at + ANSWER_TIMEOUT)
    }
}

#[derive(Default)]
struct Source {
    /// Its place in the line: the lowest number is asked first.
    turn: u64,
    claim: Option<BestPoint>,
    /// It sent this block, whose parent we lacked.
    orphan: Option<BlockHash>,
    request: Option<Request>,
    /// Where its last answer ended, if that is not the end of what it has.
    cursor: Option<BlockHash>,
    rest_until: Duration,
}

impl Source {
    /// It led to nothing: it is not asked for a while, and then after all others.
    fn rest(&mut self, now: Duration, turn: u64) {
        self.rest_until = now + REST_TIME;
        self.turn = turn;
    }
}

/// What became of a block that a peer sent, as far as catching up is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Fresh,
    Known,
    Orphan,
}

#[derive(Default)]
pub(crate) struct Sync {
    sources: BTreeMap<PeerId, Source>,
    /// The last place in the line that was given out.
    last_turn: u64,
    /// When each original was last asked for its whole chain.
    chain_asked: BTreeMap<PeerId, Duration>,
    best_work: Work,
    /// When our best work rose last, or the first of the present requests was sent.
    moved_at: Duration,
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
        self.chain_asked.remove(&peer);
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
    pub(crate) fn block_came(
        &mut self,
        peer: PeerId,
        hash: BlockHash,
        arrival: Arrival,
        now: Duration,
    ) {
        let Some(source) = self.sources.get_mut(&peer) else { return };
        if arrival == Arrival::Orphan {
            source.orphan = Some(hash);
        }
        if let Some(request) = &mut source.request {
            request.last = Some(hash);
            if arrival == Arrival::Fresh {
                request.moved_at = now;
                request.fresh += 1;
            }
        }
    }

    /// Whether the block belongs to an answer that we asked for.
    pub(crate) fn is_asked(&self, peer: PeerId) -> bool {
        self.sources.get(&peer).is_some_and(|source| source.request.is_some())
            || self.chain_asked.contains_key(&peer)
    }

    /// The peer's answer is complete. Returns whether there was a question.
    pub(crate) fn answer_ended(&mut self, peer: PeerId, now: Duration) -> bool {
        let best_work = self.best_work;
        let Some(source) = self.sources.get_mut(&peer) else { return false };
        let Some(request) = source.request.take() else { return false };
        if request.fresh > 0 || best_work > request.work_before {
            source.cursor = request.last;
        } else {
            // It promised more than it has. Its next claim counts again, after a rest.
            source.claim = None;
            source.cursor = None;
            source.orphan = None;
            self.last_turn += 1;
            source.rest(now, self.last_turn);
        }
        true
    }

    /// Our own best chain has this much work.
    pub(crate) fn set_best_work(&mut self, work: Work, now: Duration) {
        if work > self.best_work {
            self.best_work = work;
            self.moved_at = now;
        }
    }

    /// The peer to ask for blocks now, if there is one, and the block after which its last answer
    /// ended. `tip` is ours; `unknown` tells whether no branch has a block.
    pub(crate) fn next(
        &mut self,
        now: Duration,
        tip: &BestPoint,
        mut unknown: impl FnMut(&BlockHash) -> Result<bool, StoreError>,
    ) -> Result<Option<(PeerId, Option<BlockHash>)>, StoreError> {
        self.give_up_late_answers(now);
        let running = self.sources.values().filter(|source| source.request.is_some()).count();
        let stalled = now >= self.moved_at + HEDGE_AFTER;
        if running >= MAX_REQUESTS || (running > 0 && !stalled) {
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
                (Some(claim), _) if unknown(&claim.hash)? => true,
                (_, Some(orphan)) => unknown(&orphan)?,
                _ => false,
            };
            if lacks {
                first = Some(place);
            }
        }
        let Some((_, peer)) = first else { return Ok(None) };
        let Some(source) = self.sources.get_mut(&peer) else { return Ok(None) };
        let cursor = source.cursor.take();
        source.orphan = None;
        source.request = Some(Request {
            sent_at: now,
            moved_at: now,
            work_before: self.best_work,
            fresh: 0,
            last: None,
            continues: cursor.is_some(),
        });
        self.moved_at = now;
        Ok(Some((peer, cursor)))
    }

    fn give_up_late_answers(&mut self, now: Duration) {
        for source in self.sources.values_mut() {
            if source.request.as_ref().is_some_and(|request| now >= request.deadline()) {
                source.request = None;
                source.cursor = None;
                self.last_turn += 1;
                source.rest(now, self.last_turn);
            }
        }
    }

    /// Whether blocks that we asked for are coming in: what is mined now would be stale at once.
    pub(crate) fn is_catching_up(&self) -> bool {
        let fresh =
            |source: &Source| source.request.as_ref().is_some_and(|r| r.fresh > 0 || r.continues);
        self.sources.values().any(fresh)
    }

    /// Whether an original may be asked for its chain now; at most once in a while.
    pub(crate) fn may_ask_chain(&mut self, peer: PeerId, now: Duration) -> bool {
        let asked = self.chain_asked.get(&peer);
        if asked.is_some_and(|asked| now < *asked + GET_CHAIN_INTERVAL) {
            return false;
        }
        self.chain_asked.insert(peer, now);
        true
    }

    /// When [`Sync::next`] is to be asked again, at the latest.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        let requests = self.sources.values().filter_map(|source| source.request.as_ref());
        let late = requests.map(Request::deadline).min();
        let hedge = late.map(|_| self.moved_at + HEDGE_AFTER).filter(|hedge| *hedge > now);
        let wants = |source: &&Source| source.claim.is_some() || source.orphan.is_some();
        let rested =
            self.sources.values().filter(wants).map(|s| s.rest_until).filter(|rest| *rest > now);
        rested.chain(late).chain(hedge).min()
    }
}
