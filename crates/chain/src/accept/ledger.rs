//! Acceptance on a ledger chain: what the ancestors, the clock and the accounts decide.
//!
//! Owns the order of those rules, and the accounts that follow from the best chain. Side branches
//! are judged by their ancestors alone until one of them wins: then its blocks are applied, and the
//! branch is forgotten from the first that breaks a rule.

use super::accounts::{AccountOverlay, AccountView, ApplyError, ChangedAccount};
use super::history::Histories;
use super::state_roots::StateRoots;
use super::{AcceptError, Accepted, Chain, ChainChange};
use crate::checked::{CheckedBlock, WholeBlock};
use crate::hash::BlockHash;
use crate::ledger::commitment::MerkleRoot;
use crate::ledger::{Account, ChainId, ChainSpec, LedgerPart, PublicKey};
use crate::merkle::MerkleBuilder;
use crate::params::{MAX_AHEAD_SECONDS, MEDIAN_BLOCKS};
use crate::pow::asert::next_target;
use crate::pow::{CompactTarget, Work};
use crate::prelude::*;
use crate::rules::{RuleViolation, ledger as rules};
use crate::store::{BlockWrite, StoreError, StoreResult, StoredBlock, StoredLedger};
use crate::tree::{BestPoint, Known, NewBlock, Switch, Verdict};

/// What a chain keeps where it is a ledger.
pub(crate) struct Ledger {
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) id: ChainId,
    pub(crate) accounts: AccountOverlay,
    pub(crate) histories: Histories,
    pub(crate) roots: StateRoots,
}

/// What a known block's ancestors decide for the block after it.
pub(crate) struct Following {
    pub(crate) target: CompactTarget,
    /// Timestamps must be above this.
    pub(crate) median: u64,
    pub(crate) history: MerkleBuilder,
}

impl Ledger {
    pub(crate) fn new(spec: Arc<ChainSpec>, accounts: AccountOverlay, roots: StateRoots) -> Self {
        let id = spec.chain_id();
        Self { spec, id, accounts, histories: Histories::default(), roots }
    }
}

/// Why the accounts do not let a branch win.
pub(super) struct Unfit {
    /// The first block that breaks a rule.
    pub(super) block: BlockHash,
    pub(super) violation: RuleViolation,
}

impl Chain {
    /// What the ancestors decide for a block after `parent`.
    pub(crate) fn following(&mut self, parent: &Known) -> StoreResult<Option<Following>> {
        let Some(ledger) = &mut self.ledger else { return Ok(None) };
        let mut timestamps = self.tree.timestamps(&parent.point.hash, MEDIAN_BLOCKS)?;
        timestamps.sort_unstable();
        let median = timestamps.get(timestamps.len() / 2).copied().unwrap_or_default();
        let target = next_target(parent.point.height, parent.time.active_s, ledger.spec.asert());
        let history = ledger.histories.through(&parent.point, &self.tree)?;
        Ok(Some(Following { target, median, history }))
    }

    /// Takes a whole block whose parent is known and whose index is right.
    pub(super) fn accept_on_ledger(
        &mut self,
        checked: CheckedBlock,
        parent: &Known,
        now: u64,
    ) -> Result<Accepted, AcceptError> {
        let (hash, line_bytes) = (checked.block().hash, u64::from(checked.line_bytes()));
        let following = self.following(parent)?;
        let (Some(ledger), Some(following), Some(part)) =
            (&self.ledger, following, checked.ledger())
        else {
            return Ok(Accepted::Bare);
        };
        let (spec, id) = (Arc::clone(&ledger.spec), ledger.id);
        let verdict = check_ancestry(&checked, part, &spec, &id, &following);
        let until = checked.block().timestamp.saturating_sub(MAX_AHEAD_SECONDS);
        self.judge(hash, verdict)?;
        if now < until {
            return Ok(self.hold(checked, until));
        }
        let WholeBlock { block, ledger: Some(part) } = checked.into_whole() else {
            return Ok(Accepted::Bare);
        };
        let time = parent.time.after(block.index, block.timestamp, spec.asert());
        let work = following.target.target().map_or(Work::ZERO, |target| target.work());
        let point = parent.point.child(block.index, hash, work);
        let total_bytes = parent.total_bytes.saturating_add(line_bytes);
        let verdict = self.tree.verdict(&point, &parent.point.hash, total_bytes)?;
        let changed = match self.accounts_after(&point, &part, &verdict)? {
            Ok(changed) => changed,
            Err(unfit) if unfit.block == hash => {
                return Err(self.refuse(hash, unfit.violation).into());
            }
            Err(unfit) => return Ok(self.refuse_branch(hash, unfit)),
        };
        let subtrees = match &mut self.ledger {
            Some(ledger) => ledger.histories.extend(following.history, hash),
            None => Vec::new(),
        };
        let stored =
            Some(Box::new(StoredLedger { part: *part, time, subtrees, erased: Vec::new() }));
        let new = NewBlock { block, ledger: stored, line_bytes, work };
        let mut change = self.tree.insert(new, parent, verdict, now);
        self.record_accounts(&mut change, changed)?;
        Ok(self.added(change))
    }

    /// Makes the accounts that a change leaves part of it.
    pub(super) fn record_accounts(
        &mut self,
        change: &mut ChainChange,
        changed: Vec<ChangedAccount>,
    ) -> StoreResult {
        if let (Some(ledger), Some(preparation)) = (&self.ledger, &mut self.preparation) {
            for ChangedAccount { account, .. } in &changed {
                let before = ledger.accounts.get(&account.key, self.tree.store())?;
                preparation.keep(before, account);
            }
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.accounts.record(change.version, &changed);
            changed.iter().for_each(|changed| ledger.roots.note(changed));
        }
        let accounts = changed.into_iter().map(|changed| changed.account);
        change.writes.extend(accounts.map(BlockWrite::SetAccount));
        Ok(())
    }

    /// The accounts that a new block changes, where it joins the best chain; nothing otherwise.
    fn accounts_after(
        &mut self,
        new: &BestPoint,
        part: &LedgerPart,
        verdict: &Verdict,
    ) -> StoreResult<Result<Vec<ChangedAccount>, Unfit>> {
        let unfit = |violation| Unfit { block: new.hash, violation };
        let switch = match verdict {
            Verdict::Extends => None,
            Verdict::Beside | Verdict::Ahead | Verdict::Held(_) => return Ok(Ok(Vec::new())),
            Verdict::Wins(switch) => Some(switch),
        };
        // After the tip the root is at hand.
        if switch.is_none()
            && rules::has_state_root(new.height)
            && let Err(violation) = rules::check_state_root(&part.commitment, self.state_root()?)
        {
            return Ok(Err(unfit(violation)));
        }
        let Some(mut view) = self.account_view() else { return Ok(Ok(Vec::new())) };
        let applied = match switch {
            None => apply(&mut view, part)?,
            Some(switch) => {
                if let Err(unfit) = self.apply_switch(&mut view, switch)? {
                    return Ok(Err(unfit));
                }
                self.apply_in_branch(&mut view, new.height, part)?
            }
        };
        Ok(applied.map(|()| view.into_changed()).map_err(unfit))
    }

    /// The root over all accounts after the tip; zero on a classic chain.
    pub(crate) fn state_root(&mut self) -> StoreResult<MerkleRoot> {
        let (tip, store) = (self.tree.tip().hash, self.tree.store());
        let Some(ledger) = &mut self.ledger else { return Ok(MerkleRoot::ZERO) };
        ledger.roots.after(&tip, &ledger.accounts, store)
    }

    /// The accounts that a branch of side blocks, which ends in `end`, changes when it wins.
    pub(super) fn accounts_after_switch(
        &self,
        end: &BlockHash,
        switch: &Switch,
    ) -> StoreResult<Result<Vec<ChangedAccount>, Unfit>> {
        let Some(mut view) = self.account_view() else { return Ok(Ok(Vec::new())) };
        if let Err(unfit) = self.apply_switch(&mut view, switch)? {
            return Ok(Err(unfit));
        }
        match self.apply_stored(&mut view, end)? {
            Ok(()) => Ok(Ok(view.into_changed())),
            Err(unfit) => Ok(Err(unfit)),
        }
    }

    fn apply_switch(
        &self,
        view: &mut AccountView<'_>,
        switch: &Switch,
    ) -> StoreResult<Result<(), Unfit>> {
        for hash in switch.reverted() {
            let stored = self.stored(hash)?;
            view.undo(stored_part(&stored)?)?;
        }
        for hash in &switch.connected {
            if let Err(unfit) = self.apply_stored(view, hash)? {
                return Ok(Err(unfit));
            }
        }
        Ok(Ok(()))
    }

    fn apply_stored(
        &self,
        view: &mut AccountView<'_>,
        hash: &BlockHash,
    ) -> StoreResult<Result<(), Unfit>> {
        let stored = self.stored(hash)?;
        let applied = self.apply_in_branch(view, stored.block.index, stored_part(&stored)?)?;
        Ok(applied.map_err(|violation| Unfit { block: *hash, violation }))
    }

    /// Applies a block that does not follow on the tip.
    pub(super) fn apply_in_branch(
        &self,
        view: &mut AccountView<'_>,
        height: u32,
        part: &LedgerPart,
    ) -> StoreResult<Result<(), RuleViolation>> {
        if let Some(ledger) = self.ledger.as_ref().filter(|_| rules::has_state_root(height)) {
            let computed = view.state_root(&ledger.roots)?;
            if let Err(violation) = rules::check_state_root(&part.commitment, computed) {
                return Ok(Err(violation));
            }
        }
        apply(view, part)
    }

    pub(crate) fn account_view(&self) -> Option<AccountView<'_>> {
        let ledger = self.ledger.as_ref()?;
        Some(AccountView::new(self.tree.store(), &ledger.accounts, ledger.spec.reward))
    }

    fn stored(&self, hash: &BlockHash) -> StoreResult<Arc<StoredBlock>> {
        let found = self.tree.block(hash)?;
        found.ok_or_else(|| StoreError(alloc::format!("the block {hash} is not there any more")))
    }

    /// Forgets a branch from the block on that breaks a rule, and the new block that would have
    /// made it the best.
    fn refuse_branch(&mut self, new: BlockHash, unfit: Unfit) -> Accepted {
        let Unfit { block, violation } = unfit;
        let change = self.forget_branch(block);
        self.remember_refused(new);
        self.orphans.remove_descendants(new);
        Accepted::BranchRefused { block, violation, change }
    }

    /// Forgets a side block that breaks a rule, and all that follows it.
    pub(super) fn forget_branch(&mut self, block: BlockHash) -> ChainChange {
        let change = self.tree.remove_side_branch(block);
        self.tree.record(&change);
        for write in &change.writes {
            if let BlockWrite::Evict { hash, .. } = write {
                self.remember_refused(*hash);
            }
        }
        change
    }

    /// The account of a key as it stands after the best chain's tip.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn account(&self, key: &PublicKey) -> StoreResult<Account> {
        match self.account_view() {
            Some(view) => view.get(key),
            None => Ok(Account::empty(*key)),
        }
    }

    /// The parameters of this chain, where it is a ledger.
    #[must_use]
    pub fn spec(&self) -> Option<&ChainSpec> {
        self.ledger.as_ref().map(|ledger| ledger.spec.as_ref())
    }

    /// The id of this chain, where it is a ledger.
    #[must_use]
    pub fn chain_id(&self) -> Option<ChainId> {
        self.ledger.as_ref().map(|ledger| ledger.id)
    }
}

/// The rules that the ancestors decide.
fn check_ancestry(
    checked: &CheckedBlock,
    part: &LedgerPart,
    spec: &ChainSpec,
    id: &ChainId,
    following: &Following,
) -> Result<(), RuleViolation> {
    let commitment = &part.commitment;
    rules::check_chain(commitment, id)?;
    rules::check_target(commitment, following.target)?;
    rules::check_median(checked.block(), following.median)?;
    rules::check_history_root(commitment, MerkleRoot(following.history.root()))?;
    rules::check_no_state_root(checked.block(), commitment)?;
    rules::check_chain_bounds(part, spec)
}

/// Applies a block to the accounts before it.
fn apply(view: &mut AccountView<'_>, part: &LedgerPart) -> StoreResult<Result<(), RuleViolation>> {
    match view.apply(part) {
        Ok(()) => Ok(Ok(())),
        Err(ApplyError::Rule(violation)) => Ok(Err(violation)),
        Err(ApplyError::Store(error)) => Err(error),
    }
}

pub(super) fn stored_part(stored: &StoredBlock) -> StoreResult<&LedgerPart> {
    stored.part().ok_or_else(|| {
        StoreError(alloc::format!("block {} is stored without its body", stored.block.index))
    })
}
