//! Files that are written whole or not at all, and those among them that are one user's alone.
//!
//! Owns how such a file comes to be there: under another name first, durable before it has its own,
//! never in place of one that must stay. What stands in it is up to the caller.
//!
//! ```
//! use kusari_files::{Readers, read, replace, write_new};
//!
//! let directory = tempfile::tempdir()?;
//! let file = directory.path().join("key");
//! write_new(&file, b"secret", Readers::Owner)?;
//! assert!(write_new(&file, b"another", Readers::Owner).is_err());
//! replace(&file, b"another")?;
//! assert_eq!(*read(&file, 100)?, b"another");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod atomic_file;
mod ownership;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub use self::atomic_file::{
    Readers, Unfinished, WholeFile, remove_unfinished, replace, write_new,
};
pub use self::ownership::{create_directory_within, hand_over};

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It would take the place of another one.
    #[error("{} is there already; name another file, or move it away", .file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The system refuses.
    #[error(
        "{} cannot be written ({source}); {}",
        .file.display(), remedy(directory_of(.file), "see to the disk and its permissions")
    )]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl FileError {
    /// Makes one of what the system says about a file.
    pub fn unwritable(file: &Path) -> impl Fn(io::Error) -> Self + Copy + '_ {
        move |source| Self::Unwritable { file: file.into(), source }
    }
}

/// What helps where a directory cannot be used. The system says the same of a path that leads through a file as
/// of a disk without room or rights; `otherwise` is for those.
#[must_use]
pub fn remedy(directory: &Path, otherwise: &str) -> String {
    match directory.ancestors().find(|path| path.symlink_metadata().is_ok()) {
        Some(found) if found.is_file() => {
            format!("{} is a file; choose another directory", found.display())
        }
        _ => otherwise.into(),
    }
}

/// Reads a file of at most `most` bytes; one that is longer is cut off one byte beyond. What was
/// read is overwritten when it is dropped.
///
/// # Errors
/// What the system says.
pub fn read(file: &Path, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read_from(File::open(file)?, most)
}

/// The same from anything that can be read.
///
/// # Errors
/// What the source says.
pub fn read_from(source: impl Read, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 2));
    source.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Why a secret in a file is not read.
#[derive(Debug)]
pub enum SecretFileError {
    /// Users outside the file's group may read it.
    Open,
    /// The system refuses.
    Unreadable(io::Error),
}

impl From<io::Error> for SecretFileError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Reads a file as [`read`] does, unless users outside its group may read it. A group may: that is how
/// service managers hand out secrets.
///
/// # Errors
/// [`SecretFileError`].
pub fn read_secret(file: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let opened = File::open(file)?;
    if is_open_to_all(&opened)? {
        return Err(SecretFileError::Open);
    }
    Ok(read_from(opened, most)?)
}

/// `false` on systems that keep it in lists that std does not show.
fn is_open_to_all(file: &File) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Ok(file.metadata()?.permissions().mode() & 0o007 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok(false)
    }
}

/// Creates a file that only this user may read, to be read and written. It must not be there yet, not
/// even as a link to nowhere. Elsewhere than on Unix a new file is as private as its directory, which
/// is how those systems do it.
///
/// # Errors
/// What the system says.
pub fn create(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// Takes a file of this user's away from all other users. One that belongs to another user stays as its
/// owner has it.
pub fn take_from_others(file: &Path) {
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
///
/// # Errors
/// What the system says.
pub fn create_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Makes the names in a directory durable. Only Unix has, and needs, such a call.
///
/// # Errors
/// What the system says.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// The directory that a file is in.
#[must_use]
pub fn directory_of(file: &Path) -> &Path {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
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
        assert!(read_secret(&one, 9).is_ok());
        fs::set_permissions(&one, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(matches!(read_secret(&one, 9), Err(SecretFileError::Open)));
    }

    #[test]
    fn a_file_where_a_directory_should_be_is_named_as_such() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let is_file = format!("; {} is a file; choose another directory", file.display());
        for below in ["x", "x/y"] {
            let error = write_new(&file.join(below), b"", Readers::Owner).unwrap_err().to_string();
            assert!(error.ends_with(&is_file), "{error}");
        }
        let missing = directory.path().join("none/x");
        let error = write_new(&missing, b"", Readers::Owner).unwrap_err().to_string();
        assert!(error.ends_with("; see to the disk and its permissions"), "{error}");
    }

    #[test]
    fn reading_ends_one_byte_beyond_the_bound() {
        let read = |bytes: &[u8]| read_from(bytes, 3).unwrap().len();
        assert_eq!([read(b""), read(b"123"), read(b"1234"), read(b"123456")], [0, 3, 4, 4]);
    }
}
