//! The audit: every stored byte is read again, and everything that can be computed is computed.
//!
//! Owns the order of the checks and what they remember on the way. Rests on nothing that a node
//! keeps in memory, and writes nothing. Memory does not grow with the chain: one block and its
//! parent's place are held at a time, and what must be complete is counted rather than collected. On a
//! ledger it grows with the accounts, which are computed anew from block 1 on and held, some 120 bytes
//! each.
//!
//! The first fault ends the audit: what builds on it could not be judged anyway.

mod accounts;
mod blocks;
mod event_log;
mod file;
mod finding;
mod held_branches;
mod history;
mod index;
mod ledger;
mod outbox;
mod place;
mod reading;
mod untouched;
mod witnesses;

use core::convert::Infallible;

use redb::{MultimapTableHandle, ReadTransaction, TableHandle, Value};

pub(super) use self::file::check_pages;
pub use self::file::{audit_directory, audit_file};
pub use self::finding::AuditFault;
use self::history::Histories;
pub use self::place::{Finding, Place};
pub(super) use self::untouched::open_untouched;
use super::Store;
use super::checksummed::{ReadTables, ReadableTable, TableDefinition};
use super::fault::{Fault, guarded};
use super::handle::Handle;
use super::kind::Kind;
use super::row_key::RowKey;
use super::tables::{self, EachTable, meta};

/// What an audit read, and the first thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// The file itself; absent for the store of a running node, whose file is being written.
    pub file: Option<FileReport>,
    /// Blocks of the best chain that were found right.
    pub best_blocks: u32,
    /// Blocks beside it that were found right.
    pub side_blocks: u64,
    /// Outbox records that were found right.
    pub outbox_entries: u64,
    /// How many of them stand in no block of the best chain.
    pub waiting_entries: u64,
    /// What is wrong; everything before it is right, nothing behind it was looked at.
    pub finding: Option<Finding>,
}

/// What an audit read of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Its length in bytes, each of which was read.
    pub bytes: u64,
    /// Pages in use, where the checksum of every one holds.
    pub pages: Option<u64>,
}

impl Store {
    /// Audits the open store, as of one moment; commits go on meanwhile.
    ///
    /// The checksums of the file's pages are left out, because the file is being written. While
    /// this runs the file grows by what is committed.
    #[must_use]
    pub fn audit(&self) -> AuditReport {
        let report = audit_database(&self.inner.database);
        if report.finding.is_some() {
            self.inner.database.abandon();
        }
        report
    }
}

/// Audits what an open database holds.
fn audit_database(database: &Handle) -> AuditReport {
    let mut auditor = Auditor::default();
    // The auditor keeps its place outside of what may break off.
    let judged = guarded(|| auditor.audit(&database.begin_read().map_err(Fault::from)?));
    let Auditor { place, mut report, .. } = auditor;
    report.finding = judged.err().map(|fault| Finding { place, fault });
    report
}

/// An audit under way.
#[derive(Default)]
struct Auditor {
    /// What is being looked at.
    place: Place,
    report: AuditReport,
    histories: Histories,
    /// Entries that the indexes are to have for the blocks that were found right.
    indexed: ledger::IndexedEntries,
}

impl Auditor {
    fn audit(&mut self, transaction: &ReadTransaction) -> Result<(), AuditFault> {
        self.place = Place::Fact(meta::CHAIN_KIND);
        let kind = Kind::read(transaction)?;
        self.audit_tables(transaction, &kind)?;
        let (next_order, next_entry) = self.audit_meta(transaction, &kind)?;
        self.place = Place::Table("blocks");
        let blocks = blocks::BlockTables::open(transaction, &kind, next_order)?;
        let (tip, replay) = self.audit_best(&blocks)?;
        let held = self.audit_held(transaction, &blocks)?;
        self.audit_side(&blocks, &tip, held)?;
        self.audit_nothing_else(&blocks)?;
        if let Some(ledger) = &blocks.ledger {
            self.audit_transactions(ledger, &blocks)?;
            self.audit_lookups(ledger, &blocks)?;
            self.audit_tiles(transaction, &blocks)?;
            self.audit_accounts(transaction, replay)?;
            self.audit_pool(transaction)?;
            self.audit_predecessors(transaction)?;
            self.audit_witnesses(transaction, &ledger.id)?;
        }
        self.place = Place::Table("outbox");
        let outbox = outbox::OutboxTables::open(transaction, next_entry)?;
        self.audit_outbox(&outbox, &blocks, tip.height())?;
        self.audit_event_log(transaction)
    }

    /// There is no table but ours.
    fn audit_tables(
        &mut self,
        transaction: &ReadTransaction,
        kind: &Kind,
    ) -> Result<(), AuditFault> {
        self.place = Place::File;
        let mut known = Names(Vec::new());
        let Ok(()) = known.with_all(kind.is_ledger());
        let tables = transaction.list_tables()?.map(|table| String::from(table.name()));
        let multimaps = transaction.list_multimap_tables()?.map(|table| String::from(table.name()));
        match tables.filter(|name| !known.0.contains(&name.as_str())).chain(multimaps).next() {
            Some(name) => Err(AuditFault::StrayTable { name: name.escape_debug().collect() }),
            None => Ok(()),
        }
    }

    /// The facts about the whole store; returns the next order and the next entry's number. Format and
    /// kind were looked at before, to open it.
    fn audit_meta(
        &mut self,
        transaction: &ReadTransaction,
        kind: &Kind,
    ) -> Result<(u64, u64), AuditFault> {
        self.place = Place::Table("meta");
        let facts = transaction.table(tables::META)?;
        let keys = [
            meta::SCHEMA_VERSION,
            meta::CHAIN_KIND,
            meta::NEXT_ORDER,
            meta::NEXT_ENTRY_ID,
            meta::OUTBOX_BYTES,
            meta::MET_PEER,
            meta::ACCEPTED_BRANCH,
        ];
        for entry in facts.iter()? {
            let key = entry?.0;
            let of_ledger = kind.is_ledger() && key.value() == meta::CHAIN_SPEC;
            if !keys.contains(&key.value()) && !of_ledger {
                return Err(AuditFault::StrayFact { key: key.value().escape_debug().collect() });
            }
        }
        self.place = Place::Fact(meta::NEXT_ORDER);
        let next_order = tables::read_number(&facts, meta::NEXT_ORDER)?;
        self.place = Place::Fact(meta::NEXT_ENTRY_ID);
        Ok((next_order, tables::read_number(&facts, meta::NEXT_ENTRY_ID)?))
    }
}

/// The names of tables.
struct Names(Vec<&'static str>);

impl EachTable for Names {
    type Error = Infallible;

    fn table<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Infallible> {
        self.0.push(definition.name());
        Ok(())
    }

    fn late<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Infallible> {
        self.table(definition)
    }
}
