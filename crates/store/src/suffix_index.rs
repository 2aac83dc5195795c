//! From a hash to the orders of the blocks that may have it, or that may have the transaction of that id.
//!
//! Owns the four tables of each such index (`docs/formats/store.md`). Hashes come in no order, and a
//! tree on disk whose keys come in no order costs more for each entry the larger it is. So only the
//! youngest entries stand in such a tree. Once there are [`RUN_ENTRIES`] of them they are written out,
//! sorted, as a *run*, and runs of one size are merged into a larger one; everything is then written at
//! the end of a tree, and an entry is written once for each size, of which there are few however many
//! entries there are.
//!
//! A run covers the orders from its first up to its end, without gaps between runs. A block may have one
//! entry, many, or none. Knows nothing of what stands in a block.

mod parts;
mod read;
mod write;

use redb::Value;

pub(super) use self::read::IndexReader;
pub(super) use self::write::IndexWriter;
use super::checksummed::{ReadableTable, TableDefinition};
use super::fault::Fault;

/// Entries that are kept one by one before they become a run: few enough for a tree of some dozen
/// pages, and as many as one commit of a node that catches up brings.
pub(super) const RUN_ENTRIES: u64 = 4_096;
/// Runs of one size that are merged. With four, a chain of a million blocks has some ten runs, which
/// a look-up asks one after another, and each entry is written five times.
const MERGED_RUNS: usize = 4;
/// Entries of one part of a run: five parts of this size fill a page of the database.
const PART_ENTRIES: usize = 64;
/// Bytes of one entry in a part: the suffix, big-endian, and the order counted from the run's
/// first, as u32, little-endian.
const ENTRY_BYTES: usize = 12;

/// The tables of one index.
pub(crate) struct IndexTables<R: RunRow> {
    /// The youngest entries: suffix and order.
    pub(crate) young: TableDefinition<(u64, u64), ()>,
    /// Runs, by the first order that they cover.
    pub(crate) runs: TableDefinition<u64, R>,
    /// Parts of runs: packed entries by the run's name and the suffix of the first entry.
    pub(crate) parts: TableDefinition<(u64, u64), &'static [u8]>,
    /// Orders of evicted blocks with entries that still stand in a run.
    pub(crate) evicted: TableDefinition<u64, ()>,
}

/// Names of the tables of one index.
#[derive(Clone, Copy, Debug)]
pub(super) struct IndexNames {
    pub(super) young: &'static str,
    pub(super) runs: &'static str,
    pub(super) parts: &'static str,
    pub(super) evicted: &'static str,
}

impl<R: RunRow> IndexTables<R> {
    pub(super) fn names(&'static self) -> IndexNames {
        IndexNames {
            young: self.young.name(),
            runs: self.runs.name(),
            parts: self.parts.name(),
            evicted: self.evicted.name(),
        }
    }
}

/// A run of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The first order that it covers.
    pub(super) first: u64,
    /// The order after the last one.
    pub(super) end: u64,
    /// Names its parts.
    id: u64,
    /// How many entries it was written with.
    pub(super) entries: u64,
}

/// How a row of a table of runs says all of a run but its first order.
pub(crate) trait RunRow: for<'a> Value<SelfType<'a> = Self> + Copy + 'static {
    /// Whether the row says how many entries there are.
    const COUNTED: bool;

    /// The row of a run.
    fn of(run: Run) -> Self;
    /// The run of a row.
    fn run(self, first: u64) -> Run;
}

/// Where each block has one entry, how many there are follows from the orders.
impl RunRow for (u64, u64) {
    const COUNTED: bool = false;

    fn of(run: Run) -> Self {
        (run.end, run.id)
    }

    fn run(self, first: u64) -> Run {
        let (end, id) = self;
        Run { first, end, id, entries: end.saturating_sub(first) }
    }
}

/// Where blocks have any number of entries.
impl RunRow for (u64, u64, u64) {
    const COUNTED: bool = true;

    fn of(run: Run) -> Self {
        (run.end, run.id, run.entries)
    }

    fn run(self, first: u64) -> Run {
        let (end, id, entries) = self;
        Run { first, end, id, entries }
    }
}

impl Run {
    /// Four runs at the end, none of a higher level than the last, become one.
    fn level(&self) -> u32 {
        (self.entries / RUN_ENTRIES).checked_ilog(MERGED_RUNS as u64).unwrap_or(0)
    }

    fn span(&self) -> u64 {
        self.end.saturating_sub(self.first)
    }
}

fn runs<R: RunRow>(table: &impl ReadableTable<u64, R>) -> Result<Vec<Run>, Fault> {
    table
        .iter()?
        .map(|entry| {
            let (first, row) = entry?;
            Ok(row.value().run(first.value()))
        })
        .collect()
}

/// The entries of a part: suffix and order.
fn entries(run: Run, bytes: &[u8]) -> impl Iterator<Item = (u64, u64)> + '_ {
    let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
    entries.iter().map(move |entry| {
        let (suffix, offset) = entry.split_at(8);
        let suffix = suffix.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
        let offset = offset.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
        (suffix, run.first.saturating_add(offset))
    })
}
