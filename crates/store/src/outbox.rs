//! The outbox: reads, and the steps of a commit that change it.

use core::fmt::Display;
use core::ops::Range;

use kusari_chain::ledger::{BodyEntry, PublicKey, SignedTransaction, Txid};
use kusari_chain::{BlockHash, StoreError};
use kusari_node::store::{
    EntryId, EntryState, OutboxEntry, OutboxFacts, OutboxStore, OutboxWrite, PoolRecord, Witnessed,
};
use redb::{ReadTransaction, WriteTransaction};

use super::Store;
use super::checksummed::{ReadTables, ReadableTable, Table, WriteTables};
use super::fault::{Fault, guarded};
use super::pool::all_waiting;
use super::predecessors::all_predecessors;
use super::record::{read_entry, write_entry};
use super::tables::{self, meta};

/// Transactions of an account that are looked at in one read.
const SEARCH_PAGE: usize = 256;

/// The tables of the outbox within one commit.
pub(super) struct OutboxWriter<'txn> {
    meta: Table<'txn, &'static str, &'static [u8]>,
    entries: Table<'txn, u64, &'static [u8]>,
    waiting: Table<'txn, u64, ()>,
    open: Table<'txn, u64, ()>,
    displaced: Table<'txn, (&'static [u8; 32], u64), ()>,
    blocks: Table<'txn, &'static [u8; 32], u64>,
    /// Bytes of what waits.
    bytes: u64,
}

impl<'txn> OutboxWriter<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, Fault> {
        let meta = transaction.table(tables::META)?;
        let bytes = tables::read_number(&meta, meta::OUTBOX_BYTES)?;
        Ok(Self {
            meta,
            entries: transaction.table(tables::OUTBOX)?,
            waiting: transaction.table(tables::OUTBOX_WAITING)?,
            open: transaction.table(tables::OUTBOX_OPEN)?,
            displaced: transaction.table(tables::OUTBOX_DISPLACED)?,
            blocks: transaction.table(tables::OUTBOX_BLOCKS)?,
            bytes,
        })
    }

    pub(super) fn apply(&mut self, write: &OutboxWrite) -> Result<(), Fault> {
        let id = write.id();
        let former = match write {
            OutboxWrite::Insert { .. } => {
                self.take_number(id)?;
                None
            }
            _ => Some(self.entry(id)?),
        };
        if let Some(former) = &former {
            self.unlist(former)?;
        }
        let Some(entry) = write.apply(former) else { return Ok(()) };
        self.list(&entry)?;
        self.entries.insert(id, write_entry(entry)?.as_slice())?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), Fault> {
        self.meta.insert(meta::OUTBOX_BYTES, self.bytes.to_le_bytes().as_slice())?;
        Ok(())
    }

    fn entry(&self, id: EntryId) -> Result<OutboxEntry, Fault> {
        match self.entries.get(id)? {
            Some(bytes) => read_entry(id, bytes.value()),
            None => Err(Fault::Unfitting(format!("there is no entry {id}"))),
        }
    }

    fn take_number(&mut self, id: EntryId) -> Result<(), Fault> {
        let next = tables::read_number(&self.meta, meta::NEXT_ENTRY_ID)?;
        if id != next {
            return Err(Fault::Unfitting(format!("entry {id} is inserted where {next} is due")));
        }
        self.meta.insert(meta::NEXT_ENTRY_ID, (id + 1).to_le_bytes().as_slice())?;
        Ok(())
    }

    /// Takes an entry out of the lists that follow from it.
    fn unlist(&mut self, entry: &OutboxEntry) -> Result<(), Fault> {
        if entry.is_open() {
            self.open.remove(entry.id)?;
        }
        match entry.state {
            EntryState::Waiting => {
                self.waiting.remove(entry.id)?;
                self.bytes = self.bytes.saturating_sub(entry.weight());
            }
            state => {
                if let EntryState::Displaced { by, .. } = state {
                    self.displaced.remove((&by.0, entry.id))?;
                }
            }
        }
        Ok(())
    }

    fn list(&mut self, entry: &OutboxEntry) -> Result<(), Fault> {
        if entry.is_open() {
            self.open.insert(entry.id, ())?;
        }
        match entry.state {
            EntryState::Waiting => {
                self.waiting.insert(entry.id, ())?;
                self.bytes = self.bytes.saturating_add(entry.weight());
            }
            state => {
                if let EntryState::Displaced { by, .. } = state {
                    self.displaced.insert((&by.0, entry.id), ())?;
                }
            }
        }
        for hash in &entry.blocks {
            if self.blocks.get(&hash.0)?.is_none() {
                self.blocks.insert(&hash.0, entry.id)?;
            }
        }
        Ok(())
    }
}

/// That a peer of this chain introduced itself.
pub(super) fn note_met_peer(transaction: &WriteTransaction) -> Result<(), Fault> {
    let mut meta_table = transaction.table(tables::META)?;
    meta_table.insert(meta::MET_PEER, [].as_slice())?;
    Ok(())
}

/// The entry that was found under `key` in another table.
fn entry_at(
    entries: &impl ReadableTable<u64, &'static [u8]>,
    id: EntryId,
    table: &'static str,
    key: impl Display,
) -> Result<OutboxEntry, Fault> {
    match entries.get(id)? {
        Some(bytes) => read_entry(id, bytes.value()),
        None => {
            let reason = format_args!("it stands for entry {id}, which is missing");
            Err(Fault::unreadable(table, key, reason))
        }
    }
}

impl Store {
    /// Visits the entries that `ids` picks in one read.
    fn visit_entries(
        &self,
        list: &'static str,
        ids: impl FnOnce(&ReadTransaction) -> Result<Vec<EntryId>, Fault>,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> Result<(), StoreError> {
        let (entries, ids) =
            self.read(|transaction| Ok((transaction.table(tables::OUTBOX)?, ids(transaction)?)))?;
        for id in ids {
            visit(guarded(|| entry_at(&entries, id, list, id))?);
        }
        Ok(())
    }
}

impl OutboxStore for Store {
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> Result<(), StoreError> {
        let ids = |transaction: &ReadTransaction| {
            let open = transaction.table(tables::OUTBOX_OPEN)?;
            open.iter()?.map(|row| Ok(row?.0.value())).collect()
        };
        self.visit_entries("outbox_open", ids, visit)
    }

    fn visit_waiting_entries(
        &self,
        range: Range<EntryId>,
        limit: usize,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> Result<(), StoreError> {
        let ids = |transaction: &ReadTransaction| {
            let waiting = transaction.table(tables::OUTBOX_WAITING)?;
            waiting.range(range)?.take(limit).map(|row| Ok(row?.0.value())).collect()
        };
        self.visit_entries("outbox_waiting", ids, visit)
    }

    fn entry_of_block(&self, hash: &BlockHash) -> Result<Option<OutboxEntry>, StoreError> {
        Ok(self.read(|transaction| {
            let blocks = transaction.table(tables::OUTBOX_BLOCKS)?;
            let Some(id) = blocks.get(&hash.0)?.map(|id| id.value()) else { return Ok(None) };
            let entries = transaction.table(tables::OUTBOX)?;
            entry_at(&entries, id, "outbox_blocks", hash).map(Some)
        })?)
    }

    fn displaced_by(&self, txid: &Txid) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut found = Vec::new();
        let ids = |transaction: &ReadTransaction| {
            let displaced = transaction.table(tables::OUTBOX_DISPLACED)?;
            let rows = displaced.range((&txid.0, 0)..=(&txid.0, u64::MAX))?;
            rows.map(|row| Ok(row?.0.value().1)).collect()
        };
        self.visit_entries("outbox_displaced", ids, &mut |entry| found.push(entry))?;
        Ok(found)
    }

    fn outbox_facts(&self) -> Result<OutboxFacts, StoreError> {
        Ok(self.read(|transaction| {
            let meta_table = transaction.table(tables::META)?;
            Ok(OutboxFacts {
                next_id: tables::read_number(&meta_table, meta::NEXT_ENTRY_ID)?,
                waiting: transaction.table(tables::OUTBOX_WAITING)?.len()?,
                bytes: tables::read_number(&meta_table, meta::OUTBOX_BYTES)?,
                displaced: transaction.table(tables::OUTBOX_DISPLACED)?.len()?,
                met_peer: meta_table.get(meta::MET_PEER)?.is_some(),
            })
        })?)
    }

    fn transaction_at(
        &self,
        sender: &PublicKey,
        sequence: u64,
    ) -> Result<Option<Txid>, StoreError> {
        let mut after = None;
        loop {
            let page = self.transactions_of(sender, after, SEARCH_PAGE)?;
            let mut found = page.found.iter().map(|one| &one.transaction);
            let holds =
                |held: &&SignedTransaction| held.sender == *sender && held.sequence == sequence;
            if let Some(held) = found.find(holds) {
                return Ok(Some(held.txid()));
            }
            after = page.next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }

    fn mined_at(&self, txid: &Txid) -> Result<Option<u32>, StoreError> {
        let found = self.transaction(txid)?;
        Ok(found.filter(|found| found.on_best_chain).map(|found| found.height))
    }

    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> Result<(), StoreError> {
        self.visit_rows(all_waiting, |(_, record)| visit(record))
    }

    fn visit_predecessors(&self, visit: &mut dyn FnMut(BodyEntry)) -> Result<(), StoreError> {
        self.visit_rows(all_predecessors, |(.., entry)| visit(entry))
    }

    fn visit_witnessed(&self, visit: &mut dyn FnMut(Witnessed)) -> Result<(), StoreError> {
        self.read_witnessed(visit)
    }
}
