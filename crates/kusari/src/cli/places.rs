//! Where chains are kept unless a person says otherwise.
//!
//! Owns the rule by which a port names a directory: whoever starts a node and whoever looks for it
//! must come to the same one.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::settings::UsageError;

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

/// The directory that a command is about: the one that is named, or else the one of a port.
/// `data_directory` is where programs keep their data.
pub(crate) fn chosen(
    named: Option<&Path>,
    port: Option<u16>,
    data_directory: Option<&Path>,
) -> Result<PathBuf, UsageError> {
    if let Some(directory) = named {
        return Ok(directory.to_owned());
    }
    match data_directory {
        Some(data) => Ok(chain_directory(data, port.unwrap_or(DEFAULT_PORT))),
        None => Err(UsageError {
            cause: String::from("this user has no home directory to look for the chain in"),
            remedy: String::from("say where it is with --data-dir DIRECTORY"),
        }),
    }
}
