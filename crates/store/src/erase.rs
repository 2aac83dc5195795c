//! Erasures: the payload of a stored transaction is dropped for good.
//!
//! Owns how the record is written anew, and what is done about its old bytes: the database never writes
//! over a page that is in use, and leaves a page that it freed as it was until it needs one. So after
//! such a commit zeros are written to pages that are free, and freed again. Pages are given out from the
//! lowest on, so they most likely are those that were freed last; it is no proof, and
//! `docs/formats/store.md` says what is.

use std::collections::{BTreeMap, BTreeSet};

use kusari_chain::{BlockHash, BlockWrite, StoredBlock};
use kusari_node::store::{Erasure, StoreBatch};
use redb::WriteTransaction;

use super::blocks::BlockReader;
use super::checksummed::{ReadableTable, Table, WriteTables};
use super::content::{Content, sound};
use super::fault::Fault;
use super::handle::Handle;
use super::record::{read_head, write_body};
use super::tables;
use super::transaction_lookup::change_contents;
use super::transactions::orders_of;

/// Pages that are overwritten, as rows of which each fills one of 4 KiB: as many as a commit of a node
/// that catches up frees.
const OVERWRITTEN: u64 = 1_024;
/// Bytes of such a row: what a page holds beside its own bookkeeping.
const ROW_BYTES: usize = 4_000;

/// What was erased here, within one commit: it is not stored again, with whatever block it comes.
pub(super) struct Erased<'txn> {
    table: Table<'txn, &'static [u8; 32], ()>,
    is_empty: bool,
}

impl<'txn> Erased<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, Fault> {
        let table = transaction.table(tables::ERASED)?;
        Ok(Self { is_empty: table.is_empty()?, table })
    }

    /// The block without what was erased before; `None` where it has nothing of it.
    pub(super) fn without(&self, stored: &StoredBlock) -> Result<Option<StoredBlock>, Fault> {
        if self.is_empty {
            return Ok(None);
        }
        let mut fault = None;
        let mut stripped = stored.clone();
        let changed = stripped.erase_where(|txid| match self.table.get(&txid.0) {
            Ok(found) => found.is_some(),
            Err(error) => {
                fault = Some(error);
                false
            }
        });
        match fault {
            Some(error) => Err(error),
            None => Ok(changed.then_some(stripped)),
        }
    }
}

/// Whether the batches erase anything.
pub(super) fn erases(batches: &[StoreBatch]) -> bool {
    batches.iter().any(|batch| !batch.erased.is_empty())
}

/// Writes zeros to pages that are free, in a table that is empty again when this returns. Of a crash in
/// between some of them are left, and go the next time.
pub(super) fn overwrite_free_pages(database: &Handle) -> Result<(), Fault> {
    let zeros = [0; ROW_BYTES];
    // What one commit frees may be used by the one after the next.
    for rows in [1, OVERWRITTEN, 0] {
        let mut transaction = database.begin_write()?;
        transaction.set_quick_repair(true);
        {
            let mut table = transaction.table(tables::ZEROS)?;
            table.clear()?;
            for row in 0..rows {
                table.insert(row, zeros.as_slice())?;
            }
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Drops the payloads, after all changes to the blocks are in their tables, from every block that has the
/// transaction. One that is not there, or whose block is gone, needs no erasing.
pub(super) fn erase(
    database: &Handle,
    content: &Content,
    transaction: &WriteTransaction,
    batches: &[StoreBatch],
) -> Result<(), Fault> {
    if !erases(batches) {
        return Ok(());
    }
    let inserted = inserted(batches);
    // As of the commit before; no other thread commits meanwhile.
    let read = database.begin_read()?;
    let before = BlockReader::open(&read, content)?;
    // A block that a later batch drops held its transactions when they were erased.
    let mut table = transaction.table(tables::ERASED)?;
    let (mut ids, mut dropped) = (BTreeSet::new(), BTreeSet::new());
    for batch in batches {
        for write in &batch.blocks {
            if let BlockWrite::Evict { hash, .. } = write {
                dropped.insert(*hash);
            }
        }
        for Erasure { block, place } in &batch.erased {
            if dropped.contains(block) {
                continue;
            }
            let stored = match came(batches, block) {
                Some(stored) => Some(StoredBlock::clone(stored)),
                None => sound(before.by_hash(block))?.flatten(),
            };
            let Some(mut stored) = stored else { continue };
            if let Some(txid) = stored.erase(*place) {
                table.insert(&txid.0, ())?;
                ids.insert(txid);
            }
        }
    }
    let blocks = transaction.table(tables::BLOCKS)?;
    let mut bodies = transaction.table(tables::BODIES)?;
    let mut rewrite = |order| {
        let (Some(head), Some(body)) = (blocks.get(order)?, bodies.get(order)?) else {
            return Ok(());
        };
        let mut stored = read_head(order, head.value())?.with_body(body.value())?;
        drop((head, body));
        let former = stored.clone();
        if !stored.erase_where(|txid| ids.contains(txid)) {
            return Ok(());
        }
        let mut record = Vec::new();
        write_body(&stored, &mut record)?;
        bodies.insert(order, record.as_slice())?;
        change_contents(transaction, &former, &stored)
    };
    // Every branch may have it, and blocks that come in the same commit.
    let mut others: BTreeSet<u64> = inserted.into_values().collect();
    for txid in &ids {
        others.extend(orders_of(&read, txid)?);
    }
    for order in others {
        rewrite(order)?;
    }
    Ok(())
}

/// The block, if the batches bring it.
fn came<'a>(batches: &'a [StoreBatch], hash: &BlockHash) -> Option<&'a StoredBlock> {
    let mut writes = batches.iter().flat_map(|batch| &batch.blocks);
    writes.find_map(|write| match write {
        BlockWrite::InsertBest(stored) | BlockWrite::InsertSide(stored) => {
            (stored.block.hash == *hash).then_some(stored.as_ref())
        }
        _ => None,
    })
}

/// Orders of the blocks that the batches bring.
fn inserted(batches: &[StoreBatch]) -> BTreeMap<BlockHash, u64> {
    let writes = batches.iter().flat_map(|batch| &batch.blocks);
    writes
        .filter_map(|write| match write {
            BlockWrite::InsertBest(stored) | BlockWrite::InsertSide(stored) => {
                Some((stored.block.hash, stored.order))
            }
            _ => None,
        })
        .collect()
}
