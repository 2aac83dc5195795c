//! Erasures: the payload of a stored transaction is dropped for good.
//!
//! Owns how the record is written anew.

use std::collections::BTreeMap;

use kusari_chain::BlockHash;
use kusari_node::store::StoreBatch;
use redb::{ReadableTable, WriteTransaction};

use super::fault::Fault;
use super::record::{read_block, write_block};
use super::tables;

/// Drops the payloads, after all changes to the blocks are in their tables. One that is not there, or
/// whose block is gone, needs no erasing.
pub(super) fn erase(transaction: &WriteTransaction, batches: &[StoreBatch]) -> Result<(), Fault> {
    if batches.iter().all(|batch| batch.erased.is_empty()) {
        return Ok(());
    }
    let mut places: BTreeMap<(u64, BlockHash), Vec<u32>> = BTreeMap::new();
    for erasure in batches.iter().flat_map(|batch| &batch.erased) {
        places.entry((erasure.order, erasure.block)).or_default().push(erasure.place);
    }
    let mut blocks = transaction.open_table(tables::BLOCKS)?;
    for ((order, block), places) in places {
        let mut stored = match blocks.get(order)? {
            Some(bytes) => read_block(order, bytes.value())?,
            None => continue,
        };
        if stored.block.hash != block {
            continue;
        }
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
