//! The lock on a data directory: at most one process has it open.
//!
//! Owns the file `lock`. The lock is the operating system's and ends with the process, however that
//! ends; the process id in the file is for people only. The file stays when the lock is given up:
//! removing it could take it away from a process that has just locked it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use super::open::OpenError;

/// How a process is called that holds a lock and cannot be told.
pub const UNKNOWN_HOLDER: &str = "another process";

/// Longest content of the lock file that is looked at, in bytes: a process id has at most ten
/// digits.
const MAX_PID_BYTES: u64 = 16;

/// A locked data directory, until this is dropped.
#[derive(Debug)]
pub struct DirectoryLock {
    file: File,
}

impl DirectoryLock {
    /// The name of the file in the directory.
    pub const FILE: &str = "lock";

    /// Locks a data directory, which must be there.
    ///
    /// # Errors
    /// [`OpenError::InUse`], and [`OpenError::Directory`] where the lock cannot be written.
    pub fn take(directory: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Directory { directory: directory.into(), source };
        // Not truncated: until we hold the lock the content is another process's.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = open_no_link(&mut options, directory).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = read_holder(&mut file);
                return Err(OpenError::InUse { directory: directory.into(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        // One that root made would keep the user of a service from its own directory.
        kusari_files::hand_over(&file, &directory.join(Self::FILE));
        file.set_len(0).map_err(unusable)?;
        writeln!(file, "{}", std::process::id()).map_err(unusable)?;
        Ok(Self { file })
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started from this one has
        // it open too, for a moment. Where this fails, closing is what there is.
        let _ = self.file.unlock();
    }
}

/// Opens the lock file of a directory, which may be another user's: a link in place of it would have us
/// empty any file of ours.
fn open_no_link(options: &mut OpenOptions, directory: &Path) -> io::Result<File> {
    let path = directory.join(DirectoryLock::FILE);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, nix::libc::O_NOFOLLOW);
    let link = || io::Error::other("`lock` in it is a link to another file; remove it");
    let file =
        options.open(&path).map_err(|error| if path.is_symlink() { link() } else { error })?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) > 1 {
        return Err(link());
    }
    Ok(file)
}

/// Who holds the lock, as far as it can be told: the holder may not have written it yet, and some
/// systems let no other process read a locked file.
fn read_holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(MAX_PID_BYTES).read_to_string(&mut text);
    match read.ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(pid) => name_of(pid),
        None => String::from(UNKNOWN_HOLDER),
    }
}

/// Who works on `file`, if it is the store of a data directory that is locked.
#[must_use]
pub fn holder_of_store(directory: &Path, file: &Path) -> Option<String> {
    // The lock file is made by the process that takes the lock: where there is none, no process has.
    let is_store = file.file_name().is_some_and(|name| name == super::open::DATABASE_FILE);
    if !is_store || !directory.join(DirectoryLock::FILE).exists() {
        return None;
    }
    match DirectoryLock::take(directory) {
        Err(OpenError::InUse { holder, .. }) => Some(holder),
        _ => None,
    }
}

/// Who has locked a data directory. Nothing in it is written.
#[must_use]
pub fn holder_of_directory(directory: &Path) -> Option<String> {
    // The lock file is made by the process that takes the lock: where there is none, no process has.
    let mut file = open_no_link(OpenOptions::new().read(true), directory).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read_holder(&mut file)),
        _ => None,
    }
}

/// How a process that holds a lock is called.
#[must_use]
pub fn name_of(pid: u32) -> String {
    format!("process {pid}")
}
