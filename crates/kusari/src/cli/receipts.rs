//! The receipt comes before the block.
//!
//! A receipt travels from the node to the thread that asked and from there to the screen; the block
//! that is mined for the line goes straight to the screen and may overtake it. While a line is being
//! saved, blocks of lines that no receipt was shown for wait here. Pure.

use std::sync::Arc;

use kusari_chain::StoredBlock;
use kusari_node::store::EntryId;

/// Blocks that wait at once. One line is asked for at a time, so usually one; more only when lines
/// of an earlier run are mined meanwhile, and for those a receipt is long past.
const MAX_HELD: usize = 16;

/// Puts receipts before blocks.
#[derive(Default)]
pub(crate) struct Receipts {
    asking: bool,
    last: EntryId,
    held: Vec<(EntryId, Arc<StoredBlock>)>,
}

impl Receipts {
    /// A line is being saved.
    pub(crate) fn asking(&mut self) {
        self.asking = true;
    }

    /// The line is saved, or refused. Returns the blocks that may be shown after the receipt.
    pub(crate) fn answered(&mut self, entry: Option<EntryId>) -> Vec<(EntryId, Arc<StoredBlock>)> {
        self.asking = false;
        self.last = entry.unwrap_or(self.last);
        std::mem::take(&mut self.held)
    }

    /// A block was mined for an entry. Returns what may be shown now.
    pub(crate) fn mined(
        &mut self,
        entry: EntryId,
        block: Arc<StoredBlock>,
    ) -> Vec<(EntryId, Arc<StoredBlock>)> {
        let waits = !self.held.is_empty() || (self.asking && entry > self.last);
        self.held.push((entry, block));
        if waits && self.held.len() <= MAX_HELD {
            return Vec::new();
        }
        std::mem::take(&mut self.held)
    }

    /// The end has come: nothing waits any more.
    pub(crate) fn finish(&mut self) -> Vec<(EntryId, Arc<StoredBlock>)> {
        self.answered(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::{Block, Work};

    fn block() -> Arc<StoredBlock> {
        let block = Block::genesis();
        Arc::new(StoredBlock { order: 0, work: Work::ZERO, total_bytes: 0, block, ledger: None })
    }

    fn entries(blocks: Vec<(EntryId, Arc<StoredBlock>)>) -> Vec<EntryId> {
        blocks.into_iter().map(|(entry, _)| entry).collect()
    }

    #[test]
    fn a_block_that_overtakes_its_receipt_waits_for_it() {
        let mut receipts = Receipts::default();
        receipts.asking();
        assert_eq!(entries(receipts.mined(3, block())), [0; 0]);
        assert_eq!(entries(receipts.answered(Some(3))), [3]);
    }

    #[test]
    fn a_block_whose_receipt_was_shown_does_not_wait() {
        let mut receipts = Receipts::default();
        receipts.asking();
        assert_eq!(entries(receipts.answered(Some(3))), [0; 0]);
        assert_eq!(entries(receipts.mined(3, block())), [3]);
        receipts.asking();
        assert_eq!(entries(receipts.mined(3, block())), [3]);
        assert_eq!(entries(receipts.mined(4, block())), [0; 0]);
        assert_eq!(entries(receipts.answered(None)), [4]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut receipts = Receipts::default();
        receipts.asking();
        for entry in 1..=MAX_HELD as u64 {
            assert_eq!(entries(receipts.mined(entry, block())), [0; 0]);
        }
        assert_eq!(entries(receipts.mined(99, block())).len(), MAX_HELD + 1);
    }
}
