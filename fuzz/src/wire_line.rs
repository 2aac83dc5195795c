//! One line of a peer: reading never panics, and what was read has one canonical line.

use kusari_node::wire::{Message, encode, receive};

/// Takes the bytes for a line without its newline.
pub fn check(line: &[u8]) {
    match receive(line) {
        Ok(message) => {
            let canonical = encode(&message);
            let (newline, content) = canonical.split_last().expect("a line ends with a newline");
            assert_eq!(*newline, b'\n');
            assert!(!content.contains(&b'\n'), "a message became two lines");
            let again = receive(content).expect("the canonical line is readable");
            assert_eq!(encode(&again), canonical, "a message has two canonical lines");
        }
        Err(refusal) => {
            // The report quotes the peer, and must still be one readable line.
            let report = encode(&Message::<kusari_chain::Block>::Error(refusal.report()));
            assert_eq!(report.iter().filter(|byte| **byte == b'\n').count(), 1);
            receive(&report[..report.len() - 1]).expect("our own ERROR line is readable");
        }
    }
}
