//! Entries written with a commit, and the oldest dropped for them.

use redb::WriteTransaction;

use super::super::checksummed::{ReadableTable, Table, WriteTables};
use super::super::fault::Fault;
use super::super::tables::{self, EventKey, EventSubjectKey};
use super::{LIMITS, key_of, ring};
use crate::event_log::{EventEntry, Name};

/// Writes entries in order.
pub(in super::super) fn write(
    transaction: &WriteTransaction,
    entries: &[EventEntry],
) -> Result<(), Fault> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut writer = Writer {
        entries: transaction.table(tables::EVENTS)?,
        subjects: transaction.table(tables::EVENT_SUBJECTS)?,
        sizes: transaction.table(tables::EVENT_SIZES)?,
    };
    let numbers = writer.next_number()?..;
    let mut added = [(0_u64, 0_u64); LIMITS.len()];
    for (number, entry) in numbers.zip(entries) {
        let Some(ring) = entry.event.kind().map(ring) else { continue };
        let bytes = writer.insert(ring, number, entry)?;
        if let Some((count, total)) = added.get_mut(usize::from(ring)) {
            (*count, *total) = (*count + 1, *total + bytes);
        }
    }
    for ((kind, most, most_bytes), added) in LIMITS.into_iter().zip(added) {
        if added.0 > 0 {
            writer.settle(ring(kind), (most, most_bytes), added)?;
        }
    }
    Ok(())
}

struct Writer<'txn> {
    entries: Table<'txn, EventKey, &'static [u8]>,
    subjects: Table<'txn, EventSubjectKey, u8>,
    sizes: Table<'txn, u8, (u64, u64)>,
}

impl Writer<'_> {
    /// The newest entry of all is never dropped, so what follows it was never used.
    fn next_number(&self) -> Result<u64, Fault> {
        let mut next = 1;
        for (kind, _, _) in LIMITS {
            let ring = ring(kind);
            if let Some(last) = self.entries.range((ring, 0)..=(ring, u64::MAX))?.next_back() {
                next = next.max(last?.0.value().1.saturating_add(1));
            }
        }
        Ok(next)
    }

    fn insert(&mut self, ring: u8, number: u64, entry: &EventEntry) -> Result<u64, Fault> {
        let bytes = entry.write();
        self.entries.insert((ring, number), bytes.as_slice())?;
        for name in Name::all_of(entry) {
            let (kind, subject) = key_of(&name);
            self.subjects.insert((kind, subject, number), ring)?;
        }
        Ok(bytes.len() as u64)
    }

    /// Counts what was added, and drops the oldest where there are too many.
    fn settle(&mut self, ring: u8, most: (u64, u64), added: (u64, u64)) -> Result<(), Fault> {
        let (count, bytes) = self.sizes.get(ring)?.map_or((0, 0), |sizes| sizes.value());
        let (mut count, mut bytes) = (count + added.0, bytes + added.1);
        // One is always kept: from its number the next one follows.
        while (count > most.0 || bytes > most.1) && count > 1 {
            let Some(taken) = self.take_oldest(ring)? else { break };
            (count, bytes) = (count - 1, bytes.saturating_sub(taken));
        }
        self.sizes.insert(ring, (count, bytes))?;
        Ok(())
    }

    fn take_oldest(&mut self, ring: u8) -> Result<Option<u64>, Fault> {
        let (number, bytes) = match self.entries.range((ring, 0)..=(ring, u64::MAX))?.next() {
            None => return Ok(None),
            Some(first) => {
                let (key, bytes) = first?;
                (key.value().1, bytes.value().to_vec())
            }
        };
        let entry =
            EventEntry::read(&bytes).map_err(|error| Fault::unreadable("trail", number, error))?;
        for name in Name::all_of(&entry) {
            let (kind, subject) = key_of(&name);
            self.subjects.remove((kind, subject, number))?;
        }
        self.entries.remove((ring, number))?;
        Ok(Some(bytes.len() as u64))
    }
}
