//! Long reorganisations: when one is followed, and its steps.
//!
//! Owns how a branch that is ahead becomes the best chain without holding up peers and people. When it
//! may is up to [`crate::pacing`], what a step is to the chain.

use kusari_chain::{Ahead, BestPoint, Prepared, StoreResult};

use super::Node;
use crate::event::{BlockName, BlockSource};
use crate::pacing::WaitingBranch;
use crate::prelude::*;

impl Node {
    /// The branch that has more work than the best chain and is not followed for now, since others
    /// were followed a moment ago. It will be, if it keeps its lead.
    #[must_use]
    pub fn waiting_branch(&self) -> Option<WaitingBranch> {
        self.pacing.waiting()
    }

    /// The end of the branch to which the best chain is about to move: it is being read and checked.
    #[must_use]
    pub fn preparing_branch(&self) -> Option<BestPoint> {
        self.chain.preparing()
    }

    /// When something is next done about a branch that has more work than the best chain and is not
    /// followed yet; `None` where there is none, or it is held.
    #[must_use]
    pub fn reorganises_at(&self) -> Option<Duration> {
        self.pacing.deadline()
    }

    /// Goes on towards the branch that is ahead, by one step at most.
    pub(super) fn reorganise(&mut self) -> StoreResult {
        let is_under_way = self.go_on()?;
        self.pacing.set_under_way(is_under_way);
        if self.chain.preparing().is_none()
            && let Some(transactions) = &mut self.transactions
        {
            transactions.end_passing();
        }
        Ok(())
    }

    /// Returns whether there are more steps to make.
    fn go_on(&mut self) -> StoreResult<bool> {
        let mut has_stepped = false;
        loop {
            match self.chain.ahead()? {
                Ahead::Nothing => {
                    self.pacing.rests(self.now);
                    return Ok(false);
                }
                Ahead::TooDeep => {
                    self.reconsider()?;
                    continue;
                }
                Ahead::UnderWay => {}
                Ahead::New(rival) if self.pacing.grants(&rival, self.now) => {
                    self.chain.begin(&rival);
                    if let Some(transactions) = &mut self.transactions {
                        transactions.begin_passing();
                    }
                }
                Ahead::New(_) => return Ok(false),
            }
            if has_stepped || !self.pacing.steps(self.now) {
                return Ok(true);
            }
            has_stepped = true;
            let (transactions, store) = (&mut self.transactions, self.outbox_store.as_ref());
            let on_passed = &mut |passing, stored: &_| match transactions {
                Some(transactions) => transactions.pass(passing, stored, store),
                None => Ok(()),
            };
            match self.chain.prepare(on_passed)? {
                Prepared::More => return Ok(true),
                Prepared::GaveUp => {}
                Prepared::Switched(change) => {
                    let arriving = core::mem::take(&mut self.event_log.arriving);
                    self.apply(change, BlockSource::Synced)?;
                    self.event_log.arriving = arriving;
                    self.reconsider()?;
                }
                Prepared::Refused { block, violation, change } => {
                    let BestPoint { height, hash, .. } = block;
                    self.block_refused(None, BlockName { height, hash }, &violation);
                    self.write(change);
                }
            }
        }
    }
}
