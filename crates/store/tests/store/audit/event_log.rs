//! Damage to the event log, which is in a store once something is written down.

use kusari_store::Place;
use kusari_store::checksummed::{TableDefinition, WriteTables};

use super::damage::{Damage, Transaction};

const EVENTS: TableDefinition<(u8, u64), &'static [u8]> = TableDefinition::new("trail");
const EVENT_SUBJECTS: TableDefinition<(u8, u64, u64), u8> = TableDefinition::new("trail_subjects");
const EVENT_SIZES: TableDefinition<u8, (u64, u64)> = TableDefinition::new("trail_sizes");

/// A trail without an entry.
fn begin(transaction: &Transaction) {
    transaction.table(EVENTS).unwrap();
    transaction.table(EVENT_SUBJECTS).unwrap();
    transaction.table(EVENT_SIZES).unwrap();
}

#[rustfmt::skip]
pub(super) const OF_THE_EVENT_LOG: &[Damage] = &[
    ("the index of the event log names an entry that is not", |t| {
        begin(t);
        t.table(EVENT_SUBJECTS).unwrap().insert((0, 7, 1), 0).unwrap();
    }, "wrong-trail", Place::Table("trail")),
    ("the event log is counted wrongly", |t| {
        begin(t);
        t.table(EVENT_SIZES).unwrap().insert(0, (1, 100)).unwrap();
    }, "wrong-trail", Place::Table("trail")),
];
