//! Waiting transactions after the best chain moved: what is mined, what comes back, what is displaced.
//!
//! Owns the order of these. What reverted blocks held comes before what was stranded, in the order of
//! its blocks.

use kusari_chain::accept::Passing;
use kusari_chain::ledger::{BodyEntry, PublicKey, SignedTransaction, Txid};
use kusari_chain::mempool::{CheckedTransaction, PooledTransaction};
use kusari_chain::{BestPoint, BlockHash, Chain, ChainChange, StoreResult, StoredBlock};

use super::passed::{Joining, Passed};
use super::{Basis, Displacement, Moved, Transactions, is_used};
use crate::interface::CommitId;
use crate::local_transactions::Displaced;
use crate::prelude::*;
use crate::store::OutboxStore;

impl Transactions {
    /// A long reorganisation begins to be prepared.
    pub(crate) fn begin_passing(&mut self) {
        self.passed = Passed::new(&self.local);
    }

    /// It passes a block.
    pub(crate) fn pass(
        &mut self,
        passing: Passing,
        stored: &StoredBlock,
        store: &dyn OutboxStore,
    ) -> StoreResult {
        self.passed.pass(passing, stored, &self.local, store)
    }

    /// It has come to its end, or was given up.
    pub(crate) fn end_passing(&mut self) {
        self.passed = Passed::default();
    }

    /// Follows a change of the best chain, which `commit` makes durable.
    pub(crate) fn follow(
        &mut self,
        change: &ChainChange,
        commit: CommitId,
        basis: Basis,
    ) -> StoreResult<Moved> {
        let Basis { chain, store, .. } = basis;
        let mut moved = Moved::default();
        // Nothing waits and nothing comes back: the usual case while a chain is being synced.
        if self.pool.is_empty() && self.local.is_unused() && change.reverted.is_empty() {
            return Ok(moved);
        }
        let connected = self.connected(change, chain)?;
        moved.joined.clone_from(&connected.places);
        let back = self.reverted(change, &connected, basis, &mut moved)?;
        let undone = self.undone(change, &connected, store, &mut moved)?;
        let followed = self.pool.follow(change.accounts().copied());
        let mut touched: BTreeSet<Txid> = BTreeSet::new();
        for settled in followed.settled {
            let txid = settled.txid();
            touched.insert(txid);
            if !connected.points.contains_key(&txid)
                && let SignedTransaction { sender, sequence, .. } = settled.transaction()
                && let Some((by, point)) = connected.places.get(&(*sender, *sequence))
            {
                self.displace(txid, *by, point.height, &mut moved);
            }
        }
        let dropped = followed.dropped.into_iter().map(PooledTransaction::into_checked);
        let dropped = dropped.map(|checked| {
            let own = self.local.contains(&checked.txid());
            (checked, own)
        });
        let again: Vec<_> = back.into_iter().chain(dropped).collect();
        for (checked, own) in again {
            let kept = !own && self.keep_predecessor(&checked);
            self.admit_again(checked, own || kept, basis, &mut moved, &mut touched)?;
        }
        let accounts: BTreeSet<PublicKey> = change.accounts().map(|account| account.key).collect();
        let concerned = |sender: &PublicKey| accounts.contains(sender);
        self.admit_stranded(concerned, basis, &mut moved, &mut touched)?;
        // What was said of them before still holds, or they have returned.
        moved.displaced.retain(|gone| gone.again.is_some() || !undone.contains(&gone.txid));
        moved.returned.extend(undone.iter().filter(|txid| self.local.is_waiting(txid)));
        for (txid, point) in connected.points {
            self.mined(txid, point, &mut moved, &mut touched);
        }
        // What another one displaced at once has not returned.
        let Moved { returned, displaced, .. } = &mut moved;
        returned.retain(|txid| !displaced.iter().any(|gone| gone.txid == *txid));
        self.local.settle(chain.tip().height, commit, &mut moved.outbox);
        self.prune_predecessors();
        for put_off in self.local.put_off_drafts(commit) {
            self.drafts.put_off(put_off);
        }
        self.drafts.try_again();
        moved.pool = self.writes(&touched);
        Ok(moved)
    }

    /// A transaction stands in the best chain. Where it is ours and was signed again since, the later
    /// form is not to be mined as well.
    fn mined(
        &mut self,
        txid: Txid,
        point: BestPoint,
        moved: &mut Moved,
        touched: &mut BTreeSet<Txid>,
    ) {
        let Some((entry, later)) = self.local.set_mined(&txid, point.height, &mut moved.outbox)
        else {
            return;
        };
        self.drafts.remove(entry);
        moved.mined.push((txid, point));
        let gone = later.map(|later| self.pool.withdraw(&later)).unwrap_or_default();
        touched.extend(gone.iter().map(PooledTransaction::txid));
    }

    /// What stood in the blocks that left the best chain and does not stand in those that joined it,
    /// oldest first, and whether it is ours.
    fn reverted(
        &mut self,
        change: &ChainChange,
        connected: &Connected,
        Basis { chain, store, .. }: Basis,
        moved: &mut Moved,
    ) -> StoreResult<Vec<(CheckedTransaction, bool)>> {
        let mut back = Vec::new();
        for point in change.reverted.iter().rev() {
            let passed = self.passed.leaving(&point.hash).map(<[_]>::to_vec);
            let body = match passed {
                Some(passed) => passed,
                None => body_of(chain, &point.hash)?,
            };
            for BodyEntry { transaction, payload } in &body {
                let txid = transaction.txid();
                let own = self.local.revert(&txid, store, &mut moved.outbox)?;
                moved.left.push(txid);
                if let Some(last) = own {
                    moved.stood_in.insert(last, *point);
                }
                if connected.points.contains_key(&txid) {
                    continue;
                }
                if let Some(last) = own {
                    self.local.strand(last);
                    moved.returned.push(last);
                    // What was signed again waits in its last form alone.
                    if last != txid {
                        continue;
                    }
                }
                // Without its payload, which is not in every block, it cannot be offered again: ours
                // is read from the outbox instead.
                let checked = CheckedTransaction::check_unsigned(*transaction, payload.clone());
                back.extend(checked.ok().map(|checked| (checked, own.is_some())));
            }
        }
        Ok(back)
    }

    /// Those of ours that others displaced on the branch that lost: they are stranded now.
    fn undone(
        &mut self,
        change: &ChainChange,
        connected: &Connected,
        store: &dyn OutboxStore,
        moved: &mut Moved,
    ) -> StoreResult<BTreeSet<Txid>> {
        let mut undone = BTreeSet::new();
        if change.reverted.is_empty() {
            return Ok(undone);
        }
        let mut all = self.local.done_above(change.fork.height);
        for txid in &moved.left {
            all.extend(self.local.undo_displaced_by(txid, store, &mut moved.outbox)?);
        }
        for txid in all {
            if !connected.points.contains_key(&txid) {
                self.local.set_waiting(&txid, &mut moved.outbox);
                self.local.strand(txid);
                undone.insert(txid);
            }
        }
        Ok(undone)
    }

    /// Tries a transaction again: an `own` one, or one that an own one follows, in the room of others.
    /// Another one that is refused has lost its place.
    pub(super) fn admit_again(
        &mut self,
        checked: CheckedTransaction,
        own: bool,
        basis: Basis,
        moved: &mut Moved,
        touched: &mut BTreeSet<Txid>,
    ) -> StoreResult {
        let (txid, sender) = (checked.txid(), checked.transaction().sender);
        let sequence = checked.transaction().sequence;
        touched.insert(txid);
        let admitted = match own {
            true => self.admit_before_others(checked, basis.chain, basis.now, touched)?,
            false => self.admit(checked, basis.chain, false, basis.now)?,
        };
        match admitted {
            Ok(admission) => {
                let gone = super::touched_by(&admission);
                gone.iter().for_each(|txid| self.local.strand(*txid));
                touched.extend(gone);
                if own {
                    self.local.unstrand(&txid);
                    moved.offered.push(txid);
                }
            }
            Err(refusal) if own && is_used(&refusal) && self.local.contains(&txid) => {
                match self.holder((sender, sequence), basis, moved)? {
                    // It was mined while nobody looked.
                    Some((by, height)) if self.local.are_forms_of_one(&by, &txid) => {
                        self.local.set_mined(&by, height, &mut moved.outbox);
                    }
                    Some((by, height)) => self.displace(txid, by, height, moved),
                    None => self.local.strand(txid),
                }
            }
            Err(_) => self.local.strand(txid),
        }
        Ok(())
    }

    /// The transaction of the best chain that has this sequence, and its height: it joined just now, or
    /// is in the store. What the store still takes for the best chain may have left it.
    fn holder(
        &self,
        place: (PublicKey, u64),
        Basis { chain, store, .. }: Basis,
        moved: &Moved,
    ) -> StoreResult<Option<(Txid, u32)>> {
        if let Some((by, point)) = moved.joined.get(&place) {
            return Ok(Some((*by, point.height)));
        }
        let Some(by) = store.transaction_at(&place.0, place.1)? else { return Ok(None) };
        let Some(height) = store.mined_at(&by)? else { return Ok(None) };
        let Some(point) = chain.best_at(height)? else { return Ok(None) };
        let stored = chain.block(&point.hash)?;
        let body = stored.as_ref().and_then(|stored| stored.part()).map(|part| &part.body);
        let stands = body.is_some_and(|body| body.iter().any(|one| one.transaction.txid() == by));
        Ok(stands.then_some((by, height)))
    }

    /// Tries our own of some senders again that the pool did not take, and those that they follow.
    pub(super) fn admit_stranded(
        &mut self,
        of: impl Fn(&PublicKey) -> bool,
        basis: Basis,
        moved: &mut Moved,
        touched: &mut BTreeSet<Txid>,
    ) -> StoreResult {
        let mut loaded = self.missing_predecessors(&of, basis.chain)?;
        for txid in self.local.stranded(&of) {
            loaded.extend(self.local.text_of(&txid, basis.store)?);
        }
        loaded.sort_by_key(|checked| checked.transaction().sequence);
        for checked in loaded {
            self.admit_again(checked, true, basis, moved, touched)?;
        }
        Ok(())
    }

    /// Another transaction has the sequence of one of ours, since that height.
    pub(super) fn displace(&mut self, txid: Txid, by: Txid, height: u32, moved: &mut Moved) {
        let again = match self.local.displace(&txid, by, height, &mut moved.outbox) {
            None => return,
            Some(Displaced::ForGood) => None,
            Some(Displaced::Again(entry, draft)) => {
                self.drafts.insert(entry, draft);
                Some(entry)
            }
        };
        moved.displaced.push(Displacement { txid, by, again });
    }

    /// The transactions of the blocks that joined the best chain, each with its block.
    fn connected(&self, change: &ChainChange, chain: &Chain) -> StoreResult<Connected> {
        let mut connected = Connected::default();
        for point in &change.connected {
            let mut join = |&(txid, sender, sequence): &Joining| {
                connected.points.insert(txid, *point);
                connected.places.insert((sender, sequence), (txid, *point));
            };
            if let Some(passed) = self.passed.joining(&point.hash, &self.local) {
                passed.iter().for_each(join);
                continue;
            }
            for BodyEntry { transaction, .. } in &body_of(chain, &point.hash)? {
                join(&(transaction.txid(), transaction.sender, transaction.sequence));
            }
        }
        Ok(connected)
    }
}

/// The body of a block; nothing where it has none or is not there.
fn body_of(chain: &Chain, hash: &BlockHash) -> StoreResult<Vec<BodyEntry>> {
    let stored = chain.block(hash)?;
    let part = stored.as_ref().and_then(|stored| stored.part());
    Ok(part.map(|part| part.body.clone()).unwrap_or_default())
}

/// What joined the best chain.
#[derive(Default)]
struct Connected {
    points: BTreeMap<Txid, BestPoint>,
    /// The same by sender and sequence.
    places: BTreeMap<(PublicKey, u64), (Txid, BestPoint)>,
}
