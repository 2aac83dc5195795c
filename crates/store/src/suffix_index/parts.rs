//! Parts of runs: reading those that are merged away, and writing those of a new run.

use super::{ENTRY_BYTES, PART_ENTRIES, Run, RunRow, entries};
use crate::checksummed::{ReadableTable, Table};
use crate::fault::Fault;

/// The table of parts within one commit.
pub(super) type Parts<'txn> = Table<'txn, (u64, u64), &'static [u8]>;

/// A run that is being merged; its parts are taken away as they are read.
pub(super) struct Source {
    run: Run,
    /// What was read of it and not merged yet, the next one last.
    pub(super) entries: Vec<(u64, u64)>,
    ended: bool,
}

impl Source {
    pub(super) fn new(run: Run) -> Self {
        Self { run, entries: Vec::new(), ended: false }
    }

    pub(super) fn peek(&mut self, parts: &mut Parts<'_>) -> Result<Option<(u64, u64)>, Fault> {
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
pub(super) struct RunBuilder {
    run: Run,
    part: Vec<u8>,
    part_suffix: u64,
    last_suffix: u64,
}

impl RunBuilder {
    pub(super) fn new(first: u64, end: u64, id: u64) -> Self {
        let run = Run { first, end, id, entries: 0 };
        Self { run, part: Vec::new(), part_suffix: 0, last_suffix: 0 }
    }

    pub(super) fn push(
        &mut self,
        parts: &mut Parts<'_>,
        suffix: u64,
        order: u64,
    ) -> Result<(), Fault> {
        // Entries of one suffix stand in one part, so a look-up reads one.
        if self.part.len() >= PART_ENTRIES * ENTRY_BYTES && suffix != self.last_suffix {
            self.write_part(parts)?;
        }
        if self.part.is_empty() {
            self.part_suffix = suffix;
        }
        self.last_suffix = suffix;
        push_entry(self.run, suffix, order, &mut self.part)?;
        self.run.entries += 1;
        Ok(())
    }

    fn write_part(&mut self, parts: &mut Parts<'_>) -> Result<(), Fault> {
        parts.insert((self.run.id, self.part_suffix), self.part.as_slice())?;
        self.part.clear();
        Ok(())
    }

    pub(super) fn finish<R: RunRow>(
        mut self,
        parts: &mut Parts<'_>,
        runs: &mut Table<'_, u64, R>,
    ) -> Result<(), Fault> {
        if !self.part.is_empty() {
            self.write_part(parts)?;
        }
        runs.insert(self.run.first, R::of(self.run))?;
        Ok(())
    }
}

/// Entries of a part: suffix and order.
type Entries = Vec<(u64, u64)>;

/// The part of a run that a suffix belongs to: its key, where there is one, and its entries.
pub(super) fn read_part(
    run: Run,
    suffix: u64,
    parts: &Parts<'_>,
) -> Result<(Option<u64>, Entries), Fault> {
    // Before the first one as well: its key becomes smaller then.
    let mut found = parts.range((run.id, 0)..=(run.id, suffix))?.next_back().transpose()?;
    if found.is_none() {
        found = parts.range((run.id, suffix)..=(run.id, u64::MAX))?.next().transpose()?;
    }
    Ok(match found {
        Some((key, bytes)) => (Some(key.value().1), entries(run, bytes.value()).collect()),
        None => (None, Vec::new()),
    })
}

/// Writes a part in place of the one with this key.
pub(super) fn write_part(
    run: Run,
    key: Option<u64>,
    entries: &[(u64, u64)],
    parts: &mut Parts<'_>,
) -> Result<(), Fault> {
    if let Some(key) = key {
        parts.remove((run.id, key))?;
    }
    let Some((first, _)) = entries.first() else { return Ok(()) };
    let mut bytes = Vec::with_capacity(entries.len() * ENTRY_BYTES);
    for (suffix, order) in entries {
        push_entry(run, *suffix, *order, &mut bytes)?;
    }
    parts.insert((run.id, *first), bytes.as_slice())?;
    Ok(())
}

fn push_entry(run: Run, suffix: u64, order: u64, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let offset = order.checked_sub(run.first).and_then(|offset| u32::try_from(offset).ok());
    let offset = offset
        .ok_or_else(|| Fault::Unfitting(format!("block {order} is indexed after run {run:?}")))?;
    bytes.extend_from_slice(&suffix.to_be_bytes());
    bytes.extend_from_slice(&offset.to_le_bytes());
    Ok(())
}
