//! The pool told once more, as plainly as can be: a list of transactions of which everything is
//! computed anew whenever it is asked for.

use std::collections::BTreeMap;

use kusari_chain::ledger::{Account, PublicKey, Txid};
use kusari_chain::mempool::{CheckedTransaction, PoolLimits};
use kusari_chain::params::POOLED_OVERHEAD_BYTES;

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) checked: CheckedTransaction,
    pub(crate) own: bool,
    pub(crate) since: u64,
}

impl Entry {
    fn sender(&self) -> PublicKey {
        self.checked.transaction().sender
    }
    fn sequence(&self) -> u64 {
        self.checked.transaction().sequence
    }
    fn cost(&self) -> u64 {
        self.checked.transaction().cost().unwrap()
    }
    fn weight(&self) -> u64 {
        self.checked.transaction().weight()
    }
    fn bytes(&self) -> u64 {
        self.weight() + POOLED_OVERHEAD_BYTES
    }
    pub(crate) fn txid(&self) -> Txid {
        self.checked.txid()
    }
    /// Fee and weight.
    fn rate(&self) -> (u128, u128) {
        (self.checked.transaction().fee.into(), self.weight().into())
    }
    fn spent(&self) -> u64 {
        let transaction = self.checked.transaction();
        let itself = transaction.sender == transaction.receiver;
        if itself { transaction.fee } else { self.cost() }
    }
}

fn pays_more(one: (u128, u128), other: (u128, u128)) -> bool {
    one.0 * other.1 > other.0 * one.1
}

fn least(rates: impl Iterator<Item = (u128, u128)>) -> (u128, u128) {
    rates.reduce(|least, rate| if pays_more(least, rate) { rate } else { least }).unwrap()
}

/// Whether a transaction goes before another, given what each counts as paying.
fn is_before(one: (&Entry, (u128, u128)), other: (&Entry, (u128, u128))) -> bool {
    let age = |entry: &Entry| (entry.since, entry.txid());
    pays_more(one.1, other.1) || !pays_more(other.1, one.1) && age(one.0) < age(other.0)
}

#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) limits: PoolLimits,
    pub(crate) entries: Vec<Entry>,
    pub(crate) accounts: BTreeMap<PublicKey, Account>,
}

impl Model {
    pub(crate) fn chain(&self, account: &Account) -> Vec<Entry> {
        let (mut chain, mut balance) = (Vec::new(), account.balance);
        for sequence in account.sequence.. {
            let next = self.entries.iter().find(|entry| {
                (entry.sender(), entry.sequence()) == (account.key, sequence)
                    && entry.cost() <= balance
            });
            let Some(next) = next else { break };
            balance -= next.spent();
            chain.push(next.clone());
        }
        chain
    }

    pub(crate) fn offered(&self) -> Vec<Entry> {
        self.accounts.values().flat_map(|account| self.chain(account)).collect()
    }

    pub(crate) fn parked(&self) -> Vec<Txid> {
        let offered: Vec<Txid> = self.offered().iter().map(Entry::txid).collect();
        let parked = self.entries.iter().filter(|entry| !offered.contains(&entry.txid()));
        let mut parked: Vec<_> =
            parked.map(|entry| (entry.sender(), entry.sequence(), entry.txid())).collect();
        parked.sort_unstable();
        parked.into_iter().map(|(.., txid)| txid).collect()
    }

    fn bytes_where(&self, counts: impl Fn(&Entry) -> bool) -> u64 {
        self.entries.iter().filter(|entry| counts(entry)).map(Entry::bytes).sum()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes_where(|_| true)
    }

    pub(crate) fn own_bytes(&self) -> u64 {
        self.bytes_where(|entry| entry.own)
    }

    fn remove(&mut self, txid: Txid) {
        self.entries.retain(|entry| entry.txid() != txid);
    }

    /// Takes away others' that cannot be mined.
    fn drop_unfit(&mut self) -> Vec<Txid> {
        let parked = self.parked();
        let unfit = |entry: &Entry| !entry.own && parked.contains(&entry.txid());
        let gone = self.entries.iter().filter(|entry| unfit(entry)).map(Entry::txid).collect();
        self.entries.retain(|entry| !unfit(entry));
        gone
    }

    /// What was evicted and replaced, or the code of the refusal.
    pub(crate) fn admit(&mut self, new: Entry) -> Result<(Vec<Txid>, Option<Txid>), &'static str> {
        let own_bytes = self.own_bytes();
        if let Some(known) = self.entries.iter_mut().find(|entry| entry.txid() == new.txid()) {
            if new.own && !known.own {
                if own_bytes + new.bytes() > self.limits.own_bytes {
                    return Err("own-full");
                }
                known.own = true;
            }
            return Ok((Vec::new(), None));
        }
        let account = self.accounts[&new.sender()];
        let mut before = self.chain(&account);
        if new.sequence() < account.sequence {
            return Err("sequence-used");
        }
        if new.sequence() > account.sequence + before.len() as u64 {
            return Err("sequence-gap");
        }
        before.retain(|entry| entry.sequence() < new.sequence());
        if new.cost() > account.balance - before.iter().map(Entry::spent).sum::<u64>() {
            return Err("overdraft");
        }
        let same =
            |entry: &&Entry| (entry.sender(), entry.sequence()) == (new.sender(), new.sequence());
        let held = self.entries.iter().find(same).cloned();
        if let Some(held) = &held
            && (new.rate().0 <= held.rate().0 || !pays_more(new.rate(), held.rate()))
        {
            return Err("underbid");
        }
        let mut after = self.clone();
        after.entries.retain(|entry| held.as_ref().is_none_or(|held| held.txid() != entry.txid()));
        after.entries.push(new.clone());
        let of_sender = |entry: &Entry| entry.sender() == new.sender();
        let count = after.entries.iter().filter(|entry| of_sender(entry)).count();
        if count > self.limits.sender_transactions
            || after.bytes_where(of_sender) > self.limits.sender_bytes
        {
            return Err("sender-full");
        }
        if new.own && after.own_bytes() > self.limits.own_bytes {
            return Err("own-full");
        }
        let rate = least(before.iter().chain([&new]).map(Entry::rate));
        let mut evicted = after.make_room(&new, rate)?;
        evicted.extend(after.drop_unfit());
        *self = after;
        Ok((evicted, held.map(|held| held.txid())))
    }

    fn make_room(&mut self, new: &Entry, rate: (u128, u128)) -> Result<Vec<Txid>, &'static str> {
        let mut evicted = Vec::new();
        while self.bytes() > self.limits.bytes {
            let mut worst: Option<(Entry, (u128, u128))> = None;
            for account in self.accounts.values().filter(|account| account.key != new.sender()) {
                let chain = self.chain(account);
                let Some(last) = chain.last().filter(|last| !last.own) else { continue };
                let held = least(chain.iter().map(Entry::rate));
                if worst
                    .as_ref()
                    .is_none_or(|(entry, rate)| is_before((entry, *rate), (last, held)))
                {
                    worst = Some((last.clone(), held));
                }
            }
            let (worst, held) = worst.ok_or("pool-full")?;
            if !new.own && !pays_more(rate, held) {
                return Err("pool-full");
            }
            self.remove(worst.txid());
            evicted.push(worst.txid());
        }
        Ok(evicted)
    }

    /// What is settled, and what is dropped.
    pub(crate) fn follow(&mut self, account: Account) -> (Vec<Txid>, Vec<Txid>) {
        self.accounts.insert(account.key, account);
        let used =
            |entry: &Entry| entry.sender() == account.key && entry.sequence() < account.sequence;
        let settled = self.entries.iter().filter(|entry| used(entry)).map(Entry::txid).collect();
        self.entries.retain(|entry| !used(entry));
        (settled, self.drop_unfit())
    }

    pub(crate) fn expire(&mut self, now: u64) -> Vec<Txid> {
        let mut expired = Vec::new();
        for account in self.accounts.clone().into_values() {
            let chain = self.chain(&account);
            let behind_own = chain.iter().rev().take_while(|entry| !entry.own).count();
            let others = &chain[chain.len() - behind_own..];
            let is_fresh = |entry: &&Entry| now.saturating_sub(entry.since) <= self.limits.age_s;
            let stay = others.iter().take_while(is_fresh).count();
            expired.extend(others[stay..].iter().map(Entry::txid));
        }
        self.entries.retain(|entry| !expired.contains(&entry.txid()));
        expired
    }

    pub(crate) fn select(&self, max_bytes: u64) -> Vec<Txid> {
        let mut chains: Vec<Vec<Entry>> =
            self.accounts.values().map(|account| self.chain(account)).collect();
        let (mut selected, mut left) = (Vec::new(), max_bytes);
        loop {
            chains.retain(|chain| !chain.is_empty());
            let heads = chains.iter_mut().reduce(|best, next| {
                let (one, other) = (&best[0], &next[0]);
                if is_before((one, one.rate()), (other, other.rate())) { best } else { next }
            });
            let Some(best) = heads else { return selected };
            if best[0].weight() > left {
                best.clear();
                continue;
            }
            left -= best[0].weight();
            selected.push(best.remove(0).txid());
        }
    }
}
