//! Who is let in, and who makes room.
//!
//! Owns the rules of admission: a transaction that is refused has changed nothing. Knows neither
//! where a transaction came from nor who will hear of it.

use super::Mempool;
use super::checked_transaction::CheckedTransaction;
use super::pooled::{FeeRate, PooledTransaction};
use super::refusal::PoolRefusal;
use super::sender::{Fallen, Place, Sender};
use crate::ledger::{Account, ChainSpec, PublicKey, SignedTransaction, Txid};
use crate::prelude::*;
use crate::rules::TransactionViolation;
use crate::rules::transaction::{check_fee, check_payload_bound};

type Verdict = Result<(), PoolRefusal>;

/// What became of a transaction that was let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// It was here before. If it is our own now, it is kept as such from here on.
    pub known: bool,
    /// The one whose place it took, with the same sender and sequence.
    pub replaced: Option<Txid>,
    /// Others' that are gone for it: to make room, or because they no longer fit behind it.
    pub evicted: Vec<Txid>,
    /// Our own that no longer fit behind it and are parked now.
    pub parked: Vec<Txid>,
    /// Our own that were parked, fit behind it, and are offered now.
    pub resumed: Vec<Txid>,
}

impl Mempool {
    /// Lets a transaction wait, as an `own` one if it was submitted to this node. `account` is its
    /// sender's as the best chain has it, and `now` is in seconds of the caller's clock.
    ///
    /// An own transaction takes the room of others' whatever it pays; those of others must pay more
    /// for each byte than those that make room for it, and so must those of its sender before it.
    ///
    /// # Errors
    /// [`PoolRefusal`] names what is against it; the pool is as it was.
    pub fn admit(
        &mut self,
        checked: CheckedTransaction,
        account: &Account,
        spec: &ChainSpec,
        own: bool,
        now: u64,
    ) -> Result<Admission, PoolRefusal> {
        if let Some(&(key, sequence)) = self.places.get(&checked.txid()) {
            if own {
                self.submit(key, sequence)?;
            }
            return Ok(Admission { known: true, ..Admission::default() });
        }
        let pooled = PooledTransaction::new(checked, own, now);
        check_chain_bounds(pooled.transaction(), spec)?;
        let nothing = Sender::new(*account);
        let sender = self.senders.get(&account.key).unwrap_or(&nothing);
        if sender.account() != account || pooled.sender() != account.key {
            return Err(PoolRefusal::OtherAccount);
        }
        let place = check_place(&pooled, sender)?;
        let held = sender.get(pooled.sequence());
        check_bid(&pooled, held)?;
        self.check_bounds(&pooled, sender, held)?;
        // What it replaces leaves its room to it.
        let needed =
            pooled.pooled_bytes().saturating_sub(held.map_or(0, |held| held.pooled_bytes()));
        let rate = sender.held_rate(place, pooled.fee_rate());
        let evicted = self.make_room(&pooled, needed, rate)?;
        Ok(self.put(Box::new(pooled), account, evicted))
    }

    /// Puts in what every rule lets in.
    fn put(
        &mut self,
        pooled: Box<PooledTransaction>,
        account: &Account,
        mut evicted: Vec<Txid>,
    ) -> Admission {
        self.note_added(&pooled);
        let (replaced, fallen) = self.with_sender(*account, |sender| sender.put(pooled));
        for gone in replaced.as_deref().into_iter().chain(&fallen.unfit) {
            self.note_removed(gone);
        }
        evicted.extend(fallen.unfit.iter().map(PooledTransaction::txid));
        let replaced = replaced.map(|replaced| replaced.txid());
        let Fallen { parked, resumed, .. } = fallen;
        Admission { known: false, replaced, evicted, parked, resumed }
    }

    /// One that is here becomes our own.
    fn submit(&mut self, key: PublicKey, sequence: u64) -> Verdict {
        let Some(sender) = self.senders.get(&key) else { return Ok(()) };
        let (account, held) = (*sender.account(), sender.get(sequence));
        let Some(held) = held.filter(|held| !held.is_own()) else { return Ok(()) };
        let bytes = held.pooled_bytes();
        self.check_own_bytes(self.own_bytes, bytes)?;
        self.own_bytes += bytes;
        self.with_sender(account, |sender| sender.submit(sequence));
        Ok(())
    }

    /// The bounds that hold whatever else waits.
    fn check_bounds(
        &self,
        pooled: &PooledTransaction,
        sender: &Sender,
        held: Option<&PooledTransaction>,
    ) -> Verdict {
        let (transactions, bytes) = (sender.len(), sender.bytes());
        let held_bytes = held.map_or(0, PooledTransaction::pooled_bytes);
        let limits = &self.limits;
        if held.is_none() && transactions >= limits.sender_transactions
            || bytes - held_bytes + pooled.pooled_bytes() > limits.sender_bytes
        {
            return Err(PoolRefusal::SenderFull { transactions, bytes });
        }
        if !pooled.is_own() && sender.account().balance == 0 {
            let held_bytes = held.filter(|held| !held.is_own());
            let leaves = held_bytes.map_or(0, PooledTransaction::pooled_bytes);
            let limit = limits.penniless_bytes;
            if self.penniless_bytes - leaves + pooled.pooled_bytes() > limit {
                return Err(PoolRefusal::PennilessFull { limit });
            }
        }
        if pooled.is_own() {
            let held_own = held.filter(|held| held.is_own());
            let leaves = held_own.map_or(0, PooledTransaction::pooled_bytes);
            self.check_own_bytes(self.own_bytes - leaves, pooled.pooled_bytes())?;
        }
        Ok(())
    }

    fn check_own_bytes(&self, held: u64, more: u64) -> Verdict {
        let limit = self.limits.own_bytes;
        if held + more > limit {
            return Err(PoolRefusal::OwnFull { bytes: self.own_bytes, limit });
        }
        Ok(())
    }

    /// Evicts the last ones of other senders' chains, the worst first, until so many bytes are free.
    fn make_room(
        &mut self,
        newcomer: &PooledTransaction,
        needed: u64,
        rate: FeeRate,
    ) -> Result<Vec<Txid>, PoolRefusal> {
        let mut victims: Vec<(Account, Box<PooledTransaction>)> = Vec::new();
        // Nothing is better than the last victim: what a chain is held back to only falls along it.
        let mut best = None;
        while self.bytes + needed > self.limits.bytes {
            let Some((held_back, victim)) = self.evict_worst(newcomer) else {
                self.put_back(victims);
                return Err(PoolRefusal::PoolFull { least: None });
            };
            best = Some(held_back);
            victims.push(victim);
        }
        if let Some(best) = best.filter(|best| !newcomer.is_own() && rate <= *best) {
            self.put_back(victims);
            let least = best.least_fee_above(newcomer.transaction().weight());
            return Err(PoolRefusal::PoolFull { least });
        }
        Ok(victims.iter().map(|(_, victim)| victim.txid()).collect())
    }

    fn evict_worst(
        &mut self,
        newcomer: &PooledTransaction,
    ) -> Option<(FeeRate, (Account, Box<PooledTransaction>))> {
        // Its own sender's carry it, or stand behind it.
        let (rank, key) = *self.tails.iter().find(|(_, key)| *key != newcomer.sender())?;
        let account = *self.senders.get(&key)?.account();
        let victim = self.with_sender(account, Sender::pop)?;
        self.note_removed(&victim);
        Some((rank.0, (account, victim)))
    }

    fn put_back(&mut self, victims: Vec<(Account, Box<PooledTransaction>)>) {
        for (account, victim) in victims.into_iter().rev() {
            self.note_added(&victim);
            self.with_sender(account, |sender| sender.push(victim));
        }
    }
}

/// Whether the chain allows a transaction in a block, whatever its sender and the accounts are.
///
/// # Errors
/// [`PoolRefusal`] where its payload, its fee or its size is out of bounds.
pub fn check_chain_bounds(transaction: &SignedTransaction, spec: &ChainSpec) -> Verdict {
    check_payload_bound(transaction, spec)?;
    check_fee(transaction, spec)?;
    let (bytes, limit) = (transaction.weight(), spec.max_body_bytes);
    if bytes > u64::from(limit) {
        return Err(PoolRefusal::TooLarge { bytes, limit });
    }
    Ok(())
}

/// It follows on what is confirmed and what waits, and the balance covers it in its turn. Returns
/// its place in the chain.
fn check_place(pooled: &PooledTransaction, sender: &Sender) -> Result<usize, PoolRefusal> {
    let sequence = pooled.sequence();
    let place = match sender.place(sequence) {
        Place::At(place) => place,
        Place::Used => {
            let next = sender.account().sequence;
            return Err(TransactionViolation::SequenceUsed { sequence, next }.into());
        }
        Place::Gap => {
            let next = sender.end();
            return Err(TransactionViolation::SequenceGap { sequence, next }.into());
        }
    };
    let (cost, balance) = (pooled.checked().cost(), sender.balance_before(place));
    if cost > balance {
        return Err(TransactionViolation::Overdraft { cost, balance }.into());
    }
    Ok(place)
}

/// It pays more, in all and for each byte, than the one whose place it wants.
fn check_bid(pooled: &PooledTransaction, held: Option<&PooledTransaction>) -> Verdict {
    let Some(held) = held else { return Ok(()) };
    let (fee, rate) = (held.transaction().fee, held.fee_rate());
    if pooled.transaction().fee > fee && pooled.fee_rate() > rate {
        return Ok(());
    }
    let least = rate.least_fee_above(pooled.transaction().weight()).unwrap_or(u64::MAX);
    Err(PoolRefusal::Underbid { held: held.txid(), fee, least: least.max(fee.saturating_add(1)) })
}
