//! The audit of an index, of hashes or of transactions: that it is in order, and has nothing but what
//! it leads to.
//!
//! That it lacks nothing is seen where each block is looked at.

use std::collections::HashSet;

use super::blocks::BlockTables;
use super::{AuditFault, Auditor, Place};
use crate::suffix_index::{IndexReader, Run};

/// An index and what is known of it.
pub(super) struct Indexed<'a> {
    pub(super) index: &'a IndexReader,
    /// Entries that it has, if it has no other than those that were looked for.
    pub(super) entries: u64,
    /// Whether a record says nothing of an entry.
    pub(super) is_stray: &'a dyn Fn(u64, u64) -> bool,
    /// What is wrong with such an entry.
    pub(super) stray: fn(u64, u64) -> AuditFault,
}

/// What is counted of the runs.
#[derive(Default)]
struct Counted {
    parts: u64,
    /// Entries of blocks that are stored, if all is right.
    entries: u64,
    /// Orders with entries that are noted as evicted; they go where runs are merged.
    evicted: HashSet<u64>,
}

impl Auditor {
    /// What should have an entry was found to have one, so where there are as many entries as that
    /// there are no others. Otherwise the first other is named.
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
            let entries = count_run(index, *run, &mut counted)?;
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
        let mut last = None;
        for entry in index.young_entries()? {
            let (suffix, order) = entry?;
            if last.replace((suffix, order)).is_some_and(|last| last >= (suffix, order)) {
                return Err(AuditFault::unordered());
            }
            entries += 1;
            if order < due || entries > indexed.entries {
                return self.first_stray_entry(indexed, due);
            }
        }
        if entries > indexed.entries { self.first_stray_entry(indexed, due) } else { Ok(()) }
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
fn count_run(index: &IndexReader, run: Run, counted: &mut Counted) -> Result<u64, AuditFault> {
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
            if index.is_evicted(entry.1)? {
                counted.evicted.insert(entry.1);
            } else {
                counted.entries += 1;
            }
        }
    }
    Ok(all)
}
