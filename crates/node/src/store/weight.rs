//! What a batch counts for while it waits for the disk, and whether there is any need to write it.
//!
//! Owns an estimate of its memory. Changes to the blocks are not in it: the chain counts those.

use kusari_chain::ledger::Payload;

use super::{OutboxWrite, PoolWrite, PredecessorWrite, StoreBatch};
use crate::drafts::Draft;
use crate::limits::MIN_COMMIT_BYTES;

/// Names, places and what a list of them takes, of one step.
const STEP_BYTES: u64 = 256;

fn of_payload(payload: Option<&Payload>) -> u64 {
    payload.map_or(0, |payload| payload.data.len() as u64)
}

impl StoreBatch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.is_of_blocks()
    }

    /// Whether nothing but blocks is to be written.
    #[must_use]
    pub fn is_of_blocks(&self) -> bool {
        self.outbox.is_empty()
            && self.pool.is_empty()
            && self.predecessors.is_empty()
            && self.erased.is_empty()
            && self.statements.is_empty()
            && !self.met_peer
    }

    /// Bytes that it counts for while it is under way, beside the changes to the blocks.
    #[must_use]
    pub fn counted_bytes(&self) -> u64 {
        let outbox = self.outbox.iter().map(|write| match write {
            OutboxWrite::Insert { text, draft, .. } => {
                text.len() as u64 + draft.as_ref().map_or(0, Draft::weight)
            }
            OutboxWrite::Signed { text, .. } => text.len() as u64,
            _ => 0,
        });
        let pool = self.pool.iter().map(|write| match write {
            PoolWrite::Insert { record, .. } => of_payload(record.payload.as_ref()),
            PoolWrite::Remove { .. } => 0,
        });
        let predecessors = self.predecessors.iter().map(|write| match write {
            PredecessorWrite::Insert(entry) => of_payload(entry.payload.as_ref()),
            PredecessorWrite::Remove { .. } => 0,
        });
        let others = self.erased.iter().map(|_| 0).chain(self.statements.iter().map(|_| 0));
        let steps = outbox.chain(pool).chain(predecessors).chain(others);
        steps.map(|bytes| bytes + STEP_BYTES).sum::<u64>().max(MIN_COMMIT_BYTES)
    }
}
