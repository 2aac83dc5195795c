//! The database while the store is open.
//!
//! Owns its end: closing writes, and over a damaged file that may break off like any read. A node
//! that stops because its file is damaged must still end with words rather than a crash.

use std::ops::Deref;

use redb::Database;

use super::fault::{Fault, guarded};

/// An open database, closed when this is dropped.
#[derive(Debug)]
pub(super) struct Handle(Option<Database>);

impl From<Database> for Handle {
    fn from(database: Database) -> Self {
        Self(Some(database))
    }
}

impl Deref for Handle {
    type Target = Database;

    fn deref(&self) -> &Database {
        match &self.0 {
            Some(database) => database,
            None => unreachable!("it is taken out by `drop` alone, after which nobody asks"),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let database = self.0.take();
        // What was committed is durable already, and what is wrong was said when it was read.
        let _ = guarded(|| {
            drop(database);
            Ok::<_, Fault>(())
        });
    }
}
