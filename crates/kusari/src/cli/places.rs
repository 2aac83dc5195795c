//! Where chains are kept unless a person says otherwise.
//!
//! Owns the rule by which a port names a directory: whoever starts a node and whoever looks for it
//! must come to the same one.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// Port of the node that a subcommand is about, unless told otherwise.
pub(crate) const DEFAULT_PORT: u16 = 8080;

/// Where programs keep their data on this system, if that is known.
pub(crate) fn data_directory() -> Option<PathBuf> {
    etcetera::base_strategy::choose_native_strategy().ok().map(|system| system.data_dir())
}

/// Where the node that was started with `port` keeps its chain.
pub(crate) fn chain_directory(data_directory: &Path, port: u16) -> PathBuf {
    data_directory.join("kusari").join(format!("classic-{port}"))
}
