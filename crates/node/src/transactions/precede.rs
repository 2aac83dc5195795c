//! Predecessors of our own transactions in the pool: when one is kept, and when it goes back.
//!
//! One that is kept waits in the pool as our own do: no fee crowds it out, and it does not expire. And
//! neither is kept out by what waits for it.

use alloc::{collections::BTreeSet, vec};

use kusari_chain::ledger::{PublicKey, Txid};
use kusari_chain::mempool::{Admission, CheckedTransaction, PoolRefusal};
use kusari_chain::{Chain, StoreResult};

use super::Transactions;
use crate::prelude::*;
use crate::store::PredecessorWrite;

impl Transactions {
    /// Whether an unsettled one of ours has this sender and a later sequence.
    pub(super) fn precedes_own(&self, checked: &CheckedTransaction) -> bool {
        let transaction = checked.transaction();
        let last = self.local.last_sequence(&transaction.sender);
        last.is_some_and(|last| transaction.sequence < last)
    }

    /// Keeps a transaction of somebody else that one of ours follows, and says whether it is kept.
    pub(super) fn keep_predecessor(&mut self, checked: &CheckedTransaction) -> bool {
        self.precedes_own(checked) && self.predecessors.keep(checked)
    }

    /// Keeps what waits of a sender before the last one of ours. Returns what changed hands for it.
    pub(super) fn keep_pooled_predecessors(
        &mut self,
        sender: &PublicKey,
        chain: &Chain,
        now: u64,
    ) -> StoreResult<Vec<Txid>> {
        let others = self.pool.by_sender(sender).filter(|pooled| !pooled.is_own());
        let others: Vec<_> = others.map(|pooled| pooled.clone().into_checked()).collect();
        let mut changed = vec![];
        for checked in others {
            let txid = checked.txid();
            // Where our own bytes are spent it waits as before, and is kept all the same.
            if self.keep_predecessor(&checked) && self.admit(checked, chain, true, now)?.is_ok() {
                changed.push(txid);
            }
        }
        Ok(changed)
    }

    /// Lets the pool have one that others wait for, if it can: where too much of its sender waits, the
    /// last that cannot be mined before it gives way, and is stranded; where our own have no room left,
    /// it waits as those of others do. Otherwise what waits for it would keep it out for ever.
    pub(super) fn admit_before_others(
        &mut self,
        checked: CheckedTransaction,
        chain: &Chain,
        now: u64,
        touched: &mut BTreeSet<Txid>,
    ) -> StoreResult<Result<Admission, PoolRefusal>> {
        let (sender, sequence) = (checked.transaction().sender, checked.transaction().sequence);
        loop {
            let refusal = match self.admit(checked.clone(), chain, true, now)? {
                Err(refusal @ (PoolRefusal::SenderFull { .. } | PoolRefusal::OwnFull { .. })) => {
                    refusal
                }
                other => return Ok(other),
            };
            if let Some(later) = self.pool.remove_last_parked(&sender, sequence) {
                touched.insert(later.txid());
                self.local.strand(later.txid());
            } else if matches!(refusal, PoolRefusal::OwnFull { .. }) {
                return self.admit(checked, chain, false, now);
            } else {
                return Ok(Err(refusal));
            }
        }
    }

    /// Those that are kept, could be mined on this chain and are not in the pool, of some senders.
    pub(super) fn missing_predecessors(
        &self,
        of: impl Fn(&PublicKey) -> bool,
        chain: &Chain,
    ) -> StoreResult<Vec<CheckedTransaction>> {
        let mut missing = Vec::new();
        let senders: BTreeSet<PublicKey> = self.predecessors.senders();
        for sender in senders.into_iter().filter(of) {
            let next = chain.account(&sender)?.sequence;
            let kept = self.predecessors.of_sender(&sender);
            let waiting = kept.filter(|kept| {
                kept.transaction().sequence >= next && !self.pool.contains(&kept.txid())
            });
            missing.extend(waiting.cloned());
        }
        Ok(missing)
    }

    /// Lets go of predecessors that none of ours follows any more.
    pub(super) fn prune_predecessors(&mut self) {
        let own = &self.local;
        self.predecessors.prune(|sender| own.last_sequence(sender));
    }

    /// What must be written so that the store keeps the same predecessors.
    pub(crate) fn take_predecessor_writes(&mut self) -> Vec<PredecessorWrite> {
        self.predecessors.take_writes()
    }
}
