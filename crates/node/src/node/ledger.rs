//! What a node does on a ledger beyond blocks: transactions, accounts, erasures.
//!
//! Owns how they are answered and passed on; the pool itself is up to [`crate::transactions`].

use kusari_chain::ledger::{BodyEntry, PublicKey, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{ChainChange, StoreResult};

use super::Node;
use crate::config::MiningPolicy;
use crate::event::Event;
use crate::interface::{
    AccountState, Action, KnownTransaction, NoLedger, PeerId, PoolPage, Reply, RequestId,
    SubmitRefusal, WaitingTransaction, WrittenTransaction,
};
use crate::limits::{MAX_MINE_ON_SECONDS, MAX_POOL_PAGE_BYTES};
use crate::prelude::*;
use crate::snapshot::LedgerSummary;
use crate::store::Erasure;
use crate::transactions::{Basis, Displacement, Moved, Offered};
use crate::wire::{Dialect, Message, WireError};
use crate::witnesses::Witnesses;

impl Node {
    /// How lines of peers are to be read, for whoever reads them.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.chain.chain_id().map_or(Dialect::Classic, Dialect::Ledger)
    }

    pub(super) fn transaction_received(
        &mut self,
        peer: PeerId,
        checked: CheckedTransaction,
    ) -> StoreResult {
        let (txid, chain) = (checked.txid(), &self.chain);
        let Some(transactions) = &mut self.transactions else {
            return self.refuse_verb(peer, "TX");
        };
        if self.storage.is_full() {
            let why = SubmitRefusal::StoreFull.to_string();
            self.tell_submitter(peer, "store-full", &why);
            return Ok(());
        }
        match transactions.offer(checked, chain, self.wall)? {
            Ok(Offered { known, displaced, writes }) => {
                transactions.listeners.has(peer, &txid);
                if !known {
                    transactions.pass_on(txid, Some(peer));
                }
                self.batch.pool.extend(writes);
                self.batch.predecessors.extend(transactions.take_predecessor_writes());
                if !known {
                    self.peers.note(peer, |peer| peer.transaction_at = Some(self.now));
                    let pooled = self.note_pooled(txid, Some(peer), displaced);
                    self.actions.push(pooled);
                }
                let message = Message::Accepted { txid };
                if self.once_durable(Action::Send { peer, message }) {
                    let commit = self.commit_in_progress();
                    if let Some(transactions) = &mut self.transactions {
                        transactions.listeners.accepts_with(peer, commit);
                    }
                }
            }
            Err(refusal) => {
                self.note_transaction_refused(txid, Some(peer), &refusal);
                self.tell_submitter(peer, refusal.code(), &refusal.to_string());
            }
        }
        Ok(())
    }

    /// Says why a transaction is not taken. What a peer passes on may have been mined, replaced or
    /// crowded out here a moment ago: it is told nothing. A person or a program is.
    fn tell_submitter(&mut self, peer: PeerId, code: &str, why: &str) {
        let introduced = self.peers.get(peer).is_some_and(|peer| peer.is_introduced());
        if !introduced && self.understands_errors(peer) {
            self.send_error(peer, code, why);
        }
    }

    /// A verb that this kind of chain does not have.
    pub(super) fn refuse_verb(&mut self, peer: PeerId, verb: &str) -> StoreResult {
        self.refuse(peer, &WireError::UnknownVerb(verb.to_string()).into());
        Ok(())
    }

    pub(super) fn get_mempool(&mut self, peer: PeerId) -> StoreResult {
        let (Some(transactions), Some(spec)) = (&mut self.transactions, self.chain.spec()) else {
            return self.refuse_verb(peer, "GET_MEMPOOL");
        };
        transactions.wants_all(peer, spec, self.now);
        Ok(())
    }

    /// A peer introduced itself: from now on it is told of transactions, and asked for those it has.
    pub(super) fn follow_transactions(&mut self, peer: PeerId) {
        if let Some(transactions) = &mut self.transactions {
            transactions.listeners.add(peer, self.now);
            self.send(peer, Message::GetMempool);
        }
    }

    pub(super) fn submit(
        &mut self,
        request: RequestId,
        written: WrittenTransaction,
    ) -> StoreResult {
        let commit = self.commit_in_progress();
        let Some(transactions) = &mut self.transactions else {
            self.reply(request, Reply::Submitted(Err(SubmitRefusal::NoLedger)));
            return Ok(());
        };
        let checked = written.0;
        let txid = checked.txid();
        let waiting = transactions.local().waiting();
        let bound = match self.storage.is_full() {
            true => Some(SubmitRefusal::StoreFull),
            false if transactions.local().has_room_for(&checked) => None,
            false => Some(SubmitRefusal::OutboxFull { waiting }),
        };
        if let Some(refusal) = bound {
            self.reply(request, Reply::Submitted(Err(refusal)));
            return Ok(());
        }
        match transactions.submit(checked, commit, &self.chain, self.wall)? {
            Ok((known, moved)) => {
                transactions.pass_on(txid, None);
                self.note_moved(moved);
                self.once_durable(Action::Reply(request, Reply::Submitted(Ok(txid))));
                if !known {
                    let pooled = self.note_pooled(txid, None, Vec::new());
                    self.once_durable(pooled);
                }
            }
            Err(refusal) => {
                self.note_transaction_refused(txid, None, &refusal);
                self.reply(request, Reply::Submitted(Err(refusal.into())));
            }
        }
        Ok(())
    }

    pub(super) fn account(&self, key: &PublicKey) -> StoreResult<Result<AccountState, NoLedger>> {
        let Some(transactions) = &self.transactions else { return Ok(Err(NoLedger)) };
        let account = self.chain.account(key)?;
        let next = transactions.pool().next_sequence(&account);
        let next_sequence = transactions.local().free_sequence(key, next);
        Ok(Ok(AccountState { account, next_sequence }))
    }

    /// What waits is told at once. What does not may stand in a block that is not durable yet:
    /// whoever looks for it in the store next is answered once it is.
    pub(super) fn get_transaction(&mut self, request: RequestId, txid: &Txid) -> StoreResult {
        let Some(transactions) = &self.transactions else {
            self.reply(request, Reply::Transaction(Err(NoLedger)));
            return Ok(());
        };
        let (known, waits) = transactions.known(txid, self.outbox_store.as_ref())?;
        let entry = known.map(|checked| {
            let (transaction, payload) = (*checked.transaction(), checked.payload().cloned());
            Box::new(BodyEntry { transaction, payload })
        });
        let known = KnownTransaction { entry, waits };
        let answer = Action::Reply(request, Reply::Transaction(Ok(known)));
        match waits {
            true => self.actions.push(answer),
            false => drop(self.once_durable(answer)),
        }
        Ok(())
    }

    /// A look at the pool costs the node no more than some microseconds: a page ends where its payloads
    /// become long.
    pub(super) fn pool_page(
        &self,
        after: Option<(PublicKey, u64)>,
        limit: usize,
    ) -> Result<PoolPage, NoLedger> {
        let transactions = self.transactions.as_ref().ok_or(NoLedger)?;
        let mut waiting = transactions.pool().after(after);
        let (mut page, mut bytes) = (Vec::new(), 0);
        while page.len() < limit
            && bytes < MAX_POOL_PAGE_BYTES
            && let Some(pooled) = waiting.next()
        {
            bytes += pooled.pooled_bytes();
            let (transaction, payload) = (*pooled.transaction(), pooled.payload().cloned());
            page.push(WaitingTransaction {
                entry: BodyEntry { transaction, payload },
                since: pooled.since(),
                own: transactions.local().contains(&pooled.txid()),
            });
        }
        Ok(PoolPage { page, more: waiting.next().is_some() })
    }

    /// Returns whether it does: not where it was started so that it mines nothing.
    pub(super) fn mine_on(&mut self, seconds: u32) -> Result<bool, NoLedger> {
        let ledger = self.config.ledger.as_ref().ok_or(NoLedger)?;
        let mines = ledger.mining != MiningPolicy::Off;
        if mines {
            let seconds = u64::from(seconds.min(MAX_MINE_ON_SECONDS));
            let until = self.now + core::time::Duration::from_secs(seconds);
            self.mining.on_until = self.mining.on_until.max(Some(until));
        }
        Ok(mines)
    }

    /// Drops a payload. The block and every proof stay as they are.
    pub(super) fn erase(&mut self, request: RequestId, erasure: Erasure) -> StoreResult {
        let stored = self.chain.block(&erasure.block)?;
        let found = stored.as_ref().and_then(|stored| {
            let entry = stored.part()?.body.get(usize::try_from(erasure.place).ok()?)?;
            entry.payload.as_ref()?;
            Some(entry.transaction.txid())
        });
        let Some(txid) = found else {
            self.reply(request, Reply::Erased(false));
            return Ok(());
        };
        if let Some(transactions) = &mut self.transactions {
            let store = self.outbox_store.as_ref();
            self.batch.outbox.extend(transactions.erase(&txid, store)?);
            self.batch.predecessors.extend(transactions.take_predecessor_writes());
        }
        self.batch.erased.push(erasure);
        self.then.push(Action::Reply(request, Reply::Erased(true)));
        Ok(())
    }

    /// Lets waiting transactions follow a change of the best chain.
    pub(super) fn move_transactions(&mut self, change: &ChainChange) -> StoreResult {
        let commit = self.commit_in_progress();
        let Some(transactions) = &mut self.transactions else { return Ok(()) };
        let store = self.outbox_store.as_ref();
        let basis = Basis { chain: &self.chain, store, now: self.wall };
        let moved = transactions.follow(change, commit, basis)?;
        self.note_moved(moved);
        Ok(())
    }

    /// Does what may be done only once everything decided so far is durable. Returns whether that is
    /// still to come.
    fn once_durable(&mut self, action: Action) -> bool {
        let waits = !self.batch.is_empty() || !self.commits.are_durable();
        let queue = if waits { &mut self.then } else { &mut self.actions };
        queue.push(action);
        waits
    }

    /// Writes what moved, and tells the person once it is durable.
    pub(super) fn note_moved(&mut self, moved: Moved) {
        let Moved { outbox, pool, mined, stood_in, returned, displaced, offered, .. } = moved;
        let Some(transactions) = &mut self.transactions else { return };
        offered.into_iter().for_each(|txid| transactions.pass_on(txid, None));
        self.batch.outbox.extend(outbox);
        self.batch.pool.extend(pool);
        self.batch.predecessors.extend(transactions.take_predecessor_writes());
        let mut told = Vec::new();
        for txid in returned {
            let from = stood_in.get(&txid).map(|from| (*from).into());
            let pooled = transactions.has_pooled(&txid);
            told.push(Event::TransactionReturned { txid, from, pooled });
        }
        for Displacement { txid, by, again } in displaced {
            let (by, again) = (Some(by), again.is_some());
            let from = stood_in.get(&txid).map(|from| (*from).into());
            told.push(Event::TransactionDisplaced { txid, by, again, from });
        }
        for (txid, to) in mined {
            told.push(match stood_in.get(&txid) {
                Some(from) => Event::TransactionMoved { txid, from: (*from).into(), to: to.into() },
                None => Event::TransactionMined { txid, height: to.height },
            });
        }
        told.into_iter().for_each(|event| self.tell_when_durable(event));
    }

    /// Sends transactions that peers are still to be sent, and forgets those that waited too long.
    pub(super) fn pass_on_transactions(&mut self) -> StoreResult {
        let Some(transactions) = &mut self.transactions else { return Ok(()) };
        let store = self.outbox_store.as_ref();
        let basis = Basis { chain: &self.chain, store, now: self.wall };
        if let Some(moved) = transactions.expire(basis, self.now)? {
            self.note_moved(moved);
        }
        let due = self.transactions.as_mut().map(|transactions| transactions.due(self.now));
        for (peer, checked) in due.unwrap_or_default() {
            let message = Message::Transaction(Box::new(checked));
            self.actions.push(Action::Send { peer, message });
        }
        let finished: Vec<PeerId> =
            self.peers.iter().filter(|(_, peer)| peer.finished).map(|(id, _)| id).collect();
        for peer in finished {
            self.close_if_finished(peer);
        }
        Ok(())
    }

    pub(super) fn ledger_summary(&self) -> Option<LedgerSummary> {
        let (transactions, config) = (self.transactions.as_ref()?, self.config.ledger.as_ref()?);
        Some(LedgerSummary {
            chain_id: self.chain.chain_id()?,
            name: config.spec.name.clone(),
            miner: config.miner,
            mining: config.mining,
            pooled: transactions.pool().len(),
            pooled_bytes: transactions.pool().bytes(),
            local_transactions: transactions.local().waiting(),
            displaced_entries: transactions.local().displaced(),
            drafts: transactions.drafts.len(),
            drafts_wait: transactions.drafts.wait(),
            wallet: transactions.drafts.wallet(),
            may_sign: !transactions.drafts.wants_company(),
            witnesses: self.witnesses.as_ref().map(Witnesses::summary).unwrap_or_default(),
        })
    }

    /// Whether a peer is still to be answered about transactions.
    pub(super) fn owes_transactions(&self, peer: PeerId) -> bool {
        self.transactions.as_ref().is_some_and(|transactions| transactions.listeners.is_busy(peer))
    }
}
