//! The accounts over a store: what changed since its last commit, and what a block would change.
//!
//! Owns the application of blocks to accounts and its undoing. Knows nothing of branches: the caller that
//! calls says which blocks, in which order.

use core::ops::Bound::{Excluded, Unbounded};

use super::state_roots::{Above, StateRoots};
use crate::ledger::commitment::MerkleRoot;
use crate::ledger::{Account, LedgerPart, PublicKey, SignedTransaction};
use crate::prelude::*;
use crate::rules::ledger::at;
use crate::rules::transaction::{check_balance, check_cost, check_sequence};
use crate::rules::{RuleViolation, TransactionViolation};
use crate::store::{BlockStore, StoreError, StoreResult};

/// Accounts that a store may not have yet, each with the change that wrote it last. Bounded by the
/// changes that may be accepted and not committed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct AccountOverlay(BTreeMap<PublicKey, (u64, Account)>);

impl AccountOverlay {
    /// The account as it stands after the best chain's tip.
    pub(crate) fn get(&self, key: &PublicKey, store: &dyn BlockStore) -> StoreResult<Account> {
        if let Some((_, account)) = self.0.get(key) {
            return Ok(*account);
        }
        Ok(store.account(key)?.unwrap_or_else(|| Account::empty(*key)))
    }

    /// The change of this version wrote these accounts.
    pub(crate) fn record(&mut self, version: u64, changed: &[ChangedAccount]) {
        let accounts = changed.iter().map(|changed| changed.account);
        self.0.extend(accounts.map(|account| (account.key, (version, account))));
    }

    /// Every change up to `version` is in the store.
    pub(crate) fn committed(&mut self, version: u64) {
        self.0.retain(|_, (written, _)| *written > version);
    }
}

/// The accounts as a number of blocks would leave them.
pub(crate) struct AccountView<'a> {
    store: &'a dyn BlockStore,
    overlay: &'a AccountOverlay,
    reward: u64,
    changed: BTreeMap<PublicKey, ChangedAccount>,
}

/// An account as it is now, and whether it was empty before.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ChangedAccount {
    pub(crate) account: Account,
    pub(crate) was_empty: bool,
}

/// Why a block could not be applied.
pub(crate) enum ApplyError {
    /// It breaks a rule.
    Rule(RuleViolation),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for ApplyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<'a> AccountView<'a> {
    pub(crate) fn new(store: &'a dyn BlockStore, overlay: &'a AccountOverlay, reward: u64) -> Self {
        Self { store, overlay, reward, changed: BTreeMap::new() }
    }

    /// The accounts that differ now, in order of keys.
    pub(crate) fn into_changed(self) -> Vec<ChangedAccount> {
        self.changed.into_values().collect()
    }

    /// Goes on with accounts that [`AccountView::into_map`] gave.
    pub(crate) fn resume(&mut self, changed: BTreeMap<PublicKey, ChangedAccount>) {
        self.changed = changed;
    }

    /// The accounts that differ now, by their keys.
    pub(crate) fn into_map(self) -> BTreeMap<PublicKey, ChangedAccount> {
        self.changed
    }

    /// An account as it stands now.
    pub(crate) fn get(&self, key: &PublicKey) -> StoreResult<Account> {
        match self.changed.get(key) {
            Some(changed) => Ok(changed.account),
            None => self.overlay.get(key, self.store),
        }
    }

    /// The account is this from now on; `before` is what it was read as.
    fn set(&mut self, before: &Account, account: Account) {
        let was_empty = before.is_empty();
        let changed = self.changed.entry(account.key);
        changed.or_insert(ChangedAccount { account, was_empty }).account = account;
    }

    /// Applies a body, transaction by transaction, and then credits its miner.
    pub(crate) fn apply(&mut self, part: &LedgerPart) -> Result<(), ApplyError> {
        let mut earned = self.reward;
        for (place, entry) in part.body.iter().enumerate() {
            let transaction = &entry.transaction;
            self.apply_transaction(transaction)?
                .and_then(|()| {
                    earned = earned
                        .checked_add(transaction.fee)
                        .ok_or(TransactionViolation::BalanceOverflow)?;
                    Ok(())
                })
                .map_err(|fault| ApplyError::Rule(at(place, fault)))?;
        }
        let before = self.get(&part.commitment.miner)?;
        let mut miner = before;
        // What exists is what was rewarded, at most 2^32 times less than 2^32: no sum of it is more
        // than a balance can say.
        miner.balance = miner.balance.checked_add(earned).ok_or_else(|| contradiction("reward"))?;
        self.set(&before, miner);
        Ok(())
    }

    /// Applies one transaction, or changes nothing and says which rule it breaks.
    pub(crate) fn apply_transaction(
        &mut self,
        transaction: &SignedTransaction,
    ) -> StoreResult<Result<(), TransactionViolation>> {
        let sender_before = self.get(&transaction.sender)?;
        let mut sender = sender_before;
        let checked = check_cost(transaction).and_then(|cost| {
            check_sequence(transaction, &sender)?;
            check_balance(cost, &sender)?;
            sender.balance -= cost;
            sender.sequence += 1;
            Ok(())
        });
        if checked.is_err() {
            return Ok(checked);
        }
        let is_own = transaction.receiver == sender.key;
        let receiver_before = if is_own { sender } else { self.get(&transaction.receiver)? };
        let mut receiver = receiver_before;
        let Some(balance) = receiver.balance.checked_add(transaction.amount) else {
            return Ok(Err(TransactionViolation::BalanceOverflow));
        };
        receiver.balance = balance;
        self.set(&sender_before, sender);
        self.set(&receiver_before, receiver);
        Ok(Ok(()))
    }

    /// Takes a body back that was applied last.
    pub(crate) fn undo(&mut self, part: &LedgerPart) -> StoreResult {
        let fees: Option<u64> = part
            .body
            .iter()
            .try_fold(self.reward, |sum, entry| sum.checked_add(entry.transaction.fee));
        self.change(&part.commitment.miner, |miner| {
            miner.balance = miner.balance.checked_sub(fees?)?;
            Some(())
        })?;
        for entry in part.body.iter().rev() {
            let transaction = &entry.transaction;
            self.change(&transaction.receiver, |receiver| {
                receiver.balance = receiver.balance.checked_sub(transaction.amount)?;
                Some(())
            })?;
            self.change(&transaction.sender, |sender| {
                sender.balance = sender.balance.checked_add(transaction.cost()?)?;
                sender.sequence = sender.sequence.checked_sub(1)?;
                Some(())
            })?;
        }
        Ok(())
    }

    fn change(
        &mut self,
        key: &PublicKey,
        change: impl FnOnce(&mut Account) -> Option<()>,
    ) -> StoreResult {
        let before = self.get(key)?;
        let mut account = before;
        change(&mut account).ok_or_else(|| contradiction("account"))?;
        self.set(&before, account);
        Ok(())
    }

    /// The root over all accounts as they stand now, where `roots` are those of the best chain.
    pub(crate) fn state_root(&self, roots: &StateRoots) -> StoreResult<MerkleRoot> {
        let mut roots = roots.clone();
        self.changed.values().for_each(|changed| roots.note(changed));
        roots.root(self, self.store)
    }
}

impl Above for AccountView<'_> {
    fn above(&self, after: Option<&PublicKey>) -> Vec<Account> {
        let mut above: BTreeMap<PublicKey, Account> =
            self.overlay.above(after).into_iter().map(|account| (account.key, account)).collect();
        let changed = self.changed.range((after.map_or(Unbounded, Excluded), Unbounded));
        above.extend(changed.map(|(key, changed)| (*key, changed.account)));
        above.into_values().collect()
    }
}

impl Above for AccountOverlay {
    fn above(&self, after: Option<&PublicKey>) -> Vec<Account> {
        let range = self.0.range((after.map_or(Unbounded, Excluded), Unbounded));
        range.map(|(_, (_, account))| *account).collect()
    }
}

/// What is stored cannot follow from the blocks that are stored.
fn contradiction(what: &str) -> StoreError {
    StoreError(alloc::format!(
        "the accounts do not follow from the blocks (an {what} does not fit): run `kusari audit`, and \
         restore `chain.redb` from a backup and leave the files beside it"
    ))
}
