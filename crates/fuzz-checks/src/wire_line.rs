//! One line of a peer, on every kind of chain: reading never panics, and what was read has one
//! canonical line.

use kusari_chain::ledger::ChainId;
use kusari_node::wire::{Dialect, LineBatches, Message, encode};

/// The ledger of the suites under `conformance/`, whose lines are among the seeds.
const LEDGER: &str = "f224ffad989ec5708db08d7a386bbc36f0470bac129a04765bbcc7e4c09df0e1";

/// Takes the bytes for a line without its newline.
pub fn check(line: &[u8]) {
    let ledger: ChainId = LEDGER.parse().expect("64 digits");
    // Lines of a file are read without looking at signatures, which no fuzzer makes.
    for dialect in [Dialect::Classic, Dialect::Ledger(ledger), Dialect::Written] {
        check_in(dialect, line);
        check_row(dialect, line);
    }
}

fn check_in(dialect: Dialect, line: &[u8]) {
    match dialect.receive(line) {
        Ok(message) => {
            let canonical = encode(&message);
            let (newline, content) = canonical.split_last().expect("a line ends with a newline");
            assert_eq!(*newline, b'\n');
            assert!(!content.contains(&b'\n'), "a message became two lines");
            let again = dialect.receive(content).expect("the canonical line is readable");
            assert_eq!(encode(&again), canonical, "a message has two canonical lines");
        }
        Err(refusal) => {
            // The report quotes the peer, and must still be one readable line.
            let report = encode(&Message::<kusari_chain::Block>::Error(refusal.report()));
            assert_eq!(report.iter().filter(|byte| **byte == b'\n').count(), 1);
            dialect.receive(&report[..report.len() - 1]).expect("our own ERROR line is readable");
        }
    }
}

/// A line in a row says what it says by itself.
fn check_row(dialect: Dialect, line: &[u8]) {
    let mut rows = LineBatches::new(dialect);
    rows.push(line);
    let mut all = rows.take_all();
    let row = all.pop().expect("a line is a row");
    assert!(all.is_empty(), "a line is two rows");
    assert_eq!(row, [dialect.receive(line)]);
}
