//! Damages of what a ledger's store has beside blocks, each named by the audit.

use borsh::{BorshDeserialize, BorshSerialize};
use kusari_chain::Work;
use kusari_chain::ledger::{BodyEntry, Commitment, Equivocation};
use kusari_node::store::StoreBatch;
use kusari_store::{Place, Store};

use super::damage::{BLOCKS, Damage, META, OUTBOX_BLOCKS, Transaction, assert_found, edit_entry};
use super::sound::{Record, State, assert_sound};
use crate::forge::{
    BESIDE, LEDGER_SIDE, LEDGER_TIP, Person, body_of_two, ledger_writes, sound_ledger_store, spec,
};
use crate::support::TempDir;
use kusari_store::checksummed::{ReadableTable, TableDefinition, WriteTables};

const BODIES: TableDefinition<u64, &[u8]> = TableDefinition::new("bodies");
const ACCOUNTS: TableDefinition<&[u8; 32], (u64, u64)> = TableDefinition::new("accounts");
const PREDECESSORS: TableDefinition<(&[u8; 32], u64), &[u8]> = TableDefinition::new("predecessors");
const POOL: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("pool");
const STATEMENTS: TableDefinition<(&[u8; 32], u64), &[u8]> = TableDefinition::new("statements");
const EQUIVOCATIONS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("equivocations");
const BY_TXID: TableDefinition<(u64, u64), ()> = TableDefinition::new("by_txid");
const TXID_RUNS: TableDefinition<u64, (u64, u64, u64)> = TableDefinition::new("txid_runs");
const TXID_PARTS: TableDefinition<(u64, u64), &'static [u8]> = TableDefinition::new("txid_parts");
const TXID_EVICTED: TableDefinition<u64, ()> = TableDefinition::new("txid_evicted");

const BY_CONTENT: TableDefinition<(u64, u64), ()> = TableDefinition::new("by_content");
const BY_ADDRESS: TableDefinition<(u64, u64), ()> = TableDefinition::new("by_address");
const HISTORY: TableDefinition<(u8, u32), &'static [u8]> = TableDefinition::new("history");

/// A ledger block's record without its body, by the letter of `docs/formats/store.md`.
#[derive(BorshSerialize, BorshDeserialize)]
struct Whole {
    record: Record,
    active_s: u64,
    latest: u64,
    subtrees: Vec<[u8; 32]>,
    commitment: Commitment,
    counted_bytes: u64,
}

fn edit(transaction: &Transaction, height: u32, change: impl FnOnce(&mut Whole)) {
    let mut table = transaction.table(BLOCKS).unwrap();
    let order = u64::from(height) - 1;
    let mut whole: Whole = borsh::from_slice(table.get(order).unwrap().unwrap().value()).unwrap();
    change(&mut whole);
    table.insert(order, borsh::to_vec(&whole).unwrap().as_slice()).unwrap();
}

fn edit_body(transaction: &Transaction, height: u32, change: impl FnOnce(&mut Vec<BodyEntry>)) {
    let mut table = transaction.table(BODIES).unwrap();
    let order = u64::from(height) - 1;
    let bytes = table.get(order).unwrap().unwrap().value().to_vec();
    let mut body: Vec<BodyEntry> = borsh::from_slice(&bytes).unwrap();
    change(&mut body);
    table.insert(order, borsh::to_vec(&body).unwrap().as_slice()).unwrap();
}

/// Makes one run of all entries of the index of transactions, which claims to have `more` than it has.
fn make_run(transaction: &Transaction, more: u64, edit: impl FnOnce(&mut Vec<(u64, u64)>)) {
    let mut young = transaction.table(BY_TXID).unwrap();
    let mut entries: Vec<(u64, u64)> =
        young.iter().unwrap().map(|entry| entry.unwrap().0.value()).collect();
    young.clear().unwrap();
    edit(&mut entries);
    let packed: Vec<u8> = entries
        .iter()
        .flat_map(|&(suffix, order)| {
            let offset = u32::try_from(order).unwrap();
            suffix.to_be_bytes().into_iter().chain(offset.to_le_bytes())
        })
        .collect();
    let key = (0, entries[0].0);
    transaction.table(TXID_PARTS).unwrap().insert(key, packed.as_slice()).unwrap();
    let row = (LEDGER_SIDE + 2, 0, entries.len() as u64 + more);
    transaction.table(TXID_RUNS).unwrap().insert(0, row).unwrap();
}

fn statement_place(person: u8, sequence: u64) -> Place {
    Place::Statement { key: Person::new(person).key(), sequence }
}

fn edit_statement(t: &Transaction, person: u8, change: impl FnOnce(&mut Vec<u8>)) {
    let mut table = t.table(STATEMENTS).unwrap();
    let key = Person::new(person).key();
    let mut bytes = table.get((&key.0, 0)).unwrap().unwrap().value().to_vec();
    change(&mut bytes);
    table.insert((&key.0, 0), bytes.as_slice()).unwrap();
}

fn edit_evidence(t: &Transaction, change: impl FnOnce(&mut Vec<u8>)) {
    let mut table = t.table(EQUIVOCATIONS).unwrap();
    let mut bytes = table.first().unwrap().unwrap().1.value().to_vec();
    change(&mut bytes);
    table.insert(&Person::new(6).key().0, bytes.as_slice()).unwrap();
}

fn set_account(t: &Transaction, person: u8, content: (u64, u64)) {
    let key = Person::new(person).key();
    t.table(ACCOUNTS).unwrap().insert(&key.0, content).unwrap();
}

fn place_of(person: u8) -> Place {
    Place::Account(Person::new(person).key())
}

fn suffix() -> u64 {
    kusari_chain::BlockHash(body_of_two()[0].transaction.txid().0).suffix()
}

fn remove_of_order(t: &Transaction, table: TableDefinition<(u64, u64), ()>, order: u64) {
    let mut table = t.table(table).unwrap();
    let entries: Vec<_> = table.iter().unwrap().map(|entry| entry.unwrap().0.value()).collect();
    let entry = entries.into_iter().find(|entry| entry.1 == order).unwrap();
    table.remove(entry).unwrap();
}

fn edit_tile(t: &Transaction, key: (u8, u32), place: usize) {
    let mut table = t.table(HISTORY).unwrap();
    let mut bytes = table.get(key).unwrap().unwrap().value().to_vec();
    bytes[place] ^= 1;
    table.insert(key, bytes.as_slice()).unwrap();
}

/// A damage, its fault's code, and its place, which is not known before the blocks are mined.
type LedgerDamage = (&'static str, fn(&Transaction), &'static str, fn() -> Place);

#[rustfmt::skip]
const OF_LEDGERS: &[LedgerDamage] = &[
    ("a body is gone", |t| {
        t.table(BODIES).unwrap().remove(4).unwrap();
    }, "bad-body", || Place::Best(5)),
    ("there is a body without a block", |t| {
        t.table(BODIES).unwrap().insert(99, &[0; 4][..]).unwrap();
    }, "stray-body", || Place::Table("bodies")),
    ("a block says a wrong size", |t| edit(t, 2, |w| w.counted_bytes -= 1),
        "bad-size", || Place::Best(2)),
    ("a body is cut off", |t| {
        let mut table = t.table(BODIES).unwrap();
        let bytes = table.get(1).unwrap().unwrap().value().to_vec();
        table.insert(1, &bytes[..bytes.len() - 3]).unwrap();
    }, "unreadable", || Place::Best(2)),
    ("the commitment is another one", |t| edit(t, 5, |w| w.commitment.history_root.0[3] ^= 1),
        "bad-commitment", || Place::Best(5)),
    ("a transaction is gone", |t| edit_body(t, 2, |body| drop(body.pop())),
        "bad-size", || Place::Best(2)),
    ("a transaction is another one", |t| edit_body(t, 2, |body| body[1].transaction.amount = 1),
        "bad-body-root", || Place::Best(2)),
    ("a payload is another one", |t| edit_body(t, 2, |body| {
        body[0].payload.as_mut().unwrap().data = String::from("what is to be remembered a day!");
    }), "payload-mismatch", || Place::Best(2)),
    ("a work is one too many", |t| edit(t, 5, |w| {
        w.record.work = Work::from_be_bytes(w.record.work).plus(Work::of_classic_blocks(1)).to_be_bytes();
    }), "bad-work", || Place::Best(5)),
    ("a body counts for nothing", |t| edit(t, 5, |w| w.record.total_bytes -= 168),
        "bad-bytes", || Place::Best(5)),
    ("the active time changed", |t| edit(t, 5, |w| w.active_s += 1), "bad-time", || Place::Best(5)),
    ("the latest time changed", |t| edit(t, 5, |w| w.latest -= 1), "bad-time", || Place::Best(5)),
    ("a part of the history is another one", |t| edit(t, 63, |w| w.subtrees[0][7] ^= 1),
        "bad-subtrees", || Place::Best(63)),
    ("a part of the history is where none belongs", |t| edit(t, 5, |w| w.subtrees.push([1; 32])),
        "bad-subtrees", || Place::Best(5)),
    ("a side block's time changed", |t| edit(t, LEDGER_TIP + 2, |w| w.latest += 1),
        "bad-time", || Place::Side { order: LEDGER_SIDE + 1, height: Some(BESIDE + 1) }),
    ("an account owns more", |t| set_account(t, 2, (260, 2)), "bad-account", || place_of(2)),
    ("an account was used less", |t| set_account(t, 2, (259, 1)), "bad-account", || place_of(2)),
    ("an account is gone",
        |t| drop(t.table(ACCOUNTS).unwrap().remove(&Person::new(1).key().0).unwrap()),
        "bad-account", || place_of(1)),
    ("an account is there that nobody paid to", |t| set_account(t, 7, (1, 0)),
        "bad-account", || place_of(7)),
    ("an empty account is kept", |t| set_account(t, 7, (0, 0)), "bad-account", || place_of(7)),
    ("the index of transactions lacks one",
        |t| drop(t.table(BY_TXID).unwrap().remove((suffix(), 1)).unwrap()),
        "transaction-not-indexed", || Place::Best(2)),
    ("the index has a transaction that no block has",
        |t| { t.table(BY_TXID).unwrap().insert((77, 1), ()).unwrap(); },
        "stray-transaction", || Place::Table("by_txid")),
    ("a run has a transaction that no block has",
        |t| make_run(t, 0, |run| run.push((u64::MAX, 1))),
        "stray-transaction", || Place::Table("txid_parts")),
    ("a run lacks a transaction", |t| make_run(t, 0, |run| run.retain(|entry| entry.0 != suffix())),
        "transaction-not-indexed", || Place::Best(2)),
    ("a run says a wrong number of entries", |t| make_run(t, 1, |_| ()),
        "bad-count", || Place::Table("txid_runs")),
    ("a stored block is noted as evicted", |t| {
        make_run(t, 0, |_| ());
        t.table(TXID_EVICTED).unwrap().insert(40, ()).unwrap();
    }, "stray-eviction", || Place::Table("txid_evicted")),
    ("the index of contents lacks one", |t| remove_of_order(t, BY_CONTENT, 1),
        "content-not-indexed", || Place::Best(2)),
    ("the index of contents has one that no block records",
        |t| { t.table(BY_CONTENT).unwrap().insert((77, 1), ()).unwrap(); },
        "stray-lookup", || Place::Table("by_content")),
    ("the index of addresses lacks one", |t| remove_of_order(t, BY_ADDRESS, 1),
        "address-not-indexed", || Place::Best(2)),
    ("the index of addresses has somebody whom no block concerns",
        |t| { t.table(BY_ADDRESS).unwrap().insert((77, 1), ()).unwrap(); },
        "stray-lookup", || Place::Table("by_address")),
    ("a hash of the history changed", |t| edit_tile(t, (0, 0), 35), "bad-history",
        || Place::Table("history")),
    ("a root of the history changed", |t| edit_tile(t, (1, 0), 3), "bad-history",
        || Place::Table("history")),
    ("the history has a tile too many",
        |t| { t.table(HISTORY).unwrap().insert((3, 0), &[1][..]).unwrap(); },
        "bad-history", || Place::Table("history")),
    ("a waiting transaction is another one", |t| {
        let mut table = t.table(POOL).unwrap();
        let (key, mut bytes) = {
            let row = table.first().unwrap().unwrap();
            (*row.0.value(), row.1.value().to_vec())
        };
        bytes[70] ^= 1;
        table.insert(&key, bytes.as_slice()).unwrap();
    }, "bad-waiting", || Place::Waiting(Person::new(3).record(0, "waiting").transaction.txid())),
    ("a waiting transaction is cut off", |t| {
        let mut table = t.table(POOL).unwrap();
        let key = *table.first().unwrap().unwrap().0.value();
        table.insert(&key, &[1, 2][..]).unwrap();
    }, "unreadable", || Place::Table("pool")),
    ("a predecessor stands under another sequence", |t| {
        let mut table = t.table(PREDECESSORS).unwrap();
        let key = Person::new(4).key();
        let bytes = table.remove((&key.0, 6)).unwrap().unwrap().value().to_vec();
        table.insert((&key.0, 7), bytes.as_slice()).unwrap();
    }, "misplaced-predecessor", || Place::Predecessor {
        sender: Person::new(4).key(), sequence: 7,
    }),
    ("a predecessor is cut off", |t| {
        let mut table = t.table(PREDECESSORS).unwrap();
        table.insert((&Person::new(4).key().0, 6), &[1, 2][..]).unwrap();
    }, "unreadable", || Place::Table("predecessors")),
    ("an entry names two transactions", |t| {
        let other = [9; 32];
        edit_entry(t, 2, |entry| entry.blocks.push(kusari_chain::BlockHash(other)));
        t.table(OUTBOX_BLOCKS).unwrap().insert(&other, 2).unwrap();
    }, "not-one-transaction", || Place::Entry(2)),
    ("a waiting entry is settled", |t| {
        edit_entry(t, 2, |entry| entry.state = State::SETTLED);
        for list in ["outbox_waiting", "outbox_open"] {
            t.table(TableDefinition::<u64, ()>::new(list)).unwrap().remove(2).unwrap();
        }
    }, "not-settled", || Place::Entry(2)),
    ("a statement has other words", |t| edit_statement(t, 4, |bytes| bytes[72] ^= 1),
        "bad-statement-signature", || statement_place(4, 0)),
    ("a statement stands under another sequence", |t| {
        let mut table = t.table(STATEMENTS).unwrap();
        let key = Person::new(5).key();
        let bytes = table.remove((&key.0, 0)).unwrap().unwrap().value().to_vec();
        table.insert((&key.0, 1), bytes.as_slice()).unwrap();
    }, "misplaced-statement", || statement_place(5, 1)),
    ("a statement is cut off", |t| {
        let key = Person::new(4).key();
        t.table(STATEMENTS).unwrap().insert((&key.0, 0), &[1, 2][..]).unwrap();
    }, "unreadable", || Place::Table("statements")),
    ("evidence proves nothing", |t| edit_evidence(t, |bytes| bytes.copy_within(..180, 180)),
        "no-evidence", || Place::Equivocation(Person::new(6).key())),
    ("evidence is not signed", |t| edit_evidence(t, |bytes| {
        let mut pair: Equivocation = borsh::from_slice(bytes).unwrap();
        pair.first.signature.0[0] ^= 1;
        pair = Equivocation::of(pair.first, pair.second).unwrap();
        *bytes = borsh::to_vec(&pair).unwrap();
    }), "bad-statement-signature", || Place::Equivocation(Person::new(6).key())),
    ("evidence is against another key", |t| {
        let mut table = t.table(EQUIVOCATIONS).unwrap();
        let bytes = table.first().unwrap().unwrap().1.value().to_vec();
        table.insert(&Person::new(9).key().0, bytes.as_slice()).unwrap();
    }, "misplaced-statement", || Place::Equivocation(Person::new(9).key())),
    ("the spec is another one", |t| {
        let mut other = spec();
        other.reward += 1;
        let bytes = borsh::to_vec(&other).unwrap();
        t.table(META).unwrap().insert("chain_spec", bytes.as_slice()).unwrap();
    }, "unreadable", || Place::Fact("chain_kind")),
];

/// Codes of the damages here.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    OF_LEDGERS.iter().map(|damage| damage.2)
}

#[test]
fn every_damage_of_a_ledger_is_found_and_named() {
    let whole = TempDir::new();
    drop(sound_ledger_store(&whole));
    let damages: Vec<Damage> = OF_LEDGERS
        .iter()
        .map(|(name, damage, code, place)| (*name, *damage, *code, place()))
        .collect();
    assert_found(&whole, damages.iter());
}

#[test]
fn a_sound_ledger_is_found_sound_open_and_closed() {
    let directory = TempDir::new();
    drop(sound_ledger_store(&directory));
    let report = assert_sound(&directory);
    assert_eq!((report.best_blocks, report.side_blocks), (LEDGER_TIP, 2));
    assert_eq!((report.outbox_entries, report.waiting_entries), (2, 1));
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap();
    assert_eq!(store.audit().finding, None);
}

#[test]
fn a_ledger_is_sound_after_every_commit() {
    let store = Store::ephemeral_chain(Some(&spec())).unwrap();
    for writes in ledger_writes().chunks(9) {
        let batch = StoreBatch { blocks: writes.to_vec(), ..StoreBatch::default() };
        store.commit(&[batch]).unwrap();
    }
    assert_eq!(store.audit().finding, None);
}
