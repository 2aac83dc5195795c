//! Reads for people who look around.

use kusari_chain::{Block, BlockStore};
use kusari_store::{Match, Store};

use crate::forge::{TEXT, sound_ledger_store};
use crate::support::TempDir;

fn places(found: &[Match]) -> Vec<(u32, u32)> {
    found.iter().map(|one| (one.found.height, one.found.place)).collect()
}

#[test]
fn headers_are_those_of_the_best_chain_without_what_stands_in_it() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let tip = store.best_tip().unwrap().unwrap();
    let (headers, next) = store.headers(0, 1_000).unwrap();
    assert_eq!((headers.len(), next), (tip.block.index as usize + 1, None));
    assert_eq!(headers[0].block.hash, Block::genesis().hash);
    assert!(headers.windows(2).all(|two| two[0].block.hash == two[1].block.prev_hash));
    assert!(headers[1..].iter().all(|header| header.block.data.is_empty() && header.bytes > 0));
    assert_eq!(headers.last().unwrap().work, tip.work);
    // In steps, and beyond the end.
    let (first, next) = store.headers(0, 2).unwrap();
    assert_eq!((&first[..], next), (&headers[..2], Some(2)));
    assert_eq!(store.headers(2, 1).unwrap().0, headers[2..3]);
    assert_eq!(store.headers(tip.block.index + 1, 9).unwrap(), (Vec::new(), None));
    assert_eq!(store.headers(u32::MAX, u32::MAX).unwrap(), (Vec::new(), None));
}

#[test]
fn a_branch_reaches_down_to_the_best_chain_and_no_further() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let mut sides = Vec::new();
    store.visit_side_blocks(&mut |block| sides.push(block)).unwrap();
    let tip = sides.last().unwrap();
    let branch = store.branch(&tip.block.hash, 256).unwrap().unwrap();
    assert_eq!(branch.last().unwrap().block.hash, tip.block.hash);
    assert!(branch.windows(2).all(|two| two[0].block.hash == two[1].block.prev_hash));
    let fork = branch[0].block.prev_hash;
    let best = store.best_tip().unwrap().unwrap().block.hash;
    for best in [fork, best, Block::genesis().hash] {
        assert_eq!(store.branch(&best, 256).unwrap(), Some(Vec::new()));
    }
    assert_eq!(store.branch(&tip.block.hash, 1).unwrap().unwrap(), branch[branch.len() - 1..]);
    assert_eq!(store.branch(&kusari_chain::BlockHash([7; 32]), 256).unwrap(), None);
}

#[test]
fn all_transactions_are_listed_youngest_first_page_by_page_without_gap_or_repetition() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let all = store.recent_transactions(None, 1_000).unwrap();
    let expected = places(&all.found);
    assert!(expected.len() > 2 && all.next.is_none());
    assert!(expected.is_sorted_by(|a, b| a > b), "{expected:?}");
    for limit in 1..=expected.len() {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = store.recent_transactions(after, limit).unwrap();
            assert!(page.found.len() <= limit);
            paged.extend(places(&page.found));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, expected, "{limit} at once");
    }
    // A place that nobody gave out leads nowhere, and breaks nothing.
    let nowhere = "18446744073709551615.4294967295".parse().unwrap();
    assert_eq!(store.recent_transactions(Some(nowhere), 10).unwrap().found.len(), 0);
}

#[test]
fn a_text_is_found_by_any_part_of_it_in_any_case() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let part: String = TEXT.chars().skip(1).take(5).collect();
    for wanted in [TEXT.to_owned(), TEXT.to_uppercase(), part] {
        let page = store.blocks_saying(&wanted, None, 100).unwrap();
        assert!(page.found.iter().any(|one| one.text == TEXT && one.height == 2), "{wanted}");
        assert_eq!(page.next, None);
    }
    assert_eq!(store.blocks_saying("nobody says this", None, 100).unwrap().found, []);
    let genesis = store.blocks_saying("zig block", None, 100).unwrap().found;
    assert_eq!(genesis.iter().map(|one| one.height).collect::<Vec<_>>(), [0]);
    // Block by block it finds the same.
    let all = store.blocks_saying("e", None, 1_000).unwrap().found;
    let (mut paged, mut below) = (Vec::new(), None);
    loop {
        let page = store.blocks_saying("e", below, 1).unwrap();
        paged.extend(page.found);
        below = page.next;
        if below.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
}

#[test]
fn an_empty_store_has_the_genesis_block_and_nothing_else() {
    let store = Store::ephemeral().unwrap();
    assert_eq!(store.headers(0, 10).unwrap().0.len(), 1);
    assert_eq!(store.entries(None, false, 10).unwrap(), []);
    assert_eq!(store.entries(None, true, 10).unwrap(), []);
    assert_eq!(store.recent_transactions(None, 10).unwrap().found.len(), 0);
    assert_eq!(store.blocks_saying("x", None, 10).unwrap().next, None);
}
