//! Erasures: the payload of a stored transaction is dropped for good.
//!
//! Owns how the record is written anew.

use std::collections::BTreeMap;

use kusari_chain::{BlockHash, BlockWrite};
use kusari_node::store::StoreBatch;
use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};

use super::blocks::BlockReader;
use super::fault::Fault;
use super::record::{read_block, write_block};
use super::tables;

/// Drops the payloads, after all changes to the blocks are in their tables. One that is not there, or
/// whose block is gone, needs no erasing.
pub(super) fn erase(
    database: &Database,
    transaction: &WriteTransaction,
    batches: &[StoreBatch],
) -> Result<(), Fault> {
    if batches.iter().all(|batch| batch.erased.is_empty()) {
        return Ok(());
    }
    let inserted = inserted(batches);
    // As of the commit before; nobody else commits meanwhile.
    let before = database.begin_read()?;
    let before = BlockReader::open(&before)?;
    let mut places: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for erasure in batches.iter().flat_map(|batch| &batch.erased) {
        let order = match inserted.get(&erasure.block) {
            Some(order) => Some(*order),
            None => before.by_hash(&erasure.block)?.map(|stored| stored.order),
        };
        if let Some(order) = order {
            places.entry(order).or_default().push(erasure.place);
        }
    }
    let mut blocks = transaction.open_table(tables::BLOCKS)?;
    for (order, places) in places {
        let mut stored = match blocks.get(order)? {
            Some(bytes) => read_block(order, bytes.value())?,
            None => continue,
        };
        let Some(ledger) = &mut stored.ledger else { continue };
        for place in places {
            if let Some(entry) = ledger.part.body.get_mut(place as usize) {
                entry.payload = None;
            }
        }
        let mut record = Vec::new();
        write_block(&stored, &mut record)?;
        blocks.insert(order, record.as_slice())?;
    }
    Ok(())
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
