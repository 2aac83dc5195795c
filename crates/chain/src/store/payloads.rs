//! Payloads of a stored block, which come late or are erased.
//!
//! Owns that what was erased does not come back. The block's hash has no part in any of it.

use super::StoredBlock;
use crate::ledger::{Payload, Txid};
use crate::prelude::*;

impl StoredBlock {
    /// Puts payloads where there are none, each with the place of its transaction in the body, from
    /// 0. Those that were erased stay away.
    pub fn fill(&mut self, payloads: &[(u32, Payload)]) {
        let Some(ledger) = &mut self.ledger else { return };
        for (place, payload) in payloads {
            let erased = ledger.erased.contains(place);
            let entry = usize::try_from(*place).ok().and_then(|at| ledger.part.body.get_mut(at));
            if let Some(entry) = entry.filter(|entry| entry.payload.is_none() && !erased) {
                entry.payload = Some(payload.clone());
            }
        }
    }

    /// Drops a payload, and takes it no more. Returns the transaction's id, where there is one.
    pub fn erase(&mut self, place: u32) -> Option<Txid> {
        let ledger = self.ledger.as_mut()?;
        let entry = ledger.part.body.get_mut(usize::try_from(place).ok()?)?;
        entry.payload = None;
        if let Err(at) = ledger.erased.binary_search(&place) {
            ledger.erased.insert(at, place);
        }
        Some(entry.transaction.txid())
    }

    /// Drops the payloads of these transactions, and takes them no more. Returns whether there were
    /// any.
    pub fn erase_where(&mut self, mut is_erased: impl FnMut(&Txid) -> bool) -> bool {
        let body = self.part().map_or(&[][..], |part| &part.body);
        let places: Vec<u32> = (0..)
            .zip(body)
            .filter(|(_, entry)| entry.payload.is_some() && is_erased(&entry.transaction.txid()))
            .map(|(place, _)| place)
            .collect();
        for place in &places {
            self.erase(*place);
        }
        !places.is_empty()
    }
}
