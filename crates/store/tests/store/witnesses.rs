//! What a ledger's store keeps of witnesses.

use kusari_chain::ledger::Equivocation;
use kusari_node::store::{OutboxStore, StatementWrite, StoreBatch};
use kusari_store::Store;

use crate::forge::{LEDGER_TIP, Person, sound_ledger_store, spec, statement, statement_writes};
use crate::support::TempDir;

fn kept(store: &Store) -> usize {
    let mut count = 0;
    store.visit_witnessed(&mut |_| count += 1).unwrap();
    count
}

#[test]
fn what_witnesses_said_is_read_back_by_key_after_the_store_was_closed() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    let store = Store::open_existing(directory.path()).unwrap();
    assert_eq!(kept(&store), statement_writes().len());
    let witnesses = store.witnesses().unwrap();
    let of = |person: u8| {
        let key = Person::new(person).key();
        *witnesses.iter().find(|known| known.key == key).unwrap()
    };
    assert_eq!(witnesses.len(), 3);
    assert_eq!((of(4).count, of(4).newest), (4, Some(statement(4, 3, u64::from(LEDGER_TIP) - 1))));
    assert_eq!((of(5).count, of(5).equivocation), (1, None));
    let pair = Equivocation::of(statement(6, 0, 3), statement(6, 0, 4));
    assert_eq!(of(6).equivocation, pair);

    let key = of(6).key;
    let statements = vec![
        StatementWrite::RemoveEquivocation { key },
        StatementWrite::Remove { key, sequence: 0 },
    ];
    store.commit(&[StoreBatch { statements, ..StoreBatch::default() }]).unwrap();
    assert_eq!(kept(&store), statement_writes().len() - 2);
}

#[test]
fn statements_from_a_height_are_the_oldest_and_the_newest_of_each_key_about_the_best_chain() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let mut all =
        vec![statement(4, 0, 1), statement(4, 3, u64::from(LEDGER_TIP) - 1), statement(5, 0, 20)];
    all.sort_by_key(|statement| (statement.key, statement.sequence));
    assert_eq!(store.statements_from(0, 100).unwrap(), all);
    assert_eq!(store.statements_from(0, 2).unwrap(), all[..2]);
    // The one about a side block does not count, and whoever equivocated is not believed.
    let from = |height| store.statements_from(height, 100).unwrap();
    let mut later =
        vec![statement(4, 2, 9), statement(4, 3, u64::from(LEDGER_TIP) - 1), statement(5, 0, 20)];
    later.sort_by_key(|statement| (statement.key, statement.sequence));
    assert_eq!(from(3), later);
    assert_eq!(from(22), [statement(4, 3, u64::from(LEDGER_TIP) - 1)]);
    assert_eq!(from(LEDGER_TIP + 1), []);
    let classic = Store::ephemeral().unwrap();
    assert_eq!(classic.statements_from(0, 100).unwrap(), []);
    assert_eq!(classic.witnesses().unwrap(), []);
    let statements = vec![StatementWrite::Insert(statement(4, 0, 1))];
    assert!(classic.commit(&[StoreBatch { statements, ..StoreBatch::default() }]).is_err());
}

#[test]
fn a_copy_has_what_witnesses_said() {
    let (directory, other) = (TempDir::new(), TempDir::new());
    let store = sound_ledger_store(&directory);
    std::fs::create_dir_all(other.path()).unwrap();
    store.copy_to(&other.path().join("chain.redb")).unwrap();
    let copied = Store::open_chain(other.path(), Some(&spec())).unwrap();
    assert_eq!(copied.witnesses(), store.witnesses());
}
