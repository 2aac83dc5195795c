//! How commands find a node that keeps nothing.
//!
//! Owns a directory for each such node, of this user's alone and apart from where chains are kept. The
//! node's address and token stand there as they do in a data directory; it goes with the node. One that
//! another user made, or a link to another place, is not used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use kusari_api_types::NodeFile;
use kusari_store::{DirectoryLock, OpenError};

/// Where the node in memory with this port says how it is reached.
pub(crate) fn directory_of(port: u16) -> Option<PathBuf> {
    let base = base();
    is_private(&base).then(|| base.join(format!("ephemeral-{port}")))
}

/// Whether a directory is of a node in memory.
pub(crate) fn is_one(directory: &Path) -> bool {
    directory.parent().is_some_and(|parent| parent == base())
}

/// Where such directories are: where this system keeps what goes with a session, or among temporary files.
fn base() -> PathBuf {
    let system = etcetera::base_strategy::choose_native_strategy().ok();
    match system.and_then(|system| system.runtime_dir()).filter(|directory| directory.is_dir()) {
        Some(runtime) => runtime.join("kusari"),
        None => std::env::temp_dir().join(format!("kusari-{}", user())),
    }
}

#[cfg(unix)]
fn user() -> String {
    nix::unistd::geteuid().to_string()
}

/// Temporary files are each user's own there.
#[cfg(not(unix))]
fn user() -> String {
    String::from("runtime")
}

/// Whether nobody else can write to a directory, or put another one in its place.
#[cfg(unix)]
fn is_private(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // Of the directory itself: a link may be another user's.
    fs::symlink_metadata(directory).is_ok_and(|found| {
        let is_own = found.uid() == nix::unistd::geteuid().as_raw();
        found.is_dir() && is_own && found.mode() & 0o077 == 0
    })
}

#[cfg(not(unix))]
fn is_private(directory: &Path) -> bool {
    directory.is_dir()
}

/// The directory of a node in memory, until this is dropped.
#[derive(Debug)]
pub(crate) struct Reach {
    directory: PathBuf,
    /// Held while the node runs, as on a data directory.
    lock: Option<DirectoryLock>,
}

impl Reach {
    /// Makes the directory of the node that listens on this port.
    pub(crate) fn open(port: u16) -> Result<Self, OpenError> {
        let base = base();
        let unusable = |source| OpenError::Directory { directory: base.clone(), source };
        kusari_files::create_directory(&base).map_err(unusable)?;
        let Some(directory) = directory_of(port) else {
            return Err(unusable(io::Error::other("it is not this user's alone")));
        };
        kusari_files::create_directory(&directory).map_err(unusable)?;
        let lock = Some(DirectoryLock::take(&directory)?);
        Ok(Self { directory, lock })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        // What stays tells of a node that no longer runs, as after a crash.
        for name in [NodeFile::NAME, DirectoryLock::FILE] {
            let _ = fs::remove_file(self.directory.join(name));
        }
        self.lock = None;
        let _ = fs::remove_dir(&self.directory);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn only_a_directory_of_this_user_alone_is_trusted() {
        let home = tempfile::tempdir().unwrap();
        let (own, open, link) =
            (home.path().join("own"), home.path().join("open"), home.path().join("link"));
        kusari_files::create_directory(&own).unwrap();
        kusari_files::create_directory(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o750)).unwrap();
        symlink(&own, &link).unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let trusted =
            ["own", "open", "link", "file", "none"].map(|name| is_private(&home.path().join(name)));
        assert_eq!(trusted, [true, false, false, false, false]);
    }
}
