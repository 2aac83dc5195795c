//! When a person is told of a hindrance, and of its end.
//!
//! Owns how long each has lasted, and that none fills a screen. What has an event of its own is not told
//! here.

use super::{Hindrance, HindranceReason};
use crate::limits::{ALARM_SPACING, HINDRANCE_AFTER};
use crate::prelude::*;

/// What a person is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It has lasted for a while.
    Begun(Hindrance),
    /// It was told, and is over.
    Ended(Hindrance),
}

/// One kind of hindrance.
#[derive(Serialize, Deserialize)]
struct Course {
    /// What it was when it was seen last.
    last: Hindrance,
    /// Since when it lasts.
    since: Option<Duration>,
    /// When it was told last.
    told_at: Option<Duration>,
    /// It was told and has not ended since.
    is_told: bool,
}

impl Course {
    fn due(&self) -> Option<Duration> {
        let since = self.since.filter(|_| !self.is_told)?;
        let again = self.told_at.map_or(Duration::ZERO, |told_at| told_at + ALARM_SPACING);
        Some((since + HINDRANCE_AFTER).max(again))
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Watch {
    table: BTreeMap<HindranceReason, Course>,
}

impl Watch {
    /// Takes what hinders the node now, and says what of it is news.
    pub(crate) fn look(&mut self, hindrances: &[Hindrance], now: Duration) -> Vec<News> {
        for hindrance in hindrances.iter().filter(|hindrance| hindrance.is_told_here()) {
            let course = self.table.entry(hindrance.into()).or_insert_with(|| Course {
                last: hindrance.clone(),
                since: None,
                told_at: None,
                is_told: false,
            });
            course.last.clone_from(hindrance);
            course.since.get_or_insert(now);
        }
        let lasts = |reason| hindrances.iter().any(|one| HindranceReason::from(one) == reason);
        let mut news = Vec::new();
        for (reason, course) in &mut self.table {
            if !lasts(*reason) {
                course.since = None;
                if core::mem::take(&mut course.is_told) {
                    news.push(News::Ended(course.last.clone()));
                }
            } else if course.due().is_some_and(|due| due <= now) {
                (course.told_at, course.is_told) = (Some(now), true);
                news.push(News::Begun(course.last.clone()));
            }
        }
        news
    }

    /// Whether nothing was ever seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// When something is next told, if it lasts until then.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.table.values().filter_map(Course::due).min()
    }
}

impl Hindrance {
    /// Whether no other event tells of it.
    fn is_told_here(&self) -> bool {
        !matches!(
            self,
            Self::CatchingUp { .. }
                | Self::BranchHeld { .. }
                | Self::UnsignedDrafts { .. }
                | Self::WitnessStopped { .. }
        )
    }
}
