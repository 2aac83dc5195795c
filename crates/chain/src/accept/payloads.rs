//! Payloads that come after their blocks.
//!
//! Owns when the payload of a stored transaction is taken late: only where there is none, where it is
//! the one that is committed to, and where it was not erased here. A block is its hash, and its
//! payloads are not in it, so a peer that passes a block on first cannot keep them from others.

use super::{Accepted, Chain, ChainChange};
use crate::checked::CheckedBlock;
use crate::ledger::{BodyEntry, LedgerPart, Payload, Txid};
use crate::prelude::*;
use crate::store::{BlockWrite, StoreResult, StoredBlock};
use crate::tree::BestPoint;

impl Chain {
    /// A block came that is here already: takes the payloads that ours lacks. Costs a read where the
    /// block that came carries any.
    pub(super) fn accept_known(
        &mut self,
        point: BestPoint,
        block: &CheckedBlock,
    ) -> StoreResult<Accepted> {
        let Some(part) = block.ledger().filter(|part| carries_payload(part)) else {
            return Ok(Accepted::Known(point));
        };
        let Some(mut stored) = self.tree.block(&point.hash)? else {
            return Ok(Accepted::Known(point));
        };
        let payloads = missing(&stored, part);
        if payloads.is_empty() {
            return Ok(Accepted::Known(point));
        }
        let order = stored.order;
        Arc::make_mut(&mut stored).fill(&payloads);
        let mut change = ChainChange::new(self.tree.next_version(), point, self.tree.tip());
        change.writes.push(BlockWrite::Fill { hash: point.hash, order, payloads });
        self.tree.fill(stored, &change);
        Ok(Accepted::Filled { point, change })
    }
}

fn carries_payload(part: &LedgerPart) -> bool {
    part.body.iter().any(|entry| entry.payload.is_some())
}

/// The payloads that came and ours lacks, each with its place.
fn missing(stored: &StoredBlock, part: &LedgerPart) -> Vec<(u32, Payload)> {
    let Some(ledger) = &stored.ledger else { return Vec::new() };
    let pairs = (0..).zip(ledger.part.body.iter().zip(&part.body));
    let lacks = |ours: &BodyEntry, theirs: &BodyEntry| {
        // Blocks of one hash have one body; a copy that is damaged here is not made worse.
        ours.payload.is_none() && ours.transaction == theirs.transaction
    };
    pairs
        .filter(|(place, (ours, theirs))| lacks(ours, theirs) && !ledger.erased.contains(place))
        .filter_map(|(place, (_, theirs))| Some((place, theirs.payload.clone()?)))
        .collect()
}

impl CheckedBlock {
    /// Whether a payload is missing that a transaction commits to.
    #[must_use]
    pub fn lacks_payloads(&self) -> bool {
        self.ledger().is_some_and(|part| part.body.iter().any(lacks_payload))
    }

    /// Puts the payloads of another copy of this block where they are missing.
    pub(crate) fn fill_from(&mut self, other: &Self) {
        let theirs = other.ledger().map_or(&[][..], |part| &part.body);
        for (ours, theirs) in self.body_mut().zip(theirs) {
            if ours.payload.is_none() && ours.transaction == theirs.transaction {
                ours.payload.clone_from(&theirs.payload);
            }
        }
    }

    /// Puts payloads that are at hand where they are missing. One that is not what its transaction
    /// commits to is not taken.
    pub fn fill(&mut self, mut find: impl FnMut(&Txid) -> Option<Payload>) {
        for entry in self.body_mut() {
            if lacks_payload(entry) {
                let hash = entry.transaction.payload;
                let found = find(&entry.transaction.txid());
                entry.payload = found.filter(|payload| payload.hash() == hash);
            }
        }
    }
}

fn lacks_payload(entry: &BodyEntry) -> bool {
    entry.payload.is_none() && entry.transaction.has_payload()
}
