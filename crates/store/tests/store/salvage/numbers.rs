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
        let live = bytes.chunks(PAGE).rposition(|page| page.windows(row.len()).any(|at| at == row));
        let live = live.unwrap();
        // A page before it that nothing is read from any more.
        for given_up in 1..live {
            let mut bytes = bytes.clone();
            bytes.copy_within(live * PAGE..(live + 1) * PAGE, given_up * PAGE);
            let page = &mut bytes[given_up * PAGE..(given_up + 1) * PAGE];
            for at in 0..PAGE - row.len() {
                if page[at..].starts_with(&row) {
                    page[at..at + stale.len()].copy_from_slice(&stale);
                }
            }
            std::fs::write(&file, &bytes).unwrap();
            let Ok(store) = Store::open(directory.path()) else { continue };
            let is_read = |text: &str| text == ACKNOWLEDGED;
            if store.audit().finding.is_none()
                && store.entry(1).is_ok_and(|entry| entry.is_some_and(|e| is_read(&e.0.text)))
            {
                return bytes;
            }
            store.abandon();
        }
    }
    panic!("no page was given up before the one in use in all of these files")
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
