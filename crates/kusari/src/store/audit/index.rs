//! The audit of the index of hashes: that it is in order, and has nothing but what blocks it leads to.
//!
//! That it lacks no block is seen where each block is looked at.

use super::blocks::BlockTables;
use super::{AuditFault, Auditor, Place};
use crate::store::hash_index::Run;

const YOUNG: Place = Place::Table("by_hash");
const RUNS: Place = Place::Table("hash_runs");
const PARTS: Place = Place::Table("hash_parts");
const EVICTED: Place = Place::Table("evicted");

/// What is counted of the runs.
#[derive(Default)]
struct Counted {
    parts: u64,
    /// Entries of blocks that are stored, if all is right.
    entries: u64,
    evicted: u64,
}

impl Auditor {
    /// Every block has its entry, so where there are as many entries as blocks there are no others.
    /// Otherwise the first other is named.
    pub(super) fn audit_index(
        &mut self,
        tables: &BlockTables,
        blocks: u64,
    ) -> Result<(), AuditFault> {
        let mut counted = Counted::default();
        let mut due = 0;
        for run in tables.index.runs() {
            self.place = RUNS;
            if run.first != due || run.end <= run.first || run.end > tables.next_order {
                return Err(AuditFault::WrongRun { first: run.first, due });
            }
            due = run.end;
            self.place = PARTS;
            count_run(tables, *run, &mut counted)?;
        }
        self.place = PARTS;
        if tables.index.part_count()? != counted.parts {
            return Err(AuditFault::StrayPart);
        }
        self.place = EVICTED;
        self.audit_evicted(tables, counted.evicted)?;
        self.place = YOUNG;
        let mut entries = counted.entries;
        let mut last = None;
        for entry in tables.index.young_entries()? {
            let (suffix, order) = entry?;
            if last.replace((suffix, order)).is_some_and(|last| last >= (suffix, order)) {
                return Err(AuditFault::unordered());
            }
            entries += 1;
            if order < due || entries > blocks {
                return self.first_stray_entry(tables, due);
            }
        }
        if entries > blocks { self.first_stray_entry(tables, due) } else { Ok(()) }
    }

    /// Every order that is noted as evicted has an entry in a run and no record.
    fn audit_evicted(&self, tables: &BlockTables, in_runs: u64) -> Result<(), AuditFault> {
        let mut noted = 0_u64;
        for order in tables.index.evicted()? {
            let order = order?;
            noted += 1;
            if noted > in_runs || tables.record(order).is_ok() {
                return Err(AuditFault::StrayEviction { order });
            }
        }
        Ok(())
    }

    fn first_stray_entry(&mut self, tables: &BlockTables, due: u64) -> Result<(), AuditFault> {
        let is_stray = |suffix: u64, order: u64| {
            tables.record(order).map_or(true, |stored| stored.block.hash.suffix() != suffix)
        };
        for entry in tables.index.young_entries()? {
            let (suffix, order) = entry?;
            if order < due || is_stray(suffix, order) {
                return Err(AuditFault::StrayHash { suffix, order });
            }
        }
        self.place = PARTS;
        for run in tables.index.runs() {
            for part in tables.index.parts_of(*run)? {
                for (suffix, order) in part?.1 {
                    if !tables.index.is_evicted(order)? && is_stray(suffix, order) {
                        return Err(AuditFault::StrayHash { suffix, order });
                    }
                }
            }
        }
        Err(AuditFault::unordered())
    }
}

fn count_run(tables: &BlockTables, run: Run, counted: &mut Counted) -> Result<(), AuditFault> {
    let mut last: Option<(u64, u64)> = None;
    for part in tables.index.parts_of(run)? {
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
            match tables.index.is_evicted(entry.1)? {
                true => counted.evicted += 1,
                false => counted.entries += 1,
            }
        }
    }
    Ok(())
}
