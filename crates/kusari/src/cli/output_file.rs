//! Files that commands write for people: they are there whole or not at all, also where a signal ends
//! the command.

use std::path::Path;
use std::sync::Once;

use kusari_files::{FileError, Readers, WholeFile};

use super::console::end_at_once;
use super::failure::{Failure, Result, failed};

/// A file on its way.
pub(crate) struct OutputFile(WholeFile);

impl OutputFile {
    /// Begins to write a file, in place of one only where `overwrite` says so.
    pub(crate) fn create(target: &Path, overwrite: bool) -> Result<Self> {
        remove_at_signals();
        WholeFile::create(target, Readers::Default, overwrite).map(Self).map_err(refusal)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result {
        self.0.write(bytes).map_err(refusal)
    }

    pub(crate) fn finish(self) -> Result {
        self.0.finish().map_err(refusal)
    }
}

/// Why it was not written, with the option that helps.
fn refusal(error: FileError) -> Failure {
    match error {
        FileError::Exists { file } => failed!(
            "{} is there already; name another file, or say --force to overwrite it",
            file.display()
        ),
        FileError::Unwritable { file, source } => failed!(
            "{} cannot be written ({source}); name a file that can, or - for stdout",
            file.display()
        ),
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
