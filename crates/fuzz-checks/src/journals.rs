//! The journal of a stranger: it is replayed, or refused in a sentence.

use std::io::{BufRead, Cursor};

use kusari_journal::replay;

/// Takes the bytes for a whole file.
pub fn check(bytes: &[u8]) {
    let mut open = || Ok(Box::new(Cursor::new(bytes.to_vec())) as Box<dyn BufRead>);
    match replay(&mut open) {
        // What was replayed once is replayed again, to the same end.
        Ok(replayed) => assert_eq!(replay(&mut open).ok(), Some(replayed)),
        Err(error) => assert!(error.to_string().len() > 20, "no sentence: {error}"),
    }
}
