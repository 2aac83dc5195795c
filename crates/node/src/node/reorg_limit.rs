//! Branches that are held: the alarm, and what a person decides.
//!
//! Owns how a decision becomes changes that are committed and told. Which branches are held is up to
//! the chain, when the person is told to [`crate::reorg_limit`].

use kusari_chain::{Acceptance, BestPoint, BlockHash, Reconsidered, StoreResult};

use super::Node;
use crate::event::{BlockSource, Event, HeldReport};
use crate::interface::{AcceptedBranch, Action, BranchRefusal, PeerId, Reply, RequestId};
use crate::prelude::*;
use crate::wire::MAX_LOCATOR;

impl Node {
    /// What has to be done once, before anything else: a store may have been opened under another
    /// limit than before.
    pub(super) fn wake_up(&mut self) -> StoreResult {
        if self.reorg_limit.wakes() {
            self.reconsider()?;
        }
        Ok(())
    }

    /// Looks at all branches, and follows or holds what has more work than the best chain.
    pub(super) fn reconsider(&mut self) -> StoreResult {
        loop {
            let reconsidered = self.chain.reconsider(self.wall)?;
            if reconsidered.changes.is_empty() {
                return Ok(());
            }
            self.apply_all(reconsidered)?;
        }
    }

    fn apply_all(&mut self, reconsidered: Reconsidered) -> StoreResult {
        let arriving = core::mem::take(&mut self.event_log.arriving);
        for change in reconsidered.changes {
            if change.connected.is_empty() {
                self.write(change);
            } else {
                self.apply(change, BlockSource::Synced)?;
            }
        }
        self.event_log.arriving = arriving;
        Ok(())
    }

    /// A person wants to follow a branch.
    pub(super) fn accept_branch(&mut self, request: RequestId, hash: BlockHash) -> StoreResult {
        let before = self.chain.tip();
        let refusal = match self.chain.accept_branch(hash, self.wall)? {
            Acceptance::Unknown => BranchRefusal::Unknown,
            Acceptance::InBestChain(_) => BranchRefusal::InBestChain,
            Acceptance::Accepted(mut reconsidered) => {
                let refused = reconsidered.refused.take();
                self.apply_all(reconsidered)?;
                self.reconsider()?;
                let refused = refused.map(|(block, violation)| (block, violation.to_string()));
                let fork = self.chain.fork_point(&before.hash)?.unwrap_or(before);
                let tip = self.chain.tip();
                let depth = before.height.saturating_sub(fork.height);
                let accepted = AcceptedBranch { before, tip, depth, refused };
                let reply = Reply::BranchAccepted(Ok(Box::new(accepted)));
                self.then.push(Action::Reply(request, reply));
                return Ok(());
            }
        };
        self.reply(request, Reply::BranchAccepted(Err(refusal)));
        Ok(())
    }

    /// Raises the alarm where it is due, and lets the limit hold once the store is filled.
    pub(super) fn watch_branches(&mut self) -> StoreResult {
        let tip = self.chain.tip();
        if !self.chain.is_bound()
            && (self.reorg_limit.is_filled(tip.height > 0, self.catching_up, self.now)
                || tip.height > 0 && self.sync.has_caught_up(tip.work))
        {
            self.chain.bind();
        }
        let ahead = self.chain.held_branches();
        let is_asking = self.downloads.is_any_syncing();
        if self.reorg_limit.tells(ahead.first(), is_asking, self.now)
            && let Some(first) = ahead.first()
            && let Some(branch) = self.chain.branch_to(&first.tip.hash)?
        {
            let (best, others) = (self.chain.tip(), ahead.len() - 1);
            self.notify(Event::BranchHeld(Box::new(HeldReport { best, branch, others })));
        }
        Ok(())
    }

    /// When [`Node::watch_branches`] has something by itself.
    pub(super) fn branches_deadline(&self) -> Option<core::time::Duration> {
        let ahead = self.chain.held_branches();
        let is_asking = self.downloads.is_any_syncing();
        self.reorg_limit.deadline(ahead.first(), is_asking, self.chain.is_bound())
    }

    /// A peer has this block. One of a branch that is not followed, or not yet, says nothing of how much
    /// of our best chain it has.
    pub(super) fn peer_has(&mut self, peer: PeerId, point: BestPoint) {
        if point.beats(&self.chain.tip()) {
            self.gossip.has_ahead(peer, point);
        } else {
            self.gossip.has(peer, point);
        }
    }

    /// Tells a peer what we have, branches with more work before all: whoever follows one need not send
    /// it again for each of its blocks.
    pub(super) fn locator(&self, cursor: Option<BestPoint>) -> StoreResult<Vec<BlockHash>> {
        let held = self.chain.held_branches();
        let waiting = self.waiting_branch().map(|branch| branch.tip);
        let ahead = waiting.or_else(|| self.chain.preparing()).into_iter();
        let tips = ahead.chain(held.iter().map(|branch| branch.tip));
        let mut locator: Vec<BlockHash> = tips.map(|tip| tip.hash).collect();
        if cursor.is_some() {
            locator.clear();
        }
        locator.extend(self.chain.locator(cursor)?);
        locator.truncate(MAX_LOCATOR);
        Ok(locator)
    }
}
