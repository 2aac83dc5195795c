//! The tables: their names, key and value types, and the keys of `meta`.
//!
//! Owns what `docs/formats/store.md` describes. Any change here is a new [`SCHEMA_VERSION`].

use redb::Value;

use super::checksummed::{ReadableTable, TableDefinition};
use super::fault::Fault;
use super::row_key::RowKey;
use super::suffix_index::{IndexTables, RunRow};

/// Version of everything in this file, in `record` and in `suffix_index`.
pub(crate) const SCHEMA_VERSION: u64 = 3;
/// The last version whose rows have no checksums.
pub(crate) const LAST_UNCHECKED_VERSION: u64 = 2;

/// Facts about the whole store.
pub(crate) const META: TableDefinition<&'static str, &'static [u8]> = TableDefinition::new("meta");
/// Block record by order, on a ledger without the body. The key only rises, so new blocks go to the end
/// of the tree.
pub(crate) const BLOCKS: TableDefinition<u64, &'static [u8]> = TableDefinition::new("blocks");
/// Order by height, for the best chain.
pub(crate) const BEST: TableDefinition<u32, u64> = TableDefinition::new("best");
/// The index of hashes. Eight bytes instead of 32 keep it small; two hashes may share a suffix, so a
/// reader compares the whole hash.
pub(crate) static HASHES: IndexTables<(u64, u64)> = IndexTables {
    young: TableDefinition::new("by_hash"),
    runs: TableDefinition::new("hash_runs"),
    parts: TableDefinition::new("hash_parts"),
    evicted: TableDefinition::new("evicted"),
};
/// Order of every block that is not in the best chain.
pub(crate) const SIDE: TableDefinition<u64, ()> = TableDefinition::new("side");
/// Since when a branch is held, in Unix seconds, and how deep it would have reverted then, by the hash
/// of its first block.
pub(crate) const HELD: TableDefinition<&'static [u8; 32], (u64, u32)> =
    TableDefinition::new("held");
/// Outbox record by entry number.
pub(crate) const OUTBOX: TableDefinition<u64, &'static [u8]> = TableDefinition::new("outbox");
/// Numbers of the entries that wait to be mined.
pub(crate) const OUTBOX_WAITING: TableDefinition<u64, ()> = TableDefinition::new("outbox_waiting");
/// Numbers of the entries that are not settled, and were mined or signed once.
pub(crate) const OUTBOX_OPEN: TableDefinition<u64, ()> = TableDefinition::new("outbox_open");
/// Numbers of the entries that are displaced, each after the id of the transaction that did it.
pub(crate) const OUTBOX_DISPLACED: TableDefinition<(&'static [u8; 32], u64), ()> =
    TableDefinition::new("outbox_displaced");
/// Entry number by the hash of a block that was mined for it, or by the id of a transaction that it
/// was signed as.
pub(crate) const OUTBOX_BLOCKS: TableDefinition<&'static [u8; 32], u64> =
    TableDefinition::new("outbox_blocks");

/// Under what an entry of the event log stands: its kind and its number.
pub(crate) type EventKey = (u8, u64);
/// Entries of the event log, as JSON. This table and the next two come with the first entry.
pub(crate) const EVENTS: TableDefinition<EventKey, &'static [u8]> = TableDefinition::new("trail");
/// What an entry is found under: what the subject is, eight bytes of its name, the entry's number.
pub(crate) type EventSubjectKey = (u8, u64, u64);
/// Kind of the entry that is found under it.
pub(crate) const EVENT_SUBJECTS: TableDefinition<EventSubjectKey, u8> =
    TableDefinition::new("trail_subjects");
/// How many entries of a kind there are, and their bytes.
pub(crate) const EVENT_SIZES: TableDefinition<u8, (u64, u64)> = TableDefinition::new("trail_sizes");

// The tables from here on are in the store of a ledger alone.

/// Record of a block's body by order: headers are read without it.
pub(crate) const BODIES: TableDefinition<u64, &'static [u8]> = TableDefinition::new("bodies");
/// Balance and sequence by key, of every account that is not empty.
pub(crate) const ACCOUNTS: TableDefinition<&'static [u8; 32], (u64, u64)> =
    TableDefinition::new("accounts");
/// Record of a waiting transaction by its id.
pub(crate) const POOL: TableDefinition<&'static [u8; 32], &'static [u8]> =
    TableDefinition::new("pool");
/// Under what a predecessor of our own transactions stands: its sender and its sequence.
pub(crate) type PredecessorKey = (&'static [u8; 32], u64);
/// Record of a predecessor.
pub(crate) const PREDECESSORS: TableDefinition<PredecessorKey, &'static [u8]> =
    TableDefinition::new("predecessors");
/// Ids of transactions whose payloads were erased here.
pub(crate) const ERASED: TableDefinition<&'static [u8; 32], ()> = TableDefinition::new("erased");

/// Under what a statement of a witness stands: its key and its sequence.
pub(crate) type StatementKey = (&'static [u8; 32], u64);
/// Record of a statement.
pub(crate) const STATEMENTS: TableDefinition<StatementKey, &'static [u8]> =
    TableDefinition::new("statements");
/// Record of the evidence against the key of a witness.
pub(crate) const EQUIVOCATIONS: TableDefinition<&'static [u8; 32], &'static [u8]> =
    TableDefinition::new("equivocations");

/// Nothing but zeros, while freed pages are overwritten; empty otherwise.
pub(crate) const ZEROS: TableDefinition<u64, &'static [u8]> = TableDefinition::new("zeros");
/// The index of transactions: from the suffix of an id to the blocks that may hold the transaction.
pub(crate) static TRANSACTIONS: IndexTables<(u64, u64, u64)> = IndexTables {
    young: TableDefinition::new("by_txid"),
    runs: TableDefinition::new("txid_runs"),
    parts: TableDefinition::new("txid_parts"),
    evicted: TableDefinition::new("txid_evicted"),
};

/// The history of the best chain: a tile by its level and its number on it.
pub(crate) const HISTORY: TableDefinition<(u8, u32), &'static [u8]> =
    TableDefinition::new("history");
/// The index of contents: from the suffix of a content's hash to the blocks that may record it.
pub(crate) static CONTENTS: IndexTables<(u64, u64, u64)> = IndexTables {
    young: TableDefinition::new("by_content"),
    runs: TableDefinition::new("content_runs"),
    parts: TableDefinition::new("content_parts"),
    evicted: TableDefinition::new("content_evicted"),
};
/// The index of addresses: from the suffix of a key to the blocks that may concern it.
pub(crate) static ADDRESSES: IndexTables<(u64, u64, u64)> = IndexTables {
    young: TableDefinition::new("by_address"),
    runs: TableDefinition::new("address_runs"),
    parts: TableDefinition::new("address_parts"),
    evicted: TableDefinition::new("address_evicted"),
};

/// Keys of [`META`]. Numbers are eight bytes, little-endian; the chain kind is text, the spec Borsh.
pub(crate) mod meta {
    pub(crate) const SCHEMA_VERSION: &str = "schema_version";
    pub(crate) const CHAIN_KIND: &str = "chain_kind";
    /// Of a ledger alone.
    pub(crate) const CHAIN_SPEC: &str = "chain_spec";
    /// Kept apart from the blocks: the highest may be evicted, and no order is used twice.
    pub(crate) const NEXT_ORDER: &str = "next_order";
    pub(crate) const NEXT_ENTRY_ID: &str = "next_entry_id";
    /// Bytes of the entries that wait.
    pub(crate) const OUTBOX_BYTES: &str = "outbox_bytes";
    /// Nothing; absent until a peer of this chain introduces itself.
    pub(crate) const MET_PEER: &str = "met_peer";
    /// A hash, 32 bytes; absent until a person accepts a branch.
    pub(crate) const ACCEPTED_BRANCH: &str = "accepted_branch";
}

/// What is done with every table of a store.
pub(crate) trait EachTable {
    /// Why it was not done.
    type Error;

    fn table<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Self::Error>;

    /// The same with one that comes with its first row.
    fn late<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Self::Error>;

    /// The same with one that is empty between two commits.
    fn passing<K: RowKey, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<K, V>,
    ) -> Result<(), Self::Error> {
        self.table(definition)
    }

    fn index<R: RunRow>(&mut self, index: &IndexTables<R>) -> Result<(), Self::Error> {
        self.table(index.young)?;
        self.table(index.runs)?;
        self.table(index.parts)?;
        self.table(index.evicted)
    }

    /// Does it with all that a store of a ledger, or of the classic chain, has.
    fn with_all(&mut self, is_ledger: bool) -> Result<(), Self::Error> {
        self.table(META)?;
        self.table(BLOCKS)?;
        self.table(BEST)?;
        self.index(&HASHES)?;
        self.table(SIDE)?;
        self.table(HELD)?;
        self.table(OUTBOX)?;
        self.table(OUTBOX_WAITING)?;
        self.table(OUTBOX_OPEN)?;
        self.table(OUTBOX_DISPLACED)?;
        self.table(OUTBOX_BLOCKS)?;
        self.late(EVENTS)?;
        self.late(EVENT_SUBJECTS)?;
        self.late(EVENT_SIZES)?;
        if is_ledger {
            self.table(BODIES)?;
            self.table(ACCOUNTS)?;
            self.table(POOL)?;
            self.late(PREDECESSORS)?;
            self.table(ERASED)?;
            self.passing(ZEROS)?;
            self.index(&TRANSACTIONS)?;
            self.table(HISTORY)?;
            self.index(&CONTENTS)?;
            self.index(&ADDRESSES)?;
            self.table(STATEMENTS)?;
            self.table(EQUIVOCATIONS)?;
        }
        Ok(())
    }
}

/// Reads a number of [`META`].
pub(crate) fn read_number(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    key: &str,
) -> Result<u64, Fault> {
    let unreadable = |reason| Fault::unreadable("meta", key, reason);
    let stored = table.get(key)?.ok_or_else(|| unreadable("there is none"))?;
    let bytes = stored.value().try_into().map_err(|_| unreadable("it is not a number"))?;
    Ok(u64::from_le_bytes(bytes))
}
