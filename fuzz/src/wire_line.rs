//! One line of a peer: reading never panics, and what was read has one canonical line.

use kusari_chain::ledger::ChainId;
use kusari_node::wire::{Dialect, Message, Row, Rows, encode, receive};

/// Takes the bytes for a line without its newline.
pub fn check(line: &[u8]) {
    for dialect in [Dialect::Classic, Dialect::Ledger(ChainId([7; 32]))] {
        check_row(dialect, line);
    }
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

/// A line in a row says what it says by itself.
fn check_row(dialect: Dialect, line: &[u8]) {
    let mut rows = Rows::new(dialect);
    rows.push(line);
    let mut all = rows.take_all();
    let row = all.pop().expect("a line is a row");
    assert!(all.is_empty(), "a line is two rows");
    let in_a_row = match row {
        Row::Blocks(mut blocks) => Ok(Message::Block(blocks.pop().expect("a row has a block"))),
        Row::Transactions(mut all) => {
            Ok(Message::Transaction(Box::new(all.pop().expect("a row has a transaction"))))
        }
        Row::Message(received) => received,
    };
    assert_eq!(in_a_row, dialect.receive(line));
}
