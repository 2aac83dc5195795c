//! Opening: from a directory to a database whose tables are ours.
//!
//! Owns the file `chain.redb`, its creation and the check of its schema.

mod error;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase, StorageBackend,
    StorageError, Value, WriteTransaction,
};

pub use self::error::OpenError;
use super::checksummed::{ReadOnlyTable, ReadTables, TableDefinition, WriteTables};
use super::fault::{Fault, guarded};
use super::kind::Kind;
use super::lock::DirectoryLock;
use super::row_key::RowKey;
use super::tables::{self, EachTable, LAST_UNCHECKED_VERSION, SCHEMA_VERSION, meta};

/// The database of a data directory.
pub const DATABASE_FILE: &str = "chain.redb";
/// A running node's copy of the database while it is sent.
pub const BACKUP_FILE: &str = "backup.redb.new";
/// Name of the database until it holds its tables.
const NEW_DATABASE_FILE: &str = "chain.redb.new";

/// Memory for cached pages, in bytes. With a million blocks a node is to stay below 64 MiB, of which
/// this is half; one commit of 10,000 blocks dirties about 10 MiB of pages.
const CACHE_BYTES: usize = 12 << 20;

/// A database of ours, and the chain that it holds.
pub(super) type Opened = (Database, Kind);

/// Locks a data directory and opens its database, which must be of this kind; creates what is missing.
pub(super) fn open_or_create(
    directory: &Path,
    wanted: Kind,
) -> Result<(Opened, DirectoryLock), OpenError> {
    let unusable = |source| OpenError::Directory { directory: directory.into(), source };
    kusari_files::create_directory(directory).map_err(unusable)?;
    let lock = DirectoryLock::take(directory)?;
    // The process that made it is gone, or the lock would be its own. One that stays takes room, no more.
    let _ = std::fs::remove_file(directory.join(BACKUP_FILE));
    let file = directory.join(DATABASE_FILE);
    if !file.try_exists().map_err(unusable)? {
        create(directory, &file, &wanted)?;
    }
    Ok((open_locked(&file, Some(wanted))?, lock))
}

/// Locks a data directory and opens the database that is there, of whatever kind.
pub(super) fn open_existing(directory: &Path) -> Result<(Opened, DirectoryLock), OpenError> {
    let (file, lock) = lock_existing(directory)?;
    Ok((open_locked(&file, None)?, lock))
}

fn open_locked(file: &Path, wanted: Option<Kind>) -> Result<Opened, OpenError> {
    guarded(|| Ok(open_checked(file, wanted)))
        .unwrap_or_else(|_: Fault| Err(damaged(file, "reading it broke off")))
}

/// Locks a data directory that has a database, creating nothing but the lock. Returns the file.
pub(super) fn lock_existing(directory: &Path) -> Result<(PathBuf, DirectoryLock), OpenError> {
    let unusable = |source| OpenError::Directory { directory: directory.into(), source };
    let file = directory.join(DATABASE_FILE);
    // Looked for before the lock, which would leave a file behind.
    if !file.try_exists().map_err(unusable)? {
        return Err(OpenError::NoChain { directory: directory.into() });
    }
    Ok((file, DirectoryLock::take(directory)?))
}

fn open_checked(file: &Path, wanted: Option<Kind>) -> Result<Opened, OpenError> {
    let database = builder().open(file).map_err(|error| refused(file, error))?;
    let kind = check_schema(&database, file, wanted.as_ref())?;
    // In a directory that was there, one of an earlier version may be readable to all users.
    kusari_files::take_from_others(file);
    Ok((database, kind))
}

/// Sets up a database on an empty medium.
pub(super) fn create_with_backend(
    backend: impl StorageBackend,
    kind: &Kind,
) -> Result<Database, OpenError> {
    let file = Path::new("the medium");
    let database = builder().create_with_backend(backend).map_err(|error| refused(file, error))?;
    write_schema(&database, kind).map_err(|fault| medium(file, fault))?;
    Ok(database)
}

/// Opens the database that a medium holds already; `file` is for words.
pub(super) fn open_with_backend(
    file: &Path,
    backend: impl StorageBackend,
) -> Result<Database, OpenError> {
    builder().create_with_backend(backend).map_err(|error| refused(file, error))
}

/// Creates a database with our tables, all of them empty, in a file that does not exist. Only this
/// user can read it: the outbox is in it.
pub(super) fn create_file(file: &Path, kind: &Kind) -> Result<Database, OpenError> {
    let created = kusari_files::create(file).map_err(|error| unusable_file(file, error))?;
    fill(created, file, kind)
}

fn fill(created: File, file: &Path, kind: &Kind) -> Result<Database, OpenError> {
    let database = FileBackend::new(created)
        .and_then(|backend| builder().create_with_backend(backend))
        .map_err(|error| refused(file, error))?;
    write_schema(&database, kind).map_err(|fault| medium(file, fault))?;
    Ok(database)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Creates the database under another name and renames it when it is complete, so that a crash in
/// between leaves no half of one under its name.
fn create(directory: &Path, file: &Path, kind: &Kind) -> Result<(), OpenError> {
    let unusable = |source| OpenError::Directory { directory: directory.into(), source };
    let new = directory.join(NEW_DATABASE_FILE);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(error)),
        _ => {}
    }
    let created = kusari_files::create(&new).map_err(|error| unusable_file(&new, error))?;
    kusari_files::hand_over(&created, &new);
    let database = fill(created, &new, kind)?;
    database.close().map_err(|error| refused(&new, error))?;
    std::fs::rename(&new, file).map_err(unusable)?;
    sync_with_parent(directory).map_err(unusable)
}

/// Makes the names in a directory durable, its own among them. Only Unix has, and needs, such a call.
fn sync_with_parent(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let directory = directory.canonicalize()?;
        kusari_files::sync_directory(&directory)?;
        // The parent may be unreadable to this user; then it was not made by us just now either.
        if let Some(Ok(parent)) = directory.parent().map(File::open) {
            parent.sync_all()?;
        }
    }
    Ok(())
}

fn write_schema(database: &Database, kind: &Kind) -> Result<(), Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    // Readers open tables without creating them, so all exist from the start.
    Creator(&transaction).with_all(kind.is_ledger())?;
    if kind.is_ledger() {
        transaction.table(tables::PREDECESSORS)?;
    }
    {
        let mut meta_table = transaction.table(tables::META)?;
        meta_table.insert(meta::SCHEMA_VERSION, SCHEMA_VERSION.to_le_bytes().as_slice())?;
        kind.write(&mut meta_table)?;
        meta_table.insert(meta::NEXT_ORDER, 0_u64.to_le_bytes().as_slice())?;
        meta_table.insert(meta::NEXT_ENTRY_ID, 1_u64.to_le_bytes().as_slice())?;
        meta_table.insert(meta::OUTBOX_BYTES, 0_u64.to_le_bytes().as_slice())?;
    }
    Ok(transaction.commit()?)
}

/// Creates tables where they are missing.
struct Creator<'a>(&'a WriteTransaction);

impl EachTable for Creator<'_> {
    type Error = Fault;

    fn table<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Fault> {
        self.0.table(definition).map(drop)
    }

    fn late<K: RowKey, V: Value + 'static>(
        &mut self,
        _: TableDefinition<K, V>,
    ) -> Result<(), Fault> {
        Ok(())
    }
}

/// Checks that the database is one of ours and, where one is wanted, of that kind; returns its kind.
pub(super) fn check_schema(
    database: &Database,
    file: &Path,
    wanted: Option<&Kind>,
) -> Result<Kind, OpenError> {
    let unreadable = |fault: Fault| damaged(file, fault);
    let transaction = database.begin_read().map_err(|error| unreadable(error.into()))?;
    let meta_table = open_meta(&transaction, file)?;
    let found = read_version(&meta_table).map_err(unreadable)?;
    if found != SCHEMA_VERSION {
        return Err(OpenError::SchemaVersion { file: file.into(), found });
    }
    let kind = Kind::read_from(&meta_table).map_err(unreadable)?;
    let found_kind = kind.to_string();
    if let Some(wanted) = wanted.filter(|wanted| **wanted != kind) {
        let (found, wanted) = (found_kind, wanted.to_string());
        return Err(OpenError::ChainKind { file: file.into(), found, wanted });
    }
    if let Kind::Other(_) = kind {
        return Err(OpenError::UnknownKind { file: file.into(), found: found_kind });
    }
    Ok(kind)
}

/// The facts about the whole store, as one read sees them.
type Facts = ReadOnlyTable<&'static str, &'static [u8]>;

fn open_meta(transaction: &ReadTransaction, file: &Path) -> Result<Facts, OpenError> {
    let is_other = |error: &redb::Error| {
        use redb::Error::{TableDoesNotExist, TableIsMultimap, TableTypeMismatch};
        matches!(error, TableDoesNotExist(_) | TableIsMultimap(_) | TableTypeMismatch { .. })
    };
    transaction.table(tables::META).map_err(|fault| match fault {
        Fault::Database(error) if is_other(&error) => foreign(file, error),
        fault => damaged(file, fault),
    })
}

/// The version of a store. That of one without checksums is a number and nothing else.
fn read_version(facts: &Facts) -> Result<u64, Fault> {
    let stored = facts.unchecked(meta::SCHEMA_VERSION)?.unwrap_or_default();
    match stored.try_into().map(u64::from_le_bytes) {
        Ok(found) if found <= LAST_UNCHECKED_VERSION => Ok(found),
        _ => tables::read_number(facts, meta::SCHEMA_VERSION),
    }
}

/// What it means that a file cannot be read.
pub(super) fn unusable_file(file: &Path, error: io::Error) -> OpenError {
    refused(file, DatabaseError::Storage(StorageError::Io(error)))
}

/// What it means that the database was not opened.
fn refused(file: &Path, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            let directory = file.parent().unwrap_or(file).into();
            OpenError::InUse { directory, holder: String::from("another process") }
        }
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            io::ErrorKind::InvalidData => foreign(file, error),
            io::ErrorKind::UnexpectedEof => damaged(file, error),
            _ => medium(file, error),
        },
        DatabaseError::UpgradeRequired(_) => foreign(file, error),
        DatabaseError::Storage(StorageError::Corrupted(reason)) => damaged(file, reason),
        other => medium(file, other),
    }
}

fn foreign(file: &Path, reason: impl ToString) -> OpenError {
    OpenError::Foreign { file: file.into(), reason: reason.to_string() }
}

fn damaged(file: &Path, reason: impl ToString) -> OpenError {
    OpenError::Damaged { file: file.into(), reason: reason.to_string() }
}

fn medium(file: &Path, reason: impl ToString) -> OpenError {
    OpenError::Medium { file: file.into(), reason: reason.to_string() }
}
