//! The token that a write must bring along.
//!
//! Owns its form, also in a file, and how it is compared. It is never printed.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// A token, in characters that a request's head can carry.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Tokens turn up in no log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why there is no token in a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFileError {
    /// The file cannot be read.
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
        "the token file {} does not hold a token; write {} to {} letters, digits or characters of \
         `-._~+/=` into it, or remove it and have the node write one",
        .file.display(), Token::MIN_CHARACTERS, Token::MAX_CHARACTERS
    )]
    Form {
        /// The file.
        file: PathBuf,
    },
}

impl Token {
    /// Least characters of a token that a person chose.
    pub const MIN_CHARACTERS: usize = 16;
    /// Most characters; far below what the head of a request may take.
    pub const MAX_CHARACTERS: usize = 256;
    /// Most bytes of a file with one: UTF-16 takes two for each, and there are a mark and a newline.
    pub const MAX_FILE_BYTES: usize = 2 * (Self::MAX_CHARACTERS + 3);

    /// Takes a text for a token if it has the form of one: `token68` of RFC 9110.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let whole = (Self::MIN_CHARACTERS..=Self::MAX_CHARACTERS).contains(&text.len());
        (whole && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The token that stands in this file, which has this content.
    ///
    /// # Errors
    /// [`TokenFileError::Form`].
    pub fn from_file(file: &Path, content: &[u8]) -> Result<Self, TokenFileError> {
        kusari_input::decode(content)
            .ok()
            .and_then(|text| Self::parse(&kusari_input::word(&text)))
            .ok_or_else(|| TokenFileError::Form { file: file.into() })
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
