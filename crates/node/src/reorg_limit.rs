//! The alarm about held branches, and when the limit of reorganisations begins to hold.
//!
//! Owns the times: how soon and how often a person is told, and for how long a store that was empty
//! counts as being filled for the first time. Which branches are held is up to the chain.

use kusari_chain::{BlockHash, HeldBranch};

use crate::limits::{ALARM_AFTER, ALARM_INTERVAL, ALARM_PATIENCE, ALARM_SPACING, FILLED_AFTER};
use crate::prelude::*;

/// What the person was told last.
#[derive(Serialize, Deserialize)]
struct Told {
    root: BlockHash,
    tip: BlockHash,
    at: Duration,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct ReorgLimit {
    /// Whether all branches were looked at since the store was opened.
    is_awake: bool,
    /// Since when the branch that is ahead now has been ahead.
    ahead_since: Option<Duration>,
    told: Option<Told>,
    /// Since when nothing raised our best chain by an answer to us.
    calm_since: Option<Duration>,
}

impl ReorgLimit {
    /// Whether this is the first time that it is asked.
    pub(crate) fn wakes(&mut self) -> bool {
        !core::mem::replace(&mut self.is_awake, true)
    }

    /// Whether the person is to be told of the branch that is ahead now, the best of them. While
    /// blocks that we asked for are coming in, what there is to tell still grows.
    pub(crate) fn tells(
        &mut self,
        ahead: Option<&HeldBranch>,
        is_asking: bool,
        now: Duration,
    ) -> bool {
        self.ahead_since = ahead.map(|_| self.ahead_since.unwrap_or(now));
        let Some(branch) =
            ahead.filter(|branch| self.alarm_due(branch, is_asking).is_some_and(|due| now >= due))
        else {
            return false;
        };
        self.told = Some(Told { root: branch.root, tip: branch.tip.hash, at: now });
        true
    }

    /// When the person is to be told of a branch, if there is anything new to tell.
    fn alarm_due(&self, branch: &HeldBranch, is_asking: bool) -> Option<Duration> {
        let patience = if is_asking { ALARM_PATIENCE } else { ALARM_AFTER };
        let first = self.ahead_since? + patience;
        match &self.told {
            None => Some(first),
            Some(told) if told.root != branch.root => Some(first.max(told.at + ALARM_SPACING)),
            Some(told) if told.tip != branch.tip.hash => Some(told.at + ALARM_INTERVAL),
            Some(_) => None,
        }
    }

    /// Whether a store that was empty counts as filled from now on.
    pub(crate) fn is_filled(&mut self, has_blocks: bool, catching_up: bool, now: Duration) -> bool {
        if !has_blocks || catching_up {
            self.calm_since = None;
            return false;
        }
        now >= *self.calm_since.get_or_insert(now) + FILLED_AFTER
    }

    /// When either is to be asked again, at the latest.
    pub(crate) fn deadline(
        &self,
        ahead: Option<&HeldBranch>,
        is_asking: bool,
        is_bound: bool,
    ) -> Option<Duration> {
        let filled = self.calm_since.filter(|_| !is_bound).map(|since| since + FILLED_AFTER);
        let alarm = ahead.and_then(|branch| self.alarm_due(branch, is_asking));
        filled.into_iter().chain(alarm).min()
    }
}
