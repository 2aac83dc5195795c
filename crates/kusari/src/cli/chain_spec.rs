//! Which chain is meant, and the file that describes one.
//!
//! Owns the choice between `classic`, `ledger` and a file, and the form of that file: TOML with the
//! parameters by their names, so that a group hands it around and everybody comes to one id. What
//! the parameters mean, and their bounds, is up to [`ChainSpec`].

use std::io;
use std::path::Path;

use kusari_chain::ledger::ChainSpec;
use kusari_chain::params::CLASSIC_CHAIN;

use super::config_file::line_of;
use super::data_directories::at_home;
use super::failure::{UsageError, wrong};

/// The ledger whose spec is part of the program.
pub(crate) const LEDGER: &str = "ledger";

/// Largest file that is read, in bytes. One that `kusari chain-spec new` writes has about a thousand.
const MAX_BYTES: usize = 64 * 1024;

/// The chain that `choice` names: `None` is the classic one.
pub(crate) fn load(choice: &str) -> Result<Option<ChainSpec>, UsageError> {
    match choice {
        CLASSIC_CHAIN => Ok(None),
        LEDGER => Ok(Some(ChainSpec::ledger())),
        // The option may hold other things than a path, so it is read as none before.
        file => open(&at_home(file.into())).map(Some),
    }
}

fn open(file: &Path) -> Result<ChainSpec, UsageError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => wrong(
            format!(
                "`{}` is neither `classic`, nor `ledger`, nor a file that is there",
                file.display()
            ),
            "`kusari chain-spec new --name NAME -o FILE` writes one",
        ),
        _ => wrong(
            format!("{} cannot be read ({error})", file.display()),
            "name `classic`, `ledger`, or a file that can",
        ),
    };
    let bytes = kusari_files::read(file, MAX_BYTES).map_err(unreadable)?;
    if bytes.len() > MAX_BYTES {
        return Err(wrong(
            format!("{} has more than {MAX_BYTES} bytes, so it describes no chain", file.display()),
            "name a file that `kusari chain-spec new` wrote",
        ));
    }
    let text = kusari_input::decode(&bytes).map_err(|fault| unreadable(io::Error::other(fault)))?;
    read(&text, file)
}

/// Reads the content of a file; `file` is for messages.
pub(crate) fn read(text: &str, file: &Path) -> Result<ChainSpec, UsageError> {
    let name = file.display();
    let spec: ChainSpec = toml::from_str(text).map_err(|error| {
        // A key that is missing is missing everywhere.
        let is_missing = error.message().starts_with("missing field");
        let place = error.span().filter(|_| !is_missing).map(|span| line_of(text, span));
        let reason = error.message().lines().next().unwrap_or_default();
        wrong(
            format!("{name}{}: {reason}", place.unwrap_or_default()),
            "`kusari chain-spec new --name NAME` shows every key",
        )
    })?;
    spec.check().map_err(|error| {
        wrong(format!("{name}: {error}"), "correct it, which makes it another chain")
    })?;
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
