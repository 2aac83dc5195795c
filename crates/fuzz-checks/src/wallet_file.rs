//! The key file of a stranger: it is refused in a sentence, or within bounds and written one way.

use kusari_wallet::key_file::{KeyFile, MAX_BYTES};

/// Takes the bytes for a whole file.
pub fn check(bytes: &[u8]) {
    match KeyFile::parse(bytes) {
        Ok(file) => {
            assert!(bytes.len() <= MAX_BYTES);
            assert_eq!(file.encode().as_bytes(), bytes, "a key file has two forms");
            let printed = format!("{file:?}");
            assert!(printed.contains(&file.header.address.to_string()));
            assert!(!printed.contains('['), "bytes are shown: {printed}");
        }
        Err(error) => assert!(error.to_string().len() > 20, "no sentence: {error}"),
    }
}
