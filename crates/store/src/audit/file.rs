//! The audit of a file that no process has open: its bytes, its pages, and then what it holds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{AuditFault, AuditReport, FileReport, Finding, Place, audit_database, open_untouched};
use crate::fault::{Fault, guarded};
use crate::handle::Handle;
use crate::open::{self, OpenError};

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// Audits the store in a data directory that no process has open. Writes nothing but the lock file.
/// `begin` is called with the store's file once the directory is locked: the rest takes a while.
///
/// # Errors
/// [`OpenError`] where there is no store of this program and its version to audit. A damaged one is
/// no error but a finding.
pub fn audit_directory(
    directory: &Path,
    begin: impl FnOnce(&Path),
) -> Result<AuditReport, OpenError> {
    let (file, _lock) = open::lock_existing(directory)?;
    begin(&file);
    audit_file(&file)
}

/// Audits a database file that no process writes to. Writes nothing.
///
/// # Errors
/// [`OpenError`] where this is no store of this program and its version. A damaged one is no error
/// but a finding.
pub fn audit_file(file: &Path) -> Result<AuditReport, OpenError> {
    let bytes = read_through(file).map_err(|error| open::unusable_file(file, error))?;
    let (pages, checked) = match check_pages(file) {
        Ok((pages, database)) => (Ok(pages), Some(database)),
        Err(Unchecked::Refused(error)) => return Err(error),
        Err(Unchecked::Damaged(reason)) => (Err(reason), None),
    };
    let mut report = match checked {
        Some(database) => {
            match guarded(|| Ok::<_, Fault>(open::check_schema(database.open()?, file, None))) {
                // Of another version or kind: what it should be like is not known here.
                Ok(Err(error)) if !matches!(error, OpenError::Damaged { .. }) => return Err(error),
                _ => audit_database(&database),
            }
        }
        // The pages are bad somewhere; what they hold may still tell which block it is.
        None => audit_damaged(file),
    };
    report.file = Some(FileReport { bytes, pages: pages.as_ref().ok().copied() });
    if let Err(reason) = pages {
        let fault = AuditFault::Pages(reason);
        report.finding.get_or_insert(Finding { place: Place::File, fault });
    }
    Ok(report)
}

/// Reads every byte of the file, used or not, so that a medium that lost some says so. Returns how
/// many there are.
fn read_through(file: &Path) -> io::Result<u64> {
    let mut file = File::open(file)?;
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes += count as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Why the pages of a file were not found right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unchecked {
    /// It is no store of ours, as far as can be told.
    #[error(transparent)]
    Refused(OpenError),
    /// What is wrong with it.
    #[error("{0}")]
    Damaged(String),
}

impl From<Fault> for Unchecked {
    fn from(fault: Fault) -> Self {
        let AuditFault::Unreadable(reason) = fault.into() else {
            return Self::Damaged(String::from("reading it broke off"));
        };
        Self::Damaged(reason)
    }
}

/// Has the database check the checksum of each of its pages and its own bookkeeping. Returns how
/// many pages are in use, and the database.
pub(crate) fn check_pages(file: &Path) -> Result<(u64, Handle), Unchecked> {
    let opened = guarded(|| Ok::<_, Fault>(open_untouched(file)))?;
    let mut database = opened.map_err(|error| match error {
        OpenError::Damaged { reason, .. } => Unchecked::Damaged(reason),
        other => Unchecked::Refused(other),
    })?;
    let pages = guarded(|| match database.check_integrity() {
        Ok(true) => {
            let transaction = database.begin_write().map_err(Fault::from)?;
            let pages = transaction.stats().map_err(Fault::from)?.allocated_pages();
            transaction.abort().map_err(Fault::from)?;
            Ok(pages)
        }
        Ok(false) => {
            Err(Unchecked::Damaged(String::from("its own bookkeeping of used pages does not fit")))
        }
        Err(error) => Err(Unchecked::Damaged(error.to_string())),
    })?;
    Ok((pages, database))
}

/// What can be told of a file whose pages are bad.
fn audit_damaged(file: &Path) -> AuditReport {
    let opened = guarded(|| Ok::<_, Fault>(open_untouched(file)));
    match opened {
        Ok(Ok(database)) => audit_database(&database),
        _ => AuditReport::default(),
    }
}
