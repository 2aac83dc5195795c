//! Catching up: which peers to ask for blocks that we lack, and for how many.
//!
//! A peer is worth asking while it claims a better tip that we do not know. Claims are only hints:
//! they choose whom to ask, never what to believe, and none is forgotten while its peer is connected.
//! One that led to nothing is asked about again after a rest that doubles, beside other requests.
//!
//! One peer is asked at first. Every [`HEDGE_AFTER`] we look by how much our own, verified work rose:
//! where that is little, more peers are asked beside, twice as many each time, and those that run
//! keep no other from being asked. A peer whose last answer raised our work fast is asked before all
//! others, and at once; while our work rises fast, one peer that was never asked is tried beside each
//! time. So silent and dripping peers delay us by seconds, however many there are, and one that keeps
//! just the pace keeps no faster one from being found.
//! Peers that we dialled come first, the others in a line; of a peer that has shown nothing only a
//! few blocks are asked for.
//!
//! An answer makes progress when it ends higher than the one before it, whether its blocks are new
//! or known: after an interruption, or below a fork that our locator steps over, the way to what we
//! lack leads through blocks that we have. A peer that reorganises far below begins lower than its
//! last answer ended: it is asked from the beginning.
//!
//! What is being asked stands in [`Downloads`].

mod ahead;
mod outcome;
mod source;
mod survey;
#[cfg(test)]
mod tests;

use core::cmp::Reverse;

use kusari_chain::{BestPoint, BlockHash, StoreResult, Work};

pub(crate) use self::outcome::{Arrival, End, Question};
use self::source::{Source, per_second};
use self::survey::Survey;
use super::{Answer, Download, Downloads, Progress, Purpose};
use crate::interface::PeerId;
use crate::limits::{
    FIRST_BLOCKS, FIRST_WIDTH, HEDGE_AFTER, MAX_RETRIES, MAX_WIDTH, MINING_WAITS, PACE_BLOCKS,
};
use crate::prelude::*;
use crate::wire::MAX_BLOCKS;

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Sync {
    sources: BTreeMap<PeerId, Source>,
    /// The last place in the line that was given out.
    last_turn: u64,
    best_work: Work,
    /// When our best work rose last.
    rose_at: Option<Duration>,
    /// When our best work last rose by a block that we had asked for.
    synced_at: Option<Duration>,
    /// Since when some peer claims more work than we have.
    behind_since: Option<Duration>,
    /// When it was looked at last how fast our work rises.
    looked_at: Duration,
    /// Blocks that we had asked for and that raised our work since.
    gained: u32,
    /// How many peers were asked beside when it rose too slowly last; 0 where it rises fast enough.
    width: usize,
    /// How many may still be asked because of the last time.
    explore: usize,
    /// Then our work did not rise at all.
    is_stalled: bool,
    /// When it was looked at last, our work rose fast enough.
    rises_fast: bool,
}

impl Sync {
    /// An introduced peer can be asked. One `is_chosen` that we dialled.
    pub(crate) fn add(&mut self, peer: PeerId, is_chosen: bool) {
        let source = Source { turn: self.next_turn(), is_chosen, ..Source::default() };
        self.sources.entry(peer).or_insert(source);
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

    /// Claims of more work than ours, the greatest first, and whether we dialled who makes each.
    pub(crate) fn claims_above(&self, work: Work) -> Vec<(BestPoint, bool)> {
        let claims = self.sources.values().filter_map(|s| Some((s.claim?, s.is_chosen)));
        let mut claims: Vec<_> = claims.filter(|(claim, _)| claim.work > work).collect();
        claims.sort_by_key(|(claim, _)| Reverse(claim.work));
        claims
    }

    /// Whether every peer that raised our work has no more than this, and there is one; where none did,
    /// the same of every peer that claims something and was not asked in vain.
    pub(crate) fn has_caught_up(&self, work: Work) -> bool {
        // A claim costs nothing: those of peers that showed nothing neither hold this up nor bring it on.
        let raised = self.sources.values().any(|source| source.has_raised);
        let counts = |source: &&Source| match raised {
            true => source.has_raised,
            false => source.failures == 0,
        };
        let counting = self.sources.values().filter(counts);
        let mut claims = counting.filter_map(|source| source.claim).peekable();
        claims.peek().is_some() && claims.all(|claim| claim.work <= work)
    }

    /// Since when some peer claims more work than we have.
    pub(crate) fn behind_since(&self) -> Option<Duration> {
        self.behind_since
    }

    /// Whether the last thing that was asked of the peer led to nothing, and it is to rest.
    pub(crate) fn is_resting(&self, peer: PeerId, now: Duration) -> bool {
        self.sources.get(&peer).is_some_and(|source| now < source.rest_until)
    }

    /// Whether the peer has delivered what it was asked for last.
    pub(crate) fn is_proven(&self, peer: PeerId) -> bool {
        self.sources.get(&peer).is_some_and(Source::is_proven)
    }

    fn next_turn(&mut self) -> u64 {
        self.last_turn += 1;
        self.last_turn
    }

    /// A block came from the peer.
    pub(crate) fn block_came(
        &mut self,
        downloads: &mut Downloads,
        peer: PeerId,
        arrival: Arrival,
        now: Duration,
    ) {
        let Some(source) = self.sources.get_mut(&peer) else { return };
        let point = match arrival {
            Arrival::Orphan(hash) => {
                source.orphan = Some(hash);
                return;
            }
            Arrival::Fresh(point) | Arrival::Known(point) => point,
            Arrival::Held | Arrival::Bare => return,
        };
        let is_fresh = matches!(arrival, Arrival::Fresh(_));
        if is_fresh {
            downloads.stream_moved(peer, now);
        }
        let Some(download) = downloads.sync_of(peer) else { return };
        if is_fresh {
            download.moved_at = now;
        }
        let Purpose::Sync(progress) = download.purpose_mut() else { return };
        progress.last = Some(point);
        progress.is_fresh |= is_fresh;
        if is_fresh && self.rose_at == Some(now) {
            progress.gained = progress.gained.saturating_add(1);
            self.gained = self.gained.saturating_add(1);
            self.synced_at = Some(now);
            source.has_raised = true;
        }
    }

    /// The peer's answer is complete, or ends by what it says.
    pub(crate) fn answer_ended(&mut self, downloads: &mut Downloads, peer: PeerId, now: Duration) {
        if let Some(download) = downloads.take_sync(peer) {
            self.ended(downloads, peer, download, End::Complete, now);
        }
    }

    /// A request came to its end, and its download was taken out of the table.
    pub(crate) fn ended(
        &mut self,
        downloads: &mut Downloads,
        peer: PeerId,
        download: Download,
        end: End,
        now: Duration,
    ) {
        let sent_at = download.sent_at;
        let Some(Purpose::Sync(progress)) = download.into_purpose() else { return };
        let best_work = self.best_work;
        let has_risen = best_work > progress.work_before;
        let turn = self.next_turn();
        let Some(source) = self.sources.get_mut(&peer) else { return };
        source.rate = Some(per_second(progress.gained, now.saturating_sub(sent_at)));
        if !has_risen || end != End::Complete {
            source.turn = turn;
        }
        match end {
            End::Complete => {
                source.answered(&progress, now);
                // What made us ask comes further on, where the answer was on the way to it.
                if source.cursor.is_some() {
                    source.orphan = source.orphan.or(progress.orphan);
                }
                ahead::goes_on(downloads, peer, best_work, source);
            }
            End::Late | End::Refused => {
                if progress.is_fresh {
                    source.failures = 0;
                }
                source.orphan = source.orphan.or(progress.orphan);
                source.fail(now);
            }
        }
    }

    /// The peer's answer is of no use yet, which is nobody's fault: it is asked again from then on.
    pub(crate) fn answer_waits(
        &mut self,
        downloads: &mut Downloads,
        peer: PeerId,
        until: Duration,
    ) {
        let download = downloads.take_sync(peer).and_then(Download::into_purpose);
        let (Some(Purpose::Sync(progress)), turn) = (download, self.next_turn()) else { return };
        let Some(source) = self.sources.get_mut(&peer) else { return };
        source.orphan = source.orphan.or(progress.orphan);
        source.rate = source.rate.or(Some(0));
        (source.rest_until, source.turn) = (until, turn);
    }

    /// An answer of bodies ended: so many came within this time.
    pub(crate) fn bodies_came(&mut self, peer: PeerId, count: u32, time: Duration, now: Duration) {
        let Some(source) = self.sources.get_mut(&peer) else { return };
        source.rate = Some(per_second(count, time));
        if count == 0 {
            source.fail(now);
        } else {
            source.failures = 0;
        }
    }

    /// Our own best chain has this much work.
    pub(crate) fn set_best_work(&mut self, work: Work, now: Duration) {
        if work > self.best_work {
            self.best_work = work;
            self.rose_at = Some(now);
        }
    }

    /// Whom to ask now, if there is anybody. Notes the request as sent; of headers `as_headers`.
    /// `tip` is ours; `unknown` tells whether no branch has a block that makes a peer worth asking.
    pub(crate) fn next(
        &mut self,
        downloads: &mut Downloads,
        now: Duration,
        tip: &BestPoint,
        as_headers: bool,
        mut unknown: impl FnMut(PeerId, &BlockHash) -> StoreResult<bool>,
    ) -> StoreResult<Option<Question>> {
        self.look(downloads, now, tip.work);
        let survey = self.survey(downloads, now);
        let mut first: Option<(Rank, PeerId)> = None;
        for (&peer, source) in &self.sources {
            if !source.may_be_asked(tip, now)
                || downloads.is_syncing(peer)
                || !downloads.has_room(peer)
            {
                continue;
            }
            let (is_retry, rate) = (source.failures > 0, source.rate.unwrap_or(0));
            let may_ask = match is_retry {
                true => survey.retries < MAX_RETRIES,
                false => survey.has_room_for(rate) || self.explores(source),
            };
            let rank =
                (is_retry, Reverse(rate), source.rate.is_some(), !source.is_chosen, source.turn);
            if !may_ask || first.is_some_and(|(first, _)| first <= rank) {
                continue;
            }
            let lacks = match (source.better_claim(tip), source.orphan) {
                (Some(claim), _) if unknown(peer, &claim.hash)? => true,
                (_, Some(orphan)) => unknown(peer, &orphan)?,
                _ => false,
            };
            if lacks {
                first = Some((rank, peer));
            }
        }
        let Some(((is_retry, Reverse(rate), ..), peer)) = first else { return Ok(None) };
        if !is_retry && !survey.has_room_for(rate) {
            self.explore = self.explore.saturating_sub(1);
        }
        let Some(source) = self.sources.get_mut(&peer) else { return Ok(None) };
        let limit = if source.is_proven() { MAX_BLOCKS } else { FIRST_BLOCKS };
        let cursor = source.cursor.take();
        let progress = Progress {
            work_before: self.best_work,
            cursor,
            orphan: source.orphan.take(),
            is_slow: is_retry,
            ..Progress::default()
        };
        let answer = if as_headers { Answer::Headers } else { Answer::Stream(limit) };
        downloads.ask(peer, answer, Purpose::Sync(progress), now);
        Ok(Some(Question { peer, cursor, limit }))
    }

    fn explores(&self, source: &Source) -> bool {
        self.explore > 0 && (self.is_stalled || source.rate.is_none())
    }

    /// Looks how fast our work rises, and where that is too slow has more peers asked.
    fn look(&mut self, downloads: &mut Downloads, now: Duration, work: Work) {
        let is_behind = |source: &Source| source.claim.is_some_and(|claim| claim.work > work);
        let is_behind = self.sources.values().any(is_behind);
        self.behind_since = is_behind.then(|| self.behind_since.unwrap_or(now));
        if !downloads.is_any_syncing() {
            (self.looked_at, self.gained) = (now, 0);
            (self.width, self.explore, self.rises_fast) = (0, 0, false);
        }
        if now < self.looked_at + HEDGE_AFTER {
            return;
        }
        self.rises_fast = self.gained >= PACE_BLOCKS;
        if self.rises_fast {
            // A peer that keeps just this pace is to keep no faster one from being found.
            (self.width, self.explore, self.is_stalled) = (0, 1, false);
        } else {
            self.width = (2 * self.width).clamp(FIRST_WIDTH, MAX_WIDTH);
            (self.explore, self.is_stalled) = (self.width, self.gained == 0);
            for (_, download) in downloads.syncing_mut() {
                if let Purpose::Sync(progress) = download.purpose_mut() {
                    progress.is_slow = true;
                }
            }
        }
        (self.looked_at, self.gained) = (now, 0);
    }

    fn survey(&self, downloads: &Downloads, now: Duration) -> Survey {
        let mut survey = Survey::default();
        for (peer, download, progress) in downloads.syncing() {
            let Some(source) = self.sources.get(&peer) else { continue };
            survey.is_held |= !progress.is_slow;
            survey.retries += usize::from(source.failures > 0);
            let so_far = per_second(progress.gained, now.saturating_sub(download.sent_at));
            let is_young = now < download.sent_at + HEDGE_AFTER;
            let before = source.rate.filter(|_| is_young).unwrap_or(0);
            survey.fastest = survey.fastest.max(so_far).max(before);
        }
        survey
    }

    /// Whether our work rises as fast as where no other peer is asked beside.
    pub(crate) fn rises_fast(&self) -> bool {
        self.rises_fast
    }

    /// Whether blocks that we asked for raise our best chain: what is mined now would be stale at
    /// once. Blocks that do not raise it never hold mining up, so nobody can stop it for nothing.
    pub(crate) fn is_catching_up(&self, downloads: &Downloads, now: Duration) -> bool {
        self.catching_up_until(downloads).is_some_and(|until| now < until)
    }

    fn catching_up_until(&self, downloads: &Downloads) -> Option<Duration> {
        self.synced_at
            .filter(|_| downloads.is_any_syncing())
            .map(|synced_at| synced_at + MINING_WAITS)
    }

    /// When [`Sync::next`] is to be asked again, at the latest.
    pub(crate) fn deadline(&self, downloads: &Downloads, now: Duration) -> Option<Duration> {
        let look = downloads.is_any_syncing().then(|| self.looked_at + HEDGE_AFTER);
        let wants = |source: &&Source| source.claim.is_some() || source.orphan.is_some();
        let rested = self.sources.values().filter(wants).map(|source| source.rest_until);
        let times = rested.chain(look).chain(self.catching_up_until(downloads));
        times.filter(|time| *time > now).min()
    }

    /// Whether it holds no more than it would by itself, and only of peers that `exist`: it may come
    /// from a stranger's file.
    pub(crate) fn is_within_bounds(&self, exists: impl Fn(PeerId) -> bool) -> bool {
        self.sources.keys().all(|peer| exists(*peer))
            && self.width.max(self.explore) <= MAX_WIDTH
            && self.sources.values().all(Source::is_within_bounds)
    }
}

/// Who is asked first: the lowest. Peers whose last answer led to something, the fastest, those that were
/// not asked so far, those that we dialled, the first in the line.
type Rank = (bool, Reverse<u32>, bool, bool, u64);
