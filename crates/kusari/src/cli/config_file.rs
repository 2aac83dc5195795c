//! The configuration file.
//!
//! Owns its form: TOML, with the names of the options. A key that is not known is an error, so that
//! a slip of the pen is not a setting that silently does nothing.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::args::Args;
use super::data_directories::at_home;
use super::failure::{UsageError, wrong};

/// Largest file that is read, in bytes. A real one has a few hundred.
const MAX_BYTES: u64 = 1024 * 1024;

impl Args {
    /// Opens a file with options.
    pub(crate) fn open(path: &Path) -> Result<Self, UsageError> {
        let unreadable = |why: &dyn core::fmt::Display| {
            wrong(
                format!("the configuration file {} cannot be read: {why}", path.display()),
                "name one that can, or leave out --config",
            )
        };
        let size = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
        if size > MAX_BYTES {
            return Err(unreadable(&format_args!("it has {size} bytes, at most {MAX_BYTES} fit")));
        }
        let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
        let text = kusari_input::decode(&bytes).map_err(|fault| unreadable(&fault))?;
        Self::of_file(&text, &path.display().to_string())
    }

    /// Reads the content of a file; `name` is for messages.
    pub(crate) fn of_file(text: &str, name: &str) -> Result<Self, UsageError> {
        let mut file: Self = toml::from_str(text).map_err(|error| {
            let place = error.span().map(|span| line_of(text, span)).unwrap_or_default();
            let message = error.message().lines().next().unwrap_or_default();
            wrong(
                format!("{name}{place}: {message}"),
                "correct it; `kusari --help` shows an example",
            )
        })?;
        let paths = [
            &mut file.data_dir,
            &mut file.token_file,
            &mut file.journal,
            &mut file.passphrase_file,
        ];
        for path in paths {
            *path = path.take().map(at_home);
        }
        Ok(file)
    }
}

/// A text, for which a number may stand as well.
macro_rules! number_or_text {
    ($name:ident, $expecting:literal) => {
        pub(super) fn $name<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<String>, D::Error> {
            #[derive(Deserialize)]
            #[serde(untagged, expecting = $expecting)]
            enum Value {
                Number(u64),
                Text(String),
            }
            Ok(Some(match Value::deserialize(deserializer)? {
                Value::Number(number) => number.to_string(),
                Value::Text(text) => text,
            }))
        }
    };
}

number_or_text!(address, "expected a port or an address in quotes");
number_or_text!(depth, "expected a number of blocks or \"none\"");

/// Where a part of a file stands, to follow its name.
pub(crate) fn line_of(text: &str, part: Range<usize>) -> String {
    let before = text.get(..part.start).unwrap_or(text);
    format!(", line {}", before.matches('\n').count() + 1)
}
