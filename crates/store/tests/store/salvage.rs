//! Salvage: what it brings is valid, and it brings all that was not hit.

mod early;
mod numbers;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use kusari_chain::ledger::ChainSpec;
use kusari_chain::{Block, BlockHash, BlockStore, BlockWrite, StoredBlock};
use kusari_node::store::{EntryState, OutboxStore, OutboxWrite, StoreBatch};
use kusari_runtime::salvage::{Salvage, SalvageError, salvage};
use kusari_store::{Store, audit_directory};
use redb::{Database, ReadableDatabase, ReadableTable};

use crate::audit::sound::{assert_sound, blocks, sound_store};
use crate::forge::{body_of_two, ledger_block, ledger_writes, sound_ledger_store, spec};
use crate::support::{TempDir, batch};

const PAGE: usize = 4_096;

/// Numbers that look random and are not.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) as usize % bound
    }
}

/// Damages the bytes of a file, and says how.
fn damage(bytes: &mut Vec<u8>, used: &[usize], draw: &mut Draw) -> String {
    let page = used[draw.below(used.len())];
    match draw.below(6) {
        0 => {
            let cut = 1 + draw.below(64);
            bytes.truncate(bytes.len() - cut);
            format!("{cut} bytes are cut off")
        }
        1 => {
            bytes[page..page + PAGE].fill(0);
            format!("the page at {page} is zero")
        }
        2 => {
            let at = page + draw.below(PAGE);
            bytes[at] ^= 1 << draw.below(8);
            format!("a bit of byte {at} is flipped")
        }
        3 => {
            let (at, count) = (page + draw.below(PAGE - 64), 1 + draw.below(64));
            bytes[at..at + count].fill(0xff);
            format!("{count} bytes from {at} on are ones")
        }
        4 => {
            let keep = page + draw.below(PAGE);
            bytes.truncate(keep);
            format!("the file ends after {keep} bytes")
        }
        _ => {
            bytes[page..page + 256].fill(0xa5);
            let header = draw.below(320);
            bytes[header] ^= 0x55;
            format!("256 bytes from {page} on are overwritten, and byte {header} of the header")
        }
    }
}

/// Rows of a table as they stand in the file, without their keys.
fn rows(file: &Path, name: &str) -> HashMap<u64, Vec<u8>> {
    let database = Database::open(file).unwrap();
    let transaction = database.begin_read().unwrap();
    let definition = redb::TableDefinition::<u64, &[u8]>::new(name);
    let table = match transaction.open_table(definition) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return HashMap::new(),
        Err(error) => panic!("{error}"),
    };
    let rows = table.iter().unwrap().map(|row| row.unwrap());
    rows.map(|(key, row)| (key.value(), row.value().to_vec())).collect()
}

/// A store that is to be damaged, and what is in it.
struct Whole {
    bytes: Vec<u8>,
    used: Vec<usize>,
    /// Blocks, with the bytes that must be there for each to be whole.
    blocks: Vec<(StoredBlock, Vec<Vec<u8>>)>,
    /// Texts, with the row of each.
    entries: Vec<(String, Vec<u8>)>,
    spec: Option<ChainSpec>,
}

impl Whole {
    fn of(directory: &TempDir, spec: Option<ChainSpec>, stored: Vec<StoredBlock>) -> Self {
        let store = Store::open_existing(directory.path()).unwrap();
        let mut texts = HashMap::new();
        for id in 1..store.outbox_facts().unwrap().next_id {
            texts.insert(id, store.entry(id).unwrap().unwrap().0.text);
        }
        drop(store);
        let file = directory.path().join("chain.redb");
        let (heads, bodies) = (rows(&file, "blocks"), rows(&file, "bodies"));
        let entries = rows(&file, "outbox");
        let bytes = std::fs::read(&file).unwrap();
        let pages = (PAGE..bytes.len()).step_by(PAGE);
        let used =
            pages.filter(|page| bytes[*page..][..PAGE].iter().any(|byte| *byte != 0)).collect();
        let without_sum = |row: &Vec<u8>| row[..row.len() - 8].to_vec();
        let blocks = stored.into_iter().map(|stored| {
            let mut needed = vec![without_sum(&heads[&stored.order])];
            let body = bodies.get(&stored.order).map(without_sum);
            // What has no transactions needs none.
            needed.extend(body.filter(|body| body.len() > 4));
            (stored, needed)
        });
        let blocks = blocks.collect();
        let entries = entries.into_iter().map(|(id, row)| (texts[&id].clone(), row)).collect();
        Self { bytes, used, blocks, entries, spec }
    }

    /// Hashes of the blocks that are whole in some bytes, with all their ancestors.
    fn whole_in(&self, bytes: &[u8]) -> HashSet<BlockHash> {
        let mut linked = HashSet::from([Block::genesis().hash]);
        for (stored, needed) in &self.blocks {
            let is_whole = needed.iter().all(|needed| contains(bytes, needed));
            if is_whole && linked.contains(&stored.block.prev_hash) {
                linked.insert(stored.block.hash);
            }
        }
        linked.remove(&Block::genesis().hash);
        linked
    }

    /// Damages the store as the seed has it, salvages it and looks at what came.
    fn check(&self, seed: u64) {
        let mut bytes = self.bytes.clone();
        let how = damage(&mut bytes, &self.used, &mut Draw(seed));
        let (old, new) = (TempDir::new(), TempDir::new());
        std::fs::create_dir_all(old.path()).unwrap();
        std::fs::write(old.path().join("chain.redb"), &bytes).unwrap();
        let context = format!("seed {seed}: {how}");
        let chain = self.spec.clone().map(Some);
        let report = salvage(old.path(), new.path(), chain);
        let report = report.unwrap_or_else(|error| panic!("{context}: {error}"));
        assert_eq!(report.refused, 0, "{context}: {report:?}");
        let after = std::fs::read(old.path().join("chain.redb")).unwrap();
        assert!(after == bytes, "{context}: the old file was changed");
        assert_eq!(std::fs::read_dir(old.path()).unwrap().count(), 1, "{context}");
        let store = Store::open_existing(new.path()).unwrap();
        for hash in self.whole_in(&bytes) {
            let found = store.by_hash(&hash).unwrap();
            assert!(found.is_some(), "{context}: the block {hash} was not hit and did not come");
        }
        let mut texts: Vec<String> = Vec::new();
        for id in 1..store.outbox_facts().unwrap().next_id {
            texts.push(store.entry(id).unwrap().unwrap().0.text);
        }
        texts.extend(report.settled_elsewhere.iter().map(|(_, text)| text.clone()));
        assert_eq!(texts.len(), texts.iter().collect::<BTreeSet<_>>().len(), "{context}");
        for (text, row) in &self.entries {
            let was_hit = !contains(&bytes, row);
            assert!(was_hit || texts.contains(text), "{context}: {text} was not hit, {report:?}");
        }
        // It was audited as it was made, and is again.
        drop(store);
        assert_eq!(audit_directory(new.path(), |_| ()).unwrap().finding, None, "{context}");
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn classic_blocks() -> Vec<StoredBlock> {
    let directory = TempDir::new();
    sound_store(&directory);
    let store = Store::open(directory.path()).unwrap();
    let (best, side) = blocks();
    let all = best[1..].iter().chain(side);
    all.map(|block| store.by_hash(&block.hash).unwrap().unwrap()).collect()
}

#[test]
fn what_comes_out_of_a_damaged_classic_store_is_valid_and_all_that_was_not_hit() {
    let directory = TempDir::new();
    sound_store(&directory);
    let whole = Whole::of(&directory, None, classic_blocks());
    for seed in 1..=130 {
        whole.check(seed);
    }
}

#[test]
fn what_comes_out_of_a_damaged_ledger_is_valid_and_all_that_was_not_hit() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    let count = ledger_writes().len() as u64;
    let stored: Vec<StoredBlock> = (0..)
        .take_while(|order| *order < count)
        .filter(|order| *order < u64::from(crate::forge::LEDGER_TIP) + 2)
        .map(|order| ledger_block(order).clone())
        .collect();
    let whole = Whole::of(&directory, Some(spec()), stored);
    for seed in 1..=70 {
        whole.check(seed);
    }
}

fn salvaged(old: &TempDir) -> (TempDir, Salvage) {
    let new = TempDir::new();
    let report = salvage(old.path(), new.path(), None).unwrap();
    (new, report)
}

#[test]
fn a_sound_store_comes_over_whole_with_the_spec_of_its_ledger() {
    let old = TempDir::new();
    sound_store(&old);
    let (new, report) = salvaged(&old);
    assert_eq!((report.height, report.blocks, report.entries), (12, 14, 4));
    let store = Store::open(new.path()).unwrap();
    let mut waiting = Vec::new();
    let all = 0..u64::MAX;
    store.visit_waiting_entries(all, usize::MAX, &mut |entry| waiting.push(entry.text)).unwrap();
    assert_eq!(waiting, ["not mined yet"]);
    drop(store);
    assert_sound(&new);

    let old = TempDir::new();
    drop(sound_ledger_store(&old));
    let (new, report) = salvaged(&old);
    assert_eq!((report.blocks, report.entries), (77, 2));
    assert_sound(&new);
    assert_eq!(Store::open_existing(new.path()).unwrap().spec(), Some(spec()));
}

#[test]
fn erased_text_does_not_come_back() {
    let old = TempDir::new();
    let store = sound_ledger_store(&old);
    let block = ledger_block(1).block.hash;
    let erased = vec![kusari_node::store::Erasure { block, place: 0 }];
    store.commit(&[StoreBatch { erased, ..StoreBatch::default() }]).unwrap();
    drop(store);
    let (new, _) = salvaged(&old);
    let store = Store::open_existing(new.path()).unwrap();
    let stored = store.by_hash(&block).unwrap().unwrap();
    assert_eq!(stored.part().unwrap().body[0].payload, None);
    // Nor when a peer sends it.
    let payload = body_of_two()[0].payload.clone().unwrap();
    let (hash, order) = (block, stored.order);
    let fill = BlockWrite::Fill { hash, order, payloads: vec![(0, payload)] };
    store.commit(&[batch(vec![fill])]).unwrap();
    let stored = store.by_hash(&block).unwrap().unwrap();
    assert_eq!(stored.part().unwrap().body[0].payload, None);
}

/// Where a part stands in some bytes.
fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[test]
fn erased_text_does_not_come_back_from_a_page_that_was_given_up() {
    for is_hit in [false, true] {
        let old = TempDir::new();
        let store = sound_ledger_store(&old);
        let file = old.path().join("chain.redb");
        let body = borsh::to_vec(body_of_two()).unwrap();
        let before = std::fs::read(&file).unwrap();
        let page = position(&before, &body).unwrap() / PAGE * PAGE;
        let block = ledger_block(1).block.hash;
        let erased = vec![kusari_node::store::Erasure { block, place: 0 }];
        store.commit(&[StoreBatch { erased, ..StoreBatch::default() }]).unwrap();
        drop(store);
        let mut bytes = std::fs::read(&file).unwrap();
        assert_eq!(position(&bytes, &body), None);
        if is_hit {
            // Then the row that says what was erased is all that tells of it.
            let mut stripped = ledger_block(1).clone();
            stripped.erase(0).unwrap();
            let stripped = borsh::to_vec(&stripped.part().unwrap().body).unwrap();
            let place = position(&bytes, &stripped).unwrap();
            bytes[place + stripped.len() - 1] ^= 1;
        }
        // A page that is free and lies far up in a large file is not overwritten.
        bytes.extend_from_slice(&before[page..page + PAGE]);
        assert!(position(&bytes, &body).is_some());
        std::fs::write(&file, bytes).unwrap();
        let (new, report) = salvaged(&old);
        assert_eq!((report.blocks, report.without_body), (77, 0), "{is_hit}");
        let store = Store::open_existing(new.path()).unwrap();
        let stored = store.by_hash(&block).unwrap().unwrap();
        assert_eq!(stored.part().unwrap().body[0].payload, None, "{is_hit}");
        drop(store);
        let bytes = std::fs::read(new.path().join("chain.redb")).unwrap();
        assert_eq!(position(&bytes, &body), None, "{is_hit}");
    }
}

#[test]
fn keys_come_along_and_what_is_no_key_is_named() {
    let old = TempDir::new();
    sound_store(&old);
    let (_, made) = kusari_runtime::witness_key::WitnessKey::open_or_create(old.path()).unwrap();
    assert!(made.is_some());
    std::fs::create_dir_all(old.path().join("wallet")).unwrap();
    std::fs::write(old.path().join("wallet/broken.json"), "{").unwrap();
    let (new, report) = salvaged(&old);
    assert!(report.files.contains(&"witness.key".into()), "{report:?}");
    let key = |directory: &TempDir| std::fs::read(directory.path().join("witness.key")).unwrap();
    assert_eq!(key(&new), key(&old));
    let (file, reason) = &report.lost_files[0];
    assert!(file.ends_with("wallet/broken.json") && reason.contains("form"), "{report:?}");
}

#[test]
fn a_directory_with_something_in_it_is_not_written_to() {
    let old = TempDir::new();
    sound_store(&old);
    let refused = salvage(old.path(), old.path(), None).unwrap_err();
    assert!(matches!(refused, SalvageError::NotNew { .. }), "{refused}");
    let nowhere = TempDir::new();
    let refused = salvage(nowhere.path(), &nowhere.path().join("new"), None).unwrap_err();
    assert!(refused.to_string().contains("there is no chain in"), "{refused}");
}

#[test]
fn lines_stay_apart_from_those_that_are_settled_in_lost_blocks() {
    let old = TempDir::new();
    let store = Store::open(old.path()).unwrap();
    let insert = |id, text: &str| OutboxWrite::Insert { id, text: text.into(), draft: None };
    let outbox = vec![
        insert(1, "in a block that is lost"),
        OutboxWrite::Mined { id: 1, hash: BlockHash([7; 32]) },
        OutboxWrite::SetState { id: 1, state: EntryState::Mined { settled: true } },
        insert(2, "it waits"),
    ];
    store.commit(&[StoreBatch { outbox, ..StoreBatch::default() }]).unwrap();
    drop(store);
    let (new, report) = salvaged(&old);
    assert_eq!(report.settled_elsewhere, [(1, String::from("in a block that is lost"))]);
    let store = Store::open(new.path()).unwrap();
    assert_eq!(store.entry(1).unwrap().unwrap().0.text, "it waits");
    assert_eq!(store.outbox_facts().unwrap().next_id, 2);
}
