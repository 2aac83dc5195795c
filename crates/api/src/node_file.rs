//! The file by which programs find the node of a data directory.
//!
//! Owns `node.json`: it is there, whole and private, from before the node says that it listens
//! until it stops cleanly.

use std::io;
use std::path::{Path, PathBuf};

use kusari_api_types::NodeFile;
use kusari_files::FileError;

/// Writes the file of a data directory, at once or not at all, in place of one that was left behind. It
/// goes when what this returns does.
///
/// # Errors
/// What the system says where it cannot be written.
pub fn publish(node: &NodeFile, directory: &Path) -> io::Result<Published> {
    let mut text = serde_json::to_vec(node)?;
    text.push(b'\n');
    // Made first, so that it goes where something fails.
    let published = Published { file: directory.join(NodeFile::NAME) };
    match kusari_files::replace(&published.file, &text) {
        Ok(()) => Ok(published),
        Err(FileError::Unwritable { source, .. }) => Err(source),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// A node's file, until this is dropped.
#[derive(Debug)]
pub struct Published {
    file: PathBuf,
}

impl Drop for Published {
    fn drop(&mut self) {
        // One that stays tells of a node that no longer answers, as after a crash.
        let _ = std::fs::remove_file(&self.file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node_file() -> NodeFile {
        NodeFile {
            pid: 4_711,
            listen: "127.0.0.1:8080".parse().unwrap(),
            http: Some("127.0.0.1:7878".parse().unwrap()),
            token: "0123456789abcdef".into(),
        }
    }

    #[test]
    fn it_replaces_what_a_crash_left_behind_and_goes_at_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(NodeFile::NAME);
        std::fs::write(&file, "old").unwrap();
        let published = publish(&node_file(), directory.path()).unwrap();
        let read: NodeFile = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(read, node_file());
        drop(published);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn its_token_is_not_printed() {
        let printed = format!("{:?}", node_file());
        assert!(printed.contains("4711") && !printed.contains("0123456789abcdef"), "{printed}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let _published = publish(&node_file(), directory.path()).unwrap();
        let mode =
            std::fs::metadata(directory.path().join(NodeFile::NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
