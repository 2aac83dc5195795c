//! Salvage where two records stand under one number: a write that broke off leaves one that nobody was told
//! of, and the next one gets the number again.

use kusari_node::store::{OutboxWrite, StoreBatch};
use kusari_store::Store;

use super::{PAGE, rows, salvaged};
use crate::support::TempDir;

const ACKNOWLEDGED: &str = "the line that was acknowledged";
const STALE: &str = "the line of a write broken off";

fn store_with(texts: &[&str]) -> TempDir {
    let directory = TempDir::new();
    let store = Store::open(directory.path()).unwrap();
    for (text, id) in texts.iter().zip(1..) {
        let outbox = vec![OutboxWrite::Insert { id, text: (*text).to_string(), draft: None }];
        store.commit(&[StoreBatch { outbox, ..StoreBatch::default() }]).unwrap();
        // As a node does between two lines of a person.
        store.seal().unwrap();
    }
    directory
}

/// The bytes of a store whose record 1 is acknowledged, with a stale one of the same number in a page that
/// was given up and stands before it.
fn contested() -> Vec<u8> {
    let row =
        |directory: &TempDir| rows(&directory.path().join("chain.redb"), "outbox")[&1].clone();
    let stale = row(&store_with(&[STALE]));
    for count in 2..9 {
        let mut texts = vec!["later"; count];
        texts[0] = ACKNOWLEDGED;
        let directory = store_with(&texts);
        let file = directory.path().join("chain.redb");
        let row = row(&directory);
        assert_eq!(row.len(), stale.len());
        let bytes = std::fs::read(&file).unwrap();
        let places = 0..bytes.len() - row.len();
        let places: Vec<usize> = places.filter(|at| bytes[*at..].starts_with(&row)).collect();
        for live in places.iter().skip(1) {
            let mut bytes = bytes.clone();
            for place in places.iter().filter(|place| *place != live) {
                bytes[*place..*place + stale.len()].copy_from_slice(&stale);
            }
            std::fs::write(&file, &bytes).unwrap();
            let store = Store::open(directory.path()).unwrap();
            if store.entry(1).unwrap().unwrap().0.text == ACKNOWLEDGED {
                return bytes;
            }
        }
    }
    panic!("what is in use comes first in all of these files")
}

fn taken(bytes: &[u8]) -> (String, Vec<(u64, Vec<String>)>) {
    let old = TempDir::new();
    std::fs::create_dir_all(old.path()).unwrap();
    std::fs::write(old.path().join("chain.redb"), bytes).unwrap();
    let (new, report) = salvaged(&old);
    let store = Store::open(new.path()).unwrap();
    (store.entry(1).unwrap().unwrap().0.text, report.contested)
}

#[test]
fn an_acknowledged_line_is_taken_before_a_stale_one_of_its_number_and_both_are_told() {
    let (text, contested) = taken(&contested());
    assert_eq!(text, ACKNOWLEDGED);
    assert_eq!(contested, [(1, vec![ACKNOWLEDGED.to_string(), STALE.to_string()])]);
}

#[test]
fn where_nobody_can_tell_which_of_two_lines_was_acknowledged_both_are_told() {
    let mut bytes = contested();
    bytes[..PAGE].fill(0);
    let (text, contested) = taken(&bytes);
    let [(1, texts)] = &contested[..] else { panic!("{contested:?}") };
    assert_eq!(texts[0], text, "what was taken comes first");
    let mut texts = texts.clone();
    texts.sort();
    assert_eq!(texts, [STALE, ACKNOWLEDGED]);
}
