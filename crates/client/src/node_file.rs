//! The file by which programs find the node of a data directory.

use std::io::{self, ErrorKind};
use std::path::Path;

use kusari_api_types::NodeFile;

/// Longest content that is looked at, in bytes. A real one has a few hundred.
const MAX_BYTES: usize = 4_095;

/// Reads the file of a data directory. `None` where there is none, or none that can be understood: it
/// says nothing then. After a crash it stays behind, so the node itself is asked whether it is still the
/// one.
///
/// # Errors
/// What the system says where it cannot be read.
pub fn read_node_file(directory: &Path) -> io::Result<Option<NodeFile>> {
    match kusari_files::read(&directory.join(NodeFile::NAME), MAX_BYTES) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_cannot_be_understood_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read_node_file(directory.path()).unwrap(), None);
        let long = format!("{{\"pid\":1{}}}", " ".repeat(8_000));
        for text in ["", "{}", "{\"pid\":", &long] {
            std::fs::write(directory.path().join(NodeFile::NAME), text).unwrap();
            assert_eq!(read_node_file(directory.path()).unwrap(), None, "{text}");
        }
    }
}
