//! Import into a store that no node runs on.

use kusari_chain::{BlockStore, CheckedBlock};
use kusari_node::wire::{Dialect, Message};

use super::tally::{Tally, Target};
use crate::cli::prelude::*;
use kusari_runtime::offline::Offline;
use kusari_store::Store;

/// How an `ERROR` names a block whose parent is not known.
pub(super) const UNKNOWN_PARENT: &str = "unknown-parent";

pub(super) struct StoredTarget(Offline);

impl StoredTarget {
    pub(super) fn new(store: Store) -> Result<Self> {
        Ok(Self(Offline::open(store)?))
    }
}

impl Target for StoredTarget {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    fn take(&mut self, number: u64, block: CheckedBlock, tally: &mut Tally) -> Result {
        let hash = block.block().hash;
        let told = self.0.receive(Ok(Message::Block(block)))?;
        tally.tell(&told.events);
        match told.errors.first() {
            // Orphans that it adopts are lines of their own, and settled at the end.
            None if told.added > 0 => tally.imported(),
            None => tally.known(),
            Some(error) if error.code == UNKNOWN_PARENT => tally.waits(number, hash),
            Some(error) => tally.refused(number, &error.message),
        }
        Ok(())
    }

    fn finish(&mut self, tally: &mut Tally) -> Result<u32> {
        let told = self.0.flush()?;
        tally.tell(&told.events);
        for (number, hash) in tally.take_orphans() {
            let found = self.0.store().by_hash(&hash)?;
            tally.settled(number, found.is_some());
        }
        Ok(self.0.snapshot().tip.height)
    }
}
