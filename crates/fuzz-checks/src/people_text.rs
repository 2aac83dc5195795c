//! A file or a pipe of a person: it is read whole and in parts to the same end, and every form of it is
//! the form of itself.

use std::io::{BufReader, Read};

use kusari_input::{Decoded, decode, same_to_the_eye, whole_number, words};

/// Takes the bytes for a file.
pub fn check(bytes: &[u8]) {
    let text = decode(bytes);
    for capacity in [1, 3, 4_096] {
        let mut read = Vec::new();
        let source = BufReader::with_capacity(capacity, bytes);
        Decoded::new(source).read_to_end(&mut read).expect("memory can be read");
        match &text {
            Ok(text) => assert_eq!(read, text.as_bytes(), "read {capacity} bytes at a time"),
            Err(error) => assert!(String::from_utf8(read).is_err(), "{error}"),
        }
    }
    let Ok(text) = text else { return };
    let list = words(&text);
    assert_eq!(words(&list), list);
    if let Some(first) = same_to_the_eye(&text).first() {
        assert_eq!(first, text.as_str());
    }
    if let Ok(number) = whole_number(&text) {
        assert_eq!(whole_number(&number.to_string()), Ok(number));
    }
}
