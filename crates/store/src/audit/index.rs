//! The audit of an index, of hashes or of transactions: that it is in order, and has what it is to have
//! and nothing else.
//!
//! What it is to have is summed up where each block is looked at, and what it has where it is read from one end
//! to the other: a look-up for each entry would take as long as the signatures. Where the sums differ, the
//! first entry is named that is missing, or is one too many.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::blocks::BlockTables;
use super::{AuditFault, Auditor, Place};
use crate::suffix_index::{IndexReader, Run};

/// An index and what is known of it.
pub(super) struct Indexed<'a> {
    pub(super) index: &'a IndexReader,
    /// Entries that it is to have.
    pub(super) entries: EntrySum,
    /// Whether a record says nothing of an entry.
    pub(super) is_stray: &'a dyn Fn(u64, u64) -> bool,
    /// What is wrong with such an entry.
    pub(super) stray: fn(u64, u64) -> AuditFault,
}

/// A set of entries in short. Two different ones are the same by chance alone, once in 2^64 times: the keys of
/// the hash are drawn for each audit, so that no store can be made for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EntrySum {
    count: u64,
    sum: u64,
}

impl EntrySum {
    pub(super) fn add(&mut self, keys: &RandomState, suffix: u64, order: u64) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(keys.hash_one((suffix, order)));
    }

    pub(super) fn add_all(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// What is counted of the runs.
#[derive(Default)]
struct Counted {
    parts: u64,
    /// Entries of blocks that are stored, if all is right.
    entries: EntrySum,
    /// Orders with entries that are noted as evicted; they go where runs are merged.
    evicted: HashSet<u64>,
}

impl Auditor {
    pub(super) fn audit_index(
        &mut self,
        tables: &BlockTables,
        indexed: &Indexed<'_>,
    ) -> Result<(), AuditFault> {
        let (index, names) = (indexed.index, indexed.index.names());
        let mut counted = Counted::default();
        let mut due = 0;
        for run in index.runs() {
            self.place = Place::Table(names.runs);
            if run.first != due || run.end <= run.first || run.end > tables.next_order {
                return Err(AuditFault::BadRun { first: run.first, due });
            }
            due = run.end;
            self.place = Place::Table(names.parts);
            let entries = count_run(tables, index, *run, &mut counted)?;
            if index.is_counted() && entries != run.entries {
                self.place = Place::Table(names.runs);
                let (first, stored, computed) = (run.first, run.entries, entries);
                return Err(AuditFault::BadCount { first, stored, computed });
            }
        }
        self.place = Place::Table(names.parts);
        if index.part_count()? != counted.parts {
            return Err(AuditFault::StrayPart);
        }
        self.place = Place::Table(names.evicted);
        audit_evicted(tables, index, &counted.evicted)?;
        self.place = Place::Table(names.young);
        let mut entries = counted.entries;
        let (mut last, mut is_covered) = (None, false);
        for entry in index.young_entries()? {
            let (suffix, order) = entry?;
            if last.replace((suffix, order)).is_some_and(|last| last >= (suffix, order)) {
                return Err(AuditFault::unordered());
            }
            entries.add(&tables.keys, suffix, order);
            is_covered |= order < due;
        }
        if entries == indexed.entries && !is_covered {
            return Ok(());
        }
        let place = self.place;
        self.first_unindexed(tables)?;
        self.place = place;
        self.first_stray_entry(indexed, due)
    }

    fn first_stray_entry(&mut self, indexed: &Indexed<'_>, due: u64) -> Result<(), AuditFault> {
        let Indexed { index, is_stray, stray, .. } = indexed;
        for entry in index.young_entries()? {
            let (suffix, order) = entry?;
            if order < due || is_stray(suffix, order) {
                return Err(stray(suffix, order));
            }
        }
        self.place = Place::Table(index.names().parts);
        for run in index.runs() {
            for part in index.parts_of(*run)? {
                for (suffix, order) in part?.1 {
                    if !index.is_evicted(order)? && is_stray(suffix, order) {
                        return Err(stray(suffix, order));
                    }
                }
            }
        }
        Err(AuditFault::unordered())
    }
}

/// Every order that is noted as evicted has an entry in a run and no record.
fn audit_evicted(
    tables: &BlockTables,
    index: &IndexReader,
    in_runs: &HashSet<u64>,
) -> Result<(), AuditFault> {
    for order in index.evicted()? {
        let order = order?;
        if !in_runs.contains(&order) || tables.record(order).is_ok() {
            return Err(AuditFault::StrayEviction { order });
        }
    }
    Ok(())
}

/// Returns how many entries the run has.
fn count_run(
    tables: &BlockTables,
    index: &IndexReader,
    run: Run,
    counted: &mut Counted,
) -> Result<u64, AuditFault> {
    let has_evicted = index.evicted()?.next().is_some();
    let mut last: Option<(u64, u64)> = None;
    let mut all = 0;
    for part in index.parts_of(run)? {
        let (key, entries) = part?;
        counted.parts += 1;
        // One suffix never stands in two parts: a look-up reads only one.
        let apart = entries.first().is_some_and(|first| first.0 == key)
            && last.is_none_or(|last| last.0 < key);
        if !apart {
            return Err(AuditFault::unordered());
        }
        for entry in entries {
            if last.replace(entry).is_some_and(|last| last >= entry) || entry.1 >= run.end {
                return Err(AuditFault::unordered());
            }
            all += 1;
            if has_evicted && index.is_evicted(entry.1)? {
                counted.evicted.insert(entry.1);
            } else {
                counted.entries.add(&tables.keys, entry.0, entry.1);
            }
        }
    }
    Ok(all)
}
