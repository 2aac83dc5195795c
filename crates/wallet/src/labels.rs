//! The address book: names that people give to addresses, on this machine alone.
//!
//! Owns `addresses.toml` in the data directory, and what a person may write where an address is
//! wanted. A label is a convenience, no proof: who can write the file can change what it says.

use core::fmt::Write;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use kusari_chain::ledger::Address;
use kusari_chain::ledger::address::AddressError;
use serde::Deserialize;

use kusari_files::FileError;

/// The file in the data directory.
const FILE: &str = "addresses.toml";

/// Largest file that is read, in bytes: some ten thousand labels.
const MAX_BYTES: usize = 1024 * 1024;

/// Longest label, in characters.
const MAX_CHARACTERS: usize = 64;

/// Length from which a word of letters and digits alone is taken for an address: one has 61
/// characters, and some may be missing.
const LIKE_AN_ADDRESS: usize = 40;

/// Why the address book does not say what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// Meant as an address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Not in the book.
    #[error(
        "there is no label {0:?}, and it is not an address; `kusari wallet label` lists the labels"
    )]
    Unknown(String),
    /// No label can be so.
    #[error(
        "{0:?} cannot be a label: it has 1 to 64 letters, digits, spaces, `.`, `_`, `-`, `@` or `'`, \
         and does not look like an address; choose another one"
    )]
    Form(String),
    /// A label that silently means another account is how money is lost.
    #[error(
        "the label {label:?} is of {address} already; remove it first with `--remove`, or choose another one"
    )]
    Taken {
        /// The label.
        label: String,
        /// What it names.
        address: Address,
    },
    /// The file cannot be read.
    #[error(
        "{} cannot be read ({source}); {}",
        .file.display(), kusari_files::remedy(kusari_files::directory_of(.file), "see to its permissions")
    )]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file says something else.
    #[error("{}: {reason}; correct it, or move it away", .file.display())]
    Bad {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The labels of one data directory.
#[derive(Clone, Debug)]
pub struct AddressBook {
    file: PathBuf,
    labels: BTreeMap<String, Address>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    labels: BTreeMap<String, String>,
}

impl AddressBook {
    /// Reads the address book; one that is not there is empty.
    ///
    /// # Errors
    /// [`LabelError`] where it cannot be read, or says something else.
    pub fn open(data_directory: &Path) -> Result<Self, LabelError> {
        let file = data_directory.join(FILE);
        let bytes = match kusari_files::read(&file, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { file, labels: BTreeMap::new() });
            }
            Err(source) => return Err(LabelError::Unreadable { file, source }),
        };
        match read(&bytes) {
            Ok(labels) => Ok(Self { file, labels }),
            Err(reason) => Err(LabelError::Bad { file, reason }),
        }
    }

    /// Every label with its address, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Address)> {
        self.labels.iter().map(|(label, address)| (label.as_str(), *address))
    }

    /// What a person means by a text: an address, or the one that a label names.
    ///
    /// # Errors
    /// [`LabelError::Address`] for whatever looks like an address, and [`LabelError::Unknown`].
    pub fn resolve(&self, text: &str) -> Result<Address, LabelError> {
        let word = &kusari_input::word(text);
        // One that an earlier version wrote may have another form.
        if let Some(address) = self.labels.get(text).or_else(|| self.labels.get(word)) {
            return Ok(*address);
        }
        let text = word;
        match text.parse() {
            Ok(address) => Ok(address),
            Err(error) if looks_like_an_address(text) => Err(LabelError::Address(error)),
            Err(_) => Err(LabelError::Unknown(text.chars().take(100).collect())),
        }
    }

    /// Names an address, and writes the book.
    ///
    /// # Errors
    /// [`LabelError`] where the label cannot be one or is of another address.
    pub fn set(&mut self, label: &str, address: Address) -> Result<(), LabelError> {
        let label = &kusari_input::word(label);
        if !is_label(label) {
            return Err(LabelError::Form(label.chars().take(100).collect()));
        }
        match self.labels.insert(label.to_owned(), address) {
            Some(before) if before != address => {
                self.labels.insert(label.to_owned(), before);
                Err(LabelError::Taken { label: label.to_owned(), address: before })
            }
            _ => self.save(),
        }
    }

    /// Forgets a label, and writes the book. Returns what it named.
    ///
    /// # Errors
    /// [`LabelError::Unknown`] where there is none.
    pub fn remove(&mut self, label: &str) -> Result<Address, LabelError> {
        let word = kusari_input::word(label);
        let removed = self.labels.remove(label).or_else(|| self.labels.remove(&word));
        let removed =
            removed.ok_or_else(|| LabelError::Unknown(label.chars().take(100).collect()))?;
        self.save()?;
        Ok(removed)
    }

    fn save(&self) -> Result<(), LabelError> {
        if let Some(directory) = self.file.parent() {
            kusari_files::create_directory(directory).map_err(FileError::unwritable(directory))?;
        }
        let mut text = String::from(
            "# Names of addresses, on this machine alone; `kusari wallet label` writes this file.\n\
             [labels]\n",
        );
        for (label, address) in &self.labels {
            // A label has no character that must be escaped. Writing to a string cannot fail.
            let _ = writeln!(text, "\"{label}\" = \"{address}\"");
        }
        Ok(kusari_files::replace(&self.file, text.as_bytes())?)
    }
}

fn read(bytes: &[u8]) -> Result<BTreeMap<String, Address>, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    let text = kusari_input::decode(bytes).map_err(|fault| fault.to_string())?;
    let form: Form = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        format!("line {line}: {}", error.message().lines().next().unwrap_or_default())
    })?;
    let entries = form.labels.into_iter().map(|(label, address)| {
        if !is_label(&label) {
            return Err(format!("{label:?} cannot be a label"));
        }
        let address = address.parse().map_err(|error| format!("the label {label:?}: {error}"))?;
        Ok((label, address))
    });
    entries.collect()
}

/// Whether a text may name an address: nothing that is invisible, and nothing that could be one.
fn is_label(text: &str) -> bool {
    (1..=MAX_CHARACTERS).contains(&text.chars().count())
        && ![text.chars().next(), text.chars().next_back()].contains(&Some(' '))
        && text.chars().all(|character| character.is_alphanumeric() || " ._-@'".contains(character))
        && !looks_like_an_address(text)
}

/// Whether a text was meant as an address, so that what is wrong with it is said and it is not
/// looked for among the labels.
fn looks_like_an_address(text: &str) -> bool {
    let begins = text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("ks1"));
    let is_long = text.len() >= LIKE_AN_ADDRESS;
    begins || (is_long && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
#[path = "labels_tests.rs"]
mod tests;
