//! The file of a journal, and the one before it.
//!
//! Owns names, permissions and the lock. Nothing that is not a journal is ever renamed, replaced or
//! written to.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::format::FIRST_BYTES;

/// Why a journal cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Something else has this name.
    #[error("{} is there and is no journal; choose another name with --journal, or move it away",
        .0.display())]
    Foreign(PathBuf),
    /// Another node writes it.
    #[error("another node writes the journal {}; choose another name with --journal",
        .0.display())]
    InUse(PathBuf),
    /// The operating system refuses.
    #[error("the journal {} cannot be written: {source}; choose another name with --journal",
        .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A new journal, empty and ours.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    /// Locked until it is closed.
    file: Option<File>,
}

impl JournalFile {
    /// Begins a journal. One that has this name already becomes `FILE.1`, in place of the one that
    /// was `FILE.1` before. One that holds nothing is none: a node that fails at every start must
    /// not push away the journal of what happened first.
    ///
    /// # Errors
    /// [`OpenError`], one sentence with the remedy.
    pub fn create(path: &Path) -> Result<Self, OpenError> {
        // The node may change its directory; the journal stays where it was meant to be.
        let failed = |source| OpenError::Io { path: path.into(), source };
        let path = std::path::absolute(path).map_err(failed)?;
        // The first rotation replaces it, even where this journal has no forerunner now.
        open_existing(&before(&path))?;
        if let Some(old) = open_existing(&path)? {
            let failed = |source| OpenError::Io { path: path.clone(), source };
            let is_empty = old.metadata().map_err(failed)?.len() == 0;
            // Closed first: some systems rename or remove no file that is open.
            drop(old);
            match is_empty {
                true => fs::remove_file(&path).map_err(failed)?,
                false => fs::rename(&path, before(&path)).map_err(failed)?,
            }
        }
        let failed = |source| OpenError::Io { path: path.clone(), source };
        let file = Some(create_new(&path).map_err(failed)?);
        Ok(Self { path, file })
    }

    /// A journal on any file, which is never rotated.
    #[cfg(test)]
    pub(super) fn over(path: PathBuf, file: File) -> Self {
        Self { path, file: Some(file) }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    /// This file becomes `FILE.1`, and a new one begins.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        // Closed first: some systems rename no file that is open.
        self.file = None;
        fs::rename(&self.path, before(&self.path))?;
        self.file = Some(create_new(&self.path)?);
        Ok(())
    }
}

/// The name of the file before this one.
fn before(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".1");
    PathBuf::from(name)
}

/// Opens a journal that is there, or one that was begun and holds nothing yet.
fn open_existing(path: &Path) -> Result<Option<File>, OpenError> {
    let failed = |source| OpenError::Io { path: path.into(), source };
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(OpenError::Foreign(path.into())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let file = File::open(path).map_err(failed)?;
    // Before it is read: some systems let nobody read what somebody else has locked.
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path.into())),
        // Where a file cannot be locked, nobody else has it locked either.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let mut first = Vec::new();
    let length = FIRST_BYTES.len() as u64;
    (&file).take(length).read_to_end(&mut first).map_err(failed)?;
    if first.is_empty() || first == FIRST_BYTES {
        Ok(Some(file))
    } else {
        Err(OpenError::Foreign(path.into()))
    }
}

/// Creates a file that only this user may read.
fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    only_for_this_user(&mut options);
    let file = options.open(path)?;
    // Where files cannot be locked, two nodes on one journal are not noticed.
    let _ = file.try_lock();
    Ok(file)
}

#[cfg(unix)]
fn only_for_this_user(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

/// Elsewhere a file has the permissions of its directory.
#[cfg(not(unix))]
fn only_for_this_user(_options: &mut OpenOptions) {}
