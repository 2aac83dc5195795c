//! Transactions by what they say and by whom they concern.

use kusari_chain::ledger::ContentHash;
use kusari_store::{Match, Store};
use sha2::{Digest, Sha256};

use crate::forge::{Forge, Person, TEXT, ledger_writes, sound_ledger_store, spec};
use crate::ledger::erase;
use crate::support::{TempDir, batch};

#[test]
fn a_record_is_found_by_its_text_and_by_its_author_until_it_is_erased() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let content = ContentHash::of_text(TEXT);
    let found = store.transactions_with(&content, None, 10).unwrap().found;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].found.height, found[0].found.place), (2, 0));
    assert_eq!(found[0].payload.as_ref().map(|payload| payload.data.as_str()), Some(TEXT));
    let author = found[0].transaction.sender;
    let all = store.transactions_of(&author, None, 10).unwrap().found;
    assert!(all.len() > 1 && all.iter().any(|one| one.found == found[0].found));

    store.commit(&[erase(1, 0)]).unwrap();
    assert_eq!(store.transactions_with(&content, None, 10).unwrap().found.len(), 0);
    let still = store.transactions_of(&author, None, 10).unwrap().found;
    assert_eq!(still.len(), all.len());
    assert_eq!(store.audit().finding, None);
}

/// Whoever has the file and guesses the text must not see that it was there.
#[test]
fn nothing_leads_to_a_text_that_was_erased_wherever_its_entry_stood() {
    let content = Sha256::digest(TEXT);
    let suffix = &content[24..];
    for commits in [1, 2_000] {
        let directory = TempDir::new();
        let store = Store::open_chain(directory.path(), Some(&spec())).unwrap();
        store.commit(&[batch(ledger_writes().to_vec())]).unwrap();
        // Enough others that the entry stands in a run.
        let mut forge = Forge::over(Box::new(store.clone()));
        let anna = Person::new(1);
        let mut sequence = 3;
        for _ in 0..commits / 400 {
            let body = (0..900).map(|_| {
                sequence += 1;
                anna.record(sequence - 1, &format!("other {sequence}"))
            });
            let writes = forge.mine_and_take(&anna, body.collect());
            store.commit(&[batch(writes)]).unwrap();
        }
        store.commit(&[erase(1, 0)]).unwrap();
        assert_eq!(store.audit().finding, None);
        drop(store);
        let bytes = std::fs::read(directory.path().join("chain.redb")).unwrap();
        let reversed: Vec<u8> = suffix.iter().rev().copied().collect();
        for wanted in [suffix, &reversed[..]] {
            let there = bytes.windows(8).any(|window| window == wanted);
            assert!(!there, "the suffix of its hash is still there after {commits}");
        }
    }
}

#[test]
fn long_lists_are_read_page_by_page_without_gap_or_repetition() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let author = Person::new(1).key();
    let all = store.transactions_of(&author, None, 1_000).unwrap();
    assert_eq!(all.next, None);
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = store.transactions_of(&author, after, 1).unwrap();
        paged.extend(page.found);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let places = |found: &[Match]| -> Vec<(u32, u32)> {
        found.iter().map(|one| (one.found.height, one.found.place)).collect()
    };
    assert_eq!(places(&paged), places(&all.found));
}
