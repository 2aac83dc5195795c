//! Statements that name a block which is still to come.

use kusari_chain::BlockHash;
use kusari_chain::ledger::{PublicKey, WitnessStatement};

use crate::interface::PeerId;
use crate::limits::{
    MAX_WAITING_STATEMENTS, MAX_WAITING_STATEMENTS_OF_PEER, WAITING_STATEMENT_TIME,
};
use crate::prelude::*;

#[derive(Serialize, Deserialize)]
struct Held {
    sender: PeerId,
    statement: WitnessStatement,
    /// Whether its key counts here.
    listed: bool,
    until: Duration,
}

/// Oldest first.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Waiting(VecDeque<Held>);

impl Waiting {
    /// Holds a statement for a while. Of a listed key the newest is held, whoever sent it and whatever
    /// else waits: there are fewer of these than there is room. Any other one takes the place of its
    /// sender's oldest one, or of the oldest of all, where there is no room.
    pub(crate) fn add(
        &mut self,
        sender: PeerId,
        statement: WitnessStatement,
        listed: bool,
        now: Duration,
    ) {
        let WitnessStatement { key, sequence, .. } = statement;
        self.0.retain(|held| held.until > now);
        if listed {
            let same = |held: &Held| held.listed && held.statement.key == key;
            if self.0.iter().any(|held| same(held) && held.statement.sequence > sequence) {
                return;
            }
            self.0.retain(|held| !same(held));
        }
        let of_sender = |held: &Held| held.sender == sender && !held.listed;
        let oldest = |all: &VecDeque<Held>, of: &dyn Fn(&Held) -> bool| all.iter().position(of);
        if !listed
            && self.0.iter().filter(|held| of_sender(held)).count()
                >= MAX_WAITING_STATEMENTS_OF_PEER
        {
            oldest(&self.0, &of_sender).and_then(|place| self.0.remove(place));
        } else if self.0.len() >= MAX_WAITING_STATEMENTS {
            let place = oldest(&self.0, &|held| !held.listed);
            self.0.remove(place.unwrap_or(0));
        }
        let until = now + WAITING_STATEMENT_TIME;
        self.0.push_back(Held { sender, statement, listed, until });
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
