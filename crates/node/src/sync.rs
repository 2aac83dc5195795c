//! Catching up: whom to ask for blocks that we lack, and when to give up on an answer.
//!
//! A peer is worth asking while it claims a better tip that we do not know. Claims are only hints:
//! they choose whom to ask, never what to believe, and a claim that led to nothing is forgotten.
//! One peer is asked at a time; another one beside it as soon as our own, verified work stands
//! still, so that a silent, slow or lying peer delays us by seconds and never stops us.
//!
//! Knows nothing of connections, and reads no block.

use alloc::collections::BTreeMap;
use core::time::Duration;

use kusari_chain::{BestPoint, BlockHash, StoreError, Work};

use crate::limits::{GET_CHAIN_INTERVAL, HEDGE_AFTER, MAX_REQUESTS, REQUEST_TIMEOUT, REST_TIME};
use crate::seam::PeerId;

struct Request {
    /// When the last block of the answer came, or the request was sent.
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

#[derive(Default)]
struct Source {
    claim: Option<BestPoint>,
    /// It sent this block, whose parent we lacked.
    orphan: Option<BlockHash>,
    request: Option<Request>,
    /// Where its last answer ended, if that is not the end of what it has.
    cursor: Option<BlockHash>,
    rest_until: Duration,
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
    /// When each original was last asked for its whole chain.
    chain_asked: BTreeMap<PeerId, Duration>,
    best_work: Work,
    /// When our best work rose last, or the first of the present requests was sent.
    moved_at: Duration,
}

impl Sync {
    /// An introduced peer can be asked.
    pub(crate) fn add(&mut self, peer: PeerId) {
        self.sources.entry(peer).or_default();
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
            request.moved_at = now;
            request.last = Some(hash);
            request.fresh += u32::from(arrival == Arrival::Fresh);
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
            source.rest_until = now + REST_TIME;
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
        let mut best: Option<(PeerId, Work)> = None;
        for (&peer, source) in &self.sources {
            if source.request.is_some() || now < source.rest_until {
                continue;
            }
            let better = |claim: &BestPoint| claim.work >= tip.work && claim.hash != tip.hash;
            let work = match (source.claim.filter(better), source.orphan) {
                (Some(claim), _) if unknown(&claim.hash)? => claim.work,
                (_, Some(orphan)) if unknown(&orphan)? => Work::ZERO,
                _ => continue,
            };
            if best.is_none_or(|(_, most)| work > most) {
                best = Some((peer, work));
            }
        }
        let Some((peer, _)) = best else { return Ok(None) };
        let Some(source) = self.sources.get_mut(&peer) else { return Ok(None) };
        let cursor = source.cursor.take();
        source.orphan = None;
        source.request = Some(Request {
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
            let late = |request: &Request| now >= request.moved_at + REQUEST_TIMEOUT;
            if source.request.as_ref().is_some_and(late) {
                source.request = None;
                source.cursor = None;
                source.rest_until = now + REST_TIME;
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
        let late = requests.map(|request| request.moved_at + REQUEST_TIMEOUT).min();
        let hedge = late.map(|_| self.moved_at + HEDGE_AFTER).filter(|hedge| *hedge > now);
        let wants = |source: &&Source| source.claim.is_some() || source.orphan.is_some();
        let rested =
            self.sources.values().filter(wants).map(|s| s.rest_until).filter(|rest| *rest > now);
        rested.chain(late).chain(hedge).min()
    }
}
