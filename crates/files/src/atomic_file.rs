//! A file that is there whole or not at all.
//!
//! It is written under another name beside its own, made durable, and only then given its name. What
//! was there before stays as it was until that moment, and for good where anything fails.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{PathPersistError, TempPath};

use crate::{FileError, directory_of, sync_directory};

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// This user alone, where the system can say so; elsewhere a file is as private as its directory.
    Owner,
    /// The owner of its directory alone: this user, unless root works in the directory of another one.
    DirectoryOwner,
    /// All whom the system lets by default.
    Default,
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// [`FileError`].
pub fn write_new(file: &Path, bytes: &[u8], readers: Readers) -> Result<(), FileError> {
    let mut new = WholeFile::create(file, readers, false)?;
    new.write(bytes)?;
    new.finish()
}

/// Writes a file of its directory's owner alone, in place of the one that is there, if one is.
///
/// # Errors
/// [`FileError::Unwritable`].
pub fn replace(file: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut new = WholeFile::create(file, Readers::DirectoryOwner, true)?;
    new.write(bytes)?;
    new.finish()
}

/// A file that is being written. Where this is dropped before it is finished, nothing stays.
#[derive(Debug)]
pub struct WholeFile {
    writer: BufWriter<File>,
    unfinished: Unfinished,
    target: PathBuf,
    overwrite: bool,
}

impl WholeFile {
    /// Begins to write what `target` will be. `overwrite` says whether it may be there already.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn create(target: &Path, readers: Readers, overwrite: bool) -> Result<Self, FileError> {
        let unwritable = FileError::unwritable(target);
        match fs::metadata(target) {
            Ok(found) if !found.is_file() => {
                return Err(unwritable(io::Error::other("it is there and is no file")));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
        // A link to nowhere is in the way as well.
        if !overwrite && target.symlink_metadata().is_ok() {
            return Err(FileError::Exists { file: target.into() });
        }
        let path = first_name(target).map_err(unwritable)?;
        let create = || match readers {
            Readers::Owner | Readers::DirectoryOwner => crate::create(&path),
            Readers::Default => File::create_new(&path),
        };
        // Watched before it is there: a signal may come right after.
        let unfinished = Unfinished::watch(path.clone());
        let file = create().or_else(|error| {
            // An earlier process had this one's id, as they all have in a container, and was killed here.
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(error);
            }
            fs::remove_file(&path)?;
            create()
        });
        let file = file.map_err(unwritable)?;
        if readers == Readers::DirectoryOwner {
            crate::hand_over(&file, &path);
        }
        let writer = BufWriter::with_capacity(256 << 10, file);
        Ok(Self { writer, unfinished, target: target.into(), overwrite })
    }

    /// Appends to it.
    ///
    /// # Errors
    /// [`FileError::Unwritable`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.writer.write_all(bytes).map_err(FileError::unwritable(&self.target))
    }

    /// It is whole: makes it durable and gives it its name.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn finish(self) -> Result<(), FileError> {
        let Self { writer, unfinished, target, overwrite } = self;
        let unwritable = FileError::unwritable(&target);
        let file = writer.into_inner().map_err(|error| unwritable(error.into_error()))?;
        file.sync_all().map_err(unwritable)?;
        let path = TempPath::try_from_path(unfinished.path()).map_err(unwritable)?;
        match overwrite {
            true => path.persist(&target).map_err(|error| unwritable(error.error))?,
            false => name_once(path, &target)?,
        }
        sync_directory(directory_of(&target)).map_err(unwritable)
    }
}

/// Gives a file its name only where there is none, whatever other processes write at this moment.
fn name_once(path: TempPath, target: &Path) -> Result<(), FileError> {
    let exists = || FileError::Exists { file: target.into() };
    let Err(PathPersistError { error, path }) = path.persist_noclobber(target) else {
        return Ok(());
    };
    // Some file systems have one name for each file. There a last look is all there is.
    if error.kind() == io::ErrorKind::AlreadyExists || target.symlink_metadata().is_ok() {
        return Err(exists());
    }
    path.persist(target).map_err(|error| FileError::unwritable(target)(error.error))
}

/// What a file is called until it is whole.
fn first_name(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    let mut name = name.to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    Ok(target.with_file_name(name))
}

/// Files that are not whole yet.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that is not whole. It is removed with this; where it was given another name by then, there is
/// nothing left to remove.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// From here on the file goes with this, or by [`remove_unfinished`].
    #[must_use]
    pub fn watch(path: PathBuf) -> Self {
        unfinished().push(path.clone());
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
        unfinished().retain(|path| *path != self.0);
    }
}

/// Removes every file of this process that is not whole, as a program does that a signal ends.
pub fn remove_unfinished() {
    for path in unfinished().iter() {
        let _ = fs::remove_file(path);
    }
}

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    // The list is whole between any two statements that change it.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn begin(target: &Path, overwrite: bool) -> Result<WholeFile, FileError> {
        WholeFile::create(target, Readers::Default, overwrite)
    }

    #[test]
    fn nothing_is_left_behind_unless_the_file_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("file");
        let mut file = begin(&target, false).unwrap();
        file.write(b"half").unwrap();
        assert!(!target.exists());
        drop(file);
        assert_eq!(files(directory.path()), [""; 0]);
        let mut file = begin(&target, false).unwrap();
        file.write(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(files(directory.path()), ["file"]);
        assert_eq!(fs::read(&target).unwrap(), b"whole");
    }

    #[test]
    fn a_file_is_overwritten_only_where_that_was_said_and_anything_else_never() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("file");
        let early = begin(&target, false).unwrap();
        fs::write(&target, "mine").unwrap();
        assert!(matches!(early.finish(), Err(FileError::Exists { .. })));
        assert!(matches!(begin(&target, false), Err(FileError::Exists { .. })));
        assert!(begin(directory.path(), true).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        let mut file = begin(&target, true).unwrap();
        file.write(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn what_a_killed_process_with_the_same_id_left_is_in_nobodys_way() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("file");
        fs::write(first_name(&target).unwrap(), b"half").unwrap();
        write_new(&target, b"new", Readers::Owner).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        fs::write(first_name(&target).unwrap(), b"half").unwrap();
        replace(&target, b"whole").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert_eq!(files(directory.path()), ["file"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_in_the_way_of_a_new_file() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("file");
        std::os::unix::fs::symlink(directory.path().join("nowhere"), &target).unwrap();
        assert!(matches!(begin(&target, false), Err(FileError::Exists { .. })));
    }
}
