//! What is asked for while an answer is still being read.
//!
//! Owns when that is, and how the second request takes over where the first one ends.

use kusari_chain::{BestPoint, Work};

use super::source::Source;
use super::{Answer, Download, Downloads, Progress, Purpose, Sync};
use crate::interface::PeerId;
use crate::prelude::*;
use crate::wire::{AnswerEnd, MAX_BLOCKS};

impl Sync {
    /// Whether the peer is to be asked for what follows an answer that is here and not taken yet. Notes the
    /// request as sent. Not where another peer is to be preferred, and not where this one was not asked for
    /// all that an answer may hold, or has sent less.
    pub(crate) fn asks_ahead(
        &self,
        downloads: &mut Downloads,
        peer: PeerId,
        end: &AnswerEnd,
        tip: &BestPoint,
        now: Duration,
    ) -> bool {
        let Some(source) = self.sources.get(&peer) else { return false };
        let has_more = source.claim.is_some_and(|claim| claim.height > end.height);
        let is_preferred = |other: &Source| {
            other.may_be_asked(tip, now) && other.failures == 0 && other.rate > source.rate
        };
        let is_whole = end.count == MAX_BLOCKS && downloads.only_stream(peer) == Some(MAX_BLOCKS);
        if !is_whole
            || !has_more
            || source.failures > 0
            || !downloads.has_room(peer)
            || self.sources.values().any(is_preferred)
        {
            return false;
        }
        let progress = Progress { work_before: self.best_work, ..Progress::default() };
        downloads.ask(peer, Answer::Stream(MAX_BLOCKS), Purpose::Sync(progress), now);
        true
    }
}

/// An answer is complete: what was asked ahead of its peer goes on from there.
pub(super) fn goes_on(
    downloads: &mut Downloads,
    peer: PeerId,
    best_work: Work,
    source: &mut Source,
) {
    if let Some(Purpose::Sync(next)) = downloads.sync_of(peer).map(Download::purpose_mut) {
        (next.work_before, next.cursor) = (best_work, source.cursor.take());
    }
}
