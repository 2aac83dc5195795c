//! Which chain is meant, and the file that describes one.
//!
//! Owns the choice between `classic`, `ledger` and a file, and the form of that file: TOML with the
//! parameters by their names, so that a group hands it around and everybody comes to one id. What
//! the parameters mean, and their bounds, is up to [`ChainSpec`].

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use kusari_chain::ledger::{ChainSpec, SpecError};
use kusari_chain::params::CLASSIC_CHAIN;

/// The ledger whose spec is part of the program.
pub(crate) const LEDGER: &str = "ledger";

/// Largest file that is read, in bytes. One that `kusari chain-spec new` writes has about a thousand.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a choice names no chain.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpecFileError {
    /// There is no such file.
    #[error(
        "`{choice}` is neither `classic`, nor `ledger`, nor a file that is there; `kusari chain-spec \
         new --name NAME -o FILE` writes one"
    )]
    Missing {
        /// What was given.
        choice: String,
    },
    /// The system does not let it be read.
    #[error("{} cannot be read ({source}); name `classic`, `ledger`, or a file that can", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is far longer than what describes a chain.
    #[error(
        "{} has more than {MAX_BYTES} bytes, so it describes no chain; name a file that `kusari \
         chain-spec new` wrote",
        .file.display()
    )]
    TooLong {
        /// The file.
        file: PathBuf,
    },
    /// It is not TOML, or its keys are not those of a chain.
    #[error("{}{place}: {reason}; `kusari chain-spec new --name NAME` shows every key", .file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// `, line N` where that is known.
        place: String,
        /// What is wrong with which key.
        reason: String,
    },
    /// A parameter is out of its bounds.
    #[error("{}: {source}; correct it, which makes it another chain", .file.display())]
    Bounds {
        /// The file.
        file: PathBuf,
        /// Which parameter.
        source: SpecError,
    },
}

/// The chain that `choice` names: `None` is the classic one.
pub(crate) fn load(choice: &str) -> Result<Option<ChainSpec>, SpecFileError> {
    match choice {
        CLASSIC_CHAIN => Ok(None),
        LEDGER => Ok(Some(ChainSpec::ledger())),
        file => open(Path::new(file)).map(Some),
    }
}

fn open(file: &Path) -> Result<ChainSpec, SpecFileError> {
    let unreadable = |source| SpecFileError::Unreadable { file: file.into(), source };
    let opened = File::open(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SpecFileError::Missing { choice: file.display().to_string() },
        _ => unreadable(error),
    })?;
    let mut text = String::new();
    opened.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(SpecFileError::TooLong { file: file.into() });
    }
    read(&text, file)
}

/// Reads the content of a file; `file` is for messages.
pub(crate) fn read(text: &str, file: &Path) -> Result<ChainSpec, SpecFileError> {
    let spec: ChainSpec = toml::from_str(text).map_err(|error| {
        // A key that is missing is missing everywhere.
        let is_missing = error.message().starts_with("missing field");
        let span = error.span().filter(|_| !is_missing);
        let place = span.map_or(String::new(), |span| {
            let before = text.get(..span.start).unwrap_or(text);
            format!(", line {}", before.matches('\n').count() + 1)
        });
        let reason = error.message().lines().next().unwrap_or_default().to_owned();
        SpecFileError::Form { file: file.into(), place, reason }
    })?;
    spec.check().map_err(|source| SpecFileError::Bounds { file: file.into(), source })?;
    Ok(spec)
}

/// The file that describes a chain, with a comment for each key.
pub(crate) fn write(spec: &ChainSpec) -> String {
    let ChainSpec {
        name,
        salt,
        block_time_s,
        half_life_s,
        reward,
        max_body_bytes,
        max_data_bytes,
        min_fee,
    } = spec;
    let name = quoted(name);
    format!(
        "\
# A chain of kusari. Whoever has this file can join it: nothing in it is secret. Change one value,
# and it is another chain with another id; `kusari chain-spec id FILE` tells whether two files are
# of one chain. A comment may be changed.

# For people: 1 to 64 characters.
name = {name}

# Drawn at random, so that no two groups come to one id.
salt = \"{salt}\"

# Seconds between two blocks that difficulty aims at: 1 to 3600.
block_time_s = {block_time_s}

# Seconds behind schedule after which blocks are twice as easy to find: at least block_time_s.
half_life_s = {half_life_s}

# What finding a block brings, in whole units: below 4294967296.
reward = {reward}

# Most bytes of transactions and their texts in a block: 1024 to 1048576.
max_body_bytes = {max_body_bytes}

# Most bytes of text in one record: 1 to 65536, and 256 less than max_body_bytes.
max_data_bytes = {max_data_bytes}

# Least fee of a transaction, in whole units. With 0 somebody who owns nothing can record.
min_fee = {min_fee}
"
    )
}

/// A basic string of TOML. A name holds no control characters, so two characters need an escape.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
#[path = "chain_spec_tests.rs"]
mod tests;
