//! The configuration file.
//!
//! Owns its form: TOML, with the names of the options. A key that is not known is an error, so that
//! a slip of the pen is not a setting that silently does nothing.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::settings::UsageError;

/// Largest file that is read, in bytes. A real one has a few hundred.
const MAX_BYTES: u64 = 1024 * 1024;

/// Everything in the file, not yet understood.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ConfigFile {
    pub(crate) listen: Option<Listen>,
    pub(crate) connect: Option<Vec<String>>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) ephemeral: Option<bool>,
    pub(crate) http: Option<Listen>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) max_peers: Option<u64>,
    pub(crate) max_per_address: Option<u64>,
    pub(crate) max_per_group: Option<u64>,
    pub(crate) max_reorg_depth: Option<Depth>,
    pub(crate) max_store: Option<String>,
    pub(crate) miner_threads: Option<u64>,
    pub(crate) miner_kernel: Option<String>,
    pub(crate) journal: Option<PathBuf>,
    pub(crate) chain: Option<String>,
    pub(crate) mine: Option<String>,
    pub(crate) passphrase_file: Option<PathBuf>,
    pub(crate) offline: Option<bool>,
    pub(crate) witness: Option<String>,
    pub(crate) witness_key: Option<Vec<String>>,
    pub(crate) quiet: Option<bool>,
    pub(crate) log: Option<String>,
}

/// A port may stand there as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a port or an address in quotes")]
pub(crate) enum Listen {
    Port(u64),
    Address(String),
}

/// A number, or the word `none`.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number of blocks or \"none\"")]
pub(crate) enum Depth {
    Blocks(u64),
    Word(String),
}

impl Depth {
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Blocks(number) => number.to_string(),
            Self::Word(word) => word,
        }
    }
}

impl ConfigFile {
    pub(crate) fn open(path: &Path) -> Result<Self, UsageError> {
        let unreadable = |why: &dyn core::fmt::Display| UsageError {
            cause: format!("the configuration file {} cannot be read: {why}", path.display()),
            remedy: String::from("name one that can, or leave out --config"),
        };
        let size = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
        if size > MAX_BYTES {
            return Err(unreadable(&format_args!("it has {size} bytes, at most {MAX_BYTES} fit")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        Self::read(&text, &path.display().to_string())
    }

    /// Reads the content of a file; `name` is for messages.
    pub(crate) fn read(text: &str, name: &str) -> Result<Self, UsageError> {
        toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(String::new(), |span| {
                let before = text.get(..span.start).unwrap_or(text);
                format!(", line {}", before.matches('\n').count() + 1)
            });
            let mut message = error.message().lines();
            UsageError {
                cause: format!("{name}{place}: {}", message.next().unwrap_or_default()),
                remedy: String::from("correct it; `kusari --help` shows an example"),
            }
        })
    }
}
