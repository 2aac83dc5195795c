//! Recording: the lines on their way to the writer, and stores that note what they answer.
//!
//! Owns when a line goes on to the writer, and the end of a journal that cannot be written. A read
//! outside of an input, as when a node is made, is not recorded.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use kusari_chain::ledger::{Account, BodyEntry, PublicKey, Txid};
use kusari_chain::{BlockHash, BlockStore, StoreResult, StoredBlock, StoredReorgLimit};
use kusari_node::Input;
use kusari_node::store::{EntryId, OutboxEntry, OutboxFacts, OutboxStore, PoolRecord, Witnessed};
use serde::Serialize;

use super::format::{Answer, Line, MAX_LINE, Read, Sum};
use super::writer::Writer;

/// The file as far as it is recorded.
pub(super) struct Log {
    /// `None` once the journal has ended.
    writer: Option<Writer>,
    recording: bool,
    sum: Sum,
    in_file: u64,
}

impl Log {
    pub(super) fn new(writer: Writer) -> Self {
        Self { writer: Some(writer), recording: false, sum: Sum::default(), in_file: 0 }
    }

    pub(super) fn set_recording(&mut self) {
        self.recording = true;
    }

    pub(super) fn is_recording(&self) -> bool {
        self.recording && self.writer.is_some()
    }

    /// Bytes of this file that were recorded.
    pub(super) fn in_file(&self) -> u64 {
        self.in_file
    }

    /// The sum of this file so far.
    pub(super) fn sum(&self) -> String {
        self.sum.digits()
    }

    pub(super) fn line(&mut self, line: &impl Serialize) {
        match serde_json::to_vec(line) {
            Ok(line) if line.len() < MAX_LINE => self.raw_line(&line),
            Ok(_) => self.stop("an input is longer than a line may be"),
            Err(error) => self.stop(&error.to_string()),
        }
    }

    pub(super) fn raw_line(&mut self, line: &[u8]) {
        let Some(writer) = &mut self.writer else { return };
        for part in [line, b"\n"] {
            self.sum.add(part);
            self.in_file += part.len() as u64;
            writer.buffer().extend_from_slice(part);
        }
        if !writer.send_when_full() {
            self.writer = None;
        }
    }

    /// Begins the next file.
    pub(super) fn rotate(&mut self) {
        (self.sum, self.in_file) = (Sum::default(), 0);
        if self.writer.as_mut().is_some_and(|writer| !writer.rotate()) {
            self.writer = None;
        }
    }

    pub(super) fn flush(&mut self) {
        if self.writer.as_mut().is_some_and(|writer| !writer.send_if_idle()) {
            self.writer = None;
        }
    }

    /// Ends the journal, for good.
    pub(super) fn stop(&mut self, why: &str) {
        if self.writer.take().is_some() {
            tracing::warn!("the journal ends here: {why}; the node goes on without it");
        }
    }
}

/// A store that notes what it is asked and what it answers.
pub(super) struct Recording<S: ?Sized> {
    log: Rc<RefCell<Log>>,
    store: Box<S>,
}

impl<S: ?Sized> Recording<S> {
    pub(super) fn new(store: Box<S>, log: Rc<RefCell<Log>>) -> Self {
        Self { log, store }
    }

    fn note(&self, read: impl FnOnce() -> Read) {
        if self.log.borrow().is_recording() {
            self.log.borrow_mut().line(&Line::<&Input>::Read(read()));
        }
    }

    fn noted<T: Clone>(
        &self,
        found: StoreResult<Option<T>>,
        read: impl FnOnce(Answer<T>) -> Read,
    ) -> StoreResult<Option<T>> {
        self.note(|| read(found.clone().map_err(|error| error.0)));
        found
    }
}

impl BlockStore for Recording<dyn BlockStore> {
    fn best_tip(&self) -> StoreResult<Option<StoredBlock>> {
        self.store.best_tip()
    }

    fn best_at(&self, height: u32) -> StoreResult<Option<StoredBlock>> {
        self.noted(self.store.best_at(height), |answer| Read::BestAt { height, answer })
    }

    fn by_hash(&self, hash: &BlockHash) -> StoreResult<Option<StoredBlock>> {
        self.noted(self.store.by_hash(hash), |answer| Read::ByHash { hash: *hash, answer })
    }

    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> StoreResult {
        self.store.visit_side_blocks(visit)
    }

    fn next_order(&self) -> StoreResult<u64> {
        self.store.next_order()
    }

    fn reorg_limit(&self) -> StoreResult<StoredReorgLimit> {
        self.store.reorg_limit()
    }

    fn account(&self, key: &PublicKey) -> StoreResult<Option<Account>> {
        self.noted(self.store.account(key), |answer| Read::Account { key: *key, answer })
    }

    fn accounts_after(&self, after: Option<&PublicKey>, limit: usize) -> StoreResult<Vec<Account>> {
        let found = self.store.accounts_after(after, limit).map(Some);
        let read = |answer| Read::Accounts { after: after.copied(), answer };
        Ok(self.noted(found, read)?.unwrap_or_default())
    }
}

impl OutboxStore for Recording<dyn OutboxStore> {
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> StoreResult {
        self.store.visit_open_entries(visit)
    }

    fn entry_of_block(&self, hash: &BlockHash) -> StoreResult<Option<OutboxEntry>> {
        self.noted(self.store.entry_of_block(hash), |answer| Read::EntryOfBlock {
            hash: *hash,
            answer,
        })
    }

    fn visit_waiting_entries(
        &self,
        range: Range<EntryId>,
        limit: usize,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> StoreResult {
        let from = range.start;
        let visited = self.store.visit_waiting_entries(range, limit, &mut |entry| {
            self.note(|| Read::WaitingEntry { from, answer: Ok(Some(entry.clone())) });
            visit(entry);
        });
        // An entry a line, since all of them may be longer than a line; this one ends them.
        let end = visited.clone().map(|()| None).map_err(|error| error.0);
        self.note(|| Read::WaitingEntry { from, answer: end });
        visited
    }

    fn displaced_by(&self, txid: &Txid) -> StoreResult<Vec<OutboxEntry>> {
        let found = self.store.displaced_by(txid);
        for entry in found.iter().flatten() {
            let answer = Ok(Some(entry.clone()));
            self.note(|| Read::DisplacedEntry { by: *txid, answer });
        }
        let end = found.as_ref().map(|_| None).map_err(|error| error.0.clone());
        self.note(|| Read::DisplacedEntry { by: *txid, answer: end });
        found
    }

    fn outbox_facts(&self) -> StoreResult<OutboxFacts> {
        self.store.outbox_facts()
    }

    fn transaction_at(&self, sender: &PublicKey, sequence: u64) -> StoreResult<Option<Txid>> {
        self.noted(self.store.transaction_at(sender, sequence), |answer| Read::TransactionAt {
            sender: *sender,
            sequence,
            answer,
        })
    }

    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> StoreResult {
        self.store.visit_pool(visit)
    }

    fn visit_predecessors(&self, visit: &mut dyn FnMut(BodyEntry)) -> StoreResult {
        self.store.visit_predecessors(visit)
    }

    fn visit_witnessed(&self, visit: &mut dyn FnMut(Witnessed)) -> StoreResult {
        self.store.visit_witnessed(visit)
    }

    fn mined_at(&self, txid: &Txid) -> StoreResult<Option<u32>> {
        self.noted(self.store.mined_at(txid), |answer| Read::MinedAt { txid: *txid, answer })
    }
}
