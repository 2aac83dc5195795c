//! The trail: an entry out of a damaged file is refused, or has one form and stays within its bound; and
//! whatever somebody asks about, it is a subject or it is not.

use kusari_store::trail::{Subject, TrailEntry};

/// Takes the bytes for an entry, and for what somebody asks about.
pub fn check(bytes: &[u8]) {
    if let Ok(mut entry) = TrailEntry::read(bytes) {
        let written = entry.write();
        assert_eq!(TrailEntry::read(&written).ok().as_ref(), Some(&entry));
        entry.happening.bound();
        let bounded = entry.clone();
        entry.happening.bound();
        assert_eq!(entry, bounded);
    }
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if text.parse::<Subject>().is_ok() {
        assert!(text.len() <= 64, "too long for a subject: {text}");
    }
}
