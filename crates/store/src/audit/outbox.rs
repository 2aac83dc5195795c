//! The audit of the outbox: every record, what is kept beside the records, and the blocks that were
//! mined for them.

use std::collections::BTreeSet;

use kusari_chain::params::SETTLED_DEPTH;
use kusari_node::limits::MAX_FORMS;
use kusari_node::store::{EntryId, EntryState, OutboxEntry};
use redb::ReadTransaction;

use super::blocks::BlockTables;
use super::{AuditFault, Auditor, Place};
use crate::checksummed::{ReadOnlyTable, ReadTables, ReadableTable};
use crate::record::read_entry;
use crate::tables::{self, meta};

/// The tables of the outbox.
pub(super) struct OutboxTables {
    entries: ReadOnlyTable<u64, &'static [u8]>,
    waiting: ReadOnlyTable<u64, ()>,
    open: ReadOnlyTable<u64, ()>,
    displaced: ReadOnlyTable<(&'static [u8; 32], u64), ()>,
    blocks: ReadOnlyTable<&'static [u8; 32], u64>,
    /// As the store says.
    next_entry: EntryId,
    /// The same.
    bytes: u64,
}

impl OutboxTables {
    pub(super) fn open(
        transaction: &ReadTransaction,
        next_entry: EntryId,
    ) -> Result<Self, AuditFault> {
        Ok(Self {
            entries: transaction.table(tables::OUTBOX)?,
            waiting: transaction.table(tables::OUTBOX_WAITING)?,
            open: transaction.table(tables::OUTBOX_OPEN)?,
            displaced: transaction.table(tables::OUTBOX_DISPLACED)?,
            blocks: transaction.table(tables::OUTBOX_BLOCKS)?,
            next_entry,
            bytes: tables::read_number(&transaction.table(tables::META)?, meta::OUTBOX_BYTES)?,
        })
    }

    fn entry(&self, id: EntryId) -> Result<Option<OutboxEntry>, AuditFault> {
        match self.entries.get(id)? {
            Some(bytes) => Ok(Some(read_entry(id, bytes.value())?)),
            None => Ok(None),
        }
    }
}

impl Auditor {
    /// The outbox, over a best chain that ends at `tip_height`.
    pub(super) fn audit_outbox(
        &mut self,
        outbox: &OutboxTables,
        blocks: &BlockTables,
        tip_height: u32,
    ) -> Result<(), AuditFault> {
        let mut listed = Listed::default();
        // Entries are numbered from 1 without a gap, and never deleted.
        let mut due: EntryId = 1;
        for row in outbox.entries.iter()? {
            self.place = Place::Entry(due);
            let (id, bytes) = row?;
            if id.value() != due {
                return Err(AuditFault::MissingEntry);
            }
            if due >= outbox.next_entry {
                return Err(AuditFault::EntryNotDue { next: outbox.next_entry });
            }
            let entry = read_entry(due, bytes.value())?;
            check_entry(&entry, outbox)?;
            self.report.waiting_entries +=
                u64::from(!stands_in_best_chain(&entry, blocks, tip_height)?);
            listed.count(&entry);
            self.report.outbox_entries += 1;
            due += 1;
        }
        if due < outbox.next_entry {
            self.place = Place::Entry(due);
            return Err(AuditFault::MissingEntry);
        }
        self.audit_list("outbox_waiting", &outbox.waiting, listed.waiting)?;
        self.audit_list("outbox_open", &outbox.open, listed.open)?;
        self.place = Place::Table("outbox_displaced");
        if let Some(row) = outbox.displaced.iter()?.nth(listed.displaced) {
            return Err(AuditFault::StrayEntry { id: row?.0.value().1 });
        }
        self.place = Place::Fact(meta::OUTBOX_BYTES);
        if outbox.bytes != listed.bytes {
            let (says, counted) = (outbox.bytes, listed.bytes);
            return Err(AuditFault::WrongOutboxBytes { says, counted });
        }
        self.audit_block_index(outbox, listed.named)
    }

    /// Every record that belongs in the list is there, so where it is as long there is no other.
    fn audit_list(
        &mut self,
        name: &'static str,
        list: &ReadOnlyTable<u64, ()>,
        listed: usize,
    ) -> Result<(), AuditFault> {
        self.place = Place::Table(name);
        match list.iter()?.nth(listed) {
            Some(row) => Err(AuditFault::StrayEntry { id: row?.0.value() }),
            None => Ok(()),
        }
    }

    /// The same for the blocks that were mined for records.
    fn audit_block_index(&mut self, outbox: &OutboxTables, mined: u64) -> Result<(), AuditFault> {
        self.place = Place::Table("outbox_blocks");
        for (row, number) in outbox.blocks.iter()?.zip(1_u64..) {
            let (hash, id) = row?;
            let (hash, id) = (hash.value(), id.value());
            let names_it = |entry: OutboxEntry| entry.blocks.iter().any(|block| block.0 == *hash);
            if number > mined || !outbox.entry(id)?.is_some_and(names_it) {
                return Err(AuditFault::StrayEntry { id });
            }
        }
        Ok(())
    }
}

/// How many records belong in each list, and bytes of those that wait.
#[derive(Default)]
struct Listed {
    waiting: usize,
    open: usize,
    displaced: usize,
    named: u64,
    bytes: u64,
}

impl Listed {
    fn count(&mut self, entry: &OutboxEntry) {
        let waits = entry.state == EntryState::Waiting;
        self.waiting += usize::from(waits);
        self.open += usize::from(entry.is_open());
        self.displaced += usize::from(matches!(entry.state, EntryState::Displaced { .. }));
        self.named = self.named.saturating_add(entry.blocks.len() as u64);
        if waits {
            self.bytes = self.bytes.saturating_add(entry.weight());
        }
    }
}

/// The lists beside the records say the same as the record.
fn check_entry(entry: &OutboxEntry, outbox: &OutboxTables) -> Result<(), AuditFault> {
    let (waits, settled) = (entry.state == EntryState::Waiting, entry.state.is_settled());
    let is_listed = outbox.waiting.get(entry.id)?.is_some() == waits
        && outbox.open.get(entry.id)?.is_some() == entry.is_open();
    if !is_listed {
        return Err(AuditFault::BadOpen { settled });
    }
    if let EntryState::Displaced { by, .. } = entry.state
        && outbox.displaced.get((&by.0, entry.id))?.is_none()
    {
        return Err(AuditFault::BadOpen { settled });
    }
    let mut named = BTreeSet::new();
    for hash in &entry.blocks {
        if !named.insert(hash) {
            return Err(AuditFault::NamedTwice { hash: *hash });
        }
        let indexed = outbox.blocks.get(&hash.0)?;
        if indexed.is_none_or(|id| id.value() != entry.id) {
            return Err(AuditFault::BlockNotIndexed { hash: *hash });
        }
    }
    Ok(())
}

/// Whether a block of the record is in the best chain. A block that is no longer stored was evicted
/// with the branch that it was on.
fn stands_in_best_chain(
    entry: &OutboxEntry,
    blocks: &BlockTables,
    tip_height: u32,
) -> Result<bool, AuditFault> {
    let mut depth = None;
    if let Some(ledger) = &blocks.ledger {
        // Its text is a transaction, and what stands for a block is the transaction's id: none for a
        // draft, and more where it was signed again.
        let is_draft = entry.draft.is_some();
        let most = if is_draft || entry.text.is_empty() { MAX_FORMS } else { 1 };
        if !(usize::from(!is_draft)..=most).contains(&entry.blocks.len()) {
            return Err(AuditFault::NotOneTransaction { count: entry.blocks.len() });
        }
        let mut height = None;
        for txid in entry.txids() {
            height = height.max(ledger.best_height_of(&txid, blocks)?);
        }
        return settled_enough(entry, height.map(|height| depth_of(tip_height, height)));
    }
    for hash in &entry.blocks {
        let Some(stored) = blocks.find(hash)? else { continue };
        if stored.block.data != entry.text {
            return Err(AuditFault::OtherText { hash: *hash });
        }
        if blocks.is_best(&stored)? {
            if depth.is_some() {
                return Err(AuditFault::StandsTwice { hash: *hash });
            }
            depth = Some(depth_of(tip_height, stored.block.index));
        }
    }
    settled_enough(entry, depth)
}

/// Depth of a block at `height` under a tip, itself included.
fn depth_of(tip_height: u32, height: u32) -> u32 {
    tip_height.saturating_sub(height).saturating_add(1)
}

/// A settled record is deep in the best chain. Returns whether it is there at all.
fn settled_enough(entry: &OutboxEntry, depth: Option<u32>) -> Result<bool, AuditFault> {
    // One whose text was erased is settled wherever its block goes.
    let is_settled = entry.state == EntryState::Mined { settled: true };
    let may_be_anywhere = !is_settled || entry.text.is_empty();
    if !may_be_anywhere && depth.is_none_or(|depth| depth < SETTLED_DEPTH) {
        return Err(AuditFault::NotSettled);
    }
    Ok(depth.is_some())
}
