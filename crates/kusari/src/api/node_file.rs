//! The file by which programs find the node of a data directory.
//!
//! Owns `node.json`: it is there, whole and private, from before the node says that it listens
//! until it stops cleanly. After a crash it stays behind, so whoever reads it asks the node itself
//! whether it is still the one.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::model::NodeFile;
use crate::private_file;

pub(crate) const NAME: &str = "node.json";
/// Its name until it is whole.
const NEW_NAME: &str = "node.json.new";
/// Longest content that is looked at, in bytes. A real one has a few hundred.
const MAX_BYTES: u64 = 4_096;

impl NodeFile {
    /// Reads the file of a data directory. `None` where there is none, or none that can be
    /// understood: it says nothing then.
    ///
    /// # Errors
    /// What the system says where it cannot be read.
    pub fn read(directory: &Path) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        match File::open(directory.join(NAME)) {
            Ok(file) => file.take(MAX_BYTES).read_to_end(&mut bytes)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// Writes it, at once or not at all, in place of one that was left behind. It goes when what
    /// this returns does.
    ///
    /// # Errors
    /// What the system says where it cannot be written.
    pub fn publish(&self, directory: &Path) -> io::Result<Published> {
        let (new, file) = (directory.join(NEW_NAME), directory.join(NAME));
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        private_file::create(&new)?.write_all(&text)?;
        std::fs::rename(&new, &file)?;
        Ok(Published { file })
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
        std::fs::write(directory.path().join(NAME), "old").unwrap();
        std::fs::write(directory.path().join(NEW_NAME), "half").unwrap();
        let published = node_file().publish(directory.path()).unwrap();
        assert_eq!(NodeFile::read(directory.path()).unwrap(), Some(node_file()));
        drop(published);
        assert_eq!(NodeFile::read(directory.path()).unwrap(), None);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn its_token_is_not_printed() {
        let printed = format!("{:?}", node_file());
        assert!(printed.contains("4711") && !printed.contains("0123456789abcdef"), "{printed}");
    }

    #[test]
    fn one_that_cannot_be_understood_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let long = format!("{{\"pid\":1{}}}", " ".repeat(8_000));
        for text in ["", "{}", "{\"pid\":", &long] {
            std::fs::write(directory.path().join(NAME), text).unwrap();
            assert_eq!(NodeFile::read(directory.path()).unwrap(), None, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let _published = node_file().publish(directory.path()).unwrap();
        let mode = std::fs::metadata(directory.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
