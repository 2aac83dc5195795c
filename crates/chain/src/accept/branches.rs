//! Branches beside the best chain: what a person sees of them, and what a person decides.
//!
//! Owns the steps by which the best chain moves without a new block: when a person accepts a branch
//! that was held, or when a store is opened under another limit.

use super::{Chain, ChainChange, Prepared};
use crate::hash::BlockHash;
use crate::prelude::*;
use crate::rules::RuleViolation;
use crate::store::StoreResult;
use crate::tree::{BestPoint, Branch, Branches, HeldBranch, Verdict};

/// What a look at all branches changed. Each change must be committed, in order.
#[derive(Debug, Default)]
pub struct Reconsidered {
    /// The changes.
    pub changes: Vec<ChainChange>,
    /// A block that would have joined the best chain and breaks a rule: it is forgotten with all that
    /// follows it.
    pub refused: Option<(BlockHash, RuleViolation)>,
}

/// What became of a person's wish to follow a branch.
#[derive(Debug)]
pub enum Acceptance {
    /// No branch has such a block.
    Unknown,
    /// It is in the best chain already.
    InBestChain(BestPoint),
    /// It is remembered: the branch is followed now where it has more work, or as soon as it has.
    Accepted(Reconsidered),
}

impl Chain {
    /// Follows the branch of a side block, whatever it reverts: the best end that descends from the
    /// block, if that has more work than the best chain. Call [`Chain::reconsider`] after it. Until
    /// another one is accepted, later blocks of the branch are followed as well. `now` is Unix time in
    /// seconds.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn accept_branch(&mut self, hash: BlockHash, now: u64) -> StoreResult<Acceptance> {
        if let Some(point) = self.on_best_chain(&hash)? {
            return Ok(Acceptance::InBestChain(point));
        }
        if !self.tree.is_beside(&hash) {
            return Ok(Acceptance::Unknown);
        }
        let change = self.tree.accept_branch(hash);
        self.tree.record(&change);
        let mut reconsidered = self.reconsider(now)?;
        reconsidered.changes.insert(0, change);
        let has_moved = reconsidered.changes.iter().any(|change| !change.connected.is_empty());
        if let Some(rival) = self.tree.rival()?.filter(|rival| !has_moved && rival.is_accepted) {
            self.begin(&rival);
            self.follow(&mut reconsidered)?;
        }
        Ok(Acceptance::Accepted(reconsidered))
    }

    fn follow(&mut self, reconsidered: &mut Reconsidered) -> StoreResult {
        loop {
            match self.prepare(&mut |_, _| Ok(()))? {
                Prepared::More => continue,
                Prepared::GaveUp => {}
                Prepared::Switched(change) => reconsidered.changes.push(change),
                Prepared::Refused { block, violation, change } => {
                    reconsidered.changes.push(change);
                    reconsidered.refused = Some((block.hash, violation));
                }
            }
            return Ok(());
        }
    }

    /// Looks at all branches: follows what has more work and may be followed at once, holds what may not
    /// be followed. What takes long is left to [`Chain::ahead`]. Ends with the first change that moves the
    /// best chain, so that a caller that keeps up with it sees one at a time: to be called until nothing
    /// changes, once a chain is opened and after a change that reverted blocks. Costs next to nothing
    /// while no branch has more work than the best chain. `now` is Unix time in seconds.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn reconsider(&mut self, now: u64) -> StoreResult<Reconsidered> {
        let mut reconsidered = Reconsidered::default();
        if let Some(change) = self.tree.release_within_limit() {
            self.tree.record(&change);
            reconsidered.changes.push(change);
        }
        while let Some((end, verdict)) = self.tree.next_rival()? {
            let accounts = match &verdict {
                Verdict::Wins(switch) => self.accounts_after_switch(&end.hash, switch)?,
                _ => Ok(Vec::new()),
            };
            let change = match accounts {
                Ok(accounts) => {
                    let mut change = self.tree.settle(end, &verdict, now);
                    self.record_accounts(&mut change, accounts)?;
                    self.tree.record(&change);
                    change
                }
                Err(unfit) => {
                    let change = self.forget_branch(unfit.block);
                    reconsidered.refused = Some((unfit.block, unfit.violation));
                    change
                }
            };
            let has_moved = !change.connected.is_empty();
            reconsidered.changes.push(change);
            if has_moved {
                break;
            }
        }
        Ok(reconsidered)
    }

    /// Branches beside the best chain, the one with the most work first, at most `limit` of them. Costs
    /// a step for each of their blocks.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn branches(&self, limit: usize) -> StoreResult<Branches> {
        self.tree.branches(limit)
    }

    /// The branch that ends in a side block; `None` where no branch has it. Costs a step for each of
    /// its blocks.
    ///
    /// # Errors
    /// [`crate::StoreError`] where the store cannot be read.
    pub fn branch_to(&self, end: &BlockHash) -> StoreResult<Option<Branch>> {
        self.tree.branch_to(end)
    }

    /// Held branches that have more work than the best chain, the one with the most first.
    #[must_use]
    pub fn held_branches(&self) -> Vec<HeldBranch> {
        self.tree.held_branches()
    }

    /// Whether a block belongs to a held branch.
    #[must_use]
    pub fn is_held(&self, hash: &BlockHash) -> bool {
        self.tree.is_held(hash)
    }

    /// Whether [`TreeLimits::max_reorg_depth`] holds yet: not while a store that was empty when it was
    /// opened is filled for the first time.
    ///
    /// [`TreeLimits::max_reorg_depth`]: crate::TreeLimits::max_reorg_depth
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.tree.is_bound()
    }

    /// The store is filled: the limit holds from now on.
    pub fn bind(&mut self) {
        self.tree.bind();
    }
}
