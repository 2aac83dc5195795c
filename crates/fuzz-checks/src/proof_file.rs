//! A proof file: whatever stands in it, reading and checking end, and what was read has one form.

use kusari_chain::proof::ProofFile;
use kusari_chain::proof::file::MAX_PROOF_BYTES;

/// Takes the bytes for a file.
pub fn check(bytes: &[u8]) {
    let Ok(proof) = ProofFile::read_bytes(bytes) else { return };
    assert!(bytes.len() <= MAX_PROOF_BYTES);
    let text = proof.to_text();
    assert_eq!(bytes.strip_suffix(b"\n").unwrap_or(bytes), text.as_bytes());
    assert_eq!(ProofFile::read(&text).as_ref(), Ok(&proof));
    match proof {
        ProofFile::Transaction(proof) => {
            let Ok(checked) = proof.check() else { return };
            assert_eq!(checked.blocks.len(), proof.later.len() + 1);
            let said = checked.seen.len() + checked.before.len();
            assert_eq!(said, proof.statements.len(), "a statement was left out");
        }
        ProofFile::Consistency(proof) => drop(proof.check()),
    }
}
