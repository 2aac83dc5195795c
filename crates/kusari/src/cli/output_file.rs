//! Files that commands write for people: they are there whole or not at all, also where a signal ends
//! the command.

use std::path::Path;
use std::sync::Once;

use kusari_files::{FileError, Readers, WholeFile};

use super::end_at_once;
use super::failure::Failure;

/// Begins to write a file, in place of one only where `overwrite` says so.
pub(crate) fn create(target: &Path, overwrite: bool) -> Result<WholeFile, Failure> {
    remove_at_signals();
    WholeFile::create(target, Readers::Default, overwrite).map_err(refusal)
}

/// Why it was not written, with the option that helps.
pub(crate) fn refusal(error: FileError) -> Failure {
    match error {
        FileError::Exists { file } => Failure::failed(format!(
            "{} is there already; name another file, or say --force to overwrite it",
            file.display()
        )),
        FileError::Unwritable { file, source } => Failure::failed(format!(
            "{} cannot be written ({source}); name a file that can, or - for stdout",
            file.display()
        )),
        error => error.into(),
    }
}

/// From here on a signal that ends the command removes what is not whole.
pub(crate) fn remove_at_signals() {
    static HANDLED: Once = Once::new();
    HANDLED.call_once(|| {
        // Where signals cannot be handled they end the program as ever, and the file stays.
        let _ = ctrlc::set_handler(|| {
            kusari_files::remove_unfinished();
            end_at_once();
        });
    });
}
