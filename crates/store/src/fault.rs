//! What goes wrong in an open store, and how it is said.

use core::fmt::Display;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use kusari_chain::StoreError;

use super::content::AlteredBlock;

/// What to do about a damaged store. A whole data directory from an old copy would bring an old state of
/// the witness key with it, which then might say a second thing under a used sequence.
pub(crate) const DAMAGE_REMEDY: &str = "restore `chain.redb` from a backup, or take what is sound out \
    of it with `kusari salvage`; leave the files beside it as they are";

/// A failure of the medium or its content. Leaves this module as a [`StoreError`].
#[derive(Debug, thiserror::Error)]
#[cfg_attr(not(feature = "test-util"), allow(unreachable_pub, reason = "of `checksummed`"))]
pub enum Fault {
    #[error("{}", describe(.0))]
    Database(Box<redb::Error>),
    #[error(
        "the record in table `{table}` under key {key} cannot be read: {reason}; {DAMAGE_REMEDY}"
    )]
    Unreadable { table: &'static str, key: String, reason: String },
    #[error(
        "the row of table `{table}` under key {key} is not as it was written (its checksum does not \
         fit): see with `kusari audit` how far the damage goes, and restore the data directory from \
         a backup, or take what is sound out of it with `kusari salvage`"
    )]
    Altered { table: &'static str, key: String },
    #[error(
        "{0} is not as it was stored ({reason}), so it is neither shown nor sent: see with `kusari \
         audit` how far the damage goes, and restore the data directory from a backup, or take what \
         is sound out of it with `kusari salvage`",
        reason = .0.reason
    )]
    AlteredBlock(Box<AlteredBlock>),
    #[error(
        "{0}, the last of this ledger, is not as it was stored ({reason}), and the accounts are those \
         after it: a node that starts makes them again from the blocks below",
        reason = .0.reason
    )]
    AlteredEnd(Box<AlteredBlock>),
    #[error(
        "the accounts of this ledger cannot be made again: {0} is not as it was stored ({reason}), nor is \
         its end; {DAMAGE_REMEDY}",
        reason = .0.reason
    )]
    AlteredBelowEnd(Box<AlteredBlock>),
    #[error("the database file is damaged, reading it broke off; {DAMAGE_REMEDY}")]
    BrokenOff,
    #[error("a change does not follow from what is stored: {0}; this is a fault of the program")]
    Unfitting(String),
    #[error("nothing is written any more since a write failed; start again. It failed so: {0}")]
    Earlier(String),
}

impl Fault {
    pub(crate) fn unreadable(table: &'static str, key: impl Display, reason: impl Display) -> Self {
        Self::Unreadable { table, key: key.to_string(), reason: reason.to_string() }
    }
}

/// Runs work on the database and turns its panics into an error.
///
/// The database checks its pages only as it repairs a file: pages that changed on the disk since
/// make it panic in the midst of a read. A node that says which file is damaged helps more.
pub(crate) fn guarded<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E>
where
    E: From<Fault>,
{
    let _quiet = Quiet::begin();
    // Nothing that a panic has left half done is used again: reads own what they work on, and the
    // store takes no more commits after one that failed.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        tracing::debug!("the database broke off: {}", text.unwrap_or("without a word"));
        Err(Fault::BrokenOff.into())
    })
}

thread_local! {
    /// How many guards the thread is in.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
}

/// While this lives, the thread's panics print nothing: they become an error that a caller says,
/// and the words of a library's assertion would only frighten people. Panics of other threads and
/// those outside of a guard are reported as ever.
struct Quiet;

impl Quiet {
    fn begin() -> Self {
        static HOOK: Once = Once::new();
        // A thread that is panicking already may not change the hook.
        if !std::thread::panicking() {
            HOOK.call_once(|| {
                let former = panic::take_hook();
                panic::set_hook(Box::new(move |info| {
                    if GUARDS.try_with(Cell::get).unwrap_or(0) == 0 {
                        former(info);
                    }
                }));
            });
        }
        GUARDS.with(|guards| guards.set(guards.get() + 1));
        Self
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        GUARDS.with(|guards| guards.set(guards.get().saturating_sub(1)));
    }
}

/// Says what to do where it is known; the database's own words otherwise.
fn describe(error: &redb::Error) -> String {
    match error {
        redb::Error::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => {
            format!("the disk is full ({io}); free some space and start again")
        }
        redb::Error::Corrupted(reason) => {
            format!("the database file is damaged ({reason}); {DAMAGE_REMEDY}")
        }
        other => format!("the database file cannot be used: {other}"),
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        Self(fault.to_string())
    }
}

/// Every operation of the database has an error type of its own; `?` takes each of them.
macro_rules! from_database {
    ($($error:ty),*) => {
        $(impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::Database(Box::new(error.into()))
            }
        })*
    };
}

from_database!(
    redb::CursorError,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError
);
