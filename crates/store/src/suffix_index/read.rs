//! Look-ups, and what an audit reads.

use redb::ReadTransaction;

use super::{ENTRY_BYTES, IndexNames, IndexTables, Run, RunRow, entries, runs};
use crate::checksummed::{ReadOnlyTable, ReadTables, ReadableTable};
use crate::fault::Fault;

/// The index as it is in one read transaction.
pub(in super::super) struct IndexReader {
    young: ReadOnlyTable<(u64, u64), ()>,
    parts: ReadOnlyTable<(u64, u64), &'static [u8]>,
    evicted: ReadOnlyTable<u64, ()>,
    runs: Vec<Run>,
    names: IndexNames,
    counted: bool,
}

impl IndexReader {
    pub(in super::super) fn open<R: RunRow>(
        transaction: &ReadTransaction,
        tables: &'static IndexTables<R>,
    ) -> Result<Self, Fault> {
        Ok(Self {
            young: transaction.table(tables.young)?,
            parts: transaction.table(tables.parts)?,
            evicted: transaction.table(tables.evicted)?,
            runs: runs(&transaction.table(tables.runs)?)?,
            names: tables.names(),
            counted: R::COUNTED,
        })
    }

    /// Shows `look` the orders that the suffix leads to, the youngest first, until it has found what
    /// it looks for. Orders of evicted blocks are left out.
    pub(in super::super) fn find<T, E: From<Fault>>(
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

    pub(in super::super) fn is_evicted(&self, order: u64) -> Result<bool, Fault> {
        Ok(self.evicted.get(order)?.is_some())
    }

    /// Every order that is noted as evicted.
    pub(in super::super) fn evicted(
        &self,
    ) -> Result<impl Iterator<Item = Result<u64, Fault>>, Fault> {
        Ok(self.evicted.iter()?.map(|entry| Ok(entry?.0.value())))
    }

    pub(in super::super) fn names(&self) -> IndexNames {
        self.names
    }

    /// Whether its runs say how many entries they have.
    pub(in super::super) fn is_counted(&self) -> bool {
        self.counted
    }

    /// The runs, by the orders that they cover.
    pub(in super::super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Every young entry, by suffix and order.
    pub(in super::super) fn young_entries(
        &self,
    ) -> Result<impl Iterator<Item = Result<(u64, u64), Fault>>, Fault> {
        Ok(self.young.iter()?.map(|entry| Ok(entry?.0.value())))
    }

    /// Every part of a run, each with the suffix that it stands under and its entries.
    pub(in super::super) fn parts_of(
        &self,
        run: Run,
    ) -> Result<impl Iterator<Item = Result<Part, Fault>>, Fault> {
        let parts = self.parts.range((run.id, 0)..=(run.id, u64::MAX))?;
        let name = self.names.parts;
        Ok(parts.map(move |part| {
            let (key, bytes) = part?;
            let bytes = bytes.value();
            if bytes.is_empty() || !bytes.len().is_multiple_of(ENTRY_BYTES) {
                let key = format_args!("{:?}", key.value());
                return Err(Fault::unreadable(name, key, "it is no list of entries"));
            }
            Ok((key.value().1, entries(run, bytes).collect()))
        }))
    }

    /// How many parts there are, of runs and of none.
    pub(in super::super) fn part_count(&self) -> Result<u64, Fault> {
        self.parts.len()
    }
}

/// The suffix that a part stands under, and its entries.
pub(in super::super) type Part = (u64, Vec<(u64, u64)>);
