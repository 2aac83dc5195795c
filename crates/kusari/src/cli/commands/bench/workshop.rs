//! Where measurements work: a file that keeps what was mined, and a directory that goes in the end.
//!
//! Owns what is left behind: the file alone, also where a signal ends the command.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use tempfile::TempDir;

use crate::bench::BenchError;
use crate::bench::process;
use crate::cli::end_at_once;

/// File of the nonces, in the directory for what can be made again.
const CHAIN_FILE: &str = "bench-chain.nonces";

pub(super) struct Workshop {
    chain_file: PathBuf,
    scratch: TempDir,
}

impl Workshop {
    pub(super) fn open() -> Result<Self, BenchError> {
        let system = BenchError::system("making a directory for the measurement");
        let scratch = tempfile::Builder::new().prefix("kusari-bench-").tempdir().map_err(system)?;
        let caches =
            etcetera::base_strategy::choose_native_strategy().map(|place| place.cache_dir());
        // Without a home nothing can be kept; the chain is then made each time.
        let caches = caches.unwrap_or_else(|_| scratch.path().to_owned());
        let remains = scratch.path().to_owned();
        // Where signals cannot be handled they end the program as ever, and the directory stays.
        let _ = ctrlc::set_handler(move || {
            process::kill_all();
            let _ = std::fs::remove_dir_all(&remains);
            end_at_once();
        });
        Ok(Self { chain_file: caches.join("kusari").join(CHAIN_FILE), scratch })
    }

    pub(super) fn chain_file(&self) -> &Path {
        &self.chain_file
    }

    pub(super) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// As many threads as there are cores.
    pub(super) fn threads(&self) -> NonZeroUsize {
        std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }
}
