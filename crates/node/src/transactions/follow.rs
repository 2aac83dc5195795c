//! Waiting transactions after the best chain moved: what is mined, what comes back, what is displaced.
//!
//! Owns the order of these. What reverted blocks held comes before what was stranded, in the order of
//! its blocks.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use kusari_chain::ledger::{BodyEntry, PublicKey, Txid};
use kusari_chain::mempool::{CheckedTransaction, PooledTransaction};
use kusari_chain::{BestPoint, Chain, ChainChange, StoreError};

use super::{Moved, Transactions, is_used};
use crate::seam::CommitId;
use crate::store::OutboxStore;

impl Transactions {
    /// Follows a change of the best chain, which `commit` makes durable.
    pub(crate) fn follow(
        &mut self,
        change: &ChainChange,
        commit: CommitId,
        chain: &Chain,
        store: &dyn OutboxStore,
        now: u64,
    ) -> Result<Moved, StoreError> {
        let mut moved = Moved::default();
        // Nothing waits and nothing comes back: the usual case while a chain is being synced.
        if self.pool.is_empty() && self.own.is_unused() && change.reverted.is_empty() {
            return Ok(moved);
        }
        let connected = self.connected(change, chain)?;
        let back = self.reverted(change, &connected, (chain, store), &mut moved)?;
        let undone = self.undone(change, &connected, store)?;
        let followed = self.pool.follow(change.accounts().copied());
        let mut touched: BTreeSet<Txid> = BTreeSet::new();
        for settled in followed.settled {
            let txid = settled.txid();
            touched.insert(txid);
            if !connected.contains_key(&txid) {
                self.displace(txid, chain, &mut moved);
            }
        }
        let dropped = followed.dropped.into_iter().map(PooledTransaction::into_checked);
        let dropped = dropped.map(|checked| {
            let own = self.own.contains(&checked.txid());
            (checked, own)
        });
        let again: Vec<_> = back.into_iter().chain(dropped).collect();
        for (checked, own) in again {
            let kept = !own && self.keep_predecessor(&checked);
            self.admit_again(checked, own || kept, (chain, now), &mut moved, &mut touched)?;
        }
        let accounts: BTreeSet<PublicKey> = change.accounts().map(|account| account.key).collect();
        let concerned = |sender: &PublicKey| accounts.contains(sender);
        self.admit_stranded(concerned, (chain, store, now), &mut moved, &mut touched)?;
        // What was said of them before still holds, or they have returned.
        moved.displaced.retain(|txid| !undone.contains(txid));
        moved.returned.extend(undone.iter().filter(|txid| !self.own.is_done(txid)));
        for (txid, point) in connected {
            if self.own.contains(&txid) {
                self.own.set_done(&txid, Some(point.height));
                moved.mined.push((txid, point));
            }
        }
        // What another one displaced at once has not returned.
        let Moved { returned, displaced, .. } = &mut moved;
        returned.retain(|txid| !displaced.contains(txid));
        self.own.settle(chain.tip().height, commit, &mut moved.outbox);
        self.prune_predecessors();
        moved.pool = self.writes(&touched);
        Ok(moved)
    }

    /// What stood in the blocks that left the best chain and does not stand in those that joined it,
    /// oldest first, and whether it is ours.
    fn reverted(
        &mut self,
        change: &ChainChange,
        connected: &BTreeMap<Txid, BestPoint>,
        (chain, store): (&Chain, &dyn OutboxStore),
        moved: &mut Moved,
    ) -> Result<Vec<(CheckedTransaction, bool)>, StoreError> {
        let mut back = Vec::new();
        for point in change.reverted.iter().rev() {
            let stored = chain.block(&point.hash)?;
            let body = stored.as_ref().and_then(|stored| stored.part()).map(|part| &part.body);
            for BodyEntry { transaction, payload } in body.into_iter().flatten() {
                let txid = transaction.txid();
                let own = self.own.revert(&txid, store, &mut moved.outbox)?;
                if own {
                    moved.stood_in.insert(txid, *point);
                }
                if connected.contains_key(&txid) {
                    continue;
                }
                if own {
                    self.own.strand(txid);
                    moved.returned.push(txid);
                }
                // Without its payload, which is not in every block, it cannot be offered again: ours
                // is read from the outbox instead.
                let checked = CheckedTransaction::check_unsigned(*transaction, payload.clone());
                back.extend(checked.ok().map(|checked| (checked, own)));
            }
        }
        Ok(back)
    }

    /// Those of ours that others displaced on the branch that lost: they are stranded now.
    fn undone(
        &mut self,
        change: &ChainChange,
        connected: &BTreeMap<Txid, BestPoint>,
        store: &dyn OutboxStore,
    ) -> Result<BTreeSet<Txid>, StoreError> {
        let mut undone = BTreeSet::new();
        if change.reverted.is_empty() {
            return Ok(undone);
        }
        for txid in self.own.done_above(change.fork.height) {
            if !connected.contains_key(&txid) && self.own.text_of(&txid, store)?.is_some() {
                self.own.set_done(&txid, None);
                self.own.strand(txid);
                undone.insert(txid);
            }
        }
        Ok(undone)
    }

    /// Tries a transaction again: an `own` one, or one that an own one follows, in the room of others.
    /// Another one that is refused has lost its place.
    fn admit_again(
        &mut self,
        checked: CheckedTransaction,
        own: bool,
        (chain, now): (&Chain, u64),
        moved: &mut Moved,
        touched: &mut BTreeSet<Txid>,
    ) -> Result<(), StoreError> {
        let txid = checked.txid();
        touched.insert(txid);
        let admitted = match own {
            true => self.admit_before_others(checked, (chain, now), touched)?,
            false => self.admit(checked, chain, false, now)?,
        };
        match admitted {
            Ok(admission) => {
                let gone = super::touched_by(&admission);
                gone.iter().for_each(|txid| self.own.strand(*txid));
                touched.extend(gone);
                if own {
                    self.own.unstrand(&txid);
                    moved.offered.push(txid);
                }
            }
            Err(refusal) if own && is_used(&refusal) => self.displace(txid, chain, moved),
            Err(_) => self.own.strand(txid),
        }
        Ok(())
    }

    /// Tries our own of some senders again that the pool did not take, and those that they follow.
    pub(super) fn admit_stranded(
        &mut self,
        of: impl Fn(&PublicKey) -> bool,
        (chain, store, now): (&Chain, &dyn OutboxStore, u64),
        moved: &mut Moved,
        touched: &mut BTreeSet<Txid>,
    ) -> Result<(), StoreError> {
        let mut loaded = self.missing_predecessors(&of, chain)?;
        for txid in self.own.stranded(&of) {
            loaded.extend(self.own.text_of(&txid, store)?);
        }
        loaded.sort_by_key(|checked| checked.transaction().sequence);
        for checked in loaded {
            self.admit_again(checked, true, (chain, now), moved, touched)?;
        }
        Ok(())
    }

    /// Another transaction stands in the place of this one, which may be ours.
    pub(super) fn displace(&mut self, txid: Txid, chain: &Chain, moved: &mut Moved) {
        if self.own.contains(&txid) {
            self.own.set_done(&txid, Some(chain.tip().height));
            moved.displaced.push(txid);
        }
    }

    /// The transactions of the blocks that joined the best chain, each with its block.
    fn connected(
        &self,
        change: &ChainChange,
        chain: &Chain,
    ) -> Result<BTreeMap<Txid, BestPoint>, StoreError> {
        let mut connected = BTreeMap::new();
        for point in &change.connected {
            let stored = chain.block(&point.hash)?;
            let body = stored.as_ref().and_then(|stored| stored.part()).map(|part| &part.body);
            let entries = body.into_iter().flatten();
            connected.extend(entries.map(|entry| (entry.transaction.txid(), *point)));
        }
        Ok(connected)
    }
}
