//! New records of blocks within one commit, until they are written.

use kusari_chain::StoredBlock;

use super::checksummed::Table;
use super::fault::Fault;

/// Bytes of new records that are held before they are written.
const HELD_BYTES: usize = 256 * 1024;

/// New records of one table, one after another. They go to its end in one sweep, which costs a fraction
/// of finding the end for each.
#[derive(Default)]
pub(super) struct Records {
    bytes: Vec<u8>,
    /// Order of each of them, and where it ends.
    ends: Vec<(u64, usize)>,
}

impl Records {
    pub(super) fn push(
        &mut self,
        stored: &StoredBlock,
        write: fn(&StoredBlock, &mut Vec<u8>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        write(stored, &mut self.bytes)?;
        self.ends.push((stored.order, self.bytes.len()));
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= HELD_BYTES
    }

    pub(super) fn write(&mut self, table: &mut Table<'_, u64, &'static [u8]>) -> Result<(), Fault> {
        let mut end_of_table = table.end()?;
        let mut start = 0;
        for (order, end) in self.ends.drain(..) {
            let record = self.bytes.get(start..end).unwrap_or_default();
            if !end_of_table.push(order, record)? {
                let reason = format!("block {order} is inserted below a later one");
                return Err(Fault::Unfitting(reason));
            }
            start = end;
        }
        end_of_table.close()?;
        self.bytes.clear();
        Ok(())
    }
}
