//! The store on disk: blocks and the outbox in one `redb` file.
//!
//! ```
//! use kusari_store::Store;
//!
//! // `Store::open` opens the one in a data directory.
//! let store = Store::ephemeral()?;
//! assert_eq!(store.last_sound()?.height, 0);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Owns the tables and their formats (`docs/formats/store.md`), the lock on the data directory, and
//! the one atomic, durable commit of [`StoreBatch`]es. Knows nothing of the rules a block keeps, of
//! fork choice, peers or time: it writes what it is told and reads it back.
//!
//! - What [`Store::commit`] has returned for survives a crash of the process and of the machine.
//! - A read sees every commit that returned before it began, and nothing of any other.
//! - Opening costs the same however long the chain is; a crash before does not change that.
//! - No content of the file is trusted to be readable: what is not becomes a [`StoreError`].

mod accounts;
mod audit;
mod backup;
mod blocks;
mod browse;
#[cfg(not(feature = "test-util"))]
mod checksummed;
// Tests write rows as the store does.
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub mod checksummed;
mod chunk;
mod commit;
mod content;
mod end;
mod erase;
pub mod event_log;
mod event_log_table;
mod fault;
mod handle;
mod history;
mod kind;
mod lock;
mod open;
mod outbox;
mod pool;
mod predecessors;
mod proof;
mod recent;
mod record;
mod records;
mod reorg_limit;
mod replay;
mod reports;
mod row_key;
mod salvage;
mod statements;
mod suffix_index;
mod tables;
#[cfg(test)]
mod tests;
mod transaction_lookup;
mod transactions;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use self::event_log::EventEntry;
use kusari_chain::StoreError;
use kusari_chain::ledger::ChainSpec;
use kusari_node::store::StoreBatch;
use redb::backends::InMemoryBackend;
use redb::{ReadTransaction, StorageBackend};

pub use self::audit::{
    AuditFault, AuditReport, FileReport, Finding, Place, audit_directory, audit_file,
};
pub use self::backup::{BackupError, CopyReport, copy_directory, put_in_place, read_back};
pub use self::browse::{Header, TextMatch, TextPage};
pub use self::chunk::{BlockRange, ChainPosition, Chunk};
pub use self::content::AlteredBlock;
use self::content::Content;
pub use self::event_log_table::{Reorganisation, Resolved, Story};
use self::fault::{Fault, guarded};
use self::handle::Handle;
use self::kind::Kind;
pub use self::lock::{
    DirectoryLock, UNKNOWN_HOLDER, holder_of_directory, holder_of_store, name_of,
};
use self::open::Opened;
pub use self::open::{BACKUP_FILE, DATABASE_FILE, OpenError};
pub use self::reports::{Page, Placed};
pub use self::salvage::{Finds, FoundEntry, Plan};
pub use self::statements::KnownWitness;
pub use self::transaction_lookup::{Match, SearchPage, SearchPosition};
pub use self::transactions::{FoundTransaction, TransactionPlaces};

/// A handle to the store. Clones are cheap and share the database; it closes with the last of them.
///
/// Reads may come from any thread and do not wait for a commit. Commits take turns.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    // Declared before the lock, so that the database is closed while the directory is still ours.
    database: Handle,
    /// Held throughout a commit. Keeps what made the first one fail: from then on the store lacks a
    /// batch, and whatever is written after it would not fit what lies before.
    first_failure: Mutex<Option<String>>,
    /// Whether opening would walk the whole file if this process were killed now.
    is_unsealed: AtomicBool,
    kind: Kind,
    /// What reads have found out about blocks.
    content: Content,
    /// Where it is; `None` in memory.
    file: Option<PathBuf>,
    _lock: Option<DirectoryLock>,
}

impl Store {
    /// Opens the classic chain's store in a data directory and creates both where they are missing.
    ///
    /// The directory is locked until the last clone is dropped.
    ///
    /// # Errors
    /// [`OpenError`], one sentence that says what is wrong and what to do.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        Self::open_chain(directory, None)
    }

    /// Opens the store of a ledger with these parameters, or of the classic chain where there are
    /// none, as [`Store::open`] does.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::ChainKind`] where another chain is there.
    pub fn open_chain(directory: &Path, spec: Option<&ChainSpec>) -> Result<Self, OpenError> {
        let (opened, lock) = open::open_or_create(directory, Kind::of(spec))?;
        Ok(Self::over(opened, Some((directory, lock))))
    }

    /// Opens the store that is in a data directory, of whatever chain. Creates none.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::NoChain`] where there is none.
    pub fn open_existing(directory: &Path) -> Result<Self, OpenError> {
        let (opened, lock) = open::open_existing(directory)?;
        Ok(Self::over(opened, Some((directory, lock))))
    }

    /// A store of the classic chain in memory that is forgotten when the last clone is dropped.
    /// Everything else is as on disk.
    ///
    /// # Errors
    /// [`OpenError`] where the database cannot be set up.
    pub fn ephemeral() -> Result<Self, OpenError> {
        Self::ephemeral_chain(None)
    }

    /// The same for a ledger with these parameters, or for the classic chain where there are none.
    ///
    /// # Errors
    /// [`OpenError`] where the database cannot be set up.
    pub fn ephemeral_chain(spec: Option<&ChainSpec>) -> Result<Self, OpenError> {
        Self::with_backend(InMemoryBackend::new(), Kind::of(spec))
    }

    /// A new store over any medium.
    fn with_backend(backend: impl StorageBackend, kind: Kind) -> Result<Self, OpenError> {
        Ok(Self::over((open::create_with_backend(backend, &kind)?, kind), None))
    }

    fn over((database, kind): Opened, place: Option<(&Path, DirectoryLock)>) -> Self {
        let (file, lock) =
            place.map(|(directory, lock)| (directory.join(open::DATABASE_FILE), lock)).unzip();
        let first_failure = Mutex::new(None);
        // After a crash, opening it may have walked the whole file.
        let is_unsealed = AtomicBool::new(file.is_some());
        let database = Handle::from(database);
        let content = Content::default();
        Self {
            inner: Arc::new(Inner {
                database,
                first_failure,
                is_unsealed,
                kind,
                content,
                file,
                _lock: lock,
            }),
        }
    }

    /// Takes any hash for a block's own, from now on: the tests and benches of the store plan blocks
    /// whose hashes they choose.
    #[doc(hidden)]
    pub fn trusting(self) -> Self {
        self.inner.content.trust();
        self
    }

    /// The blocks that are not as they were stored, as far as reads have found them since the store was
    /// opened: at most 64. They are neither shown nor sent to a peer, and a node that knows of one is not
    /// to be relied on.
    #[must_use]
    pub fn altered_blocks(&self) -> Vec<AlteredBlock> {
        self.inner.content.altered()
    }

    /// Calls `tell` whenever a read finds a block that is not as it was stored, from the thread that reads.
    pub fn on_altered(&self, tell: impl Fn() + Send + Sync + 'static) {
        self.inner.content.on_altered(Box::new(tell));
    }

    /// Bytes that the file takes on the disk; 0 for a store in memory, and where the file system does
    /// not say.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        let file = self.inner.file.as_ref();
        file.and_then(|file| std::fs::metadata(file).ok()).map_or(0, |data| taken_bytes(&data))
    }

    /// The parameters of the ledger that the store is made for; `None` on the classic chain.
    #[must_use]
    pub fn spec(&self) -> Option<ChainSpec> {
        self.inner.kind.spec().map(|spec| spec.as_ref().clone())
    }

    /// Writes batches in order, all or none. They are durable when this returns.
    ///
    /// One commit costs one sync, for one batch as for a hundred, so a busy caller groups them. After small
    /// commits opening walks the whole file if the process is killed, until [`Store::seal`].
    ///
    /// # Errors
    /// [`StoreError`] where the medium fails or a batch does not follow from what is stored. Every
    /// later commit fails as well. Where the medium failed at the very end, all of these batches
    /// may be there when the store is opened again; otherwise none is.
    pub fn commit(&self, batches: &[StoreBatch]) -> Result<(), StoreError> {
        self.commit_with_events(batches, &[])
    }

    /// The same, and entries of the event log with it.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_with_events(
        &self,
        batches: &[StoreBatch],
        events: &[EventEntry],
    ) -> Result<(), StoreError> {
        if batches.iter().all(StoreBatch::is_empty) && events.is_empty() {
            return Ok(());
        }
        self.write(|| {
            let Inner { database, kind, content, is_unsealed, .. } = self.inner.as_ref();
            let opens_at_once = commit::commit(database, kind, content, batches, events)?;
            is_unsealed.store(!opens_at_once, Ordering::Relaxed);
            Ok(())
        })
    }

    /// Has the store open at once after a crash too, for which a caller takes a moment in which nothing else
    /// is to be written. Costs two syncs where small commits were made since, and nothing otherwise.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn seal(&self) -> Result<(), StoreError> {
        if !self.is_unsealed() {
            return Ok(());
        }
        self.write(|| {
            commit::seal(&self.inner.database)?;
            self.inner.is_unsealed.store(false, Ordering::Relaxed);
            Ok(())
        })
    }

    /// Whether [`Store::seal`] has something to do.
    #[must_use]
    pub fn is_unsealed(&self) -> bool {
        self.inner.is_unsealed.load(Ordering::Relaxed)
    }

    fn write(&self, write: impl FnOnce() -> Result<(), Fault>) -> Result<(), StoreError> {
        // No panic leaves a commit, so what is behind a poisoned lock is whole.
        let mut first_failure =
            self.inner.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = first_failure.as_ref() {
            return Err(Fault::Earlier(first.clone()).into());
        }
        guarded(write).map_err(|fault: Fault| {
            *first_failure = Some(fault.to_string());
            self.inner.database.abandon();
            fault.into()
        })
    }

    /// Lets go of a store that is known to be damaged: nothing is written when it is closed.
    /// Everything that was committed is there when it is opened again, as after a crash.
    pub fn abandon(self) {
        self.inner.database.abandon();
    }

    /// Shows `visit` rows of a ledger one by one, as one read sees them. A classic chain has none.
    fn visit_rows<T, R: Iterator<Item = Result<T, Fault>>>(
        &self,
        rows: impl FnOnce(&ReadTransaction) -> Result<R, Fault>,
        mut visit: impl FnMut(T),
    ) -> Result<(), StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(());
        }
        let mut rows = self.read(rows)?;
        while let Some(row) = guarded(|| rows.next().transpose())? {
            visit(row);
        }
        Ok(())
    }

    /// Runs one read transaction.
    fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, Fault> {
        let read = guarded(|| work(&self.inner.database.begin_read()?));
        // What cannot be read is damaged, and closing would go on writing over it.
        if read.is_err() {
            self.inner.database.abandon();
        }
        read
    }
}

/// Bytes of a file that are on the disk. The database makes its file twice as long when it needs room, or
/// longer by up to 4 GiB, and most of that is a hole for long.
#[cfg(unix)]
fn taken_bytes(file: &std::fs::Metadata) -> u64 {
    /// What `st_blocks` counts in, whatever the blocks of the file system are.
    const BLOCK_BYTES: u64 = 512;
    use std::os::unix::fs::MetadataExt;
    file.blocks().saturating_mul(BLOCK_BYTES).min(file.len())
}

/// Elsewhere a longer file takes its room at once.
#[cfg(not(unix))]
fn taken_bytes(file: &std::fs::Metadata) -> u64 {
    file.len()
}
