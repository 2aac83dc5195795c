//! How often a long reorganisation is followed.
//!
//! Following a branch costs the more the longer it is, and whoever holds two long branches has it done
//! again by each block. So each reorganisation is paid for, in tokens that come back with time. Without
//! tokens the node stays on its chain and says so, but a branch with more work is never refused for
//! good: a clear lead, or a minute, is enough.
//!
//! Owns the tokens, since when a branch waits, and when the next step of a preparation is due. Which
//! branch has more work, and what following it costs, is up to the chain.

use kusari_chain::params::AT_ONCE_BLOCKS;
use kusari_chain::{BestPoint, Rival, Work};

use crate::limits::{REORG_BURST, REORG_PATIENCE, REORG_REFILL, REORG_STEP_PAUSE};
use crate::prelude::*;
use crate::token_bucket::TokenBucket;

/// A branch that has more work than the best chain and is not followed for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingBranch {
    /// Its last block.
    pub tip: BestPoint,
    /// The last block that it has in common with the best chain.
    pub fork: BestPoint,
    /// Blocks of the best chain that following it reverts.
    pub depth: u32,
    /// How much more work it has than the best chain.
    pub lead: Work,
    /// When it is followed at the latest if it still has more work, in monotonic time.
    pub follow_at: Duration,
    /// The same in seconds from the last input on.
    pub seconds: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Pacing {
    tokens: TokenBucket,
    /// Since when a branch waits, whichever it is: so a branch that comes late waits no longer for it,
    /// and however many there are, one is followed each [`REORG_PATIENCE`] beyond what is paid for.
    since: Option<Duration>,
    waiting: Option<WaitingBranch>,
    /// When the next step of a preparation may be made, whether there is one to make, and whether one was
    /// made and its pause has not begun.
    step_at: Duration,
    is_under_way: bool,
    #[serde(default)]
    has_stepped: bool,
}

impl Default for Pacing {
    fn default() -> Self {
        let tokens = TokenBucket::new(REORG_BURST, REORG_REFILL, Duration::ZERO);
        Self {
            tokens,
            since: None,
            waiting: None,
            step_at: Duration::ZERO,
            is_under_way: false,
            has_stepped: false,
        }
    }
}

impl Pacing {
    /// Whether this branch is followed now. If not, it waits.
    pub(crate) fn grants(&mut self, rival: &Rival, now: Duration) -> bool {
        let since = *self.since.get_or_insert(now);
        let cost = rival.cost();
        let is_paid = self.tokens.take(cost, now);
        let is_free = rival.is_accepted
            || rival.is_small(AT_ONCE_BLOCKS)
            || rival.leads_clearly()
            || now >= since + REORG_PATIENCE;
        if is_paid || is_free {
            if !is_paid {
                self.tokens.spend(cost, now);
            }
            self.since = None;
            self.waiting = None;
            return true;
        }
        let patience = since + REORG_PATIENCE;
        let follow_at = match cost <= REORG_BURST {
            true => patience.min(self.tokens.ready_at(cost)),
            false => patience,
        };
        let Rival { tip, fork, depth, lead, .. } = *rival;
        let seconds = follow_at.saturating_sub(now).as_millis().div_ceil(1_000);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        self.waiting = Some(WaitingBranch { tip, fork, depth, lead, follow_at, seconds });
        false
    }

    /// A short reorganisation took place without being asked for.
    pub(crate) fn charge(&mut self, cost: u32, now: Duration) {
        self.tokens.spend(cost, now);
    }

    /// No branch has more work. One that loses its lead for a moment waits as before when it has it
    /// again.
    pub(crate) fn rests(&mut self, now: Duration) {
        self.waiting = None;
        self.since.take_if(|since| now >= *since + REORG_PATIENCE);
    }

    /// The branch that waits.
    pub(crate) fn waiting(&self) -> Option<WaitingBranch> {
        self.waiting
    }

    /// Whether a step may be made now. The next one comes after a pause, which begins with the next
    /// input: how long the step itself took shows only then.
    pub(crate) fn steps(&mut self, now: Duration) -> bool {
        if core::mem::take(&mut self.has_stepped) {
            self.step_at = now + REORG_STEP_PAUSE;
        } else if now >= self.step_at {
            (self.step_at, self.has_stepped) = (now, true);
        }
        self.has_stepped
    }

    /// Notes whether there are steps to make.
    pub(crate) fn set_under_way(&mut self, is_under_way: bool) {
        self.is_under_way = is_under_way;
    }

    /// When there is something to do without an input.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.is_under_way {
            // The pause begins at once where nothing else comes.
            true => Some(self.step_at),
            false => self.waiting.map(|waiting| waiting.follow_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::BlockHash;

    fn rival(depth: u32, lead: u32) -> Rival {
        let point = |height| BestPoint {
            height,
            hash: BlockHash([7; 32]),
            work: Work::of_classic_blocks(height),
        };
        Rival {
            tip: point(depth + lead),
            fork: point(0),
            depth,
            length: depth + lead,
            bytes: 250 * u64::from(2 * depth),
            lead: Work::of_classic_blocks(lead),
            is_accepted: false,
        }
    }

    const START: Duration = Duration::from_secs(1_000);

    #[test]
    fn a_reorganisation_costs_its_depth_and_time_pays_for_the_next() {
        let mut pacing = Pacing::default();
        for _ in 0..9 {
            assert!(pacing.grants(&rival(1_099, 1), START));
        }
        assert!(!pacing.grants(&rival(1_099, 1), START));
        let waiting = pacing.waiting().unwrap();
        assert_eq!(waiting.follow_at, START + Duration::from_millis(1_000));
        assert!(!pacing.grants(&rival(1_099, 1), waiting.follow_at - Duration::from_millis(1)));
        assert!(pacing.grants(&rival(1_099, 1), waiting.follow_at));
        assert_eq!(pacing.waiting(), None);
    }

    #[test]
    fn a_branch_that_costs_more_than_there_ever_is_waits_a_minute_or_leads_clearly() {
        let mut pacing = Pacing::default();
        assert!(!pacing.grants(&rival(20_000, 1), START));
        assert_eq!(pacing.waiting().unwrap().follow_at, START + REORG_PATIENCE);
        // Losing the lead for a moment begins no new minute, nor does another branch.
        pacing.rests(START + REORG_PATIENCE / 2);
        assert_eq!(pacing.waiting(), None);
        assert!(!pacing.grants(&rival(30_000, 1), START + REORG_PATIENCE * 3 / 4));
        assert!(pacing.grants(&rival(30_000, 1), START + REORG_PATIENCE));
        // The next one waits for a minute of its own.
        assert!(!pacing.grants(&rival(20_000, 200), START + REORG_PATIENCE));
        assert!(pacing.grants(&rival(20_000, 210), START + REORG_PATIENCE));
    }

    #[test]
    fn the_pause_after_a_step_begins_when_the_step_has_ended_however_long_it_took() {
        let mut pacing = Pacing::default();
        pacing.set_under_way(true);
        assert!(pacing.steps(START));
        assert_eq!(pacing.deadline(), Some(START), "the node is woken at once");
        let ended = START + 5 * REORG_STEP_PAUSE;
        for _ in 0..64 {
            assert!(!pacing.steps(ended), "what came meanwhile is dealt with first");
        }
        assert!(!pacing.steps(ended + REORG_STEP_PAUSE - Duration::from_millis(1)));
        assert_eq!(pacing.deadline(), Some(ended + REORG_STEP_PAUSE));
        assert!(pacing.steps(ended + REORG_STEP_PAUSE));
    }

    #[test]
    fn short_ones_and_what_a_person_accepted_never_wait() {
        let mut pacing = Pacing::default();
        pacing.charge(u32::MAX, START);
        assert!(pacing.grants(&rival(63, 1), START));
        let accepted = Rival { is_accepted: true, ..rival(20_000, 1) };
        assert!(pacing.grants(&accepted, START));
        assert!(!pacing.grants(&rival(65, 0), START));
    }

    #[test]
    fn a_wait_that_led_to_nothing_is_forgotten() {
        let mut pacing = Pacing::default();
        assert!(!pacing.grants(&rival(20_000, 1), START));
        pacing.rests(START + REORG_PATIENCE);
        assert!(!pacing.grants(&rival(20_000, 1), START + REORG_PATIENCE));
    }
}
