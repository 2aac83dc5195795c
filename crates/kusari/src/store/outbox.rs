//! The outbox: reads, and the steps of a commit that change it.

use core::fmt::Display;

use kusari_chain::ledger::{BodyEntry, Txid};
use kusari_chain::{BlockHash, StoreError};
use kusari_node::store::{EntryId, OutboxEntry, OutboxStore, OutboxWrite, PoolRecord, Witnessed};
use redb::{ReadableTable, Table, WriteTransaction};

use super::Store;
use super::fault::{Fault, guarded};
use super::record::{read_entry, write_entry};
use super::tables::{self, meta};

/// The tables of the outbox within one commit.
pub(super) struct OutboxWriter<'txn> {
    meta: Table<'txn, &'static str, &'static [u8]>,
    entries: Table<'txn, u64, &'static [u8]>,
    open: Table<'txn, u64, ()>,
    blocks: Table<'txn, &'static [u8; 32], u64>,
}

impl<'txn> OutboxWriter<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, Fault> {
        Ok(Self {
            meta: transaction.open_table(tables::META)?,
            entries: transaction.open_table(tables::OUTBOX)?,
            open: transaction.open_table(tables::OUTBOX_OPEN)?,
            blocks: transaction.open_table(tables::OUTBOX_BLOCKS)?,
        })
    }

    pub(super) fn apply(&mut self, write: &OutboxWrite) -> Result<(), Fault> {
        match write {
            OutboxWrite::Insert { id, text } => self.insert(*id, text),
            OutboxWrite::Mined { id, hash } => {
                self.blocks.insert(&hash.0, id)?;
                self.change(*id, |entry| entry.blocks.push(*hash))
            }
            OutboxWrite::EraseText { id } => self.change(*id, |entry| entry.text.clear()),
            OutboxWrite::SetSettled { id, settled } => {
                if *settled {
                    self.open.remove(id)?;
                } else {
                    self.open.insert(id, ())?;
                }
                self.change(*id, |entry| entry.settled = *settled)
            }
        }
    }

    fn insert(&mut self, id: EntryId, text: &str) -> Result<(), Fault> {
        let next = tables::read_number(&self.meta, meta::NEXT_ENTRY_ID)?;
        if id != next {
            return Err(Fault::Unfitting(format!("entry {id} is inserted where {next} is due")));
        }
        self.meta.insert(meta::NEXT_ENTRY_ID, (id + 1).to_le_bytes().as_slice())?;
        let text = String::from(text);
        let entry = OutboxEntry { id, text, blocks: Vec::new(), settled: false };
        self.entries.insert(id, write_entry(entry)?.as_slice())?;
        self.open.insert(id, ())?;
        Ok(())
    }

    fn change(&mut self, id: EntryId, edit: impl FnOnce(&mut OutboxEntry)) -> Result<(), Fault> {
        let mut entry = match self.entries.get(id)? {
            Some(bytes) => read_entry(id, bytes.value())?,
            None => return Err(Fault::Unfitting(format!("there is no entry {id}"))),
        };
        edit(&mut entry);
        self.entries.insert(id, write_entry(entry)?.as_slice())?;
        Ok(())
    }
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

impl OutboxStore for Store {
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> Result<(), StoreError> {
        let (entries, ids) = self.read(|transaction| {
            let open = transaction.open_table(tables::OUTBOX_OPEN)?;
            let ids = open.iter()?.map(|entry| Ok(entry?.0.value()));
            let ids = ids.collect::<Result<Vec<EntryId>, Fault>>()?;
            Ok((transaction.open_table(tables::OUTBOX)?, ids))
        })?;
        for id in ids {
            visit(guarded(|| entry_at(&entries, id, "outbox_open", id))?);
        }
        Ok(())
    }

    fn entry_of_block(&self, hash: &BlockHash) -> Result<Option<OutboxEntry>, StoreError> {
        Ok(self.read(|transaction| {
            let blocks = transaction.open_table(tables::OUTBOX_BLOCKS)?;
            let Some(id) = blocks.get(&hash.0)?.map(|id| id.value()) else { return Ok(None) };
            let entries = transaction.open_table(tables::OUTBOX)?;
            entry_at(&entries, id, "outbox_blocks", hash).map(Some)
        })?)
    }

    fn next_entry_id(&self) -> Result<EntryId, StoreError> {
        Ok(self.read_meta(meta::NEXT_ENTRY_ID)?)
    }

    fn mined_at(&self, txid: &Txid) -> Result<Option<u32>, StoreError> {
        let found = self.transaction(txid)?;
        Ok(found.filter(|found| found.on_best_chain).map(|found| found.height))
    }

    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> Result<(), StoreError> {
        self.read_pool(visit)
    }

    fn visit_predecessors(&self, visit: &mut dyn FnMut(BodyEntry)) -> Result<(), StoreError> {
        self.read_predecessors(visit)
    }

    fn visit_witnessed(&self, visit: &mut dyn FnMut(Witnessed)) -> Result<(), StoreError> {
        self.read_witnessed(visit)
    }
}
