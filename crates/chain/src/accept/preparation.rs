//! A long reorganisation, prepared in steps between which everything goes on with the old chain.
//!
//! Owns what is known of it so far: up to which block both branches were read, and the accounts as
//! they stand after that block. Nothing of it is stored, so a crash forgets it. The best chain may move
//! meanwhile: an account that it changes is kept as it was before. The switch at the end moves heights
//! and these accounts in one change.

use super::accounts::{AccountView, ChangedAccount};
use super::ledger::{Unfit, stored_part};
use super::{Chain, ChainChange};
use crate::ledger::{Account, PublicKey};
use crate::params::{STATE_ROOT_INTERVAL, STEP_BLOCKS, STEP_BYTES};
use crate::prelude::*;
use crate::rules::RuleViolation;
use crate::store::{StoreResult, StoredBlock};
use crate::tree::{BestPoint, Rival};

/// A reorganisation that is being prepared.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Preparation {
    /// The last block of the branch.
    target: BestPoint,
    /// The last block that the branch had in common with the best chain as this began.
    fork: BestPoint,
    /// The block after which the accounts are those below.
    at: BestPoint,
    /// Whether the way down to the fork is done.
    is_up: bool,
    /// Height of the best chain as this began.
    began: u32,
    /// Accounts that are others after `at` than after the best chain's tip. On a ledger alone.
    accounts: BTreeMap<PublicKey, ChangedAccount>,
}

impl Preparation {
    fn begin(rival: &Rival, tip: BestPoint) -> Self {
        let Rival { tip: target, fork, .. } = *rival;
        let accounts = BTreeMap::new();
        Self { target, fork, at: tip, is_up: tip == fork, began: tip.height, accounts }
    }

    /// The best chain gives an account another content than it had `before`.
    pub(super) fn keep(&mut self, before: Account, after: &Account) {
        let was_empty = after.is_empty();
        let kept = self.accounts.entry(before.key);
        kept.or_insert(ChangedAccount { account: before, was_empty }).was_empty = was_empty;
    }
}

/// What the chain would follow next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// No other branch has more work and may be followed.
    Nothing,
    /// A branch has more work, and [`Chain::prepare`] was called for it: it goes on.
    UnderWay,
    /// A branch has more work.
    New(Rival),
    /// A branch has more work, and the best chain grew or the limit came to hold since: it is for
    /// [`Chain::reconsider`] to hold it.
    TooDeep,
}

/// What a step of a preparation led to.
#[derive(Debug)]
pub enum Prepared {
    /// There is more to do.
    More,
    /// The best chain moved. To be committed like any change; then call [`Chain::reconsider`].
    Switched(ChainChange),
    /// A block of the branch breaks a rule: it is forgotten with all that follows it.
    Refused {
        /// The block.
        block: BestPoint,
        /// The rule.
        violation: RuleViolation,
        /// What a store must write. Nothing is connected by it.
        change: ChainChange,
    },
    /// The branch is there no more, or a block of either can't be read: then it is passed over until it
    /// grows.
    GaveUp,
}

/// How a step passes a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// The block is to leave the best chain.
    Leaves,
    /// It is to join it.
    Joins,
}

/// Told of each block that a step reads.
pub type OnPassed<'a> = &'a mut dyn FnMut(Passing, &StoredBlock) -> StoreResult;

/// How a step ended.
enum Step {
    More,
    Arrived,
    Unfit(Unfit),
    /// A block of the branch is no longer there.
    Lost,
    /// A block of either branch can't be read any more.
    Unreadable,
}

impl Chain {
    /// Which branch is to be followed next. What is under way goes on while it is ahead, whatever else
    /// comes, so that no peer can have it begun again and again.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn ahead(&mut self) -> StoreResult<Ahead> {
        let rival = self.tree.rival()?;
        if rival.as_ref().is_some_and(|rival| self.tree.is_too_deep(rival)) {
            return Ok(Ahead::TooDeep);
        }
        let tip = self.tip();
        let Some(mut preparation) = self.preparation.take() else {
            return Ok(rival.map_or(Ahead::Nothing, Ahead::New));
        };
        if let Some(rival) = rival.filter(|rival| self.leads_to(&preparation, rival)) {
            preparation.target = rival.tip;
        }
        let is_there = self.tree.is_beside(&preparation.target.hash)
            && !self.tree.is_held(&preparation.target.hash);
        if is_there && preparation.target.beats(&tip) {
            self.preparation = Some(preparation);
            return Ok(Ahead::UnderWay);
        }
        // The old branch took the lead, perhaps for a moment: what was done is kept for a while.
        let is_recent = tip.height < preparation.began.saturating_add(STEP_BLOCKS);
        if is_there && is_recent && rival.is_none() {
            self.preparation = Some(preparation);
        }
        Ok(rival.map_or(Ahead::Nothing, Ahead::New))
    }

    /// Whether what was prepared serves this branch as well.
    fn leads_to(&self, preparation: &Preparation, rival: &Rival) -> bool {
        match preparation.is_up && preparation.at != preparation.fork {
            true => {
                let at = preparation.at;
                self.tree.side_ancestor(&rival.tip.hash, at.height) == Some(at)
            }
            false => rival.fork == preparation.fork,
        }
    }

    /// Begins to follow a branch that [`Chain::ahead`] named, in place of what was under way. It reads
    /// nothing yet.
    pub fn begin(&mut self, rival: &Rival) {
        self.preparation = Some(Preparation::begin(rival, self.tip()));
    }

    /// The end of the branch that is being prepared.
    #[must_use]
    pub fn preparing(&self) -> Option<BestPoint> {
        self.preparation.as_ref().map(|preparation| preparation.target)
    }

    /// Goes on by one step of at most [`TreeLimits::step_blocks`] blocks or about [`STEP_BYTES`] bytes of
    /// them, and moves the best chain once all is read. `on_passed` sees each block as it is read, so that
    /// it need not be read again at the switch.
    ///
    /// [`TreeLimits::step_blocks`]: crate::TreeLimits::step_blocks
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn prepare(&mut self, on_passed: OnPassed<'_>) -> StoreResult<Prepared> {
        let Some(mut preparation) = self.preparation.take() else { return Ok(Prepared::GaveUp) };
        let target = preparation.target;
        match self.advance(&mut preparation, on_passed)? {
            Step::More => self.preparation = Some(preparation),
            Step::Arrived => return self.finish(preparation),
            Step::Lost => return Ok(Prepared::GaveUp),
            Step::Unreadable => {
                self.tree.pass_over(&target.hash);
                return Ok(Prepared::GaveUp);
            }
            Step::Unfit(Unfit { block, violation }) => {
                let block = self.point(&block)?.unwrap_or(target);
                let change = self.forget_branch(block.hash);
                return Ok(Prepared::Refused { block, violation, change });
            }
        }
        Ok(Prepared::More)
    }

    fn advance(&self, preparation: &mut Preparation, on_passed: OnPassed<'_>) -> StoreResult<Step> {
        let mut view = self.account_view();
        if let Some(view) = &mut view {
            view.resume(core::mem::take(&mut preparation.accounts));
        }
        let step = self.walk(preparation, &mut view, on_passed)?;
        preparation.accounts = view.map(AccountView::into_map).unwrap_or_default();
        Ok(step)
    }

    fn walk(
        &self,
        preparation: &mut Preparation,
        view: &mut Option<AccountView<'_>>,
        on_passed: OnPassed<'_>,
    ) -> StoreResult<Step> {
        let (mut blocks, mut bytes) = (0, 0);
        while blocks < self.tree.step_blocks() && bytes < STEP_BYTES {
            let at = preparation.at;
            if !preparation.is_up && at == preparation.fork {
                preparation.is_up = true;
            }
            let next = match preparation.is_up {
                false => Some(at),
                true if at == preparation.target => return Ok(Step::Arrived),
                true => self.towards(&preparation.target, at.height.saturating_add(1))?,
            };
            let Some(next) = next else { return Ok(Step::Lost) };
            // The root over all accounts, where a block carries it, is a step's work by itself.
            let has_root = preparation.is_up
                && view.is_some()
                && next.height.is_multiple_of(STATE_ROOT_INTERVAL);
            if has_root && blocks > 0 {
                break;
            }
            let Some(stored) = self.tree.block(&next.hash)? else {
                let is_known = self.point(&next.hash)?.is_some();
                return Ok(if is_known { Step::Unreadable } else { Step::Lost });
            };
            blocks += 1;
            bytes += stored.counted_bytes();
            on_passed(if preparation.is_up { Passing::Joins } else { Passing::Leaves }, &stored)?;
            if preparation.is_up {
                if let Some(view) = view
                    && let Err(violation) =
                        self.apply_in_branch(view, next.height, stored_part(&stored)?)?
                {
                    return Ok(Step::Unfit(Unfit { block: next.hash, violation }));
                }
                preparation.at = next;
                if has_root {
                    break;
                }
                continue;
            }
            if let Some(view) = view {
                view.undo(stored_part(&stored)?)?;
            }
            let Some(parent) = self.point(&stored.block.prev_hash)? else { return Ok(Step::Lost) };
            preparation.at = parent;
        }
        Ok(Step::More)
    }

    /// The block at a height of the branch that ends in `target`, which the best chain may have come to
    /// share in part.
    fn towards(&self, target: &BestPoint, height: u32) -> StoreResult<Option<BestPoint>> {
        if let Some(beside) = self.tree.side_ancestor(&target.hash, height) {
            return Ok(Some(beside));
        }
        match self.tree.fork_point(&target.hash)?.filter(|fork| height <= fork.height) {
            Some(_) => self.tree.best_at(height),
            None => Ok(None),
        }
    }

    /// Moves the best chain to what was prepared.
    fn finish(&mut self, preparation: Preparation) -> StoreResult<Prepared> {
        let Preparation { target, accounts, .. } = preparation;
        let Some(switch) = self.tree.switch_for(&target.hash)? else {
            self.tree.pass_over(&target.hash);
            return Ok(Prepared::GaveUp);
        };
        let mut change = self.tree.switch(target, switch);
        self.record_accounts(&mut change, accounts.into_values().collect())?;
        self.tree.record(&change);
        Ok(Prepared::Switched(change))
    }
}
