//! The steps of a commit that change an index: young entries, new runs, and their merging.

use std::collections::{BTreeMap, HashSet};

use redb::WriteTransaction;

use super::parts::{Parts, RunBuilder, Source, read_part, write_part};
use super::{IndexTables, MERGED_RUNS, RUN_ENTRIES, Run, RunRow, runs};
use crate::checksummed::{ReadableTable, Table, WriteTables};
use crate::fault::Fault;

/// The index within one commit.
pub(in super::super) struct IndexWriter<'txn, R: RunRow> {
    young: Table<'txn, (u64, u64), ()>,
    runs: Table<'txn, u64, R>,
    parts: Parts<'txn>,
    evicted: Table<'txn, u64, ()>,
    /// Suffix and order of what this commit inserts.
    inserted: Vec<(u64, u64)>,
    /// Suffixes of what this commit evicts, by order.
    gone: BTreeMap<u64, Vec<u64>>,
}

impl<'txn, R: RunRow> IndexWriter<'txn, R> {
    pub(in super::super) fn open(
        transaction: &'txn WriteTransaction,
        tables: &IndexTables<R>,
    ) -> Result<Self, Fault> {
        Ok(Self {
            young: transaction.table(tables.young)?,
            runs: transaction.table(tables.runs)?,
            parts: transaction.table(tables.parts)?,
            evicted: transaction.table(tables.evicted)?,
            inserted: Vec::new(),
            gone: BTreeMap::new(),
        })
    }

    pub(in super::super) fn insert(&mut self, suffix: u64, order: u64) {
        self.inserted.push((suffix, order));
    }

    /// A block is evicted that was inserted with these suffixes.
    pub(in super::super) fn evict(&mut self, order: u64, suffixes: impl Iterator<Item = u64>) {
        let mut suffixes: Vec<u64> = suffixes.collect();
        suffixes.sort_unstable();
        suffixes.dedup();
        self.gone.insert(order, suffixes);
    }

    /// Takes out the entry of a block that stays. Nothing of it is left in the tables.
    pub(in super::super) fn remove(&mut self, suffix: u64, order: u64) -> Result<(), Fault> {
        if self.young.discard((suffix, order))? {
            return Ok(());
        }
        self.change_run(order, |run, parts| {
            let (key, mut entries) = read_part(run, suffix, parts)?;
            let before = entries.len();
            entries.retain(|entry| *entry != (suffix, order));
            let removed = (before - entries.len()) as u64;
            write_part(run, key, &entries, parts)?;
            Ok(run.entries.saturating_sub(removed))
        })
    }

    /// Adds an entry of a block that was inserted before.
    pub(in super::super) fn add(&mut self, suffix: u64, order: u64) -> Result<(), Fault> {
        if runs(&self.runs)?.last().is_none_or(|run| run.end <= order) {
            self.young.insert((suffix, order), ())?;
            return Ok(());
        }
        self.change_run(order, |run, parts| {
            let (key, mut entries) = read_part(run, suffix, parts)?;
            let Err(place) = entries.binary_search(&(suffix, order)) else {
                return Ok(run.entries);
            };
            entries.insert(place, (suffix, order));
            write_part(run, key, &entries, parts)?;
            Ok(run.entries + 1)
        })
    }

    /// Changes the run that covers an order, and how many entries it has.
    fn change_run(
        &mut self,
        order: u64,
        change: impl FnOnce(Run, &mut Parts<'_>) -> Result<u64, Fault>,
    ) -> Result<(), Fault> {
        let all = runs(&self.runs)?;
        let Some(run) = all.into_iter().find(|run| (run.first..run.end).contains(&order)) else {
            return Ok(());
        };
        let entries = change(run, &mut self.parts)?;
        self.runs.insert(run.first, R::of(Run { entries, ..run }))?;
        Ok(())
    }

    /// Writes what came in this commit, after which every order below `next_order` is covered.
    pub(in super::super) fn finish(mut self, next_order: u64) -> Result<(), Fault> {
        let mut inserted = self.settle()?;
        inserted.sort_unstable();
        inserted.dedup();
        if self.young.len()?.saturating_add(inserted.len() as u64) < RUN_ENTRIES {
            for entry in inserted {
                self.young.insert(entry, ())?;
            }
            return Ok(());
        }
        inserted.reserve_exact(usize::try_from(self.young.len()?).unwrap_or(0));
        for entry in self.young.iter()? {
            inserted.push(entry?.0.value());
        }
        self.young.clear()?;
        inserted.sort_unstable();
        let first = runs(&self.runs)?.last().map_or(0, |run| run.end);
        let mut run = RunBuilder::new(first, next_order, self.next_id()?);
        for (suffix, order) in inserted {
            run.push(&mut self.parts, suffix, order)?;
        }
        run.finish(&mut self.parts, &mut self.runs)?;
        self.merge_runs()
    }

    /// Takes out what is evicted; returns what came in this commit and stays.
    fn settle(&mut self) -> Result<Vec<(u64, u64)>, Fault> {
        let mut inserted = core::mem::take(&mut self.inserted);
        let gone = core::mem::take(&mut self.gone);
        let mut came_and_went = HashSet::new();
        if !gone.is_empty() {
            inserted.retain(|(_, order)| {
                let stays = !gone.contains_key(order);
                if !stays {
                    came_and_went.insert(*order);
                }
                stays
            });
        }
        for (order, suffixes) in gone {
            if came_and_went.contains(&order) {
                continue;
            }
            let mut in_a_run = false;
            for suffix in suffixes {
                in_a_run |= !self.young.discard((suffix, order))?;
            }
            if in_a_run {
                // A run is not written again for this.
                self.evicted.insert(order, ())?;
            }
        }
        Ok(inserted)
    }

    fn next_id(&self) -> Result<u64, Fault> {
        Ok(runs(&self.runs)?.iter().map(|run| run.id + 1).max().unwrap_or(0))
    }

    /// Merges the last runs while enough of them are of one level.
    fn merge_runs(&mut self) -> Result<(), Fault> {
        loop {
            let all = runs(&self.runs)?;
            let Some(last) = all.len().checked_sub(MERGED_RUNS).and_then(|at| all.get(at..)) else {
                return Ok(());
            };
            let merged_span: u64 = last.iter().map(Run::span).sum();
            let fits = u32::try_from(merged_span).is_ok();
            // Where many blocks were evicted while they were young, a new run may be of a higher level
            // than those before it; they are merged with it, or they would stay for ever.
            let newest = last.last().map_or(0, Run::level);
            if !fits || last.iter().any(|run| run.level() > newest) {
                return Ok(());
            }
            self.merge(last)?;
        }
    }

    /// Makes one run of several, part by part: memory does not grow with them.
    fn merge(&mut self, merged: &[Run]) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (merged.first(), merged.last()) else { return Ok(()) };
        let (first, end) = (first.first, last.end);
        let mut gone = HashSet::new();
        for order in self.evicted.range(first..end)? {
            gone.insert(order?.0.value());
        }
        let mut run = RunBuilder::new(first, end, self.next_id()?);
        let mut sources: Vec<Source> = merged.iter().map(|run| Source::new(*run)).collect();
        loop {
            let mut least: Option<((u64, u64), &mut Source)> = None;
            for source in &mut sources {
                if let Some(entry) = source.peek(&mut self.parts)?
                    && least.as_ref().is_none_or(|(other, _)| entry < *other)
                {
                    least = Some((entry, source));
                }
            }
            let Some(((suffix, order), source)) = least else { break };
            source.entries.pop();
            // The block is gone, and now its entries are.
            if gone.is_empty() || !gone.contains(&order) {
                run.push(&mut self.parts, suffix, order)?;
            }
        }
        // With them nothing is left to be noted.
        for order in gone {
            self.evicted.discard(order)?;
        }
        for run in merged {
            self.runs.discard(run.first)?;
        }
        run.finish(&mut self.parts, &mut self.runs)
    }
}
