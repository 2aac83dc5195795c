//! Transactions that wait to be mined on a ledger: the pool, those of this node's own people in it,
//! and which of them each peer is still to be sent.
//!
//! Owns what happens to them when one comes and when the best chain moves, with what must be written
//! for it. One of our own that the pool does not take as the chain stands now is *stranded*: it is
//! tried again when its sender's account changes, and now and then, and with it those of others that
//! it follows. Knows nothing of connections, and does not mine.

mod drafts;
mod follow;
mod listeners;
mod passed;
mod precede;

use kusari_chain::ledger::{ChainSpec, PublicKey, Txid};
use kusari_chain::mempool::{
    Admission, CheckedTransaction, Mempool, PoolLimits, PoolRefusal, PooledTransaction,
};
use kusari_chain::rules::TransactionViolation;
use kusari_chain::{BestPoint, Chain, StoreResult};

pub(crate) use self::drafts::Signed;
pub(crate) use self::listeners::Listeners;
use self::passed::Passed;
use crate::backlog::OutboxLimits;
use crate::drafts::{Company, Drafts};
use crate::interface::{CommitId, PeerId};
use crate::limits::{EXPIRE_INTERVAL, LOOKS_UNTIL_TOLD_AGAIN};
use crate::local_transactions::LocalTransactions;
use crate::predecessors::Predecessors;
use crate::prelude::*;
use crate::store::{EntryId, OutboxStore, OutboxWrite, PoolRecord, PoolWrite};

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Transactions {
    pool: Mempool,
    local: LocalTransactions,
    pub(crate) drafts: Drafts,
    predecessors: Predecessors,
    /// What the blocks hold that a long reorganisation passes.
    #[serde(default)]
    passed: Passed,
    pub(crate) listeners: Listeners,
    /// Our own that no peer hears of yet, each with the commit that makes it durable, oldest first.
    unannounced: VecDeque<(CommitId, Txid)>,
    /// Counts admissions, so that a miner sees that there is more to mine.
    admitted: u64,
    /// Counts the looks through the pool.
    looks: u64,
    /// When the next one is due.
    expire_at: Duration,
}

/// What a transaction is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Basis<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) store: &'a dyn OutboxStore,
    /// Unix time in seconds.
    pub(crate) now: u64,
}

/// What a change of the best chain did to transactions of ours, and what must be written.
#[derive(Default)]
pub(crate) struct Moved {
    pub(crate) outbox: Vec<OutboxWrite>,
    pub(crate) pool: Vec<PoolWrite>,
    /// They stand in the best chain, in this block.
    pub(crate) mined: Vec<(Txid, BestPoint)>,
    /// Those of ours that left the best chain with this block, whatever became of them then.
    pub(crate) stood_in: BTreeMap<Txid, BestPoint>,
    /// They left it with their blocks, or those that displaced them did, and they wait again.
    pub(crate) returned: Vec<Txid>,
    /// Others took their places.
    pub(crate) displaced: Vec<Displacement>,
    /// All that stood in blocks that left the best chain, whosever it is.
    pub(crate) left: Vec<Txid>,
    /// What joined the best chain, by sender and sequence.
    pub(crate) joined: BTreeMap<(PublicKey, u64), (Txid, BestPoint)>,
    /// They wait in the pool again, which others may not know.
    pub(crate) offered: Vec<Txid>,
}

/// A transaction of ours whose sequence another one has.
pub(crate) struct Displacement {
    pub(crate) txid: Txid,
    /// The other one.
    pub(crate) by: Txid,
    /// Its entry, where it is signed again.
    pub(crate) again: Option<EntryId>,
}

/// What became of a transaction of somebody else.
pub(crate) struct Offered {
    /// It was here before.
    pub(crate) known: bool,
    /// Others lost their places to it.
    pub(crate) displaced: Vec<Txid>,
    /// What must be written.
    pub(crate) writes: Vec<PoolWrite>,
}

impl Transactions {
    /// Returns what must be written beside it.
    pub(crate) fn open(
        limits: PoolLimits,
        outbox: OutboxLimits,
        company: Company,
        store: &dyn OutboxStore,
        chain: &Chain,
    ) -> StoreResult<(Self, Moved)> {
        let mut moved = Moved::default();
        let (local, signed) = LocalTransactions::open(store, outbox, &mut moved.outbox)?;
        let mut opened = Self {
            pool: Mempool::new(limits),
            local,
            drafts: Drafts::new(company),
            ..Self::default()
        };
        // What others sent may follow on ours.
        opened.open_own(signed, Basis { chain, store, now: 0 }, &mut moved)?;
        let mut records = Vec::new();
        store.visit_pool(&mut |record| records.push(record))?;
        records.sort_by_key(|record| record.transaction.sequence);
        for PoolRecord { transaction, payload, since } in records {
            let txid = transaction.txid();
            let checked = CheckedTransaction::check_unsigned(transaction, payload);
            // What no longer fits was mined meanwhile, or lost its place while nobody looked.
            let admitted = match checked {
                Ok(checked) => opened.admit(checked, chain, false, since)?.is_ok(),
                Err(_) => false,
            };
            if admitted {
                // Where our own had no room left, it waits as those of others do.
                opened.local.unstrand(&txid);
            } else {
                moved.pool.push(PoolWrite::Remove { txid });
            }
        }
        Ok((opened, moved))
    }

    pub(crate) fn pool(&self) -> &Mempool {
        &self.pool
    }

    pub(crate) fn has_pooled(&self, txid: &Txid) -> bool {
        self.pool.get(txid).is_some()
    }

    /// A transaction that is in the pool or was submitted to this node, and whether it waits.
    pub(crate) fn known(
        &self,
        txid: &Txid,
        store: &dyn OutboxStore,
    ) -> StoreResult<(Option<CheckedTransaction>, bool)> {
        match self.pool.get(txid) {
            Some(pooled) => Ok((Some(pooled.clone().into_checked()), true)),
            None if self.local.is_unused() => Ok((None, false)),
            None => Ok((self.local.text_of(txid, store)?, self.local.is_waiting(txid))),
        }
    }

    pub(crate) fn local(&self) -> &LocalTransactions {
        &self.local
    }

    pub(crate) fn admitted(&self) -> u64 {
        self.admitted
    }

    pub(crate) fn committed(&mut self, through: CommitId) {
        self.local.committed(through);
        self.listeners.committed(through);
        while let Some((_, txid)) = self.unannounced.pop_front_if(|(commit, _)| *commit <= through)
        {
            self.listeners.pass_on(txid, None);
        }
    }

    /// Every listener but the sender is to be sent the transaction, once it is durable where it is
    /// our own: what a crash could make this node forget is known to nobody else.
    pub(crate) fn pass_on(&mut self, txid: Txid, sender: Option<PeerId>) {
        if self.unannounced.iter().all(|(_, unannounced)| *unannounced != txid) {
            self.listeners.pass_on(txid, sender);
        }
    }

    /// The payload of a transaction is erased: what must be written so that the outbox forgets it.
    pub(crate) fn erase(
        &mut self,
        txid: &Txid,
        store: &dyn OutboxStore,
    ) -> StoreResult<Vec<OutboxWrite>> {
        // A copy that waits in the pool is still to be mined.
        if !self.pool.contains(txid) {
            self.predecessors.erase(txid);
        }
        self.local.erase(txid, store)
    }

    /// Whether this could be the state of a node of this chain: it may come from a stranger's file.
    pub(crate) fn is_sound(&self, spec: &ChainSpec) -> bool {
        self.listeners.is_within_bounds()
            && self.unannounced.iter().is_sorted_by_key(|(commit, _)| commit)
            && self.local.is_sound()
            && self.predecessors.is_sound(&spec.chain_id())
            && self.drafts.is_sound()
            && self.pool.check(spec).is_ok()
    }

    fn admit(
        &mut self,
        checked: CheckedTransaction,
        chain: &Chain,
        own: bool,
        now: u64,
    ) -> StoreResult<Result<Admission, PoolRefusal>> {
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
    ) -> StoreResult<Result<Offered, PoolRefusal>> {
        let precedes = self.precedes_own(&checked) && self.predecessors.has_room(&checked);
        let mut touched = BTreeSet::from([checked.txid()]);
        let admitted = if precedes {
            let admitted = self.admit_before_others(checked.clone(), chain, now, &mut touched)?;
            if admitted.is_ok() {
                self.predecessors.keep(&checked);
            }
            admitted
        } else {
            self.admit(checked, chain, false, now)?
        };
        Ok(admitted.map(|admission| {
            // It may yet come to nothing: ours stays until another one is mined in its place.
            let gone = touched_by(&admission);
            gone.iter().for_each(|txid| self.local.strand(*txid));
            touched.extend(gone);
            let writes = if admission.known { Vec::new() } else { self.writes(&touched) };
            let displaced = admission.evicted.into_iter().chain(admission.replaced).collect();
            Offered { known: admission.known, displaced, writes }
        }))
    }

    /// A transaction that is submitted to this node, which `commit` makes durable.
    pub(crate) fn submit(
        &mut self,
        checked: CheckedTransaction,
        commit: CommitId,
        chain: &Chain,
        now: u64,
    ) -> StoreResult<Result<(bool, Moved), PoolRefusal>> {
        if self.local.contains(&checked.txid()) {
            return Ok(Ok((true, Moved::default())));
        }
        self.admit_new(&checked, commit, chain, now, |own| own.insert(&checked).into())
    }

    /// Lets the pool have one of our own that is new, and which this commit makes durable. `insert`
    /// enters it into the outbox.
    fn admit_new(
        &mut self,
        checked: &CheckedTransaction,
        commit: CommitId,
        chain: &Chain,
        now: u64,
        insert: impl FnOnce(&mut LocalTransactions) -> Vec<OutboxWrite>,
    ) -> StoreResult<Result<(bool, Moved), PoolRefusal>> {
        let (txid, sender) = (checked.txid(), checked.transaction().sender);
        let admission = match self.admit(checked.clone(), chain, true, now)? {
            Ok(admission) => admission,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut moved = Moved { outbox: insert(&mut self.local), ..Moved::default() };
        // One that a peer sent before is no secret.
        if !admission.known {
            self.unannounced.push_back((commit, txid));
        }
        let mut touched = touched_by(&admission);
        touched.iter().for_each(|gone| self.local.strand(*gone));
        touched.insert(txid);
        touched.extend(self.keep_pooled_predecessors(&sender, chain, now)?);
        if let Some(replaced) = admission.replaced {
            self.displace(replaced, txid, chain.tip().height, &mut moved);
        }
        moved.pool = self.writes(&touched);
        Ok(Ok((admission.known, moved)))
    }

    /// What the store is told of transactions that came, went or changed hands.
    fn writes(&self, touched: &BTreeSet<Txid>) -> Vec<PoolWrite> {
        let write = |txid: &Txid| match self.pool.get(txid).filter(|pooled| !pooled.is_own()) {
            Some(pooled) => PoolWrite::Insert { txid: *txid, record: record_of(pooled) },
            None => PoolWrite::Remove { txid: *txid },
        };
        touched.iter().map(write).collect()
    }

    /// Where it is time, forgets what others sent and what has waited too long, and tries again what is stranded. Now and
    /// then it has peers told again of what people of this node wait for: they may have forgotten it.
    pub(crate) fn expire(
        &mut self,
        basis: Basis,
        monotonic: Duration,
    ) -> StoreResult<Option<Moved>> {
        if monotonic < self.expire_at {
            return Ok(None);
        }
        self.expire_at = monotonic + EXPIRE_INTERVAL;
        let mut moved = Moved::default();
        let mut touched: BTreeSet<Txid> = self.pool.expire(basis.now).into_iter().collect();
        touched.iter().for_each(|gone| self.local.strand(*gone));
        self.admit_stranded(|_| true, basis, &mut moved, &mut touched)?;
        self.prune_predecessors();
        moved.pool = self.writes(&touched);
        self.looks += 1;
        if self.looks.is_multiple_of(LOOKS_UNTIL_TOLD_AGAIN) {
            self.tell_again();
        }
        self.drafts.try_again();
        Ok(Some(moved))
    }

    fn tell_again(&mut self) {
        // By sender and sequence: one whose sequence is not the next would be refused.
        let is_own =
            |pooled: &&PooledTransaction| pooled.is_own() || self.local.contains(&pooled.txid());
        let own = self.pool.iter().filter(is_own);
        let own: Vec<Txid> = own.map(PooledTransaction::txid).collect();
        own.into_iter().for_each(|txid| self.pass_on(txid, None));
    }

    /// When [`Transactions::expire`] has something next.
    pub(crate) fn expires_at(&self) -> Option<Duration> {
        let is_idle = self.pool.is_empty() && !self.local.has_stranded();
        (!is_idle).then_some(self.expire_at)
    }

    /// What to send now, to whom.
    pub(crate) fn due(&mut self, now: Duration) -> Vec<(PeerId, CheckedTransaction)> {
        self.listeners.due(&self.pool, now)
    }

    /// When [`Transactions::due`] has something next.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.listeners.deadline(&self.pool)
    }

    /// The peer asks for all that waits.
    pub(crate) fn wants_all(&mut self, peer: PeerId, spec: &ChainSpec, now: Duration) {
        let unannounced: BTreeSet<Txid> = self.unannounced.iter().map(|(_, txid)| *txid).collect();
        let (pool, bytes) = (&self.pool, u64::from(spec.max_body_bytes));
        self.listeners.wants_all(peer, pool, &unannounced, bytes, now);
    }
}

/// Whether another transaction is confirmed with this sender and sequence.
fn is_used(refusal: &PoolRefusal) -> bool {
    matches!(refusal, PoolRefusal::Transaction(TransactionViolation::SequenceUsed { .. }))
}

fn record_of(pooled: &PooledTransaction) -> PoolRecord {
    PoolRecord {
        transaction: *pooled.transaction(),
        payload: pooled.payload().cloned(),
        since: pooled.since(),
    }
}

fn touched_by(admission: &Admission) -> BTreeSet<Txid> {
    admission.evicted.iter().chain(&admission.replaced).copied().collect()
}
