//! The pool after the best chain moved, and as time passes.
//!
//! Owns what stays, what goes and what comes back. Does not know which blocks did it.

use super::Mempool;
use super::pooled::PooledTransaction;
use crate::ledger::{Account, PublicKey, Txid};
use crate::prelude::*;

/// What the pool made of accounts that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Gone because their sequences are used: they were mined, or others were in their place.
    pub settled: Vec<PooledTransaction>,
    /// Others' that are gone because an earlier one is missing or the balance is too low. Where
    /// blocks were reverted, they may fit again after what those held.
    pub dropped: Vec<PooledTransaction>,
    /// Our own that are parked for the same reason.
    pub parked: Vec<Txid>,
    /// Our own that were parked and are offered now.
    pub resumed: Vec<Txid>,
}

impl Mempool {
    /// Brings the pool in step with the best chain, given every account that changed, as it is now.
    /// Accounts of which nothing waits are passed over.
    pub fn follow(&mut self, changed: impl IntoIterator<Item = Account>) -> Followed {
        let mut followed = Followed::default();
        for account in changed {
            if !self.senders.contains_key(&account.key) {
                continue;
            }
            let fallen = self.with_sender(account, |sender| sender.rearrange(account, |_| ()));
            for gone in fallen.past.iter().chain(&fallen.unfit) {
                self.note_removed(gone);
            }
            followed.settled.extend(fallen.past);
            followed.dropped.extend(fallen.unfit);
            followed.parked.extend(fallen.parked);
            followed.resumed.extend(fallen.resumed);
        }
        followed
    }

    /// Takes one of our own out, since it is not to be mined any more. Others' that can't be mined
    /// without it go as well; they are returned.
    pub fn withdraw(&mut self, txid: &Txid) -> Vec<PooledTransaction> {
        let Some((key, sequence)) = self.places.get(txid).copied() else { return Vec::new() };
        let Some(account) = self.senders.get(&key).map(|sender| *sender.account()) else {
            return Vec::new();
        };
        let mut gone = Vec::new();
        let fallen = self.with_sender(account, |sender| {
            sender.rearrange(account, |entries| {
                let place = entries.binary_search_by_key(&sequence, |entry| entry.sequence());
                gone.extend(place.ok().map(|place| *entries.remove(place)));
            })
        });
        gone.extend(fallen.past.into_iter().chain(fallen.unfit));
        gone.iter().for_each(|gone| self.note_removed(gone));
        gone
    }

    /// Forgets others' transactions that have waited too long at `now`, in seconds of the clock that
    /// [`Mempool::admit`] was given, and those that follow them. Our own stay, and with them those of
    /// the same sender before them, without which no node could mine them.
    pub fn expire(&mut self, now: u64) -> Vec<Txid> {
        let max_age = self.limits.age_s;
        let keys: Vec<PublicKey> = self.senders.keys().copied().collect();
        let mut expired: Vec<Txid> = Vec::new();
        for key in keys {
            let Some(account) = self.senders.get(&key).map(|sender| *sender.account()) else {
                continue;
            };
            let gone: Vec<PooledTransaction> =
                self.with_sender(account, |sender| sender.expire(now, max_age));
            for pooled in &gone {
                self.note_removed(pooled);
            }
            expired.extend(gone.iter().map(PooledTransaction::txid));
        }
        expired
    }
}
