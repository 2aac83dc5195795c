//! Salvage of stores whose rows have no checksums: nothing of the outbox is taken that the rest disproves.

use kusari_chain::ledger::BodyEntry;
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{Block, BlockHash, BlockStore, BlockWrite, CheckedBlock, StoredBlock};
use kusari_node::wire::{Message, encode};
use kusari_runtime::offline::Offline;
use kusari_runtime::salvage::salvage;
use kusari_store::Store;
use redb::Database;

use super::{classic_blocks, salvaged};
use crate::audit::sound::blocks;
use crate::forge::{Person, body_of_two, ledger_block, spec};
use crate::support::{TempDir, batch};

#[derive(borsh::BorshSerialize)]
struct EarlyBlock<'a>([u8; 32], u64, &'a Block);

/// Text, what names its blocks, and whether it is settled.
#[derive(borsh::BorshSerialize)]
struct EarlyEntry<'a>(&'a str, Vec<BlockHash>, bool);

/// A store whose rows have no checksums. Entries are numbered from 1 on.
fn early_store(
    version: u64,
    kind: &str,
    blocks: &[StoredBlock],
    entries: &[EarlyEntry<'_>],
) -> TempDir {
    let directory = TempDir::new();
    std::fs::create_dir_all(directory.path()).unwrap();
    let database = Database::create(directory.path().join("chain.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let name = redb::TableDefinition::<&str, &[u8]>::new("meta");
        let mut table = transaction.open_table(name).unwrap();
        table.insert("schema_version", version.to_le_bytes().as_slice()).unwrap();
        table.insert("chain_kind", kind.as_bytes()).unwrap();
        let name = redb::TableDefinition::<u64, &[u8]>::new("blocks");
        let mut table = transaction.open_table(name).unwrap();
        for (order, stored) in blocks.iter().enumerate() {
            let record = EarlyBlock(stored.work.to_be_bytes(), stored.total_bytes, &stored.block);
            let mut record = borsh::to_vec(&record).unwrap();
            if let Some(ledger) = &stored.ledger {
                let time = (ledger.time.active_s, ledger.time.latest, &ledger.subtrees);
                let parts = (time, &ledger.part.commitment, &ledger.part.body);
                record.extend(borsh::to_vec(&parts).unwrap());
            }
            table.insert(order as u64, record.as_slice()).unwrap();
        }
        let name = redb::TableDefinition::<u64, &[u8]>::new("outbox");
        let mut table = transaction.open_table(name).unwrap();
        for (entry, id) in entries.iter().zip(1..) {
            let record = borsh::to_vec(entry).unwrap();
            table.insert(id, record.as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
    directory
}

#[test]
fn an_early_version_is_taken_over_with_its_lines() {
    for version in [1_u64, 2] {
        let mined = EarlyEntry("line 2", vec![blocks().0[2].hash], true);
        let waiting = EarlyEntry("it waits", Vec::new(), false);
        let old = early_store(version, "classic", &classic_blocks(), &[mined, waiting]);
        let (new, report) = salvaged(&old);
        assert_eq!((report.height, report.blocks, report.entries), (12, 14, 2));
        let store = Store::open(new.path()).unwrap();
        assert_eq!(store.entry(2).unwrap().unwrap().0.text, "it waits");
    }
}

#[test]
fn an_early_line_whose_text_is_not_that_of_its_block_is_lost_and_not_taken() {
    let mined = |text| EarlyEntry(text, vec![blocks().0[2].hash], true);
    let waiting = EarlyEntry("it waits", Vec::new(), false);
    let old = early_store(2, "classic", &classic_blocks(), &[mined("lime 2"), waiting]);
    let (new, report) = salvaged(&old);
    assert_eq!((report.entries, report.lost_entries), (1, vec![1]));
    assert_eq!(report.settled_elsewhere, []);
    let store = Store::open(new.path()).unwrap();
    assert_eq!(store.entry(1).unwrap().unwrap().0.text, "it waits");
}

#[test]
fn an_early_transaction_that_is_not_the_signed_one_is_lost_and_the_new_node_starts() {
    let line = |sequence: u64| {
        let BodyEntry { transaction, payload } = Person::new(3).record(sequence, "a record");
        let txid = transaction.txid();
        let checked = CheckedTransaction::check(transaction, payload, &spec().chain_id()).unwrap();
        let message: Message<CheckedBlock> = Message::Transaction(Box::new(checked));
        (String::from_utf8(encode(&message)).unwrap().trim_end().to_string(), BlockHash(txid.0))
    };
    let (first, second, third) = (line(0), line(1), line(2));
    // One bit of a letter, of the id, and of the verb; the first is sound, and the last was erased.
    let mut other = second.1;
    other.0[0] ^= 1;
    let altered = second.0.replace("a record", "a recorf");
    let entries = [
        EarlyEntry(&first.0, vec![first.1], false),
        EarlyEntry(&altered, vec![second.1], false),
        EarlyEntry(&second.0, vec![other], false),
        EarlyEntry(&third.0.replace("TX:", "PX:"), vec![third.1], false),
        EarlyEntry("", vec![third.1], true),
    ];
    let old = early_store(2, &spec().chain_id().to_string(), &[], &entries);
    let new = TempDir::new();
    let report = salvage(old.path(), new.path(), Some(Some(spec()))).unwrap();
    assert_eq!((report.entries, report.lost_entries), (2, vec![2, 3, 4]));
    let store = Store::open_existing(new.path()).unwrap();
    assert_eq!(store.entry(1).unwrap().unwrap().0.text, first.0);
    Offline::open(store).unwrap();
}

#[test]
fn what_was_erased_in_an_early_version_does_not_come_back() {
    let chain = [ledger_block(0).clone(), ledger_block(1).clone()];
    let old = early_store(2, &spec().chain_id().to_string(), &chain, &[]);
    let database = Database::open(old.path().join("chain.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let name = redb::TableDefinition::<&[u8; 32], ()>::new("erased");
        let mut table = transaction.open_table(name).unwrap();
        table.insert(&body_of_two()[0].transaction.txid().0, ()).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    let new = TempDir::new();
    let report = salvage(old.path(), new.path(), Some(Some(spec()))).unwrap();
    assert_eq!((report.height, report.blocks), (2, 2));
    let store = Store::open_existing(new.path()).unwrap();
    // Nor when a peer sends it.
    let payloads = vec![(0, body_of_two()[0].payload.clone().unwrap())];
    let (hash, order) = (ledger_block(1).block.hash, 1);
    for writes in [Vec::new(), vec![BlockWrite::Fill { hash, order, payloads }]] {
        store.commit(&[batch(writes)]).unwrap();
        let stored = store.by_hash(&hash).unwrap().unwrap();
        assert_eq!((stored.order, &stored.part().unwrap().body[0].payload), (order, &None));
    }
}
