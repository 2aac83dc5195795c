//! One damage of each kind, made behind the store's back: the audit names each.
//!
//! A kind of fault that no damage here brings about fails a test of its own.

use kusari_chain::{Block, BlockHash, Target, Work};
use kusari_store::{AuditFault, Place, Store, audit_directory};
use redb::{Database, WriteTransaction};
use strum::VariantNames;

use super::event_log::OF_THE_EVENT_LOG;
use super::runs::OF_RUNS;
use super::sound::{
    Entry, LOWER_SIDE, Record, SIDE, State, TIP, UPPER_SIDE, blocks, child, order, prove,
    sound_store,
};
use crate::support::TempDir;
use kusari_store::checksummed::{ReadableTable, TableDefinition, WriteTables};

pub(super) const META: TableDefinition<&'static str, &'static [u8]> = TableDefinition::new("meta");
pub(super) const BLOCKS: TableDefinition<u64, &'static [u8]> = TableDefinition::new("blocks");
const BEST: TableDefinition<u32, u64> = TableDefinition::new("best");
pub(super) const BY_HASH: TableDefinition<(u64, u64), ()> = TableDefinition::new("by_hash");
const SIDE_TABLE: TableDefinition<u64, ()> = TableDefinition::new("side");
const HELD: TableDefinition<&[u8; 32], (u64, u32)> = TableDefinition::new("held");
const OUTBOX: TableDefinition<u64, &'static [u8]> = TableDefinition::new("outbox");
const OUTBOX_WAITING: TableDefinition<u64, ()> = TableDefinition::new("outbox_waiting");
const OUTBOX_OPEN: TableDefinition<u64, ()> = TableDefinition::new("outbox_open");
const OUTBOX_DISPLACED: TableDefinition<(&[u8; 32], u64), ()> =
    TableDefinition::new("outbox_displaced");
pub(super) const OUTBOX_BLOCKS: TableDefinition<&[u8; 32], u64> =
    TableDefinition::new("outbox_blocks");

pub(super) type Transaction = WriteTransaction;

fn record(transaction: &Transaction, order: u64) -> Record {
    let table = transaction.table(BLOCKS).unwrap();
    let bytes = table.get(order).unwrap().unwrap();
    borsh::from_slice(bytes.value()).unwrap()
}

fn put_record(transaction: &Transaction, order: u64, record: &Record) {
    let bytes = borsh::to_vec(record).unwrap();
    transaction.table(BLOCKS).unwrap().insert(order, bytes.as_slice()).unwrap();
}

fn edit(transaction: &Transaction, order: u64, change: impl FnOnce(&mut Record)) {
    let mut record = record(transaction, order);
    change(&mut record);
    put_record(transaction, order, &record);
}

/// Puts another block in the place of one, and has the index of hashes know it.
fn replace(transaction: &Transaction, order: u64, block: Block) {
    index(transaction, &block.hash, order);
    edit(transaction, order, |record| record.block = block);
}

pub(super) fn index(transaction: &Transaction, hash: &BlockHash, order: u64) {
    transaction.table(BY_HASH).unwrap().insert((hash.suffix(), order), ()).unwrap();
}

fn unindex(transaction: &Transaction, hash: &BlockHash, order: u64) {
    let mut table = transaction.table(BY_HASH).unwrap();
    assert!(table.remove((hash.suffix(), order)).unwrap().is_some());
}

fn set_number(transaction: &Transaction, key: &str, number: u64) {
    let bytes = number.to_le_bytes();
    transaction.table(META).unwrap().insert(key, bytes.as_slice()).unwrap();
}

pub(super) fn edit_entry(transaction: &Transaction, id: u64, change: impl FnOnce(&mut Entry)) {
    let mut table = transaction.table(OUTBOX).unwrap();
    let mut entry: Entry = borsh::from_slice(table.get(id).unwrap().unwrap().value()).unwrap();
    change(&mut entry);
    table.insert(id, borsh::to_vec(&entry).unwrap().as_slice()).unwrap();
}

/// A damage: its name, how it is done, the code of the fault and the place that the audit must name.
pub(super) type Damage = (&'static str, fn(&Transaction), &'static str, Place);

const fn side(order: u64, at: usize) -> Place {
    Place::Side { order, height: Some(SIDE[at]) }
}

#[rustfmt::skip]
const OF_RECORDS: &[Damage] = &[
    ("a byte of the text changed", |t| edit(t, order(5), |r| r.block.data = "lime 5".into()),
        "bad-hash", Place::Best(5)),
    ("a byte of the time changed", |t| edit(t, order(1), |r| r.block.timestamp += 1),
        "bad-hash", Place::Best(1)),
    ("the stored hash changed", |t| {
        let mut other = blocks().0[TIP as usize].clone();
        other.hash.0[9] ^= 1;
        replace(t, order(TIP), other);
    }, "bad-hash", Place::Best(TIP)),
    ("an index changed", |t| edit(t, order(5), |r| r.block.index = 6),
        "bad-index", Place::Best(5)),
    ("a link leads elsewhere", |t| edit(t, order(5), |r| r.block.prev_hash = blocks().0[3].hash),
        "bad-link", Place::Best(5)),
    ("a valid block took another's place",
        |t| replace(t, order(5), child(&blocks().0[4], "another")), "bad-link", Place::Best(6)),
    ("a block proves no work", |t| {
        let mut lazy = blocks().0[5].clone();
        while Target::CLASSIC.is_met_by(&lazy.hash) || lazy.nonce == blocks().0[5].nonce {
            lazy.nonce += 1;
            lazy.hash = lazy.compute_hash();
        }
        replace(t, order(5), lazy);
    }, "too-little-work", Place::Best(5)),
    ("a block's line is too long", |t| {
        let data = "x".repeat(4_000);
        replace(t, order(5), prove(Block { data, ..blocks().0[5].clone() }));
    }, "block-too-long", Place::Best(5)),
    ("a work is one too many",
        |t| edit(t, order(5), |r| r.work = Work::of_classic_blocks(6).to_be_bytes()),
        "bad-work", Place::Best(5)),
    ("the bytes up to a block changed", |t| edit(t, order(5), |r| r.total_bytes -= 1),
        "bad-bytes", Place::Best(5)),
    ("a parent was stored after its child", |t| {
        let moved = record(t, order(4));
        t.table(BLOCKS).unwrap().remove(order(4)).unwrap();
        unindex(t, &moved.block.hash, order(4));
        put_record(t, 20, &moved);
        index(t, &moved.block.hash, 20);
        t.table(BEST).unwrap().insert(4, 20).unwrap();
        set_number(t, "next_order", 21);
    }, "bad-order", Place::Best(5)),
    ("the next order was used already", |t| set_number(t, "next_order", order(6)),
        "order-not-due", Place::Best(6)),
    ("a record is cut off",
        |t| { t.table(BLOCKS).unwrap().insert(order(5), &[0; 60][..]).unwrap(); },
        "unreadable", Place::Best(5)),
    ("a record is gone", |t| drop(t.table(BLOCKS).unwrap().remove(order(5)).unwrap()),
        "missing-record", Place::Best(5)),
    ("a record is in no chain", |t| {
        let record = record(t, order(5));
        put_record(t, 20, &record);
        set_number(t, "next_order", 21);
    }, "stray-record", Place::Table("blocks")),
    ("a byte of a side block changed", |t| edit(t, LOWER_SIDE, |r| r.block.nonce += 1),
        "bad-hash", side(LOWER_SIDE, 0)),
    ("a side block's work is too great",
        |t| edit(t, UPPER_SIDE, |r| r.work = Work::of_classic_blocks(99).to_be_bytes()),
        "bad-work", side(UPPER_SIDE, 1)),
    ("a side block's bytes changed", |t| edit(t, UPPER_SIDE, |r| r.total_bytes += 1),
        "bad-bytes", side(UPPER_SIDE, 1)),
];

#[rustfmt::skip]
const OF_INDEXES: &[Damage] = &[
    ("a height of the best chain is gone",
        |t| drop(t.table(BEST).unwrap().remove(5).unwrap()),
        "missing-height", Place::Best(5)),
    ("the best chain begins with a genesis block",
        |t| { t.table(BEST).unwrap().insert(0, 0).unwrap(); },
        "missing-height", Place::Best(1)),
    ("two heights have one block", |t| { t.table(BEST).unwrap().insert(6, order(5)).unwrap(); },
        "bad-order", Place::Best(6)),
    ("the index of hashes lacks a block", |t| unindex(t, &blocks().0[5].hash, order(5)),
        "not-indexed", Place::Best(5)),
    ("the index of hashes lacks a side block", |t| unindex(t, &blocks().1[1].hash, UPPER_SIDE),
        "not-indexed", side(UPPER_SIDE, 1)),
    ("the index has a hash that no block has",
        |t| { t.table(BY_HASH).unwrap().insert((77, order(5)), ()).unwrap(); },
        "stray-hash", Place::Table("by_hash")),
    ("the index has an order that no block has",
        |t| { t.table(BY_HASH).unwrap().insert((77, 99), ()).unwrap(); },
        "stray-hash", Place::Table("by_hash")),
    ("a block is stored twice", |t| {
        let record = record(t, order(5));
        put_record(t, 20, &record);
        index(t, &record.block.hash, 20);
        t.table(SIDE_TABLE).unwrap().insert(20, ()).unwrap();
        set_number(t, "next_order", 21);
    }, "stored-twice", Place::Best(5)),
    ("a best block is a side block as well",
        |t| { t.table(SIDE_TABLE).unwrap().insert(order(5), ()).unwrap(); },
        "best-and-side", Place::Side { order: order_of_five(), height: Some(5) }),
    ("a side block is forgotten by its list",
        |t| drop(t.table(SIDE_TABLE).unwrap().remove(UPPER_SIDE).unwrap()),
        "stray-record", Place::Table("blocks")),
    ("a side block has no record",
        |t| { t.table(SIDE_TABLE).unwrap().insert(99, ()).unwrap(); },
        "missing-record", Place::Side { order: 99, height: None }),
    ("a side block's parent is gone", |t| {
        t.table(BLOCKS).unwrap().remove(LOWER_SIDE).unwrap();
        t.table(SIDE_TABLE).unwrap().remove(LOWER_SIDE).unwrap();
        unindex(t, &blocks().1[0].hash, LOWER_SIDE);
    }, "unknown-parent", side(UPPER_SIDE, 1)),
    ("the tip is a side block", |t| {
        t.table(BEST).unwrap().remove(TIP).unwrap();
        t.table(SIDE_TABLE).unwrap().insert(order(TIP), ()).unwrap();
    }, "better-branch", Place::Side { order: 11, height: Some(TIP) }),
    ("a branch is held that is not there", |t| {
        t.table(HELD).unwrap().insert(&[5; 32], (7, 9)).unwrap();
    }, "held-without-block", Place::Held(BlockHash([5; 32]))),
    ("the accepted branch is no hash", |t| {
        t.table(META).unwrap().insert("accepted_branch", &[1, 2, 3][..]).unwrap();
    }, "unreadable", Place::Table("held")),
    ("a fact is no number", |t| {
        t.table(META).unwrap().insert("next_order", &[1, 2, 3][..]).unwrap();
    }, "unreadable", Place::Fact("next_order")),
    ("a fact is gone", |t| drop(t.table(META).unwrap().remove("next_entry_id").unwrap()),
        "unreadable", Place::Fact("next_entry_id")),
    ("there is a fact too many", |t| set_number(t, "colour\n", 7),
        "stray-fact", Place::Table("meta")),
    ("there is a table too many", |t| {
        t.table(TableDefinition::<u64, u64>::new("more\n")).unwrap();
    }, "stray-table", Place::File),
];

/// Adds a block that says what the block of record 2 says, and has the record name it.
fn stand_twice(t: &Transaction) {
    let block = child(&blocks().0[TIP as usize], "line 10");
    let hash = block.hash;
    let mut next = record(t, order(TIP));
    next.work = Work::of_classic_blocks(block.index).to_be_bytes();
    next.total_bytes += block.canonical_line_bytes() as u64;
    next.block = block;
    put_record(t, UPPER_SIDE + 1, &next);
    index(t, &hash, UPPER_SIDE + 1);
    t.table(BEST).unwrap().insert(TIP + 1, UPPER_SIDE + 1).unwrap();
    set_number(t, "next_order", UPPER_SIDE + 2);
    edit_entry(t, 2, |entry| entry.blocks.push(hash));
    t.table(OUTBOX_BLOCKS).unwrap().insert(&hash.0, 2).unwrap();
}

const fn order_of_five() -> u64 {
    4
}

#[rustfmt::skip]
const OF_THE_OUTBOX: &[Damage] = &[
    ("a record is gone", |t| drop(t.table(OUTBOX).unwrap().remove(2).unwrap()),
        "missing-entry", Place::Entry(2)),
    ("the last record is gone", |t| set_number(t, "next_entry_id", 6),
        "missing-entry", Place::Entry(5)),
    ("the next number was used already", |t| set_number(t, "next_entry_id", 4),
        "entry-not-due", Place::Entry(4)),
    ("a record is cut off",
        |t| { t.table(OUTBOX).unwrap().insert(2, &[9, 0, 0, 0, 1][..]).unwrap(); },
        "unreadable", Place::Entry(2)),
    ("a text changed", |t| edit_entry(t, 2, |e| e.text = "line 1O".into()),
        "other-text", Place::Entry(2)),
    ("a waiting record says that it is settled", |t| edit_entry(t, 3, |e| e.state = State::SETTLED),
        "bad-open", Place::Entry(3)),
    ("a record says that it waits", |t| edit_entry(t, 1, |e| e.state = State::Waiting),
        "bad-open", Place::Entry(1)),
    ("a record says that it is displaced", |t| edit_entry(t, 2, |e| {
        e.state = State::Displaced { by: [8; 32], settled: false };
    }), "bad-open", Place::Entry(2)),
    ("a record is not in the open list",
        |t| drop(t.table(OUTBOX_OPEN).unwrap().remove(2).unwrap()),
        "bad-open", Place::Entry(2)),
    ("a record is not in the waiting list",
        |t| drop(t.table(OUTBOX_WAITING).unwrap().remove(3).unwrap()),
        "bad-open", Place::Entry(3)),
    ("the waiting list has a record that is not",
        |t| { t.table(OUTBOX_WAITING).unwrap().insert(99, ()).unwrap(); },
        "stray-entry", Place::Table("outbox_waiting")),
    ("the list of displaced records has one that is not",
        |t| { t.table(OUTBOX_DISPLACED).unwrap().insert((&[8; 32], 3), ()).unwrap(); },
        "stray-entry", Place::Table("outbox_displaced")),
    ("the bytes that wait are counted wrongly", |t| set_number(t, "outbox_bytes", 1),
        "wrong-outbox-bytes", Place::Fact("outbox_bytes")),
    ("a settled record is in the open list",
        |t| { t.table(OUTBOX_OPEN).unwrap().insert(1, ()).unwrap(); },
        "bad-open", Place::Entry(1)),
    ("the open list has a record that is not",
        |t| { t.table(OUTBOX_OPEN).unwrap().insert(99, ()).unwrap(); },
        "stray-entry", Place::Table("outbox_open")),
    ("the index of blocks lacks one",
        |t| drop(t.table(OUTBOX_BLOCKS).unwrap().remove(&blocks().0[10].hash.0).unwrap()),
        "block-not-indexed", Place::Entry(2)),
    ("the index of blocks has another record's",
        |t| { t.table(OUTBOX_BLOCKS).unwrap().insert(&blocks().0[10].hash.0, 3).unwrap(); },
        "block-not-indexed", Place::Entry(2)),
    ("the index of blocks has one too many",
        |t| { t.table(OUTBOX_BLOCKS).unwrap().insert(&[7; 32], 3).unwrap(); },
        "stray-entry", Place::Table("outbox_blocks")),
    ("the index of blocks has a record that is not",
        |t| { t.table(OUTBOX_BLOCKS).unwrap().insert(&[7; 32], 99).unwrap(); },
        "stray-entry", Place::Table("outbox_blocks")),
    ("a record names a block twice", |t| edit_entry(t, 2, |e| e.blocks.push(e.blocks[0])),
        "named-twice", Place::Entry(2)),
    ("a record stands in the best chain twice", stand_twice, "stands-twice", Place::Entry(2)),
    ("a settled record waits", |t| {
        edit_entry(t, 3, |e| e.state = State::SETTLED);
        t.table(OUTBOX_WAITING).unwrap().remove(3).unwrap();
    }, "not-settled", Place::Entry(3)),
    ("a record settled too early", |t| {
        edit_entry(t, 2, |e| e.state = State::SETTLED);
        t.table(OUTBOX_OPEN).unwrap().remove(2).unwrap();
    }, "not-settled", Place::Entry(2)),
];

fn damages() -> impl Iterator<Item = &'static Damage> {
    OF_RECORDS.iter().chain(OF_INDEXES).chain(OF_RUNS).chain(OF_THE_OUTBOX).chain(OF_THE_EVENT_LOG)
}

/// Does each damage to a copy of the store in `whole`, which nobody has open, and audits the copy.
#[track_caller]
pub(super) fn assert_found<'a>(whole: &TempDir, damages: impl Iterator<Item = &'a Damage>) {
    let mut missed = Vec::new();
    for (name, damage, code, place) in damages {
        let directory = TempDir::new();
        std::fs::create_dir_all(directory.path()).unwrap();
        let file = directory.path().join("chain.redb");
        std::fs::copy(whole.path().join("chain.redb"), &file).unwrap();
        {
            let database = Database::open(&file).unwrap();
            let mut transaction = database.begin_write().unwrap();
            transaction.set_quick_repair(true);
            damage(&transaction);
            transaction.commit().unwrap();
        }
        let closed = audit_directory(directory.path(), |_| ()).unwrap();
        // What is said of the kind cannot be read before it is open.
        let open = Store::open_existing(directory.path()).map(|store| store.audit());
        assert!(open.is_ok() || *place == Place::Fact("chain_kind"), "{name}: {open:?}");
        for (how, report) in [("closed", Some(closed)), ("open", open.ok())] {
            let Some(report) = report else { continue };
            let found = report.finding.as_ref().map(|found| (found.fault.code(), found.place));
            if found != Some((*code, *place)) {
                missed.push(format!("{name} ({how}): {:?}", report.finding));
            }
            if let Some(finding) = report.finding {
                let said = finding.to_string();
                assert!(said.contains("restore `chain.redb` from a backup"), "{said}");
                assert!(!said.contains(char::is_control), "{said}");
            }
        }
    }
    assert!(missed.is_empty(), "not found as they should be:\n{}", missed.join("\n"));
}

#[test]
fn every_damage_is_found_and_named_in_a_file_and_in_an_open_store() {
    let whole = TempDir::new();
    sound_store(&whole);
    assert_found(&whole, damages());
}

#[test]
fn first_bad_block_is_named_by_height_with_both_hashes() {
    let directory = TempDir::new();
    sound_store(&directory);
    {
        let database = Database::open(directory.path().join("chain.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        for height in [9, 7, 11] {
            edit(&transaction, order(height), |record| record.block.data.push('!'));
        }
        transaction.commit().unwrap();
    }
    let report = audit_directory(directory.path(), |_| ()).unwrap();
    assert_eq!(report.best_blocks, 6);
    let mut block = blocks().0[7].clone();
    let stored = block.hash;
    block.data.push('!');
    let said = report.finding.unwrap().to_string();
    let expected = format!(
        "block 7 is bad: the hash is {stored}, but the content hashes to {}; restore ",
        block.compute_hash()
    );
    assert!(said.starts_with(&expected), "{said}");
}

/// Codes of faults that are brought about elsewhere, or not by a store alone.
const ELSEWHERE: [(&str, &str); 2] = [
    ("bad-pages", "the tests of pages flip bytes of the file"),
    ("altered", "the tests of rows change them without their checksums"),
];

#[test]
fn no_kind_of_fault_is_without_a_damage_that_brings_it_about() {
    let mut missing = AuditFault::VARIANTS.to_vec();
    // A broken rule goes by the rule's own code.
    missing.retain(|code| *code != "rule");
    missing.extend(["bad-hash", "bad-index", "too-little-work", "block-too-long"]);
    missing.retain(|code| {
        !damages().any(|(_, _, found, _)| found == code)
            && !super::ledger::codes().any(|found| found == *code)
            && !ELSEWHERE.iter().any(|(elsewhere, _)| elsewhere == code)
    });
    assert!(missing.is_empty(), "nothing brings these about: {missing:?}");
}
