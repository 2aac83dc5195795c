//! Where chains are kept unless a person says otherwise.
//!
//! Owns the rule by which a port names a directory: whoever starts a node and whoever looks for it
//! must come to the same one.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::ephemeral;
use super::escape::shown;
use super::failure::{UsageError, wrong};
use kusari_api_types::NodeFile;
use kusari_chain::ledger::ChainSpec;
use kusari_chain::params::CLASSIC_CHAIN;
use kusari_store::{DATABASE_FILE, Store, holder_of_directory};

/// Port of the node that a subcommand is about, unless told otherwise.
const DEFAULT_PORT: u16 = 8080;

/// Digits of a chain id that tell two chains with one name apart.
const ID_DIGITS: usize = 8;

/// Where programs keep their data on this system, if that is known.
pub(crate) fn data_directory() -> Option<PathBuf> {
    etcetera::base_strategy::choose_native_strategy().ok().map(|system| system.data_dir())
}

/// A path that a person wrote, with `~` for their home directory.
pub(crate) fn at_home(path: PathBuf) -> PathBuf {
    kusari_input::at_home(path, etcetera::home_dir().ok().as_deref())
}

/// Where the node that was started with `port` keeps its chain: the classic one, or a ledger. One that an earlier
/// version made for this ledger stays where it is.
pub(crate) fn chain_directory(
    data_directory: &Path,
    ledger: Option<&ChainSpec>,
    port: u16,
) -> PathBuf {
    let place = data_directory.join("kusari");
    let Some(spec) = ledger else { return place.join(format!("{CLASSIC_CHAIN}-{port}")) };
    let id = spec.chain_id().to_string();
    let digits = id.get(..ID_DIGITS).unwrap_or(&id);
    let directory = place.join(format!("{}-{digits}-{port}", slug(&spec.name)));
    let former = place.join(format!("{}-{port}", former_slug(&spec.name)));
    match !directory.exists() && may_hold(&former, spec) {
        true => former,
        false => directory,
    }
}

/// The letters and digits of ASCII in the name of a chain, as a part of a file's name.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    if slug.is_empty() { String::from("chain") } else { slug }
}

/// What earlier versions made of the name of a chain. Chains whose names are written with other letters shared
/// a directory.
fn former_slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let slug: String = name.chars().map(plain).collect();
    if slug == CLASSIC_CHAIN { format!("{slug}_") } else { slug }
}

/// Whether a directory holds this ledger, or a store of which it can't be told: who starts a node there is to
/// hear why.
fn may_hold(directory: &Path, spec: &ChainSpec) -> bool {
    if !directory.join(DATABASE_FILE).exists() {
        return false;
    }
    match Store::open_existing(directory) {
        Ok(store) => store.spec().is_some_and(|found| found.chain_id() == spec.chain_id()),
        Err(_) => true,
    }
}

/// The directories of the chains that are kept for a port, in order.
fn kept_for_port(data_directory: &Path, port: u16) -> Vec<PathBuf> {
    let ending = format!("-{port}");
    let entries = std::fs::read_dir(data_directory.join("kusari")).into_iter().flatten().flatten();
    let is_for_port = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.ends_with(&ending)) && path.is_dir()
    };
    let mut kept: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| is_for_port(path)).collect();
    kept.sort();
    kept
}

/// The directory of the node that was started with `port`, of whatever chain: the one where a node runs, or
/// the only one that is there. `ephemeral` is the one where a node in memory with that port would be.
fn directory_of_port(
    data_directory: &Path,
    ephemeral: Option<PathBuf>,
    port: u16,
) -> Result<PathBuf, UsageError> {
    let mut kept = kept_for_port(data_directory, port);
    let has_chain = |path: &PathBuf| path.join(DATABASE_FILE).exists();
    if kept.iter().any(has_chain) {
        kept.retain(has_chain);
    }
    let runs =
        |path: &&PathBuf| path.join(NodeFile::NAME).exists() && holder_of_directory(path).is_some();
    let running: Vec<&PathBuf> = kept.iter().chain(&ephemeral).filter(runs).collect();
    let candidates = if running.is_empty() { kept.iter().collect() } else { running };
    match candidates.as_slice() {
        [] => Ok(chain_directory(data_directory, None, port)),
        [only] => Ok((*only).clone()),
        [first, ..] => {
            let all: Vec<String> = candidates.iter().map(|path| shown(path)).collect();
            Err(wrong(
                format!("port {port} is of several chains here: {}", all.join(", ")),
                format!("choose one, as in `--data-dir {}`", shown(first)),
            ))
        }
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
        Some(data) => {
            let port = port.unwrap_or(DEFAULT_PORT);
            directory_of_port(data, ephemeral::directory_of(port), port)
        }
        None => Err(wrong(
            "this user has no home directory to look for the chain in",
            "say where it is with --data-dir DIRECTORY",
        )),
    }
}

#[cfg(test)]
#[path = "data_directories_tests.rs"]
mod tests;
