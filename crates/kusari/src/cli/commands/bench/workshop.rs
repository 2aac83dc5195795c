//! Where measurements work: a file that keeps what was mined, and a directory that goes in the end.
//!
//! Owns what is left behind: the file alone, also where a signal ends the command.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use tempfile::TempDir;

use crate::cli::console::end_at_once;
use crate::cli::prelude::*;
use kusari_bench::long_chain::LongChain;
use kusari_bench::{BenchError, process};

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

    /// A chain of so many blocks; what is missing of it is mined, and kept for the next time.
    pub(super) fn chain(&self, blocks: u32) -> Result<LongChain, BenchError> {
        let progress = Progress::of_blocks("Mining the chain", blocks);
        let told = &mut |count: u32| progress.set(count.into());
        let chain = LongChain::obtain(&self.chain_file, blocks, self.threads(), told);
        progress.finish();
        chain.map_err(BenchError::system("making the chain"))
    }

    pub(super) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// As many threads as there are cores.
    pub(super) fn threads(&self) -> NonZeroUsize {
        std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }
}
