//! What is recorded of a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use kusari_chain::ledger::FileRecord;
use sha2::{Digest, Sha256};

use super::failure::{Result, failed};

/// Reads a file, whatever its size, for what is recorded of it.
pub(crate) fn hashed(file: &Path) -> Result<FileRecord> {
    let unreadable = |error: &dyn std::fmt::Display| {
        failed!("{} cannot be read ({error}); name a file that can", file.display())
    };
    let mut reader = File::open(file).map_err(|error| unreadable(&error))?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        match reader.read(&mut piece).map_err(|error| unreadable(&error))? {
            0 => break,
            count => {
                hasher.update(piece.get(..count).unwrap_or_default());
                size += count as u64;
            }
        }
    }
    let sha256 = kusari_chain::hex::encode(&hasher.finalize());
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FileRecord { sha256, size, name })
}
