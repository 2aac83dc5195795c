//! Blocks that somebody altered in the file: they are shown to nobody and sent to no peer, and everything
//! else goes on.

use std::path::Path;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use kusari_chain::ledger::{Account, BodyEntry};
use kusari_chain::{
    Accepted, BestPoint, Block, BlockHash, BlockStore, Chain, CheckedBlock, StoredBlock,
    TreeLimits, Work,
};
use kusari_store::{BlockRange, ChainPosition, Store, audit_directory};
use redb::Database;

use crate::audit::sound::{Record, TIP, blocks, order, sound_store};
use crate::forge::{LEDGER_TIP, TEXT, body_of_two, ledger_block, sound_ledger_store, spec};
use crate::support::TempDir;
use kusari_store::checksummed::{ReadableTable, TableDefinition, WriteTables};

const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
const BODIES: TableDefinition<u64, &[u8]> = TableDefinition::new("bodies");

/// What `sed -i 's/FROM/TO/'` does to the file.
fn sed(directory: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let file = directory.join("chain.redb");
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "{from} is nowhere in the file");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    std::fs::write(&file, bytes).unwrap();
}

/// Changes a row as somebody does who computes its checksum as well.
fn forge<T: BorshDeserialize + BorshSerialize>(
    directory: &Path,
    table: TableDefinition<u64, &'static [u8]>,
    order: u64,
    change: impl FnOnce(&mut T),
) {
    let database = Database::open(directory.join("chain.redb")).unwrap();
    let mut transaction = database.begin_write().unwrap();
    transaction.set_quick_repair(true);
    {
        let mut table = transaction.table(table).unwrap();
        let bytes = table.get(order).unwrap().unwrap().value().to_vec();
        let mut rest = &*bytes;
        let mut record = T::deserialize(&mut rest).unwrap();
        change(&mut record);
        let changed = [borsh::to_vec(&record).unwrap().as_slice(), rest].concat();
        table.insert(order, changed.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
}

fn served(store: &Store) -> Vec<u32> {
    let mut heights = Vec::new();
    let after = ChainPosition::genesis();
    let range = BlockRange { after, through: None, max_blocks: usize::MAX };
    let tip = store.visit_sound_chain(range, |stored| {
        assert_eq!(stored.block.compute_hash(), stored.block.hash, "it is sent altered");
        heights.push(stored.block.index);
        true
    });
    assert!(tip.unwrap().height > 0);
    heights
}

/// What is to be seen of a classic store of which block 7 was altered.
fn assert_refuses_seven(directory: &TempDir, reason: &str) {
    let store = Store::open(directory.path()).unwrap();
    let hash = blocks().0[7].hash;
    // The node's own reads: it is not there, and must not come a second time.
    assert_eq!(store.best_at(7), Ok(None));
    assert_eq!(store.header_at(7), Ok(None));
    assert_eq!(store.by_hash(&hash), Ok(None));
    assert_eq!(store.is_altered(&hash), Ok(true));
    assert_eq!(store.is_altered(&blocks().0[6].hash), Ok(false));
    assert_eq!(store.is_altered(&BlockHash([9; 32])), Ok(false));
    // Peers get what lies below it.
    assert_eq!(served(&store), (1..=6).collect::<Vec<u32>>());
    // People are told.
    for said in [
        store.placed_at(7).unwrap_err().to_string(),
        store.placed(&hash).unwrap_err().to_string(),
        store.page(7, 3, usize::MAX).unwrap_err().to_string(),
        store.best_chain_chunk(ChainPosition::genesis(), None, 100).unwrap_err().to_string(),
    ] {
        assert!(said.contains("block 7") || said.contains(&hash.to_string()), "{said}");
        assert!(said.contains("`kusari audit`") && said.contains("`kusari salvage`"), "{said}");
    }
    let altered = store.altered_blocks();
    assert_eq!(altered.iter().map(|block| block.order).collect::<Vec<_>>(), [order(7)]);
    assert!(altered[0].reason.contains(reason), "{altered:?}");
    // A page ends before it, and what is sound is shown as ever.
    let page = store.page(5, 10, usize::MAX).unwrap();
    assert_eq!((page.blocks.len(), page.next), (2, Some(7)));
    for height in (1..=TIP).filter(|height| *height != 7) {
        let placed = store.placed_at(height).unwrap().unwrap();
        assert_eq!(placed.block.block, blocks().0[height as usize]);
    }
    let found = store.blocks_saying("line", None, 100).unwrap().found;
    assert_eq!(found.len(), TIP as usize - 1);
    // A chain over it opens, and goes on.
    let chain = Chain::open(Box::new(store.clone()), TreeLimits::default()).unwrap();
    assert_eq!((chain.tip().height, chain.locator(None).unwrap().len()), (TIP, 5));
    drop((chain, store));
    assert!(audit_directory(directory.path(), |_| ()).unwrap().finding.is_some());
}

#[test]
fn altered_text_of_a_line_is_neither_shown_nor_sent() {
    let directory = TempDir::new();
    sound_store(&directory);
    sed(directory.path(), "line 7", "LINE 7");
    assert_refuses_seven(&directory, "checksum");
}

#[test]
fn altered_text_under_a_right_checksum_is_neither_shown_nor_sent() {
    let directory = TempDir::new();
    sound_store(&directory);
    forge::<Record>(directory.path(), BLOCKS, order(7), |record| {
        record.block.data = String::from("LINE 7");
    });
    assert_refuses_seven(&directory, "its content hashes to");
}

#[test]
fn an_altered_side_block_and_what_builds_on_it_are_left_out() {
    let directory = TempDir::new();
    sound_store(&directory);
    forge::<Record>(directory.path(), BLOCKS, u64::from(TIP), |record| record.block.nonce += 1);
    let store = Store::open(directory.path()).unwrap();
    let mut seen = Vec::new();
    store.visit_side_headers(&mut |header| seen.push(header.order)).unwrap();
    store.visit_side_blocks(&mut |stored| seen.push(stored.order)).unwrap();
    assert_eq!(seen, [0; 0]);
    assert_eq!(store.altered_blocks().len(), 1);
    let chain = Chain::open(Box::new(store), TreeLimits::default()).unwrap();
    assert_eq!(chain.tip().height, TIP);
}

#[test]
fn an_altered_block_that_comes_again_is_not_stored_beside_what_is_left() {
    let directory = TempDir::new();
    sound_store(&directory);
    sed(directory.path(), "line 7", "LINE 7");
    let store = Store::open(directory.path()).unwrap();
    let limits = TreeLimits { window_blocks: 1, ..TreeLimits::default() };
    let mut chain = Chain::open(Box::new(store.clone()), limits).unwrap();
    let again = kusari_chain::CheckedBlock::check(blocks().0[7].clone()).unwrap();
    let accepted = chain.accept(again, u64::MAX).unwrap();
    assert!(matches!(accepted, kusari_chain::Accepted::Known(_)), "{accepted:?}");
}

/// What is to be seen of a ledger's store of which block 2 was altered in its body.
fn assert_refuses_body_of_two(directory: &TempDir) {
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap();
    // The header is sound.
    assert_eq!(store.header_at(2).unwrap().unwrap().hash, ledger_block(1).block.hash);
    assert_eq!(store.headers(1, 200).unwrap().0.len(), LEDGER_TIP as usize);
    assert_eq!(store.best_at(2), Ok(None));
    assert_eq!(served(&store), [1]);
    let said = store.placed_at(2).unwrap_err().to_string();
    assert!(said.contains("block 2") && said.contains("`kusari audit`"), "{said}");
    let txid = body_of_two()[0].transaction.txid();
    assert_eq!(store.transaction(&txid), Ok(None));
    let content = kusari_chain::ledger::ContentHash::of_text(TEXT);
    assert!(store.transactions_with(&content, None, 10).unwrap().found.is_empty());
    let recent = store.recent_transactions(None, 100).unwrap().found;
    assert_eq!(recent.iter().filter(|one| one.found.height == 3).count(), 2);
    assert_eq!(store.altered_blocks().len(), 1);
    let tip = store.best_at(LEDGER_TIP).unwrap().unwrap();
    assert_eq!(tip.block, ledger_block(u64::from(LEDGER_TIP) - 1).block);
}

#[test]
fn altered_transactions_of_a_ledger_are_neither_shown_nor_sent() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    forge::<Vec<BodyEntry>>(directory.path(), BODIES, 1, |body| body[1].transaction.amount += 1);
    assert_refuses_body_of_two(&directory);
}

#[test]
fn an_altered_payload_of_a_ledger_is_neither_shown_nor_sent() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    sed(directory.path(), TEXT, &TEXT.to_uppercase());
    assert_refuses_body_of_two(&directory);
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    forge::<Vec<BodyEntry>>(directory.path(), BODIES, 1, |body| {
        body[0].payload.as_mut().unwrap().data = TEXT.to_uppercase();
    });
    assert_refuses_body_of_two(&directory);
}

#[test]
fn no_flipped_bit_of_a_classic_store_is_ever_served() {
    let directory = TempDir::new();
    sound_store(&directory);
    let file = directory.path().join("chain.redb");
    let whole = std::fs::read(&file).unwrap();
    let used: Vec<usize> = (4_096..whole.len())
        .step_by(4_096)
        .filter(|page| whole[*page..][..4_096].windows(5).any(|window| window == b"line "))
        .collect();
    let is_own = |block: &Block| {
        let (best, side) = blocks();
        best.contains(block) || side.contains(block)
    };
    let (mut noticed, mut draw) = (0, 0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..120 {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let page = used[(draw >> 33) as usize % used.len()];
        let (place, bit) = ((draw >> 20) as usize % 4_096, (draw >> 8) % 8);
        let mut flipped = whole.clone();
        flipped[page + place] ^= 1 << bit;
        std::fs::write(&file, flipped).unwrap();
        let Ok(store) = Store::open(directory.path()) else {
            noticed += 1;
            continue;
        };
        for height in 1..=TIP {
            match store.placed_at(height) {
                Ok(Some(placed)) => assert!(is_own(&placed.block.block), "{page}+{place}.{bit}"),
                _ => noticed += 1,
            }
            if let Ok(Some(stored)) = store.best_at(height) {
                assert!(is_own(&stored.block), "{page}+{place}.{bit}");
            }
        }
        store.abandon();
    }
    assert!(noticed > 5, "{noticed} flips were noticed");
}

#[test]
fn a_classic_chain_whose_end_was_altered_goes_on_below_it() {
    let directory = TempDir::new();
    sound_store(&directory);
    sed(directory.path(), "line 12", "LINE 12");
    let store = Store::open(directory.path()).unwrap();
    let mut chain = Chain::open(Box::new(store.clone()), TreeLimits::default()).unwrap();
    assert_eq!(chain.tip().height, TIP - 1);
    assert_eq!(store.altered_blocks()[0].height, Some(TIP));
    // It comes again from another node.
    let again = kusari_chain::CheckedBlock::check(blocks().0[TIP as usize].clone()).unwrap();
    let kusari_chain::Accepted::Added(change) = chain.accept(again, u64::MAX).unwrap() else {
        panic!("it is not taken")
    };
    store.commit(&[crate::support::batch(change.writes)]).unwrap();
    assert_eq!(store.best_at(TIP).unwrap().unwrap().block, blocks().0[TIP as usize]);
    assert_eq!(served(&store), (1..=TIP).collect::<Vec<u32>>());
}

#[test]
fn a_ledger_whose_end_was_altered_serves_what_lies_below_it_and_goes_on_there_when_it_starts() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    let order = u64::from(LEDGER_TIP) - 1;
    forge::<Record>(directory.path(), BLOCKS, order, |record| record.block.nonce += 1);
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap();
    // Peers, with whole blocks and with headers.
    let sound: Vec<u32> = (1..LEDGER_TIP).collect();
    assert_eq!(served(&store), sound);
    let after = ChainPosition { height: LEDGER_TIP, hash: ledger_block(order).block.hash };
    for (after, expected) in [(ChainPosition::genesis(), &*sound), (after, &[])] {
        let range = BlockRange { after, through: None, max_blocks: usize::MAX };
        let mut heights = Vec::new();
        let visited = store.visit_sound_headers(range, |block, _, _| {
            heights.push(block.index);
            true
        });
        assert_eq!((visited, &*heights), (Ok(()), expected));
    }
    // People.
    assert_eq!(store.last_sound().unwrap().height, LEDGER_TIP - 1);
    assert_eq!(store.reaches(Work::of_classic_blocks(1_000)), Ok(true), "nobody can tell");
    assert!(store.recent_work(1_700_000_000).is_ok());
    let (headers, next) = store.headers(70, 100).unwrap();
    assert_eq!((headers.len(), next), (5, Some(LEDGER_TIP)));
    assert!(store.headers(LEDGER_TIP, 1).unwrap_err().to_string().contains("block 75"));
    assert_eq!(store.altered_blocks()[0].height, Some(LEDGER_TIP));
    let open = || {
        Chain::open_ledger(Box::new(store.clone()), TreeLimits::default(), Arc::new(spec()))
            .map_err(|error| error.to_string())
    };
    let said = open().err().unwrap();
    for words in ["block 75", "the last of this ledger", "makes them again"] {
        assert!(said.contains(words), "{said}");
    }
    // Before a node starts, it ends below.
    assert_eq!(store.end_below_altered(), Ok(Some(LEDGER_TIP - 1)));
    assert_eq!(store.end_below_altered(), Ok(None));
    let expected = ends_at(LEDGER_TIP - 1);
    assert_eq!(everything(&store), everything(&expected));
    // The block comes again from another node.
    let mut chain = open().unwrap();
    let StoredBlock { block, ledger, .. } = ledger_block(order).clone();
    let again =
        CheckedBlock::check_whole(block, Box::new(ledger.unwrap().part), &spec().chain_id());
    let Accepted::Added(change) = chain.accept(again.unwrap(), u64::MAX).unwrap() else {
        panic!("it is not taken")
    };
    store.commit(&[crate::support::batch(change.writes)]).unwrap();
    assert_eq!(everything(&store), everything(&ends_at(LEDGER_TIP)));
}

/// A sound store of the first blocks of the ledger.
fn ends_at(height: u32) -> Store {
    let store = Store::ephemeral_chain(Some(&spec())).unwrap();
    let mut chain =
        Chain::open_ledger(Box::new(store.clone()), TreeLimits::default(), Arc::new(spec()))
            .unwrap();
    for order in 0..u64::from(height) {
        let StoredBlock { block, ledger, .. } = ledger_block(order).clone();
        let part = Box::new(ledger.unwrap().part);
        let checked = CheckedBlock::check_whole(block, part, &spec().chain_id()).unwrap();
        let Accepted::Added(change) = chain.accept(checked, u64::MAX).unwrap() else {
            panic!("block {order} is not taken")
        };
        store.commit(&[crate::support::batch(change.writes)]).unwrap();
    }
    store
}

/// The blocks of the best chain, the accounts after it, and a proof of the first block by its history.
fn everything(store: &Store) -> (Vec<StoredBlock>, Vec<Account>, BestPoint) {
    let tip = store.last_sound().unwrap();
    let blocks = (1..=tip.height).map(|height| {
        let mut stored = store.best_at(height).unwrap().unwrap();
        stored.order = u64::from(height) - 1;
        stored
    });
    (blocks.collect(), store.accounts_after(None, usize::MAX).unwrap(), tip)
}

#[test]
fn a_ledger_altered_at_its_end_and_in_its_middle_is_not_started_but_told_to_be_salvaged() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    forge::<Record>(directory.path(), BLOCKS, 20, |record| record.block.nonce += 1);
    forge::<Record>(directory.path(), BLOCKS, u64::from(LEDGER_TIP) - 1, |record| {
        record.block.nonce += 1;
    });
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap();
    let before = store.accounts_after(None, usize::MAX);
    let said = store.end_below_altered().unwrap_err().to_string();
    assert!(said.contains("block 21") && said.contains("`kusari salvage`"), "{said}");
    assert_eq!(store.accounts_after(None, usize::MAX), before);
    assert_eq!(store.best_at(LEDGER_TIP - 1).unwrap().unwrap().block.index, LEDGER_TIP - 1);
}

#[test]
fn a_ledger_all_of_which_was_altered_begins_again() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    for order in 0..u64::from(LEDGER_TIP) {
        forge::<Record>(directory.path(), BLOCKS, order, |record| record.block.nonce += 1);
    }
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap();
    assert_eq!(store.end_below_altered(), Ok(Some(0)));
    assert_eq!(store.accounts_after(None, usize::MAX), Ok(Vec::new()));
    assert_eq!(store.tip_header(), Ok(None));
}

#[test]
fn a_sound_end_has_as_much_work_as_it_has() {
    let directory = TempDir::new();
    let store = sound_ledger_store(&directory);
    let work = ledger_block(u64::from(LEDGER_TIP) - 1).work;
    assert_eq!(store.last_sound().unwrap().work, work);
    assert_eq!(
        (store.reaches(work), store.reaches(Work::of_classic_blocks(1_000))),
        (Ok(true), Ok(false))
    );
}
