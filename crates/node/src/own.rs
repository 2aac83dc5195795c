//! Our own transactions: what a person entrusted to this node, until it stands deep in the best chain.
//!
//! Owns, for a ledger, what the outbox owns for lines: an entry of the stored outbox for each
//! transaction, with its line as text and its id in the place of a block's hash. An entry is never
//! deleted: a settled one only leaves memory, and a reorganisation, however deep, brings it back.
//! Knows nothing of the pool, and mines nothing.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use kusari_chain::ledger::{PublicKey, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::params::SETTLED_DEPTH;
use kusari_chain::{BlockHash, CheckedBlock, StoreError};
use serde::{Deserialize, Serialize};

use crate::seam::CommitId;
use crate::store::{EntryId, OutboxEntry, OutboxStore, OutboxWrite};
use crate::wire::{Dialect, Message, encode};

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Open {
    id: EntryId,
    sender: PublicKey,
    sequence: u64,
    /// Height of the block that holds it, or of the one that holds another in its place.
    done_at: Option<u32>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Own {
    capacity: usize,
    open: BTreeMap<Txid, Open>,
    /// The same by sender and sequence.
    places: BTreeSet<(PublicKey, u64, Txid)>,
    done: BTreeSet<(u32, Txid)>,
    /// Those that wait, but not in the pool, each with its sender.
    stranded: BTreeMap<Txid, PublicKey>,
    /// Entries written as settled by a commit that is not durable yet.
    settling: VecDeque<(CommitId, Txid)>,
    next_id: EntryId,
}

impl Own {
    /// What the store holds, with the transactions that are not known to be mined.
    pub(crate) fn open(
        store: &dyn OutboxStore,
        capacity: usize,
    ) -> Result<(Self, Vec<CheckedTransaction>), StoreError> {
        let mut entries = Vec::new();
        store.visit_open_entries(&mut |entry| entries.push(entry))?;
        let mut own = Self {
            capacity,
            open: BTreeMap::new(),
            places: BTreeSet::new(),
            done: BTreeSet::new(),
            stranded: BTreeMap::new(),
            settling: VecDeque::new(),
            next_id: store.next_entry_id()?,
        };
        let mut waiting = Vec::new();
        for entry in entries {
            let Some(transaction) = own.load(&entry)? else { continue };
            let txid = transaction.txid();
            match store.mined_at(&txid)? {
                Some(height) => own.set_done(&txid, Some(height)),
                None => waiting.push(transaction),
            }
        }
        Ok((own, waiting))
    }

    /// An entry of the store as a transaction. One whose text was erased cannot be mined again; its
    /// block still stands, or it was erased while it did.
    fn load(&mut self, entry: &OutboxEntry) -> Result<Option<CheckedTransaction>, StoreError> {
        let transaction = read(entry)?;
        if let Some(transaction) = &transaction {
            self.add(transaction, entry.id);
        }
        Ok(transaction)
    }

    fn add(&mut self, checked: &CheckedTransaction, id: EntryId) {
        let (sender, sequence) = (checked.transaction().sender, checked.transaction().sequence);
        self.open.insert(checked.txid(), Open { id, sender, sequence, done_at: None });
        self.places.insert((sender, sequence, checked.txid()));
    }

    fn remove(&mut self, txid: &Txid) {
        if let Some(Open { sender, sequence, .. }) = self.open.remove(txid) {
            self.places.remove(&(sender, sequence, *txid));
        }
    }

    /// The last sequence of this sender under which one of ours is not settled.
    pub(crate) fn last_sequence(&self, sender: &PublicKey) -> Option<u64> {
        let (least, greatest) = (Txid([0; 32]), Txid([0xff; 32]));
        let of_sender = self.places.range((*sender, 0, least)..=(*sender, u64::MAX, greatest));
        of_sender.map(|(_, sequence, _)| *sequence).next_back()
    }

    /// One of ours as the store holds it; `None` where it does not yet.
    pub(crate) fn text_of(
        &self,
        txid: &Txid,
        store: &dyn OutboxStore,
    ) -> Result<Option<CheckedTransaction>, StoreError> {
        match store.entry_of_block(&BlockHash(txid.0))? {
            Some(entry) => read(&entry),
            None => Ok(None),
        }
    }

    /// Transactions that wait to be mined.
    pub(crate) fn waiting(&self) -> usize {
        self.open.len().saturating_sub(self.done.len() + self.settling.len())
    }

    fn is_waiting(&self, txid: &Txid) -> bool {
        self.open.get(txid).is_some_and(|open| open.done_at.is_none())
            && !self.settling.iter().any(|(_, settling)| settling == txid)
    }

    /// Whether it does not contradict itself: it may come from a stranger's file.
    pub(crate) fn is_sound(&self) -> bool {
        let settling = self.settling.iter().map(|(_, txid)| txid);
        let listed = self.done.iter().map(|(_, txid)| txid).chain(settling);
        let listed: BTreeSet<&Txid> = listed.chain(self.stranded.keys()).collect();
        let is_placed = |(txid, open): (&Txid, &Open)| {
            self.places.contains(&(open.sender, open.sequence, *txid))
        };
        self.places.len() == self.open.len()
            && self.open.iter().all(is_placed)
            && listed.len() == self.done.len() + self.settling.len() + self.stranded.len()
            && listed.into_iter().all(|txid| self.open.contains_key(txid))
    }

    /// Whether it stands in the best chain, or another one in its place.
    pub(crate) fn is_done(&self, txid: &Txid) -> bool {
        self.open.get(txid).is_some_and(|open| open.done_at.is_some())
    }

    /// Those that were done above a height, and are not settled.
    pub(crate) fn done_above(&self, height: u32) -> Vec<Txid> {
        let above = self.done.iter().filter(|(done_at, _)| *done_at > height);
        above.map(|(_, txid)| *txid).collect()
    }

    /// The pool does not hold it, though it waits. Nothing happens where it is not ours or does not.
    pub(crate) fn strand(&mut self, txid: Txid) {
        if self.is_waiting(&txid)
            && let Some(open) = self.open.get(&txid)
        {
            self.stranded.insert(txid, open.sender);
        }
    }

    /// The pool holds it again.
    pub(crate) fn unstrand(&mut self, txid: &Txid) {
        self.stranded.remove(txid);
    }

    pub(crate) fn is_stranded(&self, txid: &Txid) -> bool {
        self.stranded.contains_key(txid)
    }

    pub(crate) fn has_stranded(&self) -> bool {
        !self.stranded.is_empty()
    }

    /// Those that the pool does not hold, of some senders.
    pub(crate) fn stranded(&self, of: impl Fn(&PublicKey) -> bool) -> Vec<Txid> {
        let some = self.stranded.iter().filter(|(_, sender)| of(sender));
        some.map(|(txid, _)| *txid).collect()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting() >= self.capacity
    }

    pub(crate) fn contains(&self, txid: &Txid) -> bool {
        self.open.contains_key(txid)
    }

    /// Whether nothing was ever entrusted to this node.
    pub(crate) fn is_unused(&self) -> bool {
        self.next_id == 1
    }

    /// Adds a transaction; the caller has the writes committed before it acknowledges anything.
    pub(crate) fn insert(&mut self, transaction: &CheckedTransaction) -> [OutboxWrite; 2] {
        let id = self.next_id;
        self.next_id += 1;
        let txid = transaction.txid();
        self.add(transaction, id);
        let text = line_of(transaction);
        [OutboxWrite::Insert { id, text }, OutboxWrite::Mined { id, hash: BlockHash(txid.0) }]
    }

    /// The transaction stands in the best chain at this height, or another one in its place.
    pub(crate) fn set_done(&mut self, txid: &Txid, height: Option<u32>) {
        let Some(open) = self.open.get_mut(txid) else { return };
        if let Some(former) = open.done_at {
            self.done.remove(&(former, *txid));
        }
        open.done_at = height;
        if height.is_some() {
            self.stranded.remove(txid);
        }
        self.done.extend(height.map(|height| (height, *txid)));
    }

    /// The transaction left the best chain with its block. Returns whether it is one of ours, which
    /// then waits again; `writes` says what must be written for that.
    pub(crate) fn revert(
        &mut self,
        txid: &Txid,
        store: &dyn OutboxStore,
        writes: &mut Vec<OutboxWrite>,
    ) -> Result<bool, StoreError> {
        if let Some(open) = self.open.get(txid) {
            let id = open.id;
            if let Some(place) = self.settling.iter().position(|(_, settling)| settling == txid) {
                self.settling.remove(place);
                writes.push(OutboxWrite::SetSettled { id, settled: false });
            }
            self.set_done(txid, None);
            return Ok(true);
        }
        // A node that was never entrusted anything needs no look-up.
        if self.is_unused() {
            return Ok(false);
        }
        let Some(entry) = store.entry_of_block(&BlockHash(txid.0))? else { return Ok(false) };
        if self.load(&entry)?.is_none() {
            return Ok(false);
        }
        writes.push(OutboxWrite::SetSettled { id: entry.id, settled: false });
        Ok(true)
    }

    /// Settles what is deep enough below the tip, with this commit.
    pub(crate) fn settle(
        &mut self,
        tip_height: u32,
        commit: CommitId,
        writes: &mut Vec<OutboxWrite>,
    ) {
        while let Some(&(height, txid)) = self.done.first() {
            if tip_height.saturating_sub(height) + 1 < SETTLED_DEPTH {
                break;
            }
            self.done.remove(&(height, txid));
            if let Some(open) = self.open.get_mut(&txid) {
                open.done_at = None;
                self.settling.push_back((commit, txid));
                writes.push(OutboxWrite::SetSettled { id: open.id, settled: true });
            }
        }
    }

    /// The payload of a transaction is erased: what must be written so that its entry, if it is one
    /// of ours, keeps the text no longer. While it waits it keeps it, or it could not be mined.
    pub(crate) fn erase(
        &mut self,
        txid: &Txid,
        store: &dyn OutboxStore,
    ) -> Result<Vec<OutboxWrite>, StoreError> {
        if self.is_unused() || self.is_waiting(txid) {
            return Ok(Vec::new());
        }
        let id = match self.open.get(txid) {
            Some(open) => open.id,
            None => match store.entry_of_block(&BlockHash(txid.0))? {
                Some(entry) => entry.id,
                None => return Ok(Vec::new()),
            },
        };
        // Whatever becomes of its block, there is nothing left to mine again.
        self.set_done(txid, None);
        self.settling.retain(|(_, settling)| settling != txid);
        self.remove(txid);
        Ok(vec![OutboxWrite::EraseText { id }, OutboxWrite::SetSettled { id, settled: true }])
    }

    /// Every commit up to `through` is durable: settled entries leave memory.
    pub(crate) fn committed(&mut self, through: CommitId) {
        while self.settling.front().is_some_and(|&(commit, _)| commit <= through) {
            if let Some((_, txid)) = self.settling.pop_front() {
                self.remove(&txid);
            }
        }
    }
}

/// An entry as a transaction; `None` where its text was erased.
fn read(entry: &OutboxEntry) -> Result<Option<CheckedTransaction>, StoreError> {
    let OutboxEntry { id, text, .. } = entry;
    if text.is_empty() {
        return Ok(None);
    }
    match Dialect::Written.receive(text.as_bytes()) {
        Ok(Message::Transaction(transaction)) => Ok(Some(*transaction)),
        _ => Err(StoreError(alloc::format!("entry {id} of the outbox is not a transaction"))),
    }
}

/// The line that carries a transaction, without its newline.
fn line_of(transaction: &CheckedTransaction) -> String {
    let message: Message<CheckedBlock> = Message::Transaction(transaction.clone().into());
    let mut line = encode(&message);
    line.pop();
    // A line is text.
    String::from_utf8(line).unwrap_or_default()
}
