//! A copy of the store, consistent and whole, made while commits go on.
//!
//! Owns how the copy is written: table by table as of one moment, into a file that no other process
//! uses. Under what name it stays is up to the caller.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use kusari_chain::StoreError;
use redb::{Database, ReadTransaction, Value, WriteTransaction};

use super::Store;
use super::audit::{check_pages, open_untouched};
use super::checksummed::{ReadOnlyTable, ReadTables, ReadableTable, TableDefinition, WriteTables};
use super::content::{AlteredBlock, Content};
use super::fault::{Fault, guarded};
use super::handle::Handle;
use super::kind::Kind;
use super::open::{self, OpenError};
use super::record::read_head;
use super::row_key::RowKey;
use super::tables::{self, EachTable};

/// Bytes of keys and values that are written in one commit, so that memory stays bounded.
const COMMIT_BYTES: usize = 2 << 20;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is no store to copy.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store cannot be read.
    #[error(transparent)]
    Source(#[from] StoreError),
    /// The copy is not what was written.
    #[error("{} does not read back as it was written ({reason}); see to the disk, and try again", .file.display())]
    ReadBack {
        /// The copy.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The copy cannot be written.
    #[error("{} cannot be written ({reason}); see to the disk and its permissions", .file.display())]
    Target {
        /// The copy.
        file: PathBuf,
        /// What failed.
        reason: String,
    },
}

impl Store {
    /// Copies the store as of one moment to `file`, which must not exist and stays, half written,
    /// where this fails. The copy is durable when this returns, but for the file's name.
    ///
    /// Reads and commits go on meanwhile; the store's own file grows by what is committed, because
    /// no page that the copy may still read is used again.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn copy_to(&self, file: &Path) -> Result<(), BackupError> {
        copy_database(&self.inner.database, file)
    }
}

/// Copies the store in a data directory that no process has open, as [`Store::copy_to`] does. Writes
/// nothing else but the lock file.
///
/// # Errors
/// [`BackupError`].
pub fn copy_directory(directory: &Path, file: &Path) -> Result<(), BackupError> {
    let (source, _lock) = open::lock_existing(directory)?;
    let broken = |fault: Fault| BackupError::Source(fault.into());
    let database = guarded(|| Ok(open_untouched(&source))).map_err(broken)??;
    guarded(|| Ok(open::check_schema(database.open()?, &source, None))).map_err(broken)??;
    copy_database(&database, file)
}

/// What a copy holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyReport {
    /// Blocks of the best chain.
    pub best_blocks: u64,
    /// Outbox records.
    pub outbox_entries: u64,
}

/// Reads a finished copy back: every page and every row, each of which has a checksum, and that each block has
/// the content that its hash names. What else the rows say is what the source said, signatures among it:
/// [`super::audit_file`] judges that.
///
/// # Errors
/// [`BackupError::ReadBack`].
pub fn read_back(file: &Path) -> Result<CopyReport, BackupError> {
    let damaged = |reason: String| BackupError::ReadBack { file: file.into(), reason };
    let (_, database) = check_pages(file).map_err(|unchecked| damaged(unchecked.to_string()))?;
    let counted = guarded(|| {
        let from = database.begin_read()?;
        let kind = Kind::read(&from)?;
        let mut counter = RowCounter { from: &from, report: CopyReport::default() };
        counter.with_all(kind.is_ledger())?;
        check_blocks(&from, &kind)?;
        Ok(counter.report)
    });
    counted.map_err(|fault: Fault| damaged(fault.to_string()))
}

/// Gives a finished copy its name, durably. What had that name before is gone.
///
/// # Errors
/// [`BackupError::Target`].
pub fn put_in_place(copy: &Path, file: &Path) -> Result<(), BackupError> {
    let unwritable =
        |error: io::Error| BackupError::Target { file: file.into(), reason: error.to_string() };
    sync_file(copy).and_then(|()| std::fs::rename(copy, file)).map_err(unwritable)?;
    kusari_files::sync_directory(kusari_files::directory_of(file)).map_err(unwritable)
}

/// A fault of the store or of the copy: they have the same types and other remedies.
enum Side {
    Source(Fault),
    Target(Fault),
}

/// What breaks off is the reading of old pages: those of the copy were all written just now.
impl From<Fault> for Side {
    fn from(fault: Fault) -> Self {
        Self::Source(fault)
    }
}

fn source(fault: impl Into<Fault>) -> Side {
    Side::Source(fault.into())
}

fn target(fault: impl Into<Fault>) -> Side {
    Side::Target(fault.into())
}

fn copy_database(database: &Handle, file: &Path) -> Result<(), BackupError> {
    let unwritable = |reason: String| BackupError::Target { file: file.into(), reason };
    let broken = |fault: Fault| BackupError::Source(fault.into());
    let from = guarded(|| Ok(database.begin_read()?)).map_err(broken)?;
    let kind = guarded(|| Kind::read(&from)).map_err(broken)?;
    let copy = open::create_file(file, &kind).map_err(|error| unwritable(error.to_string()))?;
    let copied = guarded(|| Copier { from: &from, copy: &copy }.with_all(kind.is_ledger()));
    let closed = copy.close();
    copied.map_err(|side| match side {
        Side::Source(fault) => BackupError::Source(fault.into()),
        Side::Target(fault) => unwritable(fault.to_string()),
    })?;
    closed.map_err(|error| unwritable(error.to_string()))?;
    sync_file(file).map_err(|error| unwritable(error.to_string()))
}

/// Makes a file durable. Some systems do that only for a process that may write to it.
fn sync_file(file: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(file)?.sync_all()
}

/// Copies tables from one database to another.
struct Copier<'a> {
    from: &'a ReadTransaction,
    copy: &'a Database,
}

impl EachTable for Copier<'_> {
    type Error = Side;

    fn table<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Side> {
        copy_rows(&self.from.table(definition).map_err(source)?, self.copy, definition)
    }

    fn late<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Side> {
        match self.from.table_if_there(definition).map_err(source)? {
            Some(table) => copy_rows(&table, self.copy, definition),
            None => Ok(()),
        }
    }

    fn passing<K: RowKey, V: Value + 'static>(
        &mut self,
        _: TableDefinition<K, V>,
    ) -> Result<(), Side> {
        Ok(())
    }
}

/// Whether the content of each block is the one that its hash names.
fn check_blocks(from: &ReadTransaction, kind: &Kind) -> Result<(), Fault> {
    let (blocks, content) = (from.table(tables::BLOCKS)?, Content::default());
    let bodies = kind.is_ledger().then(|| from.table(tables::BODIES)).transpose()?;
    for row in blocks.iter()? {
        let (order, record) = row?;
        let order = order.value();
        let head = read_head(order, record.value())?;
        let (height, hash) = (Some(head.block.index), Some(head.block.hash));
        let body = match &bodies {
            Some(bodies) => bodies.get(order)?,
            None => None,
        };
        let checked = content.check_head(&head).and_then(|()| match body {
            Some(body) => {
                let stored = head.with_body(body.value()).map_err(|fault| fault.to_string())?;
                content.check_body(&stored)
            }
            None => Ok(()),
        });
        checked.map_err(|reason| {
            Fault::AlteredBlock(Box::new(AlteredBlock { order, height, hash, reason }))
        })?;
    }
    Ok(())
}

/// Reads the rows of tables.
struct RowCounter<'a> {
    from: &'a ReadTransaction,
    report: CopyReport,
}

impl EachTable for RowCounter<'_> {
    type Error = Fault;

    fn table<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Fault> {
        let mut rows = 0;
        for row in self.from.table(definition)?.iter()? {
            row?;
            rows += 1;
        }
        match definition.name() {
            name if name == tables::BEST.name() => self.report.best_blocks = rows,
            name if name == tables::OUTBOX.name() => self.report.outbox_entries = rows,
            _ => {}
        }
        Ok(())
    }

    fn late<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Fault> {
        match self.from.table_if_there(definition)? {
            Some(_) => self.table(definition),
            None => Ok(()),
        }
    }
}

fn copy_rows<K: RowKey, V: Value + 'static>(
    table: &ReadOnlyTable<K, V>,
    copy: &Database,
    definition: TableDefinition<K, V>,
) -> Result<(), Side> {
    let mut rows = table.iter().map_err(source)?;
    let mut more = true;
    while more {
        let transaction = begin(copy)?;
        let mut written = transaction.table(definition).map_err(target)?;
        let mut bytes = 0;
        while bytes < COMMIT_BYTES {
            let Some(row) = rows.next() else {
                more = false;
                break;
            };
            let (key, value) = row.map_err(source)?;
            let (key, value) = (key.value(), value.value());
            bytes += K::as_bytes(&key).as_ref().len() + V::as_bytes(&value).as_ref().len();
            written.insert(key, value).map_err(target)?;
        }
        drop(written);
        transaction.commit().map_err(target)?;
    }
    Ok(())
}

fn begin(copy: &Database) -> Result<WriteTransaction, Side> {
    let mut transaction = copy.begin_write().map_err(target)?;
    // A copy is opened as quickly as any store.
    transaction.set_quick_repair(true);
    Ok(transaction)
}
