//! Files that are written whole or not at all, and those among them that are nobody else's business.
//!
//! Owns how such a file comes to be there: under another name first, durable before it has its own,
//! never in place of one that must stay. What stands in it is up to the caller.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// This user alone, where the system can say so; elsewhere a file is as private as its directory.
    Owner,
    /// Whoever may by default.
    Default,
}

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It would take the place of another one.
    #[error("{} is there already; name another file, or move it away", .file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The system refuses.
    #[error("{} cannot be written ({source}); see to the disk and its permissions", .file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Writes a file that must not be there yet.
pub(crate) fn write_new(file: &Path, bytes: &[u8], readers: Readers) -> Result<(), FileError> {
    let exists = || FileError::Exists { file: file.into() };
    if file.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let unwritable = |source| FileError::Unwritable { file: file.into(), source };
    let temporary = Temporary::write(file, bytes, readers).map_err(unwritable)?;
    // A second name is given only where there is none, whoever else writes at this moment.
    match fs::hard_link(&temporary.0, file) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(exists()),
        // Some file systems have one name for each file. There the last look is the one before.
        Err(_) if file.symlink_metadata().is_ok() => return Err(exists()),
        Err(_) => fs::rename(&temporary.0, file).map_err(unwritable)?,
    }
    drop(temporary);
    sync_directory(file).map_err(unwritable)
}

/// Writes a file of this user's alone, in place of the one that is there, if one is. No two processes
/// may do so at once.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let unwritable = |source| FileError::Unwritable { file: file.into(), source };
    let temporary = Temporary::write(file, bytes, Readers::Owner).map_err(unwritable)?;
    fs::rename(&temporary.0, file).map_err(unwritable)?;
    sync_directory(file).map_err(unwritable)
}

/// Reads a file of at most `most` bytes; one that is longer is cut off one byte beyond. What was
/// read is overwritten when it is dropped.
pub(crate) fn read(file: &Path, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read_from(File::open(file)?, most)
}

/// The same from anything that can be read.
pub(crate) fn read_from(source: impl Read, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 2));
    source.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether users outside the file's group may read it. A group may: that is how service managers
/// hand out secrets.
#[cfg(unix)]
pub(crate) fn is_open_to_all(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(file)?.permissions().mode() & 0o007 != 0)
}

/// Other systems keep who may read a file in lists that std does not show.
#[cfg(not(unix))]
pub(crate) fn is_open_to_all(_file: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Creates a file that only this user may read, to be read and written. It must not be there yet, not
/// even as a link to nowhere. Elsewhere than on Unix a new file is as private as its directory, which
/// is how those systems do it.
pub(crate) fn create(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// Takes a file of this user's away from everybody else. One that belongs to another user stays as its
/// owner has it.
pub(crate) fn take_from_others(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(mode) = fs::metadata(file).map(|found| found.permissions().mode()) else { return };
        if mode & 0o077 != 0 {
            // The system lets the owner and root do it, and refuses it to others.
            let _ = fs::set_permissions(file, fs::Permissions::from_mode(mode & 0o700));
        }
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// Creates a directory, and what leads to it, for this user alone. One that is there stays as it is.
pub(crate) fn create_directory(directory: &Path) -> Result<(), FileError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let created = builder.create(directory);
    created.map_err(|source| FileError::Unwritable { file: directory.into(), source })
}

/// A file under its first name, which goes with this.
struct Temporary(PathBuf);

impl Temporary {
    fn name(file: &Path) -> io::Result<PathBuf> {
        let name = file.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
        let mut name = name.to_os_string();
        name.push(format!(".{}.part", std::process::id()));
        Ok(file.with_file_name(name))
    }

    fn write(file: &Path, bytes: &[u8], readers: Readers) -> io::Result<Self> {
        let path = Self::name(file)?;
        let create = || match readers {
            Readers::Owner => create(&path),
            Readers::Default => File::create_new(&path),
        };
        let mut opened = match create() {
            // An earlier process had this one's id, as they all have in a container, and was killed here.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&path)?;
                create()?
            }
            created => created?,
        };
        let temporary = Self(path);
        opened.write_all(bytes)?;
        opened.sync_all()?;
        Ok(temporary)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing left of this name.
        let _ = fs::remove_file(&self.0);
    }
}

/// Makes a new name durable. Only Unix has, and needs, such a call.
pub(crate) fn sync_directory(file: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_new_file_takes_the_place_of_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        write_new(&file, b"one", Readers::Owner).unwrap();
        let error = write_new(&file, b"two", Readers::Owner).unwrap_err();
        assert!(matches!(error, FileError::Exists { .. }), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"one");
        replace(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(files(directory.path()), ["file"]);
        let nowhere = directory.path().join("no/file");
        assert!(write_new(&nowhere, b"", Readers::Default).is_err());
        assert!(write_new(Path::new("/"), b"", Readers::Default).is_err());
        assert!(replace(&directory.path().join(".."), b"").is_err());
    }

    #[test]
    fn what_a_killed_process_with_the_same_id_left_is_in_nobodys_way() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(Temporary::name(&file).unwrap(), b"half").unwrap();
        write_new(&file, b"new", Readers::Owner).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        fs::write(Temporary::name(&file).unwrap(), b"half").unwrap();
        replace(&file, b"whole").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"whole");
        assert_eq!(files(directory.path()), ["file"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_its_owners_from_the_start() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let inner = directory.path().join("a/b");
        create_directory(&inner).unwrap();
        create_directory(&inner).unwrap();
        let (one, other) = (inner.join("one"), inner.join("other"));
        write_new(&one, b"", Readers::Owner).unwrap();
        replace(&other, b"").unwrap();
        assert_eq!([mode(&inner), mode(&one), mode(&other)], [0o700, 0o600, 0o600]);
        assert!(!is_open_to_all(&one).unwrap());
        fs::set_permissions(&one, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(is_open_to_all(&one).unwrap());
    }

    #[test]
    fn reading_ends_one_byte_beyond_the_bound() {
        let read = |bytes: &[u8]| read_from(bytes, 3).unwrap().len();
        assert_eq!([read(b""), read(b"123"), read(b"1234"), read(b"123456")], [0, 3, 4, 4]);
    }
}
