//! What must hold on a ledger: accounts follow from the blocks, and nothing that was submitted to a
//! node is lost.
//!
//! Applies the blocks once more, in the simplest way that there is, and shares no code with what is
//! tested.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use kusari_chain::BlockHash;
use kusari_chain::StoredBlock;
use kusari_chain::ledger::{Account, PublicKey, Txid};
use kusari_node::interface::{Command, Input};

use crate::ledger;
use crate::users::Asked;
use crate::world::{Host, World};

/// The accounts that follow from a chain.
fn replay(chain: &[StoredBlock], reward: u64) -> Result<BTreeMap<PublicKey, Account>, String> {
    let mut accounts: BTreeMap<PublicKey, Account> = BTreeMap::new();
    for stored in chain {
        let height = stored.block.index;
        let part = stored.part().ok_or_else(|| format!("block {height} has no body"))?;
        let mut earned = reward;
        for entry in &part.body {
            let transaction = &entry.transaction;
            let fault = |what: &str| format!("{what} in block {height}: {transaction:?}");
            let sender = transaction.sender;
            let account = accounts.entry(sender).or_insert_with(|| Account::empty(sender));
            let cost = transaction.amount.checked_add(transaction.fee);
            let cost = cost.ok_or_else(|| fault("endless cost"))?;
            let left = account.balance.checked_sub(cost).ok_or_else(|| fault("overdraft"))?;
            if account.sequence != transaction.sequence {
                return Err(fault("wrong sequence"));
            }
            (account.balance, account.sequence) = (left, account.sequence + 1);
            let receiver = transaction.receiver;
            let account = accounts.entry(receiver).or_insert_with(|| Account::empty(receiver));
            account.balance += transaction.amount;
            earned += transaction.fee;
        }
        let miner = part.commitment.miner;
        accounts.entry(miner).or_insert_with(|| Account::empty(miner)).balance += earned;
    }
    accounts.retain(|_, account| account.balance > 0 || account.sequence > 0);
    Ok(accounts)
}

impl World {
    /// The accounts on a disk are those that follow from its best chain.
    pub(crate) fn audit(&mut self, host: usize) {
        self.counts.audits += 1;
        let Some(kusari) = self.kusari(host) else { return };
        let Some(config) = &kusari.config.ledger else { return };
        let chain = kusari.disk.best_whole();
        let stored = kusari.disk.accounts();
        let sum: u64 = stored.values().map(|account| account.balance).sum();
        let fault = match replay(&chain, config.spec.reward) {
            Err(fault) => fault,
            Ok(accounts) if accounts != stored => format!("accounts {stored:?}, not {accounts:?}"),
            Ok(_) if sum != config.spec.reward * chain.len() as u64 => {
                format!("{sum} in all, after {} blocks", chain.len())
            }
            Ok(_) => return,
        };
        self.fail(format!("node {host}: {fault}"));
    }

    /// No node bans an honest machine.
    pub(crate) fn check_ban(&mut self, by: usize, banned: IpAddr) {
        let is_honest = (0..self.hosts.len())
            .filter(|host| self.address_of(*host).ip() == banned)
            .any(|host| !matches!(self.hosts.get(host), Some(Host::Byzantine(_))));
        if is_honest {
            self.fail(format!("node {by} bans {banned}, which is honest"));
        }
    }

    /// In the end: the disks are sound, the nodes know what the disks say, and every transaction that
    /// was acknowledged stands in the chain, or another one in its place.
    pub(crate) fn check_ledger(&mut self) {
        if self.failure.is_some() || self.chain_id().is_none() {
            return;
        }
        let reward = ledger::spec().reward;
        for host in self.kusari_hosts() {
            self.audit(host);
            let Some(kusari) = self.kusari(host) else { return };
            let chain = kusari.disk.best_whole();
            let accounts = replay(&chain, reward).unwrap_or_default();
            for account in accounts.into_values() {
                let Some(kusari) = self.kusari_mut(host) else { return };
                let request = kusari.ask(Asked::Same(account));
                self.input(host, Input::Command(request, Command::GetAccount(account.key)));
            }
            let fault = self.fault_of_submitted(&chain);
            if let Some(fault) = fault.or_else(|| self.fault_of_drafted(&chain)) {
                self.fail(format!("node {host}: {fault}"));
            }
        }
        self.check_originals();
    }

    /// What is wrong with a chain, if anything is: what was acknowledged stands in it once, or another
    /// one in its place.
    pub(crate) fn fault_of_submitted(&self, chain: &[StoredBlock]) -> Option<String> {
        let mut found: BTreeMap<Txid, u32> = BTreeMap::new();
        let mut places: BTreeSet<(PublicKey, u64)> = BTreeSet::new();
        let bodies = chain.iter().filter_map(StoredBlock::part).flat_map(|part| &part.body);
        for entry in bodies {
            *found.entry(entry.transaction.txid()).or_default() += 1;
            places.insert((entry.transaction.sender, entry.transaction.sequence));
        }
        let acknowledged = self.ledger.submitted.iter();
        let mut acknowledged = acknowledged.filter(|(_, s)| !s.acknowledged.is_empty());
        acknowledged.find_map(|(txid, submitted)| {
            let transaction = submitted.transaction.transaction();
            match found.get(txid) {
                Some(1) => return None,
                Some(times) => return Some(format!("{txid} stands in the chain {times} times")),
                None => {}
            }
            if !places.contains(&(transaction.sender, transaction.sequence)) {
                return Some(format!("the acknowledged transaction {txid} is lost"));
            }
            // A crash may come between what is durable and what is said.
            let told = |host: &&usize| {
                submitted.displaced.contains(host) || self.ledger.crashed.contains(host)
            };
            let silent = submitted.acknowledged.iter().find(|host| !told(host))?;
            Some(format!("{txid} was displaced, and the user at {silent} was not told"))
        })
    }

    /// Originals, which know seven keys alone, have the same blocks.
    fn check_originals(&mut self) {
        let Some(&first) = self.kusari_hosts().first() else { return };
        let best: Vec<BlockHash> = self.best_chain(first).iter().map(|block| block.hash).collect();
        for host in 0..self.hosts.len() {
            let Some(Host::Original(original)) = self.hosts.get(host) else { continue };
            let known: BTreeSet<BlockHash> =
                original.chain.iter().map(|block| block.hash).collect();
            let lacking = best.iter().filter(|hash| !known.contains(hash)).count();
            if lacking > 0 {
                self.fail(format!("original {host} lacks {lacking} of {} blocks", best.len()));
            }
        }
    }
}
