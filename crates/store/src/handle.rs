//! The database while the store is open.
//!
//! Owns its end. Closing usually writes, to trim the file. Over a damaged file that may break off,
//! and in a way that ends the process; so what was found damaged is let go of without a write,
//! which is as if the process had been killed: the file holds every commit.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{
    Database, DatabaseError, ReadTransaction, ReadableDatabase, StorageError, TransactionError,
    WriteTransaction,
};

use super::fault::{Fault, guarded};

/// An open database, closed when this is dropped.
#[derive(Debug)]
pub(super) struct Handle {
    database: Option<Database>,
    abandoned: AtomicBool,
}

impl Handle {
    /// A database that is closed without a write in any case.
    pub(super) fn untouched(database: Database) -> Self {
        Self { database: Some(database), abandoned: AtomicBool::new(true) }
    }

    /// The database, for as long as the handle lives.
    pub(super) fn open(&self) -> Result<&Database, StorageError> {
        self.database.as_ref().ok_or(StorageError::DatabaseClosed)
    }

    pub(super) fn begin_read(&self) -> Result<ReadTransaction, TransactionError> {
        self.open()?.begin_read()
    }

    pub(super) fn begin_write(&self) -> Result<WriteTransaction, TransactionError> {
        self.open()?.begin_write()
    }

    pub(super) fn check_integrity(&mut self) -> Result<bool, DatabaseError> {
        self.database.as_mut().ok_or(StorageError::DatabaseClosed)?.check_integrity()
    }

    /// Nothing is written when it is closed, from now on.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}

impl From<Database> for Handle {
    fn from(database: Database) -> Self {
        Self { database: Some(database), abandoned: AtomicBool::new(false) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let database = self.database.take();
        let abandoned = self.abandoned.load(Ordering::Relaxed);
        // Whatever comes of it: what was committed is durable already, and what is wrong was said.
        let _ = guarded(|| {
            let _closed_at_the_end = database;
            if abandoned {
                // The database writes nothing when it is dropped by a panic; this one prints nothing.
                resume_unwind(Box::new("closed without a write"));
            }
            Ok::<_, Fault>(())
        });
    }
}
