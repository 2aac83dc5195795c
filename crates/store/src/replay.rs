//! What the accounts are follows from the bodies of the best chain, from block 1 on.
//!
//! Owns the replay, which checks each block against the accounts before it. They are held in memory, some
//! 120 bytes for each that is not empty.

use std::collections::BTreeMap;

use kusari_chain::RuleViolation;
use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::ledger::{Account, ChainSpec, LedgerPart, PublicKey, SignedTransaction};
use kusari_chain::merkle::MerkleBuilder;
use kusari_chain::rules::TransactionViolation;
use kusari_chain::rules::ledger::has_state_root;
use kusari_chain::rules::transaction::{check_balance, check_cost, check_sequence};

/// The accounts after the blocks that were looked at.
#[derive(Default)]
pub(super) struct Replay(BTreeMap<PublicKey, Account>);

impl Replay {
    /// The accounts that are not empty, in order of keys.
    pub(super) fn into_accounts(self) -> impl Iterator<Item = Account> {
        self.0.into_values().filter(|account| !account.is_empty())
    }

    fn account(&mut self, key: PublicKey) -> &mut Account {
        self.0.entry(key).or_insert_with(|| Account::empty(key))
    }

    /// Applies the best chain's next block.
    pub(super) fn apply(
        &mut self,
        height: u32,
        part: &LedgerPart,
        spec: &ChainSpec,
    ) -> Result<(), RuleViolation> {
        let claimed = part.commitment.state_root;
        let computed = if has_state_root(height) { self.state_root() } else { MerkleRoot::ZERO };
        if claimed != computed {
            return Err(RuleViolation::BadStateRoot { claimed, computed });
        }
        let mut earned = spec.reward;
        for (place, entry) in part.body.iter().enumerate() {
            let at = |fault| RuleViolation::Transaction { place, fault };
            let overflow = at(TransactionViolation::BalanceOverflow);
            self.apply_transaction(&entry.transaction).map_err(at)?;
            earned = earned.checked_add(entry.transaction.fee).ok_or(overflow)?;
        }
        let miner = self.account(part.commitment.miner);
        // What exists is what was rewarded, which a balance can say.
        miner.balance = miner.balance.saturating_add(earned);
        Ok(())
    }

    fn apply_transaction(
        &mut self,
        transaction: &SignedTransaction,
    ) -> Result<(), TransactionViolation> {
        let cost = check_cost(transaction)?;
        let sender = self.account(transaction.sender);
        check_sequence(transaction, sender)?;
        check_balance(cost, sender)?;
        sender.balance -= cost;
        sender.sequence += 1;
        let receiver = self.account(transaction.receiver);
        receiver.balance = receiver
            .balance
            .checked_add(transaction.amount)
            .ok_or(TransactionViolation::BalanceOverflow)?;
        Ok(())
    }

    fn state_root(&self) -> MerkleRoot {
        let mut builder = MerkleBuilder::default();
        for account in self.0.values().filter(|account| !account.is_empty()) {
            // Writing numbers and bytes into memory has no way to fail.
            builder.push_leaf(&borsh::to_vec(account).unwrap_or_default());
        }
        MerkleRoot(builder.root())
    }
}
