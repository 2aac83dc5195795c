//! Rows and their checksums: what they look like, and that no altered one is read.

use std::path::Path;

use kusari_chain::BlockStore;
use kusari_store::Store;
use redb::{Database, ReadableDatabase, ReadableTable, TableHandle};

use crate::forge::sound_ledger_store;
use crate::support::{Planner, TempDir, batch};

/// A table as the database has it: the value of each row ends in its checksum.
const BEST: redb::TableDefinition<'_, u32, &[u8]> = redb::TableDefinition::new("best");

#[test]
fn form_of_a_row_is_frozen() {
    let directory = TempDir::new();
    let writes = Planner::default().extend(7);
    Store::open(directory.path()).unwrap().trusting().commit(&[batch(writes)]).unwrap();
    let database = Database::open(directory.path().join("chain.redb")).unwrap();
    let transaction = database.begin_read().unwrap();
    let row = transaction.open_table(BEST).unwrap().get(1).unwrap().unwrap().value().to_vec();
    let row: String = row.iter().map(|byte| format!("{byte:02x}")).collect();
    // Order 0, and XXH3 over it, xor: XXH3 over the table's name, xor the height, times the golden ratio.
    assert_eq!(row, "000000000000000044aaa9b9fb57bc7d");
}

/// Runs `change` on the bytes of the row under height 1.
fn change_row(directory: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let database = Database::open(directory.join("chain.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(BEST).unwrap();
        let mut row = table.get(1).unwrap().unwrap().value().to_vec();
        change(&mut row);
        table.insert(1, row.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
}

/// What happens to the bytes of a row.
type Change<'a> = &'a dyn Fn(&mut Vec<u8>);

#[test]
fn a_row_that_was_altered_moved_or_cut_is_a_fault_that_names_it() {
    let mut planner = Planner::default();
    let writes: Vec<_> = (0..2).flat_map(|suffix| planner.extend(suffix)).collect();
    let of_two = {
        let directory = TempDir::new();
        Store::open(directory.path()).unwrap().trusting().commit(&[batch(writes.clone())]).unwrap();
        let database = Database::open(directory.path().join("chain.redb")).unwrap();
        let transaction = database.begin_read().unwrap();
        transaction.open_table(BEST).unwrap().get(2).unwrap().unwrap().value().to_vec()
    };
    let changes: [(&str, Change<'_>); 5] = [
        ("a bit of the value", &|row| row[0] ^= 1),
        ("a bit of the checksum", &|row| row[15] ^= 0x80),
        ("the row of another key", &|row| row.clone_from(&of_two)),
        ("a byte less", &|row| row.truncate(15)),
        ("nothing at all", &|row| row.clear()),
    ];
    for (name, change) in changes {
        let directory = TempDir::new();
        Store::open(directory.path()).unwrap().trusting().commit(&[batch(writes.clone())]).unwrap();
        change_row(directory.path(), change);
        let store = Store::open(directory.path()).unwrap().trusting();
        let said = store.best_at(1).unwrap_err().to_string();
        assert!(said.contains("the row of table `best` under key 1"), "{name}: {said}");
        assert!(said.contains("`kusari audit`") && said.contains("`kusari salvage`"), "{said}");
        assert!(store.best_at(2).unwrap().is_some(), "{name}: the other row is sound");
        let finding = store.audit().finding.unwrap();
        assert_eq!(finding.fault.code(), "altered", "{name}");
    }
}

/// Every row of every table of a ledger's store that holds something of each kind: the audit finds the
/// store sound, so every row that it reads has its checksum, and this finds those that have none.
#[test]
fn every_row_of_every_table_ends_in_a_checksum() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    let database = Database::open(directory.path().join("chain.redb")).unwrap();
    let transaction = database.begin_read().unwrap();
    let mut seen = 0;
    for table in transaction.list_tables().unwrap() {
        let name = table.name().to_string();
        seen += rows_of(&transaction, &name);
    }
    assert!(seen > 200, "{seen} rows");
}

/// Counts the rows of a table, whatever its keys, and looks at the end of each.
fn rows_of(transaction: &redb::ReadTransaction, name: &str) -> usize {
    fn count<K: redb::Key + 'static>(
        transaction: &redb::ReadTransaction,
        name: &str,
    ) -> Option<usize> {
        let table = transaction.open_table(redb::TableDefinition::<K, &[u8]>::new(name)).ok()?;
        let mut rows = 0;
        for row in table.iter().unwrap() {
            let (key, row) = row.unwrap();
            let key = key.value();
            let (value, sum) = row.value().split_last_chunk::<8>().unwrap();
            let mut expected = xxhash_rust::xxh3::xxh3_64(name.as_bytes());
            for word in K::as_bytes(&key).as_ref().chunks(8) {
                let mut padded = [0; 8];
                padded[..word.len()].copy_from_slice(word);
                expected ^= u64::from_le_bytes(padded);
                expected = expected.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            }
            expected ^= xxhash_rust::xxh3::xxh3_64(value);
            assert_eq!(u64::from_le_bytes(*sum), expected, "a row of {name}");
            rows += 1;
        }
        Some(rows)
    }
    count::<&str>(transaction, name)
        .or_else(|| count::<u8>(transaction, name))
        .or_else(|| count::<u32>(transaction, name))
        .or_else(|| count::<u64>(transaction, name))
        .or_else(|| count::<&[u8; 32]>(transaction, name))
        .or_else(|| count::<(u8, u32)>(transaction, name))
        .or_else(|| count::<(u8, u64)>(transaction, name))
        .or_else(|| count::<(u64, u64)>(transaction, name))
        .or_else(|| count::<(u8, u64, u64)>(transaction, name))
        .or_else(|| count::<(&[u8; 32], u64)>(transaction, name))
        .unwrap_or_else(|| panic!("table {name} has keys or values of another type"))
}
