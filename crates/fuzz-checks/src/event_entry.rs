//! The event log: an entry out of a damaged file is refused, or has one form and stays within its bound; and
//! whatever somebody asks about, it is a subject or it is not.

use kusari_store::event_log::{EventEntry, Subject};

/// Takes the bytes for an entry, and for what somebody asks about.
pub fn check(bytes: &[u8]) {
    if let Ok(mut entry) = EventEntry::read(bytes) {
        let written = entry.write();
        assert_eq!(EventEntry::read(&written).ok().as_ref(), Some(&entry));
        entry.event.bound();
        let bounded = entry.clone();
        entry.event.bound();
        assert_eq!(entry, bounded);
    }
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if text.parse::<Subject>().is_ok() {
        assert!(text.len() <= 64, "too long for a subject: {text}");
    }
}
