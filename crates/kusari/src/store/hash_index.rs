//! From a hash to the orders of the blocks that may have it.
//!
//! Owns the three tables `by_hash`, `hash_runs` and `hash_parts`, and `evicted` beside them
//! (`docs/formats/store.md`). Hashes come in no order, and a tree on disk whose keys come in no order
//! costs more for each entry the larger it is. So only the youngest entries stand in such a tree.
//! Once there are [`RUN_ENTRIES`] of them they are written out, sorted, as a *run*, and runs of one
//! size are merged into a larger one; everything is then written at the end of a tree, and an entry
//! is written once for each size, of which there are few however long the chain is.
//!
//! A run covers the orders from its first up to its end, without gaps between runs. Knows nothing of
//! what stands in a block.

use std::collections::{BTreeMap, HashSet};

use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, Table, WriteTransaction,
};

use super::fault::Fault;
use super::tables;

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

/// A run of the index, as table `hash_runs` has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The first order that it covers.
    pub(super) first: u64,
    /// The order after the last one.
    pub(super) end: u64,
    /// Names its parts.
    id: u64,
}

impl Run {
    /// Four runs at the end, none of a higher level than the last, become one.
    fn level(&self) -> u32 {
        (self.span() / RUN_ENTRIES).checked_ilog(MERGED_RUNS as u64).unwrap_or(0)
    }

    fn span(&self) -> u64 {
        self.end.saturating_sub(self.first)
    }
}

fn runs(table: &impl ReadableTable<u64, (u64, u64)>) -> Result<Vec<Run>, Fault> {
    table
        .iter()?
        .map(|entry| {
            let (first, rest) = entry?;
            let (end, id) = rest.value();
            Ok(Run { first: first.value(), end, id })
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

/// The index as it is in one read transaction.
pub(super) struct IndexReader {
    young: ReadOnlyTable<(u64, u64), ()>,
    parts: ReadOnlyTable<(u64, u64), &'static [u8]>,
    evicted: ReadOnlyTable<u64, ()>,
    runs: Vec<Run>,
}

impl IndexReader {
    pub(super) fn open(transaction: &ReadTransaction) -> Result<Self, Fault> {
        Ok(Self {
            young: transaction.open_table(tables::BY_HASH)?,
            parts: transaction.open_table(tables::HASH_PARTS)?,
            evicted: transaction.open_table(tables::EVICTED)?,
            runs: runs(&transaction.open_table(tables::HASH_RUNS)?)?,
        })
    }

    /// Shows `look` the orders that the suffix leads to, the youngest first, until it has found what
    /// it looks for. Orders of evicted blocks are left out.
    pub(super) fn find<T, E: From<Fault>>(
        &self,
        suffix: u64,
        mut look: impl FnMut(u64) -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        for order in self.young(suffix)? {
            if let Some(found) = look(order)? {
                return Ok(Some(found));
            }
        }
        for run in self.runs.iter().rev() {
            for order in self.in_run(*run, suffix)? {
                if !self.is_evicted(order)?
                    && let Some(found) = look(order)?
                {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    fn young(&self, suffix: u64) -> Result<Vec<u64>, Fault> {
        let range = self.young.range((suffix, 0)..=(suffix, u64::MAX))?;
        range.rev().map(|entry| Ok(entry?.0.value().1)).collect()
    }

    fn in_run(&self, run: Run, suffix: u64) -> Result<Vec<u64>, Fault> {
        let last = self.parts.range((run.id, 0)..=(run.id, suffix))?.next_back().transpose()?;
        let Some((_, part)) = last else { return Ok(Vec::new()) };
        let found = entries(run, part.value()).filter(|entry| entry.0 == suffix);
        let mut orders: Vec<u64> = found.map(|(_, order)| order).collect();
        orders.reverse();
        Ok(orders)
    }

    pub(super) fn is_evicted(&self, order: u64) -> Result<bool, Fault> {
        Ok(self.evicted.get(order)?.is_some())
    }

    /// Every order that is noted as evicted.
    pub(super) fn evicted(&self) -> Result<impl Iterator<Item = Result<u64, Fault>>, Fault> {
        Ok(self.evicted.iter()?.map(|entry| Ok(entry?.0.value())))
    }

    /// The runs, by the orders that they cover.
    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Every young entry, by suffix and order.
    pub(super) fn young_entries(
        &self,
    ) -> Result<impl Iterator<Item = Result<(u64, u64), Fault>>, Fault> {
        Ok(self.young.iter()?.map(|entry| Ok(entry?.0.value())))
    }

    /// Every part of a run, each with the suffix that it stands under and its entries.
    pub(super) fn parts_of(
        &self,
        run: Run,
    ) -> Result<impl Iterator<Item = Result<Part, Fault>>, Fault> {
        let parts = self.parts.range((run.id, 0)..=(run.id, u64::MAX))?;
        Ok(parts.map(move |part| {
            let (key, bytes) = part?;
            let bytes = bytes.value();
            if bytes.is_empty() || !bytes.len().is_multiple_of(ENTRY_BYTES) {
                let key = format_args!("{:?}", key.value());
                return Err(Fault::unreadable("hash_parts", key, "it is no list of entries"));
            }
            Ok((key.value().1, entries(run, bytes).collect()))
        }))
    }

    /// How many parts there are, of runs and of none.
    pub(super) fn part_count(&self) -> Result<u64, Fault> {
        Ok(self.parts.len()?)
    }
}

/// The suffix that a part stands under, and its entries.
pub(super) type Part = (u64, Vec<(u64, u64)>);

/// The index within one commit.
pub(super) struct IndexWriter<'txn> {
    young: Table<'txn, (u64, u64), ()>,
    runs: Table<'txn, u64, (u64, u64)>,
    parts: Table<'txn, (u64, u64), &'static [u8]>,
    evicted: Table<'txn, u64, ()>,
    /// Suffix and order of what this commit inserts.
    inserted: Vec<(u64, u64)>,
    /// Suffix of what this commit evicts, by order.
    gone: BTreeMap<u64, u64>,
}

impl<'txn> IndexWriter<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, Fault> {
        Ok(Self {
            young: transaction.open_table(tables::BY_HASH)?,
            runs: transaction.open_table(tables::HASH_RUNS)?,
            parts: transaction.open_table(tables::HASH_PARTS)?,
            evicted: transaction.open_table(tables::EVICTED)?,
            inserted: Vec::new(),
            gone: BTreeMap::new(),
        })
    }

    pub(super) fn insert(&mut self, suffix: u64, order: u64) {
        self.inserted.push((suffix, order));
    }

    pub(super) fn evict(&mut self, suffix: u64, order: u64) {
        self.gone.insert(order, suffix);
    }

    /// Writes what came in this commit, after which every order below `next_order` is covered.
    pub(super) fn finish(mut self, next_order: u64) -> Result<(), Fault> {
        let mut inserted = core::mem::take(&mut self.inserted);
        inserted.retain(|(_, order)| self.gone.remove(order).is_none());
        for (order, suffix) in core::mem::take(&mut self.gone) {
            if self.young.remove((suffix, order))?.is_none() {
                // It stands in a run, which is not written again for this.
                self.evicted.insert(order, ())?;
            }
        }
        inserted.sort_unstable();
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
        self.young.retain(|_, ()| false)?;
        inserted.sort_unstable();
        let first = self.runs.last()?.map_or(0, |(_, run)| run.value().0);
        let mut run = RunBuilder::new(Run { first, end: next_order, id: self.next_id()? });
        for (suffix, order) in inserted {
            run.push(&mut self.parts, suffix, order)?;
        }
        run.finish(&mut self.parts, &mut self.runs)?;
        self.merge_runs()
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
        let mut run = RunBuilder::new(Run { first, end, id: self.next_id()? });
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
            // The block is gone, and with its entry nothing is left to be noted.
            if !gone.is_empty() && gone.remove(&order) {
                self.evicted.remove(order)?;
            } else {
                run.push(&mut self.parts, suffix, order)?;
            }
        }
        for run in merged {
            self.runs.remove(run.first)?;
        }
        run.finish(&mut self.parts, &mut self.runs)
    }
}

type Parts<'txn> = Table<'txn, (u64, u64), &'static [u8]>;

/// A run that is being merged; its parts are taken away as they are read.
struct Source {
    run: Run,
    /// What was read of it and not merged yet, the next one last.
    entries: Vec<(u64, u64)>,
    ended: bool,
}

impl Source {
    fn new(run: Run) -> Self {
        Self { run, entries: Vec::new(), ended: false }
    }

    fn peek(&mut self, parts: &mut Parts<'_>) -> Result<Option<(u64, u64)>, Fault> {
        if self.entries.is_empty() && !self.ended {
            let id = self.run.id;
            let next = match parts.range((id, 0)..=(id, u64::MAX))?.next().transpose()? {
                Some((key, bytes)) => {
                    self.entries.extend(entries(self.run, bytes.value()));
                    Some(key.value())
                }
                None => None,
            };
            self.entries.reverse();
            match next {
                Some(key) => drop(parts.remove(key)?),
                None => self.ended = true,
            }
        }
        Ok(self.entries.last().copied())
    }
}

/// A run that is being written; its entries come sorted.
struct RunBuilder {
    run: Run,
    part: Vec<u8>,
    part_suffix: u64,
    last_suffix: u64,
}

impl RunBuilder {
    fn new(run: Run) -> Self {
        Self { run, part: Vec::new(), part_suffix: 0, last_suffix: 0 }
    }

    fn push(&mut self, parts: &mut Parts<'_>, suffix: u64, order: u64) -> Result<(), Fault> {
        // Entries of one suffix stand in one part, so a look-up reads one.
        if self.part.len() >= PART_ENTRIES * ENTRY_BYTES && suffix != self.last_suffix {
            self.write_part(parts)?;
        }
        if self.part.is_empty() {
            self.part_suffix = suffix;
        }
        self.last_suffix = suffix;
        let offset =
            order.checked_sub(self.run.first).and_then(|offset| u32::try_from(offset).ok());
        let offset = offset.ok_or_else(|| {
            Fault::Unfitting(format!("block {order} is indexed after run {:?}", self.run))
        })?;
        self.part.extend_from_slice(&suffix.to_be_bytes());
        self.part.extend_from_slice(&offset.to_le_bytes());
        Ok(())
    }

    fn write_part(&mut self, parts: &mut Parts<'_>) -> Result<(), Fault> {
        parts.insert((self.run.id, self.part_suffix), self.part.as_slice())?;
        self.part.clear();
        Ok(())
    }

    fn finish(
        mut self,
        parts: &mut Parts<'_>,
        runs: &mut Table<'_, u64, (u64, u64)>,
    ) -> Result<(), Fault> {
        if !self.part.is_empty() {
            self.write_part(parts)?;
        }
        runs.insert(self.run.first, (self.run.end, self.run.id))?;
        Ok(())
    }
}
