//! The token that a write must bring along.
//!
//! Owns its form, how it is drawn and compared, and the file that a person may keep it in. It is
//! never printed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::private_file::{self, FileError, Readers};

/// Chance in a drawn token, in bytes: 256 bits can't be guessed.
const RANDOM_BYTES: usize = 32;
/// Least characters of a token that a person chose.
const MIN_CHARACTERS: usize = 16;
/// Most characters; far below what the head of a request may take.
const MAX_CHARACTERS: usize = 256;

/// A token, in characters that a request's head can carry.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Tokens turn up in no log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error(
        "the token file {} cannot be used ({source}); let this user read and write it, or name \
         another one",
        .file.display()
    )]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Other users of this machine could read it.
    #[error(
        "the token file {} may be used by every user of this machine; make it private with \
         `chmod 600`",
        .file.display()
    )]
    Open {
        /// The file.
        file: PathBuf,
    },
    /// It holds something else.
    #[error(
        "the token file {} does not hold a token; write {MIN_CHARACTERS} to {MAX_CHARACTERS} \
         letters, digits or characters of `-._~+/=` into it, or remove it and have the node write one",
        .file.display()
    )]
    Form {
        /// The file.
        file: PathBuf,
    },
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers for a token ({0}); look at its limits")]
    Chance(getrandom::Error),
}

impl Token {
    /// Draws a token.
    ///
    /// # Errors
    /// [`TokenError::Chance`] where there is no chance to be had.
    pub fn random() -> Result<Self, TokenError> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes).map_err(TokenError::Chance)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Takes a text for a token if it has the form of one: `token68` of RFC 9110.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let whole = (MIN_CHARACTERS..=MAX_CHARACTERS).contains(&text.len());
        (whole && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The token itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `given` is this token. Takes as long for any text of the same length, so that time
    /// does not tell how much of a guess was right.
    #[must_use]
    pub fn is(&self, given: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let pairs = own.iter().zip(given);
        let difference = pairs.fold(0, |all, (own, given)| all | (own ^ given));
        own.len() == given.len() && std::hint::black_box(difference) == 0
    }

    /// Reads the token that a person keeps in a file.
    ///
    /// # Errors
    /// [`TokenError`], one sentence.
    pub fn read(file: &Path) -> Result<Self, TokenError> {
        let unusable = |source| TokenError::File { file: file.into(), source };
        let opened = File::open(file).map_err(unusable)?;
        if is_open_to_all(&opened).map_err(unusable)? {
            return Err(TokenError::Open { file: file.into() });
        }
        let mut text = String::new();
        // A token, and the newline of an editor.
        let most = u64::try_from(MAX_CHARACTERS + 2).unwrap_or(u64::MAX);
        opened.take(most).read_to_string(&mut text).map_err(unusable)?;
        Self::parse(text.trim_end_matches(['\r', '\n']))
            .ok_or_else(|| TokenError::Form { file: file.into() })
    }

    /// Reads the token in a file; where there is no such file, draws one and writes it there, for
    /// this user alone.
    ///
    /// # Errors
    /// [`TokenError`], one sentence.
    pub fn read_or_write(file: &Path) -> Result<Self, TokenError> {
        let unusable = |source| TokenError::File { file: file.into(), source };
        if file.try_exists().map_err(unusable)? {
            return Self::read(file);
        }
        let token = Self::random()?;
        // Whole or not at all: half a token would keep the next start from its file.
        match private_file::write_new(file, format!("{}\n", token.0).as_bytes(), Readers::Owner) {
            Ok(()) => Ok(token),
            Err(FileError::Unwritable { source, .. }) => Err(unusable(source)),
            // Another process was faster.
            Err(FileError::Exists { .. }) => Self::read(file),
        }
    }
}

/// Whether users outside the file's group may use it. A group may: that is how service managers
/// hand out secrets.
#[cfg(unix)]
fn is_open_to_all(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o007 != 0)
}

/// Other systems keep who may read a file in lists that std does not show.
#[cfg(not(unix))]
fn is_open_to_all(_file: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn drawn_tokens_have_256_bits_and_differ() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_eq!(one.expose().len(), 64);
        assert_ne!(one, other);
        assert_eq!(Token::parse(one.expose()), Some(one));
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Token::parse("0123456789abcdef").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for wrong in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0"] {
            assert!(!token.is(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn what_a_head_cannot_carry_is_no_token() {
        for text in ["", "short", "0123456789abcde\n", "0123456789abcde ü", &"x".repeat(257)] {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_is_printed_nowhere() {
        let token = Token::parse("0123456789abcdef").unwrap();
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn a_missing_token_file_is_written_once_and_read_from_then_on() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let written = Token::read_or_write(&file).unwrap();
        assert_eq!(Token::read_or_write(&file).unwrap(), written);
        assert_eq!(Token::read(&file).unwrap(), written);
    }

    #[test]
    fn a_token_file_with_something_else_in_it_is_refused_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        private_file::create(&file).unwrap().write_all(b"password\n").unwrap();
        let message = Token::read(&file).unwrap_err().to_string();
        assert!(message.contains("does not hold a token; write 16 to 256 letters"), "{message}");
        let message = Token::read(&directory.path().join("none")).unwrap_err().to_string();
        assert!(message.contains("cannot be used"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_token_file_that_everybody_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        Token::read_or_write(&file).unwrap();
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let message = Token::read(&file).unwrap_err().to_string();
        assert!(message.ends_with("make it private with `chmod 600`"), "{message}");
    }
}
