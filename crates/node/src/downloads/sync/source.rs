//! One peer as somebody to ask: what it claims, what came of the last answers, when it is asked next.

use kusari_chain::{BestPoint, BlockHash, Work};

use super::Progress;
use crate::limits::{MAX_DOUBLINGS, REST_TIME, REST_TIME_MAX};
use crate::prelude::*;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Source {
    /// Its place in the line: the lowest number is asked first.
    pub(super) turn: u64,
    /// We dialled it.
    pub(super) is_chosen: bool,
    pub(super) claim: Option<BestPoint>,
    /// It sent this block, whose parent we lacked.
    pub(super) orphan: Option<BlockHash>,
    /// Where its last answer ended, if that is not the end of what it has.
    pub(super) cursor: Option<BestPoint>,
    /// It was asked from the beginning because its last answer led nowhere.
    pub(super) has_restarted: bool,
    pub(super) rest_until: Duration,
    /// Answers in a row that led to nothing. At most [`MAX_DOUBLINGS`] + 1.
    pub(super) failures: u32,
    /// Blocks of its answers raised our work.
    #[serde(default)]
    pub(super) has_raised: bool,
    /// Blocks a second by which its last answer raised our work; `None` before the first.
    pub(super) rate: Option<u32>,
}

impl Source {
    /// Whether its last answer was of use.
    pub(super) fn is_proven(&self) -> bool {
        self.cursor.is_some() || self.rate.is_some_and(|rate| rate > 0)
    }

    pub(super) fn better_claim(&self, tip: &BestPoint) -> Option<BestPoint> {
        self.claim.filter(|claim| claim.work >= tip.work && claim.hash != tip.hash)
    }

    pub(super) fn may_be_asked(&self, tip: &BestPoint, now: Duration) -> bool {
        now >= self.rest_until && (self.orphan.is_some() || self.better_claim(tip).is_some())
    }

    /// Its answer is complete.
    pub(super) fn answered(&mut self, progress: &Progress, now: Duration) {
        let work = |point: Option<BestPoint>| point.map_or(Work::ZERO, |point| point.work);
        if progress.is_fresh {
            (self.failures, self.has_restarted, self.rest_until) = (0, false, now);
        }
        if progress.is_fresh || work(progress.last) > work(progress.cursor) {
            self.cursor = progress.last;
        } else if progress.cursor.is_some() && !self.has_restarted {
            // What it had there may be gone from its best chain.
            (self.cursor, self.has_restarted) = (None, true);
        } else {
            self.fail(now);
        }
    }

    /// What it was asked for led to nothing.
    pub(super) fn fail(&mut self, now: Duration) {
        let rest = REST_TIME * 2_u32.pow(self.failures.min(MAX_DOUBLINGS));
        self.rest_until = now + rest.min(REST_TIME_MAX);
        self.failures = (self.failures + 1).min(MAX_DOUBLINGS + 1);
        (self.cursor, self.has_restarted) = (None, false);
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        self.failures <= MAX_DOUBLINGS + 1
    }
}

/// How many a second.
pub(super) fn per_second(count: u32, time: Duration) -> u32 {
    let milliseconds = time.as_millis().max(1);
    u32::try_from(u128::from(count) * 1_000 / milliseconds).unwrap_or(u32::MAX)
}
