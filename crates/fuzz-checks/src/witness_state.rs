//! What a witness key said, as a file of any origin has it: it is refused, or has one form.
//!
//! A fuzzer finds no checksum, so each input is tried a second time with the right one behind it.

use sha2::{Digest, Sha256};

use kusari_runtime::witness_key::state::{MAX_BYTES, encode, parse};

/// Takes the bytes for a whole file, and for all of a file that stands before its checksum.
pub fn check(bytes: &[u8]) {
    check_file(bytes);
    let mut whole = bytes.to_vec();
    let digest = Sha256::digest(bytes);
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    whole.extend(digits.bytes());
    whole.push(b'\n');
    check_file(&whole);
}

fn check_file(bytes: &[u8]) {
    let Some((key, memory)) = parse(bytes) else { return };
    assert!(bytes.len() <= MAX_BYTES);
    let line = encode(&key, memory).expect("what was read can be written");
    assert_eq!(line.as_bytes(), bytes, "a state has two forms");
}
