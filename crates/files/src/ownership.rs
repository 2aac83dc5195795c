//! What root makes in another user's directory.
//!
//! A service runs as a user of its own, and its administrator as root. A file that root leaves behind in its
//! directory would keep the service from its own data, so such a file is the user's whose directory it is.
//! Nothing is given away by its name: that user could put a link to any other file in its place.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::directory_of;

/// Gives a file that this process has just made, or holds as its lock, to the owner of its directory, where
/// that is another user and this one is root. One that has further names stays as it is.
pub fn hand_over(file: &File, path: &Path) {
    // Where root may not do it either, as in some containers, it stays root's.
    let _ = try_hand_over(file, path);
}

#[cfg(unix)]
fn try_hand_over(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let (own, around) = (file.metadata()?, fs::metadata(directory_of(path))?);
    let has_one_name = own.is_dir() || own.nlink() == 1;
    if own.uid() == 0 && around.uid() != 0 && has_one_name {
        fchown(file, Some(around.uid()), Some(around.gid()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn try_hand_over(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Creates a directory, and what leads to it, as [`crate::create_directory`] does, for the user whose directory
/// it is in.
///
/// # Errors
/// What the system says.
pub fn create_directory_within(directory: &Path) -> io::Result<()> {
    let was_there = directory.exists();
    crate::create_directory(directory)?;
    if !was_there {
        hand_over_directory(directory)?;
    }
    Ok(())
}

#[cfg(unix)]
fn hand_over_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let opened = File::open(directory)?;
    let (found, named) = (opened.metadata()?, fs::symlink_metadata(directory)?);
    // A link that was put in its place by now leads to another one.
    if found.is_dir() && (found.dev(), found.ino()) == (named.dev(), named.ino()) {
        hand_over(&opened, directory);
    }
    Ok(())
}

#[cfg(not(unix))]
fn hand_over_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, chown};

    use super::*;
    use crate::{Readers, replace, write_new};

    /// A user that is neither root nor whoever runs this test.
    const OTHER: u32 = 65_534;

    #[test]
    fn what_root_makes_in_the_directory_of_another_user_is_that_users() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("data");
        fs::create_dir(&directory).unwrap();
        if chown(&directory, Some(OTHER), Some(OTHER)).is_err() {
            println!("skipped: only root can give a directory to another user");
            return;
        }
        let owner = |path: &Path| fs::symlink_metadata(path).unwrap().uid();
        let [new, replaced, private, inner] =
            ["new", "replaced", "private", "inner"].map(|name| directory.join(name));
        write_new(&new, b"", Readers::DirectoryOwner).unwrap();
        replace(&replaced, b"").unwrap();
        write_new(&private, b"", Readers::Owner).unwrap();
        create_directory_within(&inner).unwrap();
        write_new(&inner.join("file"), b"", Readers::DirectoryOwner).unwrap();
        for path in [&new, &replaced, &inner, &inner.join("file")] {
            assert_eq!(owner(path), OTHER, "{}", path.display());
        }
        assert_eq!(owner(&private), 0);
        // In a directory of root's own it stays root's.
        let own = home.path().join("own");
        replace(&own, b"").unwrap();
        assert_eq!(owner(&own), 0);
    }

    #[test]
    fn a_file_that_has_another_name_is_not_given_away() {
        let home = tempfile::tempdir().unwrap();
        let (secret, directory) = (home.path().join("secret"), home.path().join("data"));
        fs::write(&secret, "").unwrap();
        fs::create_dir(&directory).unwrap();
        if chown(&directory, Some(OTHER), Some(OTHER)).is_err() {
            println!("skipped: only root can give a directory to another user");
            return;
        }
        let link = directory.join("lock");
        fs::hard_link(&secret, &link).unwrap();
        hand_over(&File::open(&link).unwrap(), &link);
        assert_eq!(fs::metadata(&secret).unwrap().uid(), 0);
    }
}
