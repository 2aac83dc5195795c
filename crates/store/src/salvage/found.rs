//! What was found so far, and which version of it counts.

use std::collections::btree_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use kusari_chain::ledger::{Commitment, Txid};
use kusari_chain::{Block, BlockHash};
use kusari_node::store::{EntryId, OutboxEntry};
use redb::ReadTransaction;

use super::entries::Source;
use super::scan::{self, FoundBlock};
use super::{Body, Found, FoundEntry, MAX_SOUGHT, Place, Span, pages};
use crate::audit::open_untouched;
use crate::checksummed::{ReadTables, ReadableTable, row_fits, row_value, visit_unchecked};
use crate::fault::{Fault, guarded};
use crate::record::{read_early_entry, read_entry};
use crate::tables::{self, meta};

impl Found {
    pub(super) fn last_entry(&self) -> EntryId {
        self.entries.last_key_value().map_or(0, |(id, _)| *id)
    }

    pub(super) fn lost_entries(&self) -> Vec<EntryId> {
        let end = self.next_entry.unwrap_or(0).max(self.last_entry().saturating_add(1));
        let missing = (1..end).filter(|id| !self.entries.contains_key(id)).take(MAX_SOUGHT);
        let lost: BTreeSet<EntryId> = missing.chain(self.unreadable.iter().copied()).collect();
        lost.into_iter().collect()
    }

    pub(super) fn take_block(
        &mut self,
        at: u64,
        bytes: &[u8],
        start: usize,
        found: FoundBlock,
        wanted: &mut HashMap<BlockHash, Commitment>,
    ) {
        let FoundBlock { block, work, commitment, length } = found;
        let known = self.blocks.get(&block.hash);
        // One of a ledger whose commitment was hit looks like one of the classic chain.
        let is_better = |known: &Place| match known.body {
            Body::Missing => false,
            Body::None => commitment.is_none(),
            Body::Empty => true,
            // Another version of it may follow this one.
            Body::Found(..) => false,
        };
        if known.is_some_and(is_better) {
            return;
        }
        let behind = bytes.get(start + length..).unwrap_or_default();
        let body = match &commitment {
            None => Body::None,
            Some(commitment) if commitment.body_count == 0 => Body::Empty,
            // In early versions the body follows.
            Some(commitment) => match scan::body_at_front(behind, commitment) {
                Some(body) => {
                    let at = at + (start + length) as u64;
                    Body::Found(Span { at, length: body.length }, body.version())
                }
                None => Body::Missing,
            },
        };
        if let Some(Place { body: Body::Found(_, known), .. }) = known
            && !matches!(&body, Body::Found(_, version) if version > known)
        {
            return;
        }
        if let Some(commitment) = commitment {
            self.chain_id.get_or_insert(commitment.chain_id);
            match body {
                Body::Missing => wanted.insert(block.hash, commitment),
                _ => wanted.remove(&block.hash),
            };
        }
        let Block { index: height, prev_hash, hash, .. } = block;
        let head = Span { at: at + start as u64, length };
        self.blocks.insert(hash, Place { prev_hash, height, work, head, body });
    }

    /// Takes the rows whose checksums hold.
    pub(super) fn take_rows(&mut self, bytes: &[u8], end: usize) {
        for start in (0..end.min(bytes.len())).step_by(pages::PAGE) {
            let page = bytes.get(start..).unwrap_or_default();
            pages::rows(page, Some(8), |key, row| {
                let id = key.first_chunk().map(|id| u64::from_le_bytes(*id));
                if let Some(id) = id.filter(|_| row_fits(tables::OUTBOX.name(), key, row))
                    && let Ok(entry) = read_entry(id, row_value(row))
                {
                    self.take_entry(entry, Source::File);
                }
            });
            pages::rows(page, Some(32), |key, row| {
                if let Some(txid) = key.first_chunk()
                    && row_fits(tables::ERASED.name(), key, row)
                {
                    self.erased.insert(Txid(*txid));
                }
            });
            pages::rows(page, None, |key, row| {
                if key == meta::NEXT_ENTRY_ID.as_bytes()
                    && row_fits(tables::META.name(), key, row)
                    && let Some(next) = row_value(row).first_chunk()
                {
                    let next = u64::from_le_bytes(*next);
                    self.next_entry = self.next_entry.max(Some(next));
                }
            });
        }
    }

    pub(super) fn take_entry(&mut self, entry: OutboxEntry, source: Source) {
        match self.entries.entry(entry.id) {
            Entry::Vacant(place) => drop(place.insert(FoundEntry::new(entry, source))),
            Entry::Occupied(known) => known.into_mut().meet(FoundEntry::new(entry, source)),
        }
    }

    /// Entries as the database shows them, where it opens; of an early version, what was erased too.
    pub(super) fn take_shown_rows(&mut self, path: &Path) {
        let opened = guarded(|| Ok::<_, Fault>(open_untouched(path)));
        let Ok(Ok(database)) = opened else { return };
        // What breaks off ends the reading, and what came before it was taken.
        let _ = guarded(|| {
            let transaction = database.begin_read()?;
            match guarded(|| is_early(&transaction)) {
                Ok(true) => self.take_early_rows(&transaction),
                _ => self.take_live_rows(&transaction),
            }
        });
    }

    fn take_live_rows(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        for row in transaction.table(tables::OUTBOX)?.iter()? {
            let (id, row) = match row {
                Err(Fault::Altered { .. }) => continue,
                row => row?,
            };
            if let Ok(entry) = read_entry(id.value(), row.value()) {
                self.take_entry(entry, Source::Database);
            }
        }
        Ok(())
    }

    fn take_early_rows(&mut self, transaction: &ReadTransaction) -> Result<(), Fault> {
        let outbox = tables::OUTBOX;
        visit_unchecked(transaction, outbox, |id, row| match read_early_entry(id, row) {
            Ok(entry) => self.take_entry(entry, Source::Early),
            Err(_) => drop(self.unreadable.insert(id)),
        })?;
        visit_unchecked(transaction, tables::ERASED, |txid, ()| {
            self.erased.insert(Txid(*txid));
        })
    }
}

fn is_early(transaction: &ReadTransaction) -> Result<bool, Fault> {
    let version = transaction.table(tables::META)?.unchecked(meta::SCHEMA_VERSION)?;
    // A number and nothing else; with a checksum it is longer.
    Ok(version.is_some_and(|version| version.len() == 8))
}
