//! Tokens that this program draws, and the file that it keeps one in for a person.

use std::io;
use std::path::Path;

use kusari_api_types::{Token, TokenFileError};
use kusari_files::{FileError, Readers, SecretFileError};

/// Chance in a drawn token, in bytes: 256 bits can't be guessed.
const RANDOM_BYTES: usize = 32;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Its file cannot be used.
    #[error(transparent)]
    File(#[from] TokenFileError),
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers for a token ({0}); look at its limits")]
    Chance(getrandom::Error),
}

/// Draws a token.
///
/// # Errors
/// [`TokenError::Chance`] where there is no chance to be had.
pub fn draw_token() -> Result<Token, TokenError> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).map_err(TokenError::Chance)?;
    // 64 hexadecimal digits have the form of one.
    Token::parse(&kusari_chain::hex::encode(&bytes))
        .ok_or(TokenError::Chance(getrandom::Error::UNEXPECTED))
}

/// Reads the token in a file; where there is no such file, draws one and writes it there, for this user
/// alone.
///
/// # Errors
/// [`TokenError`], one sentence.
pub fn read_or_write_token(file: &Path) -> Result<Token, TokenError> {
    read_or_write(file, Readers::Owner)
}

/// The same for these readers.
pub(super) fn read_or_write(file: &Path, readers: Readers) -> Result<Token, TokenError> {
    let unusable = |source| TokenFileError::File { file: file.into(), source };
    if !file.try_exists().map_err(unusable)? {
        let token = draw_token()?;
        let line = format!("{}\n", token.expose());
        // Whole or not at all: half a token would keep the next start from its file.
        match kusari_files::write_new(file, line.as_bytes(), readers) {
            Ok(()) => return Ok(token),
            // Another process was faster.
            Err(FileError::Exists { .. }) => {}
            Err(FileError::Unwritable { source, .. }) => return Err(unusable(source).into()),
            Err(error) => return Err(unusable(io::Error::other(error)).into()),
        }
    }
    let bytes = kusari_files::read_secret(file, Token::MAX_FILE_BYTES);
    let bytes = bytes.map_err(|error| match error {
        SecretFileError::Open => TokenFileError::Open { file: file.into() },
        SecretFileError::Unreadable(source) => unusable(source),
    })?;
    Ok(Token::from_file(file, &bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_tokens_have_256_bits_and_differ() {
        let (one, other) = (draw_token().unwrap(), draw_token().unwrap());
        assert_eq!(one.expose().len(), 64);
        assert_ne!(one, other);
    }

    #[test]
    fn a_missing_token_file_is_written_once_and_read_from_then_on() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let written = read_or_write_token(&file).unwrap();
        assert_eq!(read_or_write_token(&file).unwrap(), written);
        std::fs::write(&file, "password\n").unwrap();
        assert!(matches!(
            read_or_write_token(&file),
            Err(TokenError::File(TokenFileError::Form { .. }))
        ));
    }
}
