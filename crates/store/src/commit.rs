//! The commit: batches of changes become one transaction.
//!
//! Owns the order of writes. A change that does not follow from what is stored is refused with all
//! of its transaction: it tells of a batch that was lost, and writing on would hide that.

use crate::event_log::EventEntry;
use kusari_chain::ledger::Payload;
use kusari_chain::{BlockHash, BlockWrite, StoredBlock};
use kusari_node::store::StoreBatch;
use redb::WriteTransaction;

use super::accounts::AccountWriter;
use super::checksummed::{ReadableTable, Table, WriteTables};
use super::content::Content;
use super::erase::{Erased, erase, erases, overwrite_free_pages};
use super::fault::Fault;
use super::handle::Handle;
use super::history::HistoryWriter;
use super::kind::Kind;
use super::outbox::{self, OutboxWriter};
use super::record::{Head, read_head, write_body, write_head};
use super::records::Records;
use super::reorg_limit;
use super::suffix_index::IndexWriter;
use super::tables::{self, meta};
use super::transaction_lookup::Lookups;
use super::transactions::{self, TransactionWriter};
use super::{event_log_table, pool, predecessors, statements};

/// Blocks of one commit from which on it costs little that the store opens at once after it.
const MANY_BLOCKS: usize = 64;

/// Writes the batches in order, durably, all or none. Returns whether the store opens at once after it also
/// where this process is killed: with what that takes a commit has a second sync and some pages more, and
/// every commit without it drops it, so that opening walks the whole file.
pub(super) fn commit(
    database: &Handle,
    kind: &Kind,
    content: &Content,
    batches: &[StoreBatch],
    events: &[EventEntry],
) -> Result<bool, Fault> {
    let mut transaction = database.begin_write()?;
    let blocks: usize = batches.iter().map(|batch| batch.blocks.len()).sum();
    let opens_at_once = blocks >= MANY_BLOCKS;
    transaction.set_quick_repair(opens_at_once);
    write_blocks(&transaction, kind, content, batches)?;
    if kind.is_ledger() {
        erase(database, content, &transaction, batches)?;
    }
    // None of these share a table, so all of one may go before all of the next.
    if batches.iter().any(|batch| !batch.outbox.is_empty()) {
        let mut writer = OutboxWriter::open(&transaction)?;
        for write in batches.iter().flat_map(|batch| &batch.outbox) {
            writer.apply(write)?;
        }
        writer.finish()?;
    }
    if batches.iter().any(|batch| batch.met_peer) {
        outbox::note_met_peer(&transaction)?;
    }
    let pool = steps(kind, batches, |batch| &batch.pool, "a transaction waits")?;
    pool.map_or(Ok(()), |pool| pool::write(&transaction, &pool))?;
    let kept = steps(kind, batches, |batch| &batch.predecessors, "a transaction is kept")?;
    kept.map_or(Ok(()), |kept| predecessors::write(&transaction, &kept))?;
    let said = steps(kind, batches, |batch| &batch.statements, "a witness speaks")?;
    said.map_or(Ok(()), |said| statements::write(&transaction, &said))?;
    event_log_table::write(&transaction, events)?;
    transaction.commit()?;
    if kind.is_ledger() && erases(batches) {
        overwrite_free_pages(database)?;
    }
    Ok(opens_at_once)
}

/// Has the store open at once after this, as a large commit does.
pub(super) fn seal(database: &Handle) -> Result<(), Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    Ok(transaction.commit()?)
}

/// The steps of one kind, where there are any. `what` says what has no place on a classic chain.
fn steps<'a, T>(
    kind: &Kind,
    batches: &'a [StoreBatch],
    of: fn(&StoreBatch) -> &Vec<T>,
    what: &str,
) -> Result<Option<Vec<&'a T>>, Fault> {
    let steps: Vec<&T> = batches.iter().flat_map(of).collect();
    match steps.is_empty() {
        true => Ok(None),
        false if kind.is_ledger() => Ok(Some(steps)),
        false => Err(misplaced(what)),
    }
}

fn write_blocks(
    transaction: &WriteTransaction,
    kind: &Kind,
    content: &Content,
    batches: &[StoreBatch],
) -> Result<(), Fault> {
    if batches.iter().all(|batch| batch.blocks.is_empty()) {
        return Ok(());
    }
    let mut writer = BlockWriter::open(transaction, kind, content)?;
    for write in batches.iter().flat_map(|batch| &batch.blocks) {
        writer.apply(write)?;
    }
    writer.finish(transaction)?;
    reorg_limit::write(transaction, batches)
}

/// The tables of blocks within one commit.
struct BlockWriter<'txn> {
    meta: Table<'txn, &'static str, &'static [u8]>,
    blocks: Table<'txn, u64, &'static [u8]>,
    best: Table<'txn, u32, u64>,
    index: IndexWriter<'txn, (u64, u64)>,
    side: Table<'txn, u64, ()>,
    content: &'txn Content,
    /// On a ledger.
    ledger: Option<LedgerWriter<'txn>>,
    next_order: u64,
    /// New records that are not in their table yet.
    records: Records,
    /// New heights at the end of the best chain, with their orders; written in the same way.
    heights: Vec<(u32, u64)>,
}

/// What a ledger keeps beside its blocks, within one commit.
struct LedgerWriter<'txn> {
    accounts: AccountWriter,
    bodies: Table<'txn, u64, &'static [u8]>,
    /// New bodies that are not in their table yet.
    records: Records,
    transactions: TransactionWriter<'txn>,
    lookups: Lookups<'txn>,
    history: HistoryWriter<'txn>,
    erased: Erased<'txn>,
}

impl<'txn> BlockWriter<'txn> {
    fn open(
        transaction: &'txn WriteTransaction,
        kind: &Kind,
        content: &'txn Content,
    ) -> Result<Self, Fault> {
        let meta_table = transaction.table(tables::META)?;
        let best = transaction.table(tables::BEST)?;
        let ledger = match kind.is_ledger() {
            true => Some(LedgerWriter {
                accounts: AccountWriter::default(),
                bodies: transaction.table(tables::BODIES)?,
                records: Records::default(),
                transactions: transactions::writer(transaction)?,
                lookups: Lookups::open(transaction)?,
                history: HistoryWriter::open(transaction, tip_height(&best)?)?,
                erased: Erased::open(transaction)?,
            }),
            false => None,
        };
        Ok(Self {
            next_order: tables::read_number(&meta_table, meta::NEXT_ORDER)?,
            meta: meta_table,
            blocks: transaction.table(tables::BLOCKS)?,
            best,
            index: IndexWriter::open(transaction, &tables::HASHES)?,
            side: transaction.table(tables::SIDE)?,
            content,
            ledger,
            records: Records::default(),
            heights: Vec::new(),
        })
    }

    fn apply(&mut self, write: &BlockWrite) -> Result<(), Fault> {
        match write {
            BlockWrite::InsertBest(stored) => {
                self.insert(stored)?;
                self.set_best(stored.block.index, stored.order, Some(&stored.block.hash))
            }
            BlockWrite::InsertSide(stored) => {
                self.insert(stored)?;
                self.side.insert(stored.order, ())?;
                Ok(())
            }
            BlockWrite::Connect { height, order } => {
                self.take_side(*order)?;
                self.set_best(*height, *order, None)
            }
            BlockWrite::Disconnect { height, order } => self.disconnect(*height, *order),
            BlockWrite::SetAccount(account) => {
                let ledger = self.ledger.as_mut();
                ledger.ok_or_else(|| misplaced("an account changes"))?.accounts.set(*account);
                Ok(())
            }
            BlockWrite::Fill { order, payloads, .. } => self.fill(*order, payloads),
            BlockWrite::Evict { hash, order } => self.evict(hash, *order),
            // Tables of their own, written after these.
            BlockWrite::HoldBranch(_)
            | BlockWrite::ReleaseBranch { .. }
            | BlockWrite::AcceptBranch { .. } => Ok(()),
        }
    }

    fn insert(&mut self, stored: &StoredBlock) -> Result<(), Fault> {
        let StoredBlock { order, block, .. } = stored;
        if *order != self.next_order {
            let due = self.next_order;
            return Err(Fault::Unfitting(format!("block {order} is inserted where {due} is due")));
        }
        self.next_order += 1;
        let stripped = match &self.ledger {
            Some(ledger) => ledger.erased.without(stored)?,
            None => None,
        };
        let written = stripped.as_ref().unwrap_or(stored);
        self.records.push(written, write_head)?;
        self.index.insert(block.hash.suffix(), *order);
        if let Some(ledger) = &mut self.ledger {
            for suffix in transactions::suffixes(stored) {
                ledger.transactions.insert(suffix, *order);
            }
            ledger.lookups.insert(written);
            ledger.records.push(written, write_body)?;
        }
        let is_full = |ledger: &LedgerWriter<'_>| ledger.records.is_full();
        if self.records.is_full() || self.ledger.as_ref().is_some_and(is_full) {
            return self.write_records();
        }
        Ok(())
    }

    /// Puts payloads into a stored block that came without them.
    fn fill(&mut self, order: u64, payloads: &[(u32, Payload)]) -> Result<(), Fault> {
        self.write_records()?;
        let Some(ledger) = &mut self.ledger else { return Err(misplaced("a payload comes")) };
        let (head, body) = (self.blocks.get(order)?, ledger.bodies.get(order)?);
        let (Some(head), Some(body)) = (head, body) else {
            let reason = format!("block {order} gets payloads and is not there");
            return Err(Fault::Unfitting(reason));
        };
        let head = read_head(order, head.value())?;
        let mut stored = head.with_body(body.value())?;
        drop(body);
        let former = stored.clone();
        stored.fill(payloads);
        let stored = ledger.erased.without(&stored)?.unwrap_or(stored);
        let mut record = Vec::new();
        write_body(&stored, &mut record)?;
        ledger.bodies.insert(order, record.as_slice())?;
        ledger.lookups.fill(&former, &stored)
    }

    /// Writes the records that are held.
    fn write_records(&mut self) -> Result<(), Fault> {
        self.records.write(&mut self.blocks)?;
        match &mut self.ledger {
            Some(ledger) => ledger.records.write(&mut ledger.bodies),
            None => Ok(()),
        }
    }

    /// The block joins the best chain. Its hash is read where the caller does not have it.
    fn set_best(&mut self, height: u32, order: u64, hash: Option<&BlockHash>) -> Result<(), Fault> {
        self.heights.push((height, order));
        if self.ledger.is_none() {
            return Ok(());
        }
        let hash = match hash {
            Some(hash) => *hash,
            None => self.hash_of(order)?,
        };
        match &mut self.ledger {
            Some(ledger) => ledger.history.push(height, &hash),
            None => Ok(()),
        }
    }

    fn hash_of(&mut self, order: u64) -> Result<BlockHash, Fault> {
        self.write_records()?;
        Ok(read(&self.blocks, order)?.block.hash)
    }

    /// Writes the heights that are held.
    fn write_heights(&mut self) -> Result<(), Fault> {
        if let Some((height, _)) = self.heights.first().copied() {
            self.drop_altered_end(height)?;
        }
        let mut end_of_table = self.best.end()?;
        for (height, order) in self.heights.drain(..) {
            if !end_of_table.push(height, order)? {
                return Err(Fault::Unfitting(format!(
                    "block {order} joins the best chain at height {height}, which is taken"
                )));
            }
        }
        end_of_table.close()
    }

    /// Forgets blocks at the end of the classic chain, from a height on, that were altered on the medium:
    /// the chain knows nothing of them, and goes on below them. Their records stay, as the audit says.
    fn drop_altered_end(&mut self, from: u32) -> Result<(), Fault> {
        while self.ledger.is_none() {
            let last = self.best.last()?.map(|(height, order)| (height.value(), order.value()));
            let Some((height, order)) = last.filter(|(height, _)| *height >= from) else {
                return Ok(());
            };
            if read(&self.blocks, order).is_ok_and(|head| self.content.check_head(&head).is_ok()) {
                return Ok(());
            }
            self.best.discard(height)?;
        }
        Ok(())
    }

    fn take_side(&mut self, order: u64) -> Result<(), Fault> {
        match self.side.discard(order)? {
            true => Ok(()),
            false => Err(Fault::Unfitting(format!("block {order} is not a side block"))),
        }
    }

    fn disconnect(&mut self, height: u32, order: u64) -> Result<(), Fault> {
        self.write_heights()?;
        if self.best.remove(height)?.map(|former| former.value()) != Some(order) {
            return Err(Fault::Unfitting(format!(
                "block {order} is not in the best chain at height {height}"
            )));
        }
        self.side.insert(order, ())?;
        match &mut self.ledger {
            Some(ledger) => ledger.history.cut(height),
            None => Ok(()),
        }
    }

    fn evict(&mut self, hash: &BlockHash, order: u64) -> Result<(), Fault> {
        self.write_records()?;
        self.take_side(order)?;
        if let Some(ledger) = &mut self.ledger {
            let body = ledger.bodies.get(order).and_then(|body| {
                let body = body.ok_or_else(|| missing(order))?;
                read(&self.blocks, order)?.with_body(body.value())
            });
            // Without its body it is unknown what leads to it. It stays, in no chain, as the audit says.
            let Ok(stored) = body else { return Ok(()) };
            ledger.bodies.discard(order)?;
            ledger.transactions.evict(order, transactions::suffixes(&stored));
            ledger.lookups.evict(&stored);
        }
        self.blocks.discard(order)?;
        self.index.evict(order, core::iter::once(hash.suffix()));
        Ok(())
    }

    fn finish(mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        self.write_records()?;
        self.write_heights()?;
        if let Some(writer) = self.ledger.take() {
            let LedgerWriter { accounts, transactions, lookups, history, .. } = writer;
            accounts.finish(transaction)?;
            transactions.finish(self.next_order)?;
            lookups.finish(self.next_order)?;
            history.finish()?;
        }
        self.meta.insert(meta::NEXT_ORDER, self.next_order.to_le_bytes().as_slice())?;
        self.index.finish(self.next_order)
    }
}

fn misplaced(what: &str) -> Fault {
    Fault::Unfitting(format!("{what} on a classic chain"))
}

fn missing(order: u64) -> Fault {
    Fault::Unfitting(format!("block {order} is missing"))
}

fn read(blocks: &Table<'_, u64, &'static [u8]>, order: u64) -> Result<Head, Fault> {
    let record = blocks.get(order)?.ok_or_else(|| missing(order))?;
    read_head(order, record.value())
}

/// Height of the best chain's tip; 0 where only the genesis block exists.
fn tip_height(best: &Table<'_, u32, u64>) -> Result<u32, Fault> {
    Ok(best.last()?.map_or(0, |(height, _)| height.value()))
}
