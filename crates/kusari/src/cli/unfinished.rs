//! A file of a command that is not done: it goes when the command ends before it is whole, by an
//! error as by a signal.
//!
//! Owns its removal. What stands in it, and when it is whole, is up to the command.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

use super::end_at_once;

/// Files to be removed where a signal ends the command.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file of this command, by the name that it has until it is whole. It is removed with this;
/// where it was given another name by then, there is nothing left to remove.
#[derive(Debug)]
pub(crate) struct Unfinished(PathBuf);

impl Unfinished {
    /// From here on the file is this command's. Nobody else may have one of this name.
    pub(crate) fn watch(path: PathBuf) -> Self {
        static HANDLED: Once = Once::new();
        HANDLED.call_once(|| {
            // Where signals cannot be handled they end the program as ever, and the file stays.
            let _ = ctrlc::set_handler(|| {
                for path in files().iter() {
                    let _ = std::fs::remove_file(path);
                }
                end_at_once();
            });
        });
        files().push(path.clone());
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

fn files() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    // The list is whole between any two statements that change it.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
        files().retain(|path| *path != self.0);
    }
}
