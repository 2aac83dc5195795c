//! Passphrases, and where they come from.
//!
//! Owns the order in which places are asked: a file, the environment, the terminal. A passphrase
//! never stands on a command line, where every user of the machine could read it.

use core::fmt;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use kusari_files::SecretFileError;

/// The environment variable that may hold a passphrase; empty, it says that there is none.
pub const VARIABLE: &str = "KUSARI_PASSPHRASE";

/// Longest passphrase, in bytes.
const MAX_BYTES: usize = 1_024;

/// Most bytes of a file with one: UTF-16 takes two at most for each, and there are a mark and a newline.
const MAX_FILE_BYTES: usize = 2 * (MAX_BYTES + 3);

/// What protects a key file. People who type it elsewhere, or keep it in another file, may give other bytes
/// for it: [`Self::normal`] is what they all come to.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(secret)")
    }
}

impl From<String> for Passphrase {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Zeroizing<String>> for Passphrase {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl Passphrase {
    /// Its text, for a node that is to unlock its wallet.
    #[must_use]
    pub fn into_text(self) -> Zeroizing<String> {
        self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unmarked().is_empty()
    }

    /// Without the mark that a file may begin with.
    fn unmarked(&self) -> &str {
        self.0.strip_prefix(kusari_input::BYTE_ORDER_MARK).unwrap_or(&self.0)
    }

    /// What a new wallet is sealed with: its NFKD, as BIP-39 has it.
    pub(super) fn normal(&self) -> Zeroizing<String> {
        kusari_input::nfkd(self.unmarked())
    }

    /// What may open a wallet, the likeliest first: earlier versions took the bytes as they came, a mark of the
    /// file among them.
    pub(super) fn candidates(&self) -> impl Iterator<Item = Zeroizing<String>> {
        let normal = self.normal();
        let as_typed = Some(self.unmarked()).filter(|text| *text != normal.as_str());
        let as_read = Some(self.0.as_str()).filter(|text| *text != self.unmarked());
        let others = as_typed.into_iter().chain(as_read);
        std::iter::once(normal).chain(others.map(|text| Zeroizing::new(text.to_owned())))
    }
}

/// Why there is no passphrase to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Nowhere to take it from.
    #[error(
        "no passphrase is given and there is no terminal to ask at; give --passphrase-file FILE, or \
         set {VARIABLE}, to nothing where there is none"
    )]
    Nowhere,
    /// The file cannot be read.
    #[error("{} cannot be read ({source}); name a file with the passphrase that can", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Every user could read it.
    #[error("{} is open to every user of this machine; `chmod 600` it", .file.display())]
    Open {
        /// The file.
        file: PathBuf,
    },
    /// It holds something else.
    #[error("{} is not one line of at most {MAX_BYTES} bytes; write the passphrase there alone", .file.display())]
    Form {
        /// The file.
        file: PathBuf,
    },
    /// It holds no text.
    #[error("{} is no text ({source}); save it as UTF-8 with the passphrase alone", .file.display())]
    NotText {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: kusari_input::NotText,
    },
    /// The variable holds something else.
    #[error(
        "{VARIABLE} is not one line of text of at most {MAX_BYTES} bytes; set it to one, or unset it"
    )]
    Variable,
    /// The terminal does not answer.
    #[error("the terminal cannot be asked for a passphrase ({0}); give --passphrase-file FILE")]
    Terminal(io::Error),
    /// What was typed is too long.
    #[error("a passphrase has at most {MAX_BYTES} bytes; choose a shorter one")]
    TooLong,
    /// A slip of the finger, which would lock the wallet for good.
    #[error("the two passphrases differ; try again")]
    Differ,
}

/// What a passphrase is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It will protect a new wallet; a person types it twice.
    Protect,
    /// It opens a wallet.
    Open,
}

/// Where a passphrase may come from. What comes first wins.
#[derive(Clone, Debug, Default)]
pub struct Source {
    file: Option<PathBuf>,
    variable: Option<Result<Passphrase, ()>>,
    terminal: bool,
}

impl Source {
    /// A file, if one is named; else the environment; else the terminal, if a person sits there.
    #[must_use]
    pub fn new(file: Option<&Path>) -> Self {
        let terminal = io::stdin().is_terminal() || io::stderr().is_terminal();
        Self { terminal, ..Self::silent(file) }
    }

    /// The same for an unattended program: no terminal is asked.
    #[must_use]
    pub fn silent(file: Option<&Path>) -> Self {
        Self { file: file.map(Path::to_owned), variable: variable(), terminal: false }
    }

    /// Whether it names a place that holds a passphrase, without a question to the user.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.file.is_some() || self.variable.is_some()
    }
}

#[expect(clippy::disallowed_methods, reason = "a secret must not stand on a command line")]
fn variable() -> Option<Result<Passphrase, ()>> {
    let value = std::env::var_os(VARIABLE)?.into_string();
    Some(value.map(Passphrase::from).map_err(drop).and_then(|value| match is_one_line(&value.0) {
        true => Ok(value),
        false => Err(()),
    }))
}

/// Has the passphrase for `wallet`, which is named where a person is asked.
///
/// # Errors
/// [`PassphraseError`] says why there is none.
pub fn obtain(
    source: &Source,
    purpose: Purpose,
    wallet: &str,
) -> Result<Passphrase, PassphraseError> {
    obtain_with(source, purpose, wallet, &mut |prompt| {
        // Written and read at the terminal itself, wherever stdin and stdout go.
        rpassword::prompt_password(prompt)
    })
}

fn obtain_with(
    source: &Source,
    purpose: Purpose,
    wallet: &str,
    ask: &mut dyn FnMut(&str) -> io::Result<String>,
) -> Result<Passphrase, PassphraseError> {
    if let Some(file) = &source.file {
        return from_file(file);
    }
    if let Some(value) = &source.variable {
        return value.clone().map_err(|()| PassphraseError::Variable);
    }
    if !source.terminal {
        return Err(PassphraseError::Nowhere);
    }
    let mut ask = |prompt: &str| {
        let typed = Passphrase::from(ask(prompt).map_err(PassphraseError::Terminal)?);
        if typed.0.len() > MAX_BYTES { Err(PassphraseError::TooLong) } else { Ok(typed) }
    };
    match purpose {
        Purpose::Open => ask(&format!("Passphrase of {wallet}: ")),
        Purpose::Protect => {
            let first = ask(&format!("New passphrase for {wallet} (nothing for none): "))?;
            let second = ask("The same again: ")?;
            if first == second { Ok(first) } else { Err(PassphraseError::Differ) }
        }
    }
}

fn from_file(file: &Path) -> Result<Passphrase, PassphraseError> {
    let form = || PassphraseError::Form { file: file.into() };
    let bytes = kusari_files::read_secret(file, MAX_FILE_BYTES).map_err(|error| match error {
        SecretFileError::Open => PassphraseError::Open { file: file.into() },
        SecretFileError::Unreadable(source) => PassphraseError::File { file: file.into(), source },
    })?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(form());
    }
    let text = kusari_input::decode(&bytes)
        .map_err(|source| PassphraseError::NotText { file: file.into(), source })?;
    let line = kusari_input::without_last_newline(&text);
    if !is_one_line(line) {
        return Err(form());
    }
    let mut kept = Zeroizing::new(String::with_capacity(line.len() + 3));
    // A wallet may have been sealed with the mark.
    if bytes.starts_with("\u{feff}".as_bytes()) {
        kept.push(kusari_input::BYTE_ORDER_MARK);
    }
    kept.push_str(line);
    Ok(Passphrase::from(kept))
}

fn is_one_line(text: &str) -> bool {
    text.len() <= MAX_BYTES && !text.contains(['\n', '\r'])
}

#[cfg(test)]
#[path = "passphrase_tests.rs"]
mod tests;
