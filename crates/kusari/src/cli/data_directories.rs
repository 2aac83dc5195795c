//! Where chains are kept unless a person says otherwise.
//!
//! Owns the rule by which a port names a directory: whoever starts a node and whoever looks for it
//! must come to the same one.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::failure::{UsageError, wrong};
use kusari_chain::ledger::ChainSpec;

use kusari_api_types::NodeFile;
use kusari_chain::params::CLASSIC_CHAIN;

/// Port of the node that a subcommand is about, unless told otherwise.
const DEFAULT_PORT: u16 = 8080;

/// Where programs keep their data on this system, if that is known.
pub(crate) fn data_directory() -> Option<PathBuf> {
    etcetera::base_strategy::choose_native_strategy().ok().map(|system| system.data_dir())
}

/// Where the node that was started with `port` keeps its chain: the classic one, or a ledger.
pub(crate) fn chain_directory(
    data_directory: &Path,
    ledger: Option<&ChainSpec>,
    port: u16,
) -> PathBuf {
    let name = ledger.map_or_else(|| String::from(CLASSIC_CHAIN), |spec| slug(&spec.name));
    data_directory.join("kusari").join(format!("{name}-{port}"))
}

/// A name of a chain as a part of a file's name: letters and digits, in lower case.
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let slug: String = name.chars().map(plain).collect();
    if slug == CLASSIC_CHAIN { format!("{slug}_") } else { slug }
}

/// The directory of the node that was started with `port`, of whatever chain: the one where a node
/// runs; else the classic one where it is there, or the only other one.
fn directory_of_port(data_directory: &Path, port: u16) -> PathBuf {
    let classic = chain_directory(data_directory, None, port);
    let ending = format!("-{port}");
    let entries = std::fs::read_dir(data_directory.join("kusari")).into_iter().flatten().flatten();
    let mut others: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.ends_with(&ending)) && *path != classic
        })
        .collect();
    others.sort();
    let runs = |path: &&PathBuf| path.join(NodeFile::NAME).exists();
    if let Some(running) = [&classic].into_iter().chain(&others).find(runs) {
        return running.clone();
    }
    match others.as_slice() {
        [only] if !classic.exists() => only.clone(),
        _ => classic,
    }
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
        Some(data) => Ok(directory_of_port(data, port.unwrap_or(DEFAULT_PORT))),
        None => Err(wrong(
            "this user has no home directory to look for the chain in",
            "say where it is with --data-dir DIRECTORY",
        )),
    }
}
