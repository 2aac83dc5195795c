//! Damage to the trail, which is in a store once something is written down.

use kusari_store::Place;
use kusari_store::checked::{TableDefinition, WriteTables};

use super::damage::{Damage, Transaction};

const TRAIL: TableDefinition<(u8, u64), &'static [u8]> = TableDefinition::new("trail");
const TRAIL_SUBJECTS: TableDefinition<(u8, u64, u64), u8> = TableDefinition::new("trail_subjects");
const TRAIL_SIZES: TableDefinition<u8, (u64, u64)> = TableDefinition::new("trail_sizes");

/// A trail without an entry.
fn begin(transaction: &Transaction) {
    transaction.table(TRAIL).unwrap();
    transaction.table(TRAIL_SUBJECTS).unwrap();
    transaction.table(TRAIL_SIZES).unwrap();
}

#[rustfmt::skip]
pub(super) const OF_THE_TRAIL: &[Damage] = &[
    ("the index of the trail names an entry that is not", |t| {
        begin(t);
        t.table(TRAIL_SUBJECTS).unwrap().insert((0, 7, 1), 0).unwrap();
    }, "wrong-trail", Place::Table("trail")),
    ("the trail is counted wrongly", |t| {
        begin(t);
        t.table(TRAIL_SIZES).unwrap().insert(0, (1, 100)).unwrap();
    }, "wrong-trail", Place::Table("trail")),
];
