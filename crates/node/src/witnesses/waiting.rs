//! Statements that name a block which is still to come.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use kusari_chain::BlockHash;
use kusari_chain::ledger::{PublicKey, WitnessStatement};
use serde::{Deserialize, Serialize};

use crate::limits::{
    MAX_WAITING_STATEMENTS, MAX_WAITING_STATEMENTS_OF_PEER, WAITING_STATEMENT_TIME,
};
use crate::seam::PeerId;

#[derive(Serialize, Deserialize)]
struct Held {
    sender: PeerId,
    statement: WitnessStatement,
    until: Duration,
}

/// Oldest first.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Waiting(VecDeque<Held>);

impl Waiting {
    /// Holds a statement for a while, in place of the sender's oldest one, or of the oldest of all,
    /// where there is no room.
    pub(crate) fn add(&mut self, sender: PeerId, statement: WitnessStatement, now: Duration) {
        self.0.retain(|held| held.until > now);
        let of_sender = self.0.iter().filter(|held| held.sender == sender).count();
        if of_sender >= MAX_WAITING_STATEMENTS_OF_PEER {
            let oldest = self.0.iter().position(|held| held.sender == sender);
            oldest.and_then(|place| self.0.remove(place));
        } else if self.0.len() >= MAX_WAITING_STATEMENTS {
            self.0.pop_front();
        }
        let until = now + WAITING_STATEMENT_TIME;
        self.0.push_back(Held { sender, statement, until });
    }

    /// The statement of a key under a sequence, if one waits.
    pub(super) fn of(&self, key: &PublicKey, sequence: u64) -> Option<&WitnessStatement> {
        let all = self.0.iter().map(|held| &held.statement);
        all.into_iter().find(|held| held.key == *key && held.sequence == sequence)
    }

    /// A block is known now: what waited for it, with who sent it.
    pub(crate) fn take(
        &mut self,
        hash: &BlockHash,
        now: Duration,
    ) -> Vec<(PeerId, WitnessStatement)> {
        let is_due = |held: &Held| held.statement.hash == *hash;
        if !self.0.iter().any(is_due) {
            return Vec::new();
        }
        let (due, rest): (Vec<Held>, Vec<Held>) =
            core::mem::take(&mut self.0).into_iter().partition(is_due);
        self.0 = rest.into();
        let in_time = due.into_iter().filter(|held| held.until > now);
        in_time.map(|held| (held.sender, held.statement)).collect()
    }

    /// Whether no more waits than may: it may come from a stranger's file.
    pub(super) fn is_within_bounds(&self) -> bool {
        self.0.len() <= MAX_WAITING_STATEMENTS
    }
}
