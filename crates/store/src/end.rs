//! The end of a ledger of which the last blocks were altered on the medium.
//!
//! Owns what makes the store one that ends below them: the accounts and the history are made again from
//! the blocks that are sound, in one commit. Knows nothing of how a chain goes on from there; the altered
//! blocks come again from other nodes. Their rows stay, in no chain, as the audit says.

use kusari_chain::StoreError;
use kusari_chain::ledger::ChainSpec;

use super::Store;
use super::accounts::AccountWriter;
use super::blocks::BlockReader;
use super::checksummed::WriteTables;
use super::fault::{Fault, guarded};
use super::history::HistoryWriter;
use super::replay::Replay;
use super::tables;

impl Store {
    /// Lets a ledger whose last blocks are not as they were stored end below them; the classic chain does
    /// so by itself. Returns the height where it ends then, `None` where nothing was to be done. Reads every
    /// block once where something is.
    ///
    /// # Errors
    /// [`StoreError`] where a block further below was altered as well, so that it is unknown what the
    /// accounts are, and where the medium fails.
    pub fn end_below_altered(&self) -> Result<Option<u32>, StoreError> {
        let Some(spec) = self.inner.kind.spec() else { return Ok(None) };
        match self.read_blocks(|reader| reader.tip_head()) {
            Ok(_) => return Ok(None),
            Err(Fault::AlteredEnd(_) | Fault::Altered { .. }) => {}
            Err(fault) => return Err(fault.into()),
        }
        let height = self.write_end(spec)?;
        tracing::warn!(
            "the last blocks of this ledger are not as they were stored: it ends at block {height} from \
             now on, and what stood above is asked for again; see with `kusari audit` how far the damage \
             goes"
        );
        Ok(Some(height))
    }

    /// Returns the height of the new end.
    fn write_end(&self, spec: &ChainSpec) -> Result<u32, Fault> {
        guarded(|| {
            let read = self.inner.database.begin_read()?;
            let blocks = BlockReader::open(&read, &self.inner.content)?;
            let mut write = self.inner.database.begin_write()?;
            write.set_quick_repair(true);
            let mut height = 0;
            {
                write.table(tables::HISTORY)?.clear()?;
                let mut history = HistoryWriter::open(&write, height)?;
                let mut replay = Replay::default();
                let end = loop {
                    let stored = match blocks.best_at(height + 1) {
                        Ok(Some(stored)) => stored,
                        Ok(None) => break Fault::unreadable("best", height + 1, "there is none"),
                        Err(Fault::AlteredBlock(block)) => break Fault::AlteredBelowEnd(block),
                        Err(fault @ Fault::Altered { .. }) => break fault,
                        // Where the medium fails, nothing says that the block is lost.
                        Err(fault) => return Err(fault),
                    };
                    let Some(part) = stored.part() else {
                        break Fault::unreadable("blocks", stored.order, "it has no commitment");
                    };
                    if let Err(rule) = replay.apply(height + 1, part, spec) {
                        break Fault::unreadable("blocks", stored.order, rule);
                    }
                    height += 1;
                    history.push(height, &stored.block.hash)?;
                };
                history.finish()?;
                // What the block that is lost did to the accounts, those above it depend on.
                if blocks.has_sound_block_above(height)? {
                    return Err(end);
                }
                write.table(tables::BEST)?.discard_from(height + 1)?;
                write.table(tables::ACCOUNTS)?.clear()?;
                let mut accounts = AccountWriter::default();
                replay.into_accounts().for_each(|account| accounts.set(account));
                accounts.finish(&write)?;
            }
            write.commit()?;
            Ok(height)
        })
    }
}
