//! Transactions that wait to be mined on a ledger: the pool, those of this node's own people in it,
//! and which of them each peer is still to be sent.
//!
//! Owns what happens to them when one comes and when the best chain moves, with what must be written
//! for it. Knows nothing of connections, and does not mine.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use kusari_chain::ledger::{BodyEntry, ChainSpec, Txid};
use kusari_chain::mempool::{
    Admission, CheckedTransaction, Mempool, PoolLimits, PoolRefusal, PooledTransaction,
};
use kusari_chain::{Chain, ChainChange, StoreError};
use serde::{Deserialize, Serialize};

use crate::allowance::Allowance;
use crate::limits::{
    MAX_PENDING_TRANSACTIONS, MEMPOOL_INTERVAL, TRANSACTION_BURST, TRANSACTION_REFILL,
};
use crate::own::Own;
use crate::seam::{CommitId, PeerId};
use crate::store::{OutboxStore, OutboxWrite, PoolRecord, PoolWrite};

/// What a peer is still to be sent.
#[derive(Serialize, Deserialize)]
struct Listener {
    /// Oldest first; at most [`MAX_PENDING_TRANSACTIONS`].
    pending: VecDeque<Txid>,
    allowance: Allowance,
    /// Whether it is sent what comes, beside what it asked for.
    follows: bool,
    /// When it asked for all that waits.
    asked_at: Option<Duration>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Transactions {
    pool: Mempool,
    own: Own,
    listeners: BTreeMap<PeerId, Listener>,
    /// Counts admissions, so that a miner sees that there is more to mine.
    admitted: u64,
}

/// What a change of the best chain did to transactions of ours, and what must be written.
#[derive(Default)]
pub(crate) struct Moved {
    pub(crate) outbox: Vec<OutboxWrite>,
    pub(crate) pool: Vec<PoolWrite>,
    /// They stand in the best chain, at this height.
    pub(crate) mined: Vec<(Txid, u32)>,
    /// They left it with their blocks and wait again.
    pub(crate) returned: Vec<Txid>,
    /// Others took their places.
    pub(crate) displaced: Vec<Txid>,
}

impl Transactions {
    pub(crate) fn open(
        limits: PoolLimits,
        capacity: usize,
        store: &dyn OutboxStore,
        chain: &Chain,
    ) -> Result<(Self, Vec<PoolWrite>), StoreError> {
        let (own, waiting) = Own::open(store, capacity)?;
        let mut opened =
            Self { pool: Mempool::new(limits), own, listeners: BTreeMap::new(), admitted: 0 };
        let mut records = Vec::new();
        store.visit_pool(&mut |record| records.push(record))?;
        let others =
            records.into_iter().filter_map(|PoolRecord { transaction, payload, since }| {
                let checked = CheckedTransaction::check_unsigned(transaction, payload).ok()?;
                Some((checked, since))
            });
        let mut loaded: Vec<_> = waiting.into_iter().map(|own| (own, 0, true)).collect();
        loaded.extend(others.map(|(checked, since)| (checked, since, false)));
        loaded.sort_by_key(|(checked, _, own)| (!own, checked.transaction().sequence));
        let mut stale = Vec::new();
        for (checked, since, own) in loaded {
            let txid = checked.txid();
            // What no longer fits was mined meanwhile, or lost its place while nobody looked.
            if opened.admit(checked, chain, own, since)?.is_err() && !own {
                stale.push(PoolWrite::Remove { txid });
            }
        }
        Ok((opened, stale))
    }

    pub(crate) fn pool(&self) -> &Mempool {
        &self.pool
    }

    pub(crate) fn own(&self) -> &Own {
        &self.own
    }

    pub(crate) fn admitted(&self) -> u64 {
        self.admitted
    }

    pub(crate) fn committed(&mut self, through: CommitId) {
        self.own.committed(through);
    }

    fn admit(
        &mut self,
        checked: CheckedTransaction,
        chain: &Chain,
        own: bool,
        now: u64,
    ) -> Result<Result<Admission, PoolRefusal>, StoreError> {
        let Some(spec) = chain.spec() else { return Ok(Ok(Admission::default())) };
        let account = chain.account(&checked.transaction().sender)?;
        let admitted = self.pool.admit(checked, &account, spec, own, now);
        self.admitted += u64::from(admitted.is_ok());
        Ok(admitted)
    }

    /// A transaction of somebody else.
    pub(crate) fn offer(
        &mut self,
        checked: CheckedTransaction,
        chain: &Chain,
        now: u64,
    ) -> Result<Result<(bool, Vec<PoolWrite>), PoolRefusal>, StoreError> {
        let txid = checked.txid();
        Ok(self.admit(checked, chain, false, now)?.map(|admission| {
            let mut touched = touched(&admission);
            touched.insert(txid);
            let writes = if admission.known { Vec::new() } else { self.writes(&touched) };
            (admission.known, writes)
        }))
    }

    /// A transaction that is entrusted to this node.
    pub(crate) fn submit(
        &mut self,
        checked: CheckedTransaction,
        chain: &Chain,
        now: u64,
    ) -> Result<Result<(bool, Moved), PoolRefusal>, StoreError> {
        let txid = checked.txid();
        if self.own.contains(&txid) {
            return Ok(Ok((true, Moved::default())));
        }
        let admitted = self.admit(checked.clone(), chain, true, now)?;
        Ok(admitted.map(|admission| {
            let mut moved = Moved::default();
            moved.outbox.extend(self.own.insert(&checked));
            let mut touched = touched(&admission);
            touched.insert(txid);
            if let Some(replaced) = admission.replaced.filter(|txid| self.own.contains(txid)) {
                self.own.set_done(&replaced, Some(chain.tip().height));
                moved.displaced.push(replaced);
            }
            moved.pool = self.writes(&touched);
            (admission.known, moved)
        }))
    }

    /// What the store is told of transactions that came, went or changed hands.
    fn writes(&self, touched: &BTreeSet<Txid>) -> Vec<PoolWrite> {
        let write = |txid: &Txid| match self.pool.get(txid).filter(|pooled| !pooled.is_own()) {
            Some(pooled) => PoolWrite::Insert { txid: *txid, record: record_of(pooled) },
            None => PoolWrite::Remove { txid: *txid },
        };
        touched.iter().map(write).collect()
    }

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
        let mut back: Vec<(CheckedTransaction, bool)> = Vec::new();
        for point in change.reverted.iter().rev() {
            let stored = chain.block(&point.hash)?;
            let body = stored.as_ref().and_then(|stored| stored.part()).map(|part| &part.body);
            for BodyEntry { transaction, payload } in body.into_iter().flatten() {
                let txid = transaction.txid();
                let own = self.own.revert(&txid, store, &mut moved.outbox)?;
                if connected.contains_key(&txid) {
                    continue;
                }
                if own {
                    moved.returned.push(txid);
                }
                // Without its payload, which was erased, it cannot be offered again.
                let checked = CheckedTransaction::check_unsigned(*transaction, payload.clone());
                back.extend(checked.ok().map(|checked| (checked, own)));
            }
        }
        let followed = self.pool.follow(change.accounts().copied());
        let mut touched: BTreeSet<Txid> = BTreeSet::new();
        for settled in followed.settled {
            let txid = settled.txid();
            touched.insert(txid);
            if settled.is_own() && !connected.contains_key(&txid) {
                self.own.set_done(&txid, Some(chain.tip().height));
                moved.displaced.push(txid);
            }
        }
        back.extend(followed.dropped.into_iter().map(|dropped| (dropped.into_checked(), false)));
        for (checked, own) in back {
            touched.insert(checked.txid());
            // What is refused now lost its place on the new branch.
            if let Ok(admission) = self.admit(checked, chain, own, now)? {
                touched.extend(self::touched(&admission));
            }
        }
        for (txid, height) in connected {
            if self.own.contains(&txid) {
                self.own.set_done(&txid, Some(height));
                moved.mined.push((txid, height));
            }
        }
        self.own.settle(chain.tip().height, commit, &mut moved.outbox);
        moved.pool = self.writes(&touched);
        Ok(moved)
    }

    /// The transactions of the blocks that joined the best chain, each with its height.
    fn connected(
        &self,
        change: &ChainChange,
        chain: &Chain,
    ) -> Result<BTreeMap<Txid, u32>, StoreError> {
        let mut connected = BTreeMap::new();
        for point in &change.connected {
            let stored = chain.block(&point.hash)?;
            let body = stored.as_ref().and_then(|stored| stored.part()).map(|part| &part.body);
            let entries = body.into_iter().flatten();
            connected.extend(entries.map(|entry| (entry.transaction.txid(), point.height)));
        }
        Ok(connected)
    }

    /// Forgets what others sent and what has waited too long.
    pub(crate) fn expire(&mut self, now: u64) -> Vec<PoolWrite> {
        let gone = self.pool.expire(now).into_iter();
        gone.map(|txid| PoolWrite::Remove { txid }).collect()
    }

    /// From now on the peer is sent what comes.
    pub(crate) fn add_listener(&mut self, peer: PeerId, now: Duration) {
        self.listener(peer, now).follows = true;
    }

    fn listener(&mut self, peer: PeerId, now: Duration) -> &mut Listener {
        self.listeners.entry(peer).or_insert_with(|| Listener {
            pending: VecDeque::new(),
            allowance: Allowance::new(TRANSACTION_BURST, TRANSACTION_REFILL, now),
            follows: false,
            asked_at: None,
        })
    }

    /// Whether the peer is still to be sent something that it asked for.
    pub(crate) fn is_busy(&self, peer: PeerId) -> bool {
        self.listeners.get(&peer).is_some_and(|listener| !listener.pending.is_empty())
    }

    pub(crate) fn remove_listener(&mut self, peer: PeerId) {
        self.listeners.remove(&peer);
    }

    /// Every listener but the sender is to be sent the transaction.
    pub(crate) fn pass_on(&mut self, txid: Txid, sender: Option<PeerId>) {
        for (peer, listener) in &mut self.listeners {
            if listener.follows && Some(*peer) != sender {
                listener.want(txid);
            }
        }
    }

    /// The peer asks for all that waits: it is sent the best of it, at its pace.
    pub(crate) fn wants_all(&mut self, peer: PeerId, spec: &ChainSpec, now: Duration) {
        let listener = self.listener(peer, now);
        // Looking through the pool costs more than asking.
        if listener.asked_at.is_some_and(|asked| now < asked + MEMPOOL_INTERVAL) {
            return;
        }
        listener.asked_at = Some(now);
        let best = self.pool.select(u64::from(spec.max_body_bytes));
        let best: Vec<Txid> = best.into_iter().map(PooledTransaction::txid).collect();
        let listener = self.listener(peer, now);
        best.into_iter().for_each(|txid| listener.want(txid));
    }

    /// What to send now, to whom.
    pub(crate) fn due(&mut self, now: Duration) -> Vec<(PeerId, CheckedTransaction)> {
        let mut due = Vec::new();
        for (peer, listener) in &mut self.listeners {
            while !listener.pending.is_empty() && listener.allowance.take(1, now) {
                let Some(txid) = listener.pending.pop_front() else { break };
                // One that was mined or replaced meanwhile takes no line.
                let pooled = self.pool.get(&txid);
                due.extend(pooled.map(|pooled| (*peer, pooled.clone().into_checked())));
            }
        }
        due
    }

    /// When [`Transactions::due`] has something next.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let waiting = self.listeners.values().filter(|listener| !listener.pending.is_empty());
        waiting.filter_map(|listener| listener.allowance.deadline()).min()
    }
}

impl Listener {
    fn want(&mut self, txid: Txid) {
        // A peer that is this far behind learns the rest from blocks.
        if self.pending.len() < MAX_PENDING_TRANSACTIONS {
            self.pending.push_back(txid);
        }
    }
}

fn record_of(pooled: &PooledTransaction) -> PoolRecord {
    PoolRecord {
        transaction: *pooled.transaction(),
        payload: pooled.payload().cloned(),
        since: pooled.since(),
    }
}

fn touched(admission: &Admission) -> BTreeSet<Txid> {
    admission.evicted.iter().chain(&admission.replaced).copied().collect()
}
