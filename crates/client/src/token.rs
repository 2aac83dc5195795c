//! The file in which a person keeps the token of a node.

use std::path::Path;

use kusari_api_types::{Token, TokenFileError};
use kusari_files::SecretFileError;

/// Reads the token that a person keeps in a file.
///
/// # Errors
/// [`TokenFileError`], one sentence.
pub fn read_token(file: &Path) -> Result<Token, TokenFileError> {
    let bytes = kusari_files::read_secret(file, Token::MAX_FILE_BYTES);
    let bytes = bytes.map_err(|error| match error {
        SecretFileError::Open => TokenFileError::Open { file: file.into() },
        SecretFileError::Unreadable(source) => TokenFileError::File { file: file.into(), source },
    })?;
    Token::from_file(file, &bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_token_file_with_something_else_in_it_is_refused_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        kusari_files::create(&file).unwrap().write_all(b"password\n").unwrap();
        let message = read_token(&file).unwrap_err().to_string();
        assert!(message.contains("does not hold a token; write 16 to 256 letters"), "{message}");
        let message = read_token(&directory.path().join("none")).unwrap_err().to_string();
        assert!(message.contains("cannot be used"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_token_file_that_everybody_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        kusari_files::create(&file).unwrap().write_all(b"0123456789abcdef\n").unwrap();
        assert_eq!(read_token(&file).unwrap().expose(), "0123456789abcdef");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let message = read_token(&file).unwrap_err().to_string();
        assert!(message.ends_with("make it private with `chmod 600`"), "{message}");
    }
}
