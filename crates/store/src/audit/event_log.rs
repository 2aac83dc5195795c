//! The audit of the event log: every entry can be read, and the index and the counts fit them.
//!
//! What the entries say is left alone: it was true when it was written.

use std::collections::BTreeSet;

use redb::ReadTransaction;

use super::{AuditFault, Auditor, Place};
use crate::checksummed::{ReadTables, ReadableTable};
use crate::event_log::{EventEntry, Name};
use crate::event_log_table::{LIMITS, key_of, ring};
use crate::fault::Fault;
use crate::tables;

impl Auditor {
    pub(super) fn audit_event_log(
        &mut self,
        transaction: &ReadTransaction,
    ) -> Result<(), AuditFault> {
        self.place = Place::Table("trail");
        // It comes with the first entry.
        let Some(entries) = transaction.table_if_there(tables::EVENTS)? else { return Ok(()) };
        let subjects = transaction.table(tables::EVENT_SUBJECTS)?;
        let sizes = transaction.table(tables::EVENT_SIZES)?;
        let mut rows = 0;
        let mut counted = [(0_u64, 0_u64); LIMITS.len()];
        for row in entries.iter()? {
            let (key, bytes) = row?;
            let ((of, number), bytes) = (key.value(), bytes.value());
            let entry = EventEntry::read(bytes)
                .map_err(|error| Fault::unreadable("trail", number, error))?;
            let count = counted.get_mut(usize::from(of));
            let Some((count, total)) = count.filter(|_| entry.event.kind().map(ring) == Some(of))
            else {
                return Err(AuditFault::WrongEventLog(format!(
                    "entry {number} is of another kind"
                )));
            };
            (*count, *total) = (*count + 1, *total + bytes.len() as u64);
            let keys: BTreeSet<_> = Name::all_of(&entry).iter().map(key_of).collect();
            for (kind, subject) in &keys {
                let found = subjects.get((*kind, *subject, number))?.map(|ring| ring.value());
                if found != Some(of) {
                    return Err(AuditFault::WrongEventLog(format!(
                        "entry {number} is not indexed"
                    )));
                }
            }
            rows += keys.len() as u64;
        }
        if subjects.len()? != rows {
            return Err(AuditFault::WrongEventLog(String::from(
                "its index names entries that are gone",
            )));
        }
        for ((kind, most, _), counted) in LIMITS.into_iter().zip(counted) {
            let stored = sizes.get(ring(kind))?.map_or((0, 0), |sizes| sizes.value());
            if stored != counted || counted.0 > most {
                let counted = format!("{} entries of {} bytes are there", counted.0, counted.1);
                return Err(AuditFault::WrongEventLog(counted));
            }
        }
        Ok(())
    }
}
